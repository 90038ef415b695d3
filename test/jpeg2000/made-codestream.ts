/** Numbers of a codestream made by hand; what is not named is that of a sound image of 100 by 80 in one tile. */
export type Made = {
  /** Right, bottom, left, top, tile width, tile height, tile left, tile top. */
  readonly grid?: readonly number[]
  /** Ssiz, XRsiz, YRsiz of each component. */
  readonly components?: readonly (readonly [number, number, number])[]
  /** All bytes of COD behind its length. */
  readonly coding?: readonly number[]
  readonly quantization?: readonly number[]
  /** Segments between QCD and the first SOT. */
  readonly more?: readonly Uint8Array[]
  /** What follows, the tile-parts and EOC. */
  readonly rest?: Uint8Array
}

const GRID = [100, 80, 0, 0, 100, 80, 0, 0]
/** LRCP, one layer, no component transform, 2 decompositions, code-blocks of 64², 5/3. */
export const CODING = [0, 0, 0, 1, 0, 2, 4, 4, 0, 1]
const QUANTIZATION = [0x40, 64, 72, 72, 80, 72, 72, 80]

export function madeCodestream(made: Made = {}): Uint8Array {
  const components = made.components ?? [[7, 1, 1]]
  return Buffer.concat([
    word(0xff4f),
    segment(0xff51, [
      0,
      0,
      ...(made.grid ?? GRID).flatMap((n) => [...long(n)]),
      ...word(components.length),
      ...components.flat(),
    ]),
    segment(0xff52, made.coding ?? CODING),
    segment(0xff5c, made.quantization ?? QUANTIZATION),
    ...(made.more ?? []),
    made.rest ?? tilePart({}),
  ])
}

/** What stands in a tile-part. */
export type MadePart = {
  readonly tile?: number
  /** Psot, where it is not the real length. */
  readonly length?: number
  /** TPsot and TNsot. */
  readonly index?: number
  readonly count?: number
  readonly segments?: readonly Uint8Array[]
  readonly packets?: readonly number[]
}

/** A tile-part; its packets are three empty ones if none are named. */
export function tilePart(part: MadePart): Uint8Array {
  const body = Buffer.concat([...(part.segments ?? []), word(0xff93), Buffer.from(part.packets ?? [0, 0, 0])])
  const start = [
    ...word(part.tile ?? 0),
    ...long(part.length ?? body.length + 12),
    part.index ?? 0,
    part.count ?? 1,
  ]
  return Buffer.concat([segment(0xff90, start), body])
}

/** A marker segment; its length is counted. */
export const segment = (code: number, bytes: readonly number[]): Uint8Array =>
  Buffer.from([...word(code), ...word(bytes.length + 2), ...bytes])

/** A box with a length of four bytes, or of eight. */
export const box = (type: string, content: Uint8Array, form: 'short' | 'long' | 'open' = 'short') =>
  Buffer.concat([
    long(form === 'short' ? content.length + 8 : form === 'long' ? 1 : 0),
    Buffer.from(type, 'latin1'),
    form === 'long' ? Buffer.concat([long(0), long(content.length + 16)]) : Buffer.alloc(0),
    content,
  ])

/** The box every .jp2 begins with. */
export const SIGNATURE_BOX = box('jP  ', Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a))

export const word = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 0xff)

export function long(n: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}
