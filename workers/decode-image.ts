import { createRequire } from 'node:module'
import { getPriority, setPriority } from 'node:os'
import { addStrip, type MeanSoFar, type Strip } from '../src/colour/mean.ts'
import type { Pixels } from '../src/colour/port.ts'
import type { Cut } from '../src/jpeg2000/codestream.ts'

/** What is to become of a codestream: its pixels, or the means of its image with this strip added. */
export type Job =
  | { readonly want: 'pixels'; readonly cut: Cut }
  | { readonly want: 'sum'; readonly cut: Cut; readonly before: MeanSoFar | undefined }

export type Reply = Outcome & {
  /** Time and CPU time of decoding and adding up in this thread, milliseconds. */
  readonly decodeMs: number
  readonly cpuMs: number
  /** Of the decoder, bytes; it never shrinks. */
  readonly heapBytes: number
  /** Whether the decoder threw: it is built without unwinding, so its state is not to be trusted any more. */
  readonly broken: boolean
}
type Outcome = { readonly pixels: Pixels } | { readonly soFar: MeanSoFar } | Unreadable
/** A clause about the file, without its name. Faults lose their class between threads: told, not thrown. */
type Unreadable = { readonly unreadable: string }

/** What is used of the codec's module. */
type Codec = { readonly HEAPU8: Uint8Array; readonly J2KDecoder: new () => Decoder }
type Decoder = {
  /** Room for the codestream in the module's heap. */
  getEncodedBuffer(length: number): Uint8Array
  decode(): void
  /** All 0 where it failed. */
  getFrameInfo(): Frame
  getTileSize(): { readonly width: number; readonly height: number }
  getDecodedBuffer(): Uint8ClampedArray<ArrayBuffer>
  delete(): void
}
type Frame = {
  readonly width: number
  readonly height: number
  readonly componentCount: number
  readonly bitsPerSample: number
  readonly isSigned: boolean
}
type Hooks = { print(line: string): void; printErr(line: string): void }
type Heard = {
  /** The first one: a file may provoke them by the million, and the first names the fault. */
  complaint: string | undefined
  readonly tiles: Set<string>
}

/**
 * The event loop and the threads of the index go first: with as many decodes as cores, a request would else wait for
 * its slice of one. Linux counts this thread alone (setpriority(2)), others the whole process.
 */
const NICE = 10
if (process.platform === 'linux') yieldToOthers()

/** Who is nicer already stays so; a sandbox may forbid it, and then it stays as it is. */
function yieldToOthers(): void {
  try {
    if (getPriority() < NICE) setPriority(NICE)
  } catch {}
}

const INFO = '[INFO] '
/** Where a message begins, for some lack the end of their line. */
const MESSAGES = /(?=\[(?:INFO|WARNING|ERROR)\] )/
/** `[INFO] Tile 3/9 has been decoded.`, printed where there is more than one tile. */
const TILE = /^\[INFO\] Tile \d+\/(\d+) has been decoded/

let loading: Promise<Codec> | undefined
const nothingHeard = (): Heard => ({ complaint: undefined, tiles: new Set() })
let heard = nothingHeard()

/** Decodes a codestream and checks what came out. What it throws is a bug. */
export default async function decodeImage(job: Job): Promise<Reply> {
  loading ??= loadCodec({ print: hear, printErr: hear })
  const codec = await loading
  const began = performance.now()
  const cpuBefore = process.threadCpuUsage()
  const { broken, ...decoded } = decode(codec, job.cut)
  const outcome =
    'pixels' in decoded && job.want === 'sum'
      ? { soFar: addStrip(job.before, stripOf(job.cut, decoded.pixels)) }
      : decoded
  const { user, system } = process.threadCpuUsage(cpuBefore)
  return {
    ...outcome,
    decodeMs: performance.now() - began,
    cpuMs: (user + system) / 1000,
    heapBytes: codec.HEAPU8.length,
    broken,
  }
}

/** Without the codestream, which would travel with the means. */
const stripOf = ({ reduce, reversible, zero, lastColumn, lastRow }: Cut, pixels: Pixels): Strip => ({
  ...pixels,
  reduce,
  reversible,
  zero,
  lastColumn,
  lastRow,
})

type Decoded = ({ readonly pixels: Pixels } | Unreadable) & { readonly broken: boolean }

function decode(codec: Codec, cut: Cut): Decoded {
  heard = nothingHeard()
  try {
    const decoder = new codec.J2KDecoder()
    decoder.getEncodedBuffer(cut.codestream.length).set(cut.codestream)
    decoder.decode()
    const outcome = read(decoder, cut)
    decoder.delete()
    return { ...outcome, broken: false }
  } catch (thrown) {
    // The decoder's own exceptions are bare addresses, which tell nothing.
    const words = heard.complaint ?? (thrown instanceof Error ? thrown.message : undefined)
    return { unreadable: words ? said(words) : 'the decoder gave up on it', broken: true }
  }
}

/**
 * The pixels, if they are what the codestream was to hold. The decoder fails silently: it prints, it leaves
 * the image empty, or it leaves a tile that is not there all 0, which would be taken for nodata.
 */
function read(decoder: Decoder, cut: Cut): { readonly pixels: Pixels } | Unreadable {
  if (heard.complaint !== undefined) return { unreadable: said(heard.complaint) }
  const frame = decoder.getFrameInfo()
  const bytes = decoder.getDecodedBuffer()
  const { width, height, components, bits } = cut
  const wide = bits > 8
  const size = `${width} x ${height} x ${components}`
  if (bytes.length === 0) {
    return { unreadable: `it decodes to 0 bytes where ${size} of ${bits} bits were expected` }
  }
  if (sizeOf(frame) !== `${size} of ${bits} bits`) {
    return { unreadable: `it decodes to ${sizeOf(frame)} where ${size} of ${bits} bits were expected` }
  }
  if (bytes.length !== width * height * components * (wide ? 2 : 1)) {
    return { unreadable: `it decodes to ${bytes.length} bytes where ${size} of ${bits} bits were expected` }
  }
  const missing = missingTiles(decoder, cut)
  if (missing !== undefined) return { unreadable: missing }
  // A view on the decoder's heap would lose its bytes to the next image, and take the heap along if it is sent.
  const { buffer } = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
  return {
    pixels: { values: wide ? new Uint16Array(buffer) : new Uint8Array(buffer), width, height, components },
  }
}

const sizeOf = ({ width, height, componentCount, bitsPerSample, isSigned }: Frame) =>
  `${width} x ${height} x ${componentCount} of ${bitsPerSample} ${isSigned ? 'signed ' : ''}bits`

/** What to say where not every tile was decoded. */
function missingTiles(decoder: Decoder, { width, height }: Cut): string | undefined {
  const [line] = heard.tiles
  const tile = decoder.getTileSize()
  if (line === undefined && tile.width >= width && tile.height >= height) return undefined
  const tiles = Number(TILE.exec(line ?? '')?.[1] ?? Number.NaN)
  if (heard.tiles.size === tiles) return undefined
  return `only ${heard.tiles.size} of its ${Number.isNaN(tiles) ? '' : `${tiles} `}tiles are there`
}

const said = (line: string) => `the decoder says: ${line.slice(0, 200)}`

function hear(line: string): void {
  for (const message of line.split(MESSAGES)) {
    if (message.startsWith(INFO)) {
      if (TILE.test(message)) heard.tiles.add(message)
    } else {
      heard.complaint ??= message.replace(/^\[(ERROR|WARNING)\]/, '').trim() || undefined
    }
  }
}

/** The package has no types; what is used of it is written down in Codec. */
function loadCodec(hooks: Hooks): Promise<Codec> {
  const require = createRequire(import.meta.url)
  const factory: (hooks: Hooks) => Promise<Codec> = require('@cornerstonejs/codec-openjpeg/decodewasmjs')
  return factory(hooks)
}
