import type { MainHeader, TilePartLayout } from './codestream.ts'
import { tileSamples } from './strips.ts'

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

/** Bytes of an SOT segment with its marker (ISO/IEC 15444-1 A.4.2). */
export const SOT_BYTES = 12
/** For SOT, the PLT of 4 to 173 packets and SOD: 35 to 173 bytes in files of the archive. */
const HEADER_BYTES = 256
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
