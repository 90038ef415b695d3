import type { Coding, MainHeader } from './codestream.ts'

/*
 * How a tile of a component without subsampling is divided: resolutions and subbands (B.5), precincts (B.6),
 * code-blocks (B.7). Divisions are by powers of two, so numbers up to 2^32 stay exact.
 */

/** Right and bottom are excluded. */
export type Box = {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Precincts of one resolution, counted from the one at index (left, top) of the whole plane. */
export type PrecinctGrid = {
  readonly left: number
  readonly top: number
  readonly across: number
  readonly down: number
}

/** Code-blocks of one subband in a precinct. */
export type BlockGrid = { readonly across: number; readonly down: number }

/** A tile on the reference grid (B-7 to B-10). */
export function tileBox({ size, tilesAcross }: MainHeader, tile: number): Box {
  const left = size.tileLeft + (tile % tilesAcross) * size.tileWidth
  const top = size.tileTop + Math.floor(tile / tilesAcross) * size.tileHeight
  return {
    left: Math.max(left, size.left),
    top: Math.max(top, size.top),
    right: Math.min(left + size.tileWidth, size.right),
    bottom: Math.min(top + size.tileHeight, size.bottom),
  }
}

/** B-16; none where the resolution of the tile is empty. */
export function precinctsAt(coding: Coding, tile: Box, resolution: number): PrecinctGrid {
  const box = halved(tile, coding.levels - resolution)
  const { width, height } = precinctOf(coding, resolution)
  return gridOver(box, 2 ** width, 2 ** height)
}

/** Packets of each resolution of a tile: layers × components × precincts. */
export function packetsByResolution(header: MainHeader, tile: number): number[] {
  const { coding, size } = header
  const box = tileBox(header, tile)
  return Array.from({ length: coding.levels + 1 }, (_, resolution) => {
    const { across, down } = precinctsAt(coding, box, resolution)
    return across * down * coding.layers * size.components.length
  })
}

/** Code-blocks of a precinct by subband: LL at resolution 0, else HL, LH, HH (B.9). */
export function blocksOf(
  coding: Coding,
  tile: Box,
  resolution: number,
  precinct: { readonly column: number; readonly row: number },
): BlockGrid[] {
  const level = levelOf(coding, resolution)
  const { width, height } = precinctOf(coding, resolution)
  // Above resolution 0 a precinct covers half as much in each of its subbands (B.7).
  const shrink = resolution === 0 ? 0 : 1
  const [cellWidth, cellHeight] = [2 ** (width - shrink), 2 ** (height - shrink)]
  const blockWidth = Math.min(coding.codeBlockWidth, cellWidth)
  const blockHeight = Math.min(coding.codeBlockHeight, cellHeight)
  return bandsOf(resolution).map((band) => {
    const inside = bandBox(tile, level, band)
    const clipped = {
      left: Math.max(inside.left, precinct.column * cellWidth),
      top: Math.max(inside.top, precinct.row * cellHeight),
      right: Math.min(inside.right, (precinct.column + 1) * cellWidth),
      bottom: Math.min(inside.bottom, (precinct.row + 1) * cellHeight),
    }
    const { across, down } = gridOver(clipped, blockWidth, blockHeight)
    return { across, down }
  })
}

/** Whether a subband is the high one of its rows and of its columns. */
type Band = { readonly x: 0 | 1; readonly y: 0 | 1 }
const LOW: readonly Band[] = [{ x: 0, y: 0 }]
const HIGH: readonly Band[] = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: 1, y: 1 },
]

/** A tile's side on the reference grid. */
export type Span = { readonly start: number; readonly end: number }

export const bandsOf = (resolution: number): readonly Band[] => (resolution === 0 ? LOW : HIGH)

/** Precincts along one side of a tile at a resolution: `precinctsAt` is their product. */
export function precinctsAcross(
  coding: Coding,
  { start, end }: Span,
  resolution: number,
  side: 'width' | 'height',
): number {
  const shrink = 2 ** (coding.levels - resolution)
  return cells(Math.ceil(start / shrink), Math.ceil(end / shrink), 2 ** precinctOf(coding, resolution)[side])
}

/** Code-blocks along one side of a subband of a tile: the sum of what `blocksOf` tells of its precincts. */
export function blocksAcross(
  coding: Coding,
  { start, end }: Span,
  resolution: number,
  side: 'width' | 'height',
  high: 0 | 1,
): number {
  const level = levelOf(coding, resolution)
  const precinct = precinctOf(coding, resolution)[side] - (resolution === 0 ? 0 : 1)
  const block = Math.min(side === 'width' ? coding.codeBlockWidth : coding.codeBlockHeight, 2 ** precinct)
  const shift = level === 0 ? 0 : high * 2 ** (level - 1)
  return cells(Math.ceil((start - shift) / 2 ** level), Math.ceil((end - shift) / 2 ** level), block)
}

/** Cells of a grid anchored at 0 that a stretch touches. */
const cells = (from: number, until: number, side: number): number =>
  until <= from ? 0 : Math.ceil(until / side) - Math.floor(from / side)

const levelOf = ({ levels }: Coding, resolution: number): number =>
  resolution === 0 ? levels : levels - resolution + 1

const precinctOf = (coding: Coding, resolution: number) =>
  coding.precincts[resolution] ?? { width: 15, height: 15 }

/** B-14. */
function halved(box: Box, times: number): Box {
  const side = 2 ** times
  return {
    left: Math.ceil(box.left / side),
    top: Math.ceil(box.top / side),
    right: Math.ceil(box.right / side),
    bottom: Math.ceil(box.bottom / side),
  }
}

/** B-15. */
function bandBox(tile: Box, level: number, { x, y }: Band): Box {
  if (level === 0) return tile
  const [shiftX, shiftY] = [x * 2 ** (level - 1), y * 2 ** (level - 1)]
  const shifted = {
    left: tile.left - shiftX,
    top: tile.top - shiftY,
    right: tile.right - shiftX,
    bottom: tile.bottom - shiftY,
  }
  return halved(shifted, level)
}

/** Cells of a grid anchored at 0 that a box touches. */
function gridOver(box: Box, width: number, height: number): PrecinctGrid {
  const left = Math.floor(box.left / width)
  const top = Math.floor(box.top / height)
  if (box.right <= box.left || box.bottom <= box.top) return { left, top, across: 0, down: 0 }
  return {
    left,
    top,
    across: Math.ceil(box.right / width) - left,
    down: Math.ceil(box.bottom / height) - top,
  }
}
