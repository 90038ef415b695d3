import { createRequire } from 'node:module'

/** What the decoder itself does with bytes, without anything of ours around it. */
export type Direct = {
  /** All that it printed and is neither empty nor INFO. */
  readonly printed: readonly string[]
  readonly threw: boolean
  /** What it left, if it did not throw. */
  readonly bytes: Uint8Array
}

type Codec = {
  readonly HEAPU8: Uint8Array
  readonly J2KDecoder: new () => {
    getEncodedBuffer(length: number): Uint8Array
    decode(): void
    decodeSubResolution(reduce: number, layer: number): void
    getDecodedBuffer(): Uint8ClampedArray
    delete(): void
  }
}

/** A decoder in this very thread, made anew after it threw or grew; it halves an image so many times. */
export function directDecoder(): (codestream: Uint8Array, reduce?: number) => Promise<Direct> {
  const factory: (hooks: object) => Promise<Codec> = createRequire(import.meta.url)(
    '@cornerstonejs/codec-openjpeg/decodewasmjs',
  )
  let printed: string[] = []
  const print = (line: string) => {
    if (line.trim() !== '' && !line.startsWith('[INFO]')) printed.push(line)
  }
  let codec: Codec | undefined
  return async (codestream, reduce = 0) => {
    codec ??= await factory({ print, printErr: print })
    printed = []
    try {
      const decoder = new codec.J2KDecoder()
      decoder.getEncodedBuffer(codestream.length).set(codestream)
      if (reduce === 0) decoder.decode()
      else decoder.decodeSubResolution(reduce, 0)
      const bytes = new Uint8Array(decoder.getDecodedBuffer())
      decoder.delete()
      if (codec.HEAPU8.length > 256 * 2 ** 20) codec = undefined
      return { printed, threw: false, bytes }
    } catch {
      codec = undefined
      return { printed, threw: true, bytes: new Uint8Array() }
    }
  }
}
