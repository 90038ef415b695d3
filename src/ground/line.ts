import { moved, type Position } from '../sentinel2/area.ts'
import type { Box, Granule } from '../sentinel2/granule.ts'
import { turnsOf } from './asked.ts'
import { groundOfTile, shifted } from './outlines.ts'
import { besideTile, isOffTile } from './own-box.ts'

type Span = readonly [from: number, to: number]

/**
 * Share of a line's length that a granule's footprint covers, its edges included; of a point 1 or 0.
 * @param line a box of no width, of no height, or of neither
 */
export function shareOfLine(line: Box, { mgrsTile, box }: Pick<Granule, 'mgrsTile' | 'box'>): number {
  const tile = groundOfTile(mgrsTile)
  if (!tile) return 0
  const outline = shifted(tile.square.outline, tile.meridian)
  const beside = box && besideTile(box, tile)
  const own = beside && !isOffTile(beside, tile) ? beside : undefined
  // A meridian is a parallel once longitude and latitude change places.
  const upright = line[0] === line[2] && line[1] !== line[3]
  const covered = turnsOf(tile, line).map((turn) => {
    const [west, south, east, north] = moved(line, -turn)
    return upright
      ? lengthIn(outline.map(swapped), own && turnedBox(own), west, [south, north])
      : lengthIn(outline, own, south, [west, east])
  })
  const length = upright ? line[3] - line[1] : line[2] - line[0]
  if (length === 0) return covered.some((part) => part !== undefined) ? 1 : 0
  return Math.min(1, covered.reduce<number>((sum, part = 0) => sum + part, 0) / length)
}

/** Of a span of a parallel, what lies in an outline and a box; undefined: not even a point. */
function lengthIn(outline: readonly Position[], box: Box | undefined, lat: number, span: Span) {
  const [from, to]: Span = box ? [Math.max(span[0], box[0]), Math.min(span[1], box[2])] : span
  if (from > to || (box && (lat < box[1] || lat > box[3]))) return undefined
  const crossings = crossingsOf(outline, lat)
  let length: number | undefined
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const [start, end] = [Math.max(from, crossings[i] ?? 0), Math.min(to, crossings[i + 1] ?? 0)]
    if (start <= end) length = (length ?? 0) + end - start
  }
  return length
}

/** Whether a point lies in an outline, on its edges included where they are west or east of it. */
export function holdsPoint(outline: readonly Position[], [lon, lat]: Position): boolean {
  return lengthIn(outline, undefined, lat, [lon, lon]) !== undefined
}

/** Longitudes at which an outline crosses a parallel, in order. */
function crossingsOf(outline: readonly Position[], lat: number): number[] {
  return outline
    .flatMap(([lon, here], i) => {
      const [lonBefore, before] = outline.at(i - 1) ?? [lon, here]
      if (here > lat === before > lat) return []
      return [lon + ((lonBefore - lon) * (lat - here)) / (before - here)]
    })
    .sort((a, b) => a - b)
}

const swapped = ([lon, lat]: Position): Position => [lat, lon]
const turnedBox = ([west, south, east, north]: Box): Box => [south, west, north, east]
