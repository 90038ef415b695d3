import type { MainHeader, TilePartLayout } from './codestream.ts'
import type { TileRows } from './cut.ts'
import { packetsByResolution } from './precincts.ts'
import { samplesOf, tileSamples } from './strips.ts'
import { SOT_BYTES } from './tile-part-start.ts'

/** Where a tile-part lies. */
export type Place = {
  readonly tile: number
  /** Offset of its SOT in the file. */
  readonly at: number
  /** Bytes. */
  readonly length: number
  /** Bytes from its SOT on that are expected to be wanted of it, at most its length. */
  readonly need: number
}

/** For SOT, the PLT of 4 to 173 packets and SOD: 35 to 173 bytes in files of the archive. */
const HEADER_BYTES = 256
/** What the header of a tile-part may have in any case: a comment or two of 64 KB. */
const HEADER_MOST = 128 * 1024
/** A packet's length in PLT or its empty header, with SOP and EPH: 9 bytes at most. */
const PACKET_BYTES = 9
/** Packets of a tile that are counted on; an image of the archive has 173. */
const PACKETS_MOST = 2 ** 18
/** Encoded bytes a raw byte: at most 0.86 at reduce 4 and 0.75 below, in bands that were measured. */
const encoded = (reduce: number): number => (reduce < 4 ? 0.8 : 0.9)

/** The places a layout speaks of: the tiles of remembered files stand in raster order. */
export function placesIn({ first, lengths, most }: TilePartLayout, reduce: number): Place[] {
  const need = most[reduce] ?? most.at(-1) ?? 0
  let at = first
  return lengths.map((length, tile) => {
    const place = { tile, at, length, need: Math.min(length, need) }
    at += length
    return place
  })
}

/** Whether a layout can be that of a file of this size. */
export function isPlausible({ first, lengths, most }: TilePartLayout, size: number): boolean {
  const isLength = (n: number) => Number.isSafeInteger(n) && n >= SOT_BYTES
  const end = lengths.reduce((sum, length) => sum + length, first)
  return lengths.length > 0 && most.length > 0 && [first, ...lengths, ...most].every(isLength) && end <= size
}

/** The places that are remembered, where they agree with the main header. */
export function rememberedPlaces(
  header: MainHeader,
  layout: TilePartLayout,
  reduce: number,
): Place[] | undefined {
  const tiles = header.tilesAcross * header.tilesDown
  const agrees = layout.first === header.firstTilePart && layout.lengths.length === tiles
  return agrees ? placesIn(layout, reduce) : undefined
}

/** The places that TLM announces, where it names each tile once. */
export function announcedPlaces(header: MainHeader, reduce: number): Place[] | undefined {
  const tiles = header.tilesAcross * header.tilesDown
  const announced = header.announced ?? []
  if (announced.length !== tiles || new Set(announced.map(({ tile }) => tile)).size !== tiles)
    return undefined
  let at = header.firstTilePart
  return announced.map(({ tile, length }) => {
    const place = { tile, at, length, need: Math.min(length, expectedNeed(header, tile, reduce)) }
    at += length
    return place
  })
}

/** Bytes that a tile-part may need at a reduce, header and all, before any of the file was seen. */
export function expectedNeed(header: MainHeader, tile: number, reduce: number): number {
  const bits = Math.max(...header.size.components.map((component) => component.bits))
  return HEADER_BYTES + Math.ceil((tileSamples(header, tile, reduce) * bits * encoded(reduce)) / 8)
}

/** Whether a tile-part can take so many bytes at a reduce, header and all. Lies must not fill the memory. */
export function canTake(header: MainHeader, tile: number, reduce: number, bytes: number): boolean {
  return bytes <= HEADER_MOST || bytes <= tileMost(header, tile, reduce)
}

/** The most bytes that a tile-part can take at a reduce: twice its samples' and what its packets are told by. */
export function tileMost(header: MainHeader, tile: number, reduce: number): number {
  const packets = packetsByResolution(header, tile).reduce((sum, count) => sum + count, 0)
  const told = PACKET_BYTES * Math.min(packets, PACKETS_MOST)
  return HEADER_MOST + told + sampleMost(header) * tileSamples(header, tile, reduce)
}

/** The most bytes that rows of tiles can take together, most of whose headers are short. */
export function rowsMost(header: MainHeader, rows: TileRows, reduce: number): number {
  const tiles = (rows.until - rows.from) * header.tilesAcross
  return sampleMost(header) * samplesOf(header, rows, reduce) + 1024 * tiles + 1024 * 1024
}

/** Bytes of an encoded sample, at most: twice those of a raw one. */
const sampleMost = ({ size }: MainHeader): number =>
  2 * Math.ceil(Math.max(...size.components.map(({ bits }) => bits)) / 8)
