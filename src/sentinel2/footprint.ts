import type { Position, Ring } from './area.ts'
import { clipToBox } from './clip.ts'
import type { Box, Granule } from './granule.ts'
import { type TileGrid, tileBox, tileGrid } from './tiles.ts'
import { centralMeridian, utmToLonLat } from './utm.ts'

/** GeoJSON (RFC 7946) geometry, cut at the antimeridian where it crosses it; outlines counterclockwise. */
export type Footprint =
  | { readonly type: 'Polygon'; readonly coordinates: readonly Ring[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly Ring[])[] }

/**
 * Steps an edge is cut into. The edges of a UTM square are curves in longitude and latitude; at 16 steps of
 * 6.9 km a straight piece strays from its edge by less than 10 m up to 80° of latitude.
 */
const STEPS = 16

/**
 * The ground a granule covers as far as its catalog tells: its tile, cut to the box of its valid data.
 * Undefined where the tile's name is none of the grid.
 */
export function footprintOf({ mgrsTile, box }: Pick<Granule, 'mgrsTile' | 'box'>): Footprint | undefined {
  const grid = tileGrid(mgrsTile)
  if (!grid) return undefined
  const outline = tileOutline(grid)
  return atAntimeridian(box ? cutToBox(outline, box) : outline)
}

/** A tile's outline cut to the box of its data; the outline itself where that leaves no ground. */
export function cutToBox(outline: readonly Position[], box: Box): readonly Position[] {
  const cut = clipToBox(outline, alongside(box, outline)).map(rounded)
  return isFlat(cut) ? outline : cut
}

/**
 * The box of the valid data as an index row gives it. A row whose west is east of its east crosses the
 * antimeridian; one that is wider than 180° then is no box of a tile's data (it was made without knowing of
 * the antimeridian, or is empty) and says nothing of the longitudes, so the tile's own stand in. Undefined
 * where an edge is missing.
 */
export function dataBox(
  edges: { west: number | null; south: number | null; east: number | null; north: number | null },
  mgrsTile: string,
): Box | undefined {
  const { west, south, east, north } = edges
  if (west === null || south === null || east === null || north === null) return undefined
  const unwrapped = west > east ? east + 360 : east
  if (unwrapped - west <= 180) return [west, south, unwrapped, north]
  const tile = tileBox(mgrsTile)
  return tile ? [tile[0], south, tile[2], north] : undefined
}

/** Outline of a tile, unwrapped: longitudes count on from the zone's central meridian and may pass ±180. */
export function tileOutline(grid: TileGrid): Position[] {
  const key = `${grid.hemisphere}/${grid.xmin}/${grid.ymin}`
  const numbers = squares.get(key) ?? Float64Array.from(squareOutline(grid).flat())
  squares.set(key, numbers)
  const meridian = centralMeridian(grid.zone)
  return Array.from({ length: numbers.length / 2 }, (_, i) => [
    meridian + (numbers[2 * i] ?? 0),
    numbers[2 * i + 1] ?? 0,
  ])
}

/** Longitudes from the central meridian and latitudes in turn; the 1,500 squares of all zones take 1.6 MB. */
const squares = new Map<string, Float64Array>()
/** Its central meridian is 0, so that longitudes are counted from it. */
const ZONE_AT_GREENWICH = 30.5

function squareOutline({ hemisphere, xmin, ymin, side }: TileGrid): Position[] {
  const corners = [
    [xmin, ymin],
    [xmin + side, ymin],
    [xmin + side, ymin + side],
    [xmin, ymin + side],
  ] as const
  return corners.flatMap(([x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % 4] ?? [x, y]
    return Array.from({ length: STEPS }, (_, step) => {
      const share = step / STEPS
      return utmToLonLat(ZONE_AT_GREENWICH, hemisphere, x + (nextX - x) * share, y + (nextY - y) * share)
    })
  })
}

/** The box turned by whole rounds to where it overlaps the outline, which may lie past ±180. */
function alongside(box: Box, outline: readonly Position[]): Box {
  const middle = outline.reduce((sum, [lon]) => sum + lon, 0) / outline.length
  const turn = Math.round((middle - (box[0] + box[2]) / 2) / 360) * 360
  return [box[0] + turn, box[1], box[2] + turn, box[3]]
}

/** An outline as GeoJSON has it, in two parts where it crosses the antimeridian. */
export function atAntimeridian(outline: readonly Position[]): Footprint {
  const parts = [-360, 0, 360]
    .map((turn) =>
      clipToBox(outline, [turn - 180, -90, turn + 180, 90]).map(([lon, lat]) => rounded([lon - turn, lat])),
    )
    .filter((part) => !isFlat(part))
    .map(close)
  const [first = [], ...others] = parts
  if (others.length === 0) return { type: 'Polygon', coordinates: [first] }
  return { type: 'MultiPolygon', coordinates: parts.map((part) => [part]) }
}

/** Whether an outline holds no ground, as one that touches a cut with its edge alone. */
function isFlat(outline: readonly Position[]): boolean {
  const [[lon0, lat0] = [0, 0]] = outline
  const twice = outline.reduce((sum, [lon, lat], i) => {
    const [lonBefore, latBefore] = outline.at(i - 1) ?? [lon, lat]
    return sum + (lonBefore - lon0) * (lat - lat0) - (lon - lon0) * (latBefore - lat0)
  }, 0)
  return Math.abs(twice) < 1e-12
}

/** Six decimals are a tenth of a metre. */
const rounded = ([lon, lat]: Position): Position => [Number(lon.toFixed(6)), Number(lat.toFixed(6))]

const close = (part: readonly Position[]): Ring => [...part, ...part.slice(0, 1)]
