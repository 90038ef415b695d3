import { expect } from 'vitest'
import type { MainHeader, TilePartLayout } from '../../src/jpeg2000/codestream.ts'
import type { Pieces, Plan } from '../../src/jpeg2000/pieces.ts'
import { noPieces } from '../../src/jpeg2000/pieces.ts'
import { blocksOf, tileBox } from '../../src/jpeg2000/precincts.ts'
import { readStrip } from '../../src/jpeg2000/strip-windows.ts'
import { tagTree } from '../../src/jpeg2000/tag-tree.ts'
import { type Opened, openByChains, openImage } from '../../src/jpeg2000/window-plan.ts'
import type { ByteRange } from '../../src/storage/port.ts'
import { headerOf } from './cut-images.ts'

/** What a file without pixels is to be like: only its markers and packet headers are there, everything else is made when read. */
export type Wish = {
  /** Pixels a side. */
  readonly side: number
  readonly tileSide: number
  /** Of each tile-part in order of the file, bytes. */
  readonly lengths: readonly number[]
  /** Tile of each tile-part; raster order if left out. */
  readonly tiles?: readonly number[]
  /** Share of a tile-part's packets that ends with each resolution. */
  readonly shares?: readonly number[]
  /** What Psot says in the place of the truth, by place in the file. */
  readonly psot?: ReadonlyMap<number, number>
  /** TNsot. */
  readonly partsOfTile?: number
  /** What a TLM marker announces. */
  readonly announced?: readonly number[]
  /** Bytes of a comment in every tile-part's header. */
  readonly comment?: Uint8Array
}

export type LaidOut = {
  readonly size: number
  /** Offsets of the tile-parts in order of the file, and of what follows them. */
  readonly offsets: readonly number[]
  /** Bytes that are wanted of each at a reduce. */
  readonly need: (reduce: number) => readonly number[]
  readonly read: (range: ByteRange) => Uint8Array
}

const LEVELS = 4
/** As measured on 10 m bands: what resolutions 0 to 4 take together. */
const SHARES = [0.0061, 0.021, 0.073, 0.27, 1]

/** A codestream of the archive's form with tile-parts of given lengths, of which no byte is in memory. */
export function laidOut(wish: Wish): LaidOut {
  const head = mainHeader(wish)
  const header = headerOf(Buffer.concat([head, Uint8Array.of(0xff, 0x90)]))
  const pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [{ at: 0, bytes: head }]
  const offsets: number[] = []
  const ends: number[][] = []
  let at = head.length
  wish.lengths.forEach((length, i) => {
    const part = tilePartHeader(wish, i, length)
    offsets.push(at)
    ends.push(part.ends)
    pieces.push({ at, bytes: part.bytes })
    for (const [resolution, end] of part.ends.entries()) {
      const from = resolution === 0 ? part.bytes.length : (part.ends[resolution - 1] ?? 0)
      const bytes = packetHeader(header, wish.tiles?.[i] ?? i, resolution, end - from)
      if (bytes !== undefined) pieces.push({ at: at + from, bytes })
    }
    at += length
  })
  offsets.push(at)
  pieces.push({ at, bytes: Uint8Array.of(0xff, 0xd9) })
  return {
    size: at + 2,
    offsets,
    need: (reduce) => ends.map((end) => end[LEVELS - reduce] ?? 0),
    read: ({ first, last }) => {
      const bytes = new Uint8Array(last + 1 - first).fill(0x55)
      for (const piece of pieces) {
        if (piece.at > last || piece.at + piece.bytes.length <= first) continue
        const from = Math.max(0, first - piece.at)
        const until = Math.min(piece.bytes.length, last + 1 - piece.at)
        bytes.set(piece.bytes.subarray(from, until), piece.at + from - first)
      }
      return bytes
    },
  }
}

/** The layout of such a file, as it is remembered. */
export function layoutOf(file: LaidOut): TilePartLayout {
  const [first = 0, ...rest] = file.offsets
  const lengths = rest.map((offset, i) => offset - (file.offsets[i] ?? 0))
  return { first, lengths, most: [0, 1, 2, 3, 4].map((reduce) => Math.max(...file.need(reduce))) }
}

/** What carrying a plan out came to. */
export type Played = {
  readonly opened: Opened
  readonly pieces: Pieces
  /** The ranges of each round. */
  readonly rounds: readonly (readonly ByteRange[])[]
  /** How often others had their turn. */
  readonly pauses: number
  readonly requests: number
  readonly bytes: number
  /** Of the tiles that were read whole as far as wanted, in order of the file. */
  readonly got: readonly { readonly tile: number; readonly bytes: number }[]
}

/** Opens a file and reads all its strips, without a decoder; no range may pass the file's end. */
export function play(file: LaidOut, layout: TilePartLayout | undefined, reduce: number): Played {
  const rounds: (readonly ByteRange[])[] = []
  let pauses = 0
  const pieces = noPieces(file.size)
  const run = <T>(plan: Plan<T>): T => {
    let step = plan.next([])
    while (!step.done) {
      const ranges = step.value
      if (ranges.length === 0) {
        pauses++
        step = plan.next([])
        continue
      }
      for (const { first, last } of ranges) {
        expect(first).toBeLessThanOrEqual(last)
        expect(last).toBeLessThan(file.size)
      }
      rounds.push(ranges)
      step = plan.next(ranges.map(file.read))
    }
    return step.value
  }
  let opened = run(openImage(pieces, layout, reduce))
  const got: { tile: number; bytes: number }[] = []
  for (let i = 0; opened.way === 'cut' && i < opened.strips.length; ) {
    const rows = opened.strips[i]
    if (!rows) break
    const seen = run(readStrip(pieces, opened, rows))
    if (seen === 'contradicted') {
      opened = run(openByChains(pieces, opened.header, opened.reduce))
    } else if ('uncuttable' in seen) {
      throw new Error(seen.uncuttable)
    } else {
      got.push(...seen.map(({ part, bytes }) => ({ tile: part.tile, bytes: bytes.length })))
      i++
    }
  }
  const all = rounds.flat()
  const bytes = all.reduce((sum, { first, last }) => sum + last + 1 - first, 0)
  return { opened, pieces, rounds, pauses, requests: all.length, bytes, got }
}

/** SOC, SIZ, COD, QCD and, if wished for, TLM (ISO/IEC 15444-1 A.4.1, A.5.1, A.6.1, A.6.4, A.7.1). */
function mainHeader({ side, tileSide, announced }: Wish): Uint8Array {
  const siz = [u16(0), ...[side, side, 0, 0, tileSide, tileSide, 0, 0].map(u32), u16(1), [14, 1, 1]]
  const cod = [[0, 0], u16(1), [0, LEVELS, 4, 4, 0, 1]]
  const qcd = [[0x40], Array.from({ length: 3 * LEVELS + 1 }, () => 0x80)]
  const tlm = announced ? segment(0xff55, [[0, 0x40], ...announced.map(u32)]) : []
  return Uint8Array.from([
    ...u16(0xff4f),
    ...segment(0xff51, siz),
    ...segment(0xff52, cod),
    ...segment(0xff5c, qcd),
    ...tlm,
  ])
}

/** SOT, a PLT of one packet a resolution, a comment if wished for, SOD (A.4.2, A.7.3, A.9.2, A.4.3). */
function tilePartHeader(
  { shares = SHARES, tiles, psot, partsOfTile = 1, comment }: Wish,
  i: number,
  length: number,
) {
  const text = comment ? segment(0xff64, [u16(0), [...comment]]) : []
  const headerLength = 12 + (5 + 4 * (LEVELS + 1)) + text.length + 2
  const body = length - headerLength
  const ends = shares.map((share) => headerLength + Math.floor(body * share))
  const packets = ends.map((end, r) => end - (ends[r - 1] ?? headerLength))
  const bytes = Uint8Array.from([
    ...segment(0xff90, [u16(tiles?.[i] ?? i), u32(psot?.get(i) ?? length), [0, partsOfTile]]),
    ...segment(0xff58, [[0], ...packets.map(sevenBits)]),
    ...text,
    ...u16(0xff93),
  ])
  return { bytes, ends }
}

/**
 * The header of a packet of given length, whose first code-block holds all of its body (B.10). Undefined
 * where the tile or the packet is too small for that.
 */
function packetHeader(
  header: MainHeader,
  tile: number,
  resolution: number,
  length: number,
): Uint8Array | undefined {
  if (tile >= header.tilesAcross * header.tilesDown) return undefined
  const bands = blocksOf(header.coding, tileBox(header, tile), resolution, { column: 0, row: 0 })
  for (let size = 1; size <= Math.min(64, length); size++) {
    const bits = [1]
    const tell = (bit: 0 | 1) => () => {
      bits.push(bit)
      return bit
    }
    for (const [band, { across, down }] of bands.entries()) {
      const inclusion = tagTree(across, down)
      for (let block = 0; block < across * down; block++) {
        const isFirst = band === 0 && block === 0
        inclusion.isBelow(block, 1, tell(isFirst ? 1 : 0))
        if (!isFirst) continue
        tagTree(across, down).isBelow(block, 1, tell(1))
        // One pass, and a length of 27 bits.
        bits.push(0, ...Array<number>(24).fill(1), 0)
        for (let i = 26; i >= 0; i--) bits.push(((length - size) >> i) & 1)
      }
    }
    const bytes = stuffed(bits)
    if (bytes.length === size) return Uint8Array.from(bytes)
  }
  return undefined
}

/** After a byte of FF the next one holds seven bits (B.10.1). */
function stuffed(bits: readonly number[]): number[] {
  const bytes: number[] = []
  for (let i = 0; i < bits.length; ) {
    const width = bytes.at(-1) === 0xff ? 7 : 8
    let byte = 0
    for (let k = 0; k < width; k++) byte = byte * 2 + (bits[i + k] ?? 0)
    bytes.push(byte)
    i += width
  }
  return bytes.at(-1) === 0xff ? [...bytes, 0] : bytes
}

const u16 = (n: number): number[] => [(n >> 8) & 0xff, n & 0xff]
const u32 = (n: number): number[] => [...u16(Math.floor(n / 65536)), ...u16(n % 65536)]

const segment = (marker: number, fields: readonly (readonly number[])[]): number[] => {
  const bytes = fields.flat()
  return [...u16(marker), ...u16(bytes.length + 2), ...bytes]
}

/** A length in four bytes of seven bits each, of which all but the last have the high bit. */
const sevenBits = (n: number): number[] => [
  0x80 | ((n >> 21) & 0x7f),
  0x80 | ((n >> 14) & 0x7f),
  0x80 | ((n >> 7) & 0x7f),
  n & 0x7f,
]
