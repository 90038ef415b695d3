import { createRequire } from 'node:module'

/** Decoded planes, one behind the other: a byte a sample, or two with the low one first above 8 bits. */
export type Decoded = {
  readonly planes: Uint8Array
  readonly width: number
  readonly height: number
  readonly components: number
  readonly bits: number
}

/** Decodes a codestream as the threads do, with the same decoder; whatever it complains of is thrown. */
export async function decode(codestream: Uint8Array): Promise<Decoded> {
  decoding ??= load()
  const { module, complaints } = await decoding
  complaints.length = 0
  const decoder = new module.J2KDecoder()
  try {
    decoder.getEncodedBuffer(codestream.length).set(codestream)
    decoder.decode()
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
    const { width, height, bitsPerSample: bits, componentCount: components } = decoder.getFrameInfo()
    const interleaved = decoder.getDecodedBuffer()
    return { planes: planesOf(interleaved, components, bits > 8 ? 2 : 1), width, height, components, bits }
  } finally {
    decoder.delete()
  }
}

/** Rows of planes below each other, of strips that lie below each other. */
export function stacked(strips: readonly Decoded[]): Uint8Array {
  const components = strips[0]?.components ?? 0
  const pieces = Array.from({ length: components }, (_, c) =>
    strips.map(({ planes }) => {
      const size = planes.length / components
      return planes.subarray(c * size, (c + 1) * size)
    }),
  )
  return Buffer.concat(pieces.flat())
}

function planesOf(interleaved: Uint8ClampedArray, components: number, bytes: number): Uint8Array {
  if (components === 1) return new Uint8Array(interleaved)
  const pixels = interleaved.length / components / bytes
  const planes = new Uint8Array(interleaved.length)
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < components; c++) {
      for (let b = 0; b < bytes; b++) {
        planes[(c * pixels + i) * bytes + b] = interleaved[(i * components + c) * bytes + b] ?? 0
      }
    }
  }
  return planes
}

type FrameInfo = {
  readonly width: number
  readonly height: number
  readonly bitsPerSample: number
  readonly componentCount: number
}
type Decoder = {
  getEncodedBuffer(length: number): Uint8Array
  decode(): void
  getFrameInfo(): FrameInfo
  getDecodedBuffer(): Uint8ClampedArray
  delete(): void
}
type Module = { readonly J2KDecoder: new () => Decoder }
type Print = { readonly print: (line: string) => void; readonly printErr: (line: string) => void }

let decoding: Promise<{ readonly module: Module; readonly complaints: string[] }> | undefined

async function load() {
  // The package carries no types; these are the parts of it that the tests use.
  const factory: (options: Print) => Promise<Module> = createRequire(import.meta.url)(
    '@cornerstonejs/codec-openjpeg/decodewasmjs',
  )
  const complaints: string[] = []
  const note = (line: string) => {
    if (/\[(ERROR|WARNING)\]/.test(line)) complaints.push(line)
  }
  return { module: await factory({ print: note, printErr: note }), complaints }
}
