import { badImage, type MainHeader } from './codestream.ts'
import type { TileRows } from './cut.ts'

/**
 * Samples of one strip: its pixels in 16 bits take 9 MB, the decoder's working copy 18 MB, so that a decode
 * thread stays below 60 MB. A 10980² band is one strip from reduce 3 on and two at reduce 2.
 */
const STRIP_SAMPLES = 4_500_000
/** What one decode may have at all: a strip is one tile row at least, and a row of 10 m tiles has 11 M. */
export const DECODE_SAMPLES = 16_000_000

/**
 * Groups of tile rows, top to bottom, that are read and decoded one after the other; as even as they come.
 * @throws {Fault} bad-image where a single row is too much for one decode
 */
export function planStrips(header: MainHeader, reduce: number): TileRows[] {
  const row = samplesOf(header, { from: 0, until: 1 }, reduce)
  if (row > DECODE_SAMPLES) {
    throw badImage(`a row of its tiles has ${row} samples, and one decode may have ${DECODE_SAMPLES}`)
  }
  const rowsAtOnce = Math.max(1, Math.floor(STRIP_SAMPLES / Math.max(1, row)))
  const count = Math.ceil(header.tilesDown / rowsAtOnce)
  return Array.from({ length: count }, (_, i) => ({
    from: Math.floor((i * header.tilesDown) / count),
    until: Math.floor(((i + 1) * header.tilesDown) / count),
  }))
}

export const allRows = ({ tilesDown }: MainHeader): TileRows => ({ from: 0, until: tilesDown })

/** Samples of all components in tile rows, reduced (ISO/IEC 15444-1 B.2, B.3). */
export function samplesOf({ size }: MainHeader, { from, until }: TileRows, reduce: number): number {
  const top = Math.max(size.top, size.tileTop + from * size.tileHeight)
  const bottom = Math.min(size.bottom, size.tileTop + until * size.tileHeight)
  return (
    reducedSide(size.left, size.right, reduce) * reducedSide(top, bottom, reduce) * size.components.length
  )
}

/** Samples of all components in a tile, reduced. */
export function tileSamples({ size, tilesAcross }: MainHeader, tile: number, reduce: number): number {
  const left = size.tileLeft + (tile % tilesAcross) * size.tileWidth
  const top = size.tileTop + Math.floor(tile / tilesAcross) * size.tileHeight
  const right = Math.min(size.right, left + size.tileWidth)
  const bottom = Math.min(size.bottom, top + size.tileHeight)
  const width = reducedSide(Math.max(size.left, left), right, reduce)
  return width * reducedSide(Math.max(size.top, top), bottom, reduce) * size.components.length
}

const reducedSide = (from: number, to: number, reduce: number): number =>
  Math.max(0, Math.ceil(to / 2 ** reduce) - Math.ceil(from / 2 ** reduce))
