import type { Box } from './granule.ts'

/** `[longitude, latitude]`, degrees, WGS 84. */
export type Position = readonly [lon: number, lat: number]
/** Closed: the last position is the first. */
export type Ring = readonly Position[]

/**
 * Polygons, each its outline and then its holes; straight lines in longitude and latitude (RFC 7946 3.1.1). Behind
 * or instead of them what holds no ground: lines, each one ring there and back, and points, each one ring of its
 * position twice.
 */
export type Shape = readonly (readonly Ring[])[]

/** Whether a shape is of lines or points: its rings read the same from both ends, as no outline does. */
export const isWithoutGround = (shape: Shape): boolean =>
  shape.every(
    ([ring = [], ...holes]) =>
      holes.length === 0 &&
      ring.every(([lon, lat], i) => {
        const [other, otherLat] = ring[ring.length - 1 - i] ?? []
        return lon === other && lat === otherLat
      }),
  )

/** The ground that is asked for. */
export type Area = {
  /** West lies in [-180, 180), east in [west, west + 360]. Of a shape the box around it. */
  readonly box: Box
  /** Undefined: the whole box. Longitudes count on as those of the box do; no two polygons overlap. */
  readonly shape?: Shape | undefined
}

export const WORLD: Area = { box: [-180, -90, 180, 90] }

/**
 * The area between two opposite corners, degrees, WGS 84: the smaller of the two boxes they span, so
 * corners more than 180° apart in longitude cross the antimeridian. Corners at -180 and 180 mean all
 * longitudes, since the other box would be a line that nobody asks for.
 */
export function areaOfCorners(lat1: number, lng1: number, lat2: number, lng2: number): Area {
  const [west, east] = lng1 <= lng2 ? [lng1, lng2] : [lng2, lng1]
  const crosses = east - west > 180 && east - west < 360
  const [south, north] = lat1 <= lat2 ? [lat1, lat2] : [lat2, lat1]
  return crosses ? areaOfBox(east, south, west, north) : areaOfBox(west, south, east, north)
}

/** The area `west,south,east,north`, degrees, WGS 84; west > east crosses the antimeridian. */
export function areaOfBox(west: number, south: number, east: number, north: number): Area {
  const start = wrap(west)
  const turn = Math.round((start - west) / 360) * 360
  return { box: [start, south, (east >= west ? east : east + 360) + turn, north] }
}

/**
 * The box as `[west, south, east, north]` with both longitudes in [-180, 180]: west > east crosses. Nine
 * decimals, a tenth of a millimetre, hide what adding a turn and taking it off leaves behind.
 */
export function wrappedBox([west, south, east, north]: Box): Box {
  return [west, south, east > 180 ? Number((east - 360).toFixed(9)) : east, north]
}

/** Whether two boxes share at least a point, edges included, longitudes counted round the globe. */
export function boxesMeet(a: Box, b: Box): boolean {
  if (a[1] > b[3] || b[1] > a[3]) return false
  const turn = Math.floor((a[0] - b[2]) / 360) * 360
  return [turn, turn + 360].some((by) => a[0] <= b[2] + by && b[0] + by <= a[2])
}

/** A box so many degrees further east. */
export const moved = ([west, south, east, north]: Box, by: number): Box => [
  west + by,
  south,
  east + by,
  north,
]

/** The box around positions, longitudes as they are counted. */
export function boxAround(outline: readonly Position[]): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [lon, lat] of outline) {
    west = Math.min(west, lon)
    south = Math.min(south, lat)
    east = Math.max(east, lon)
    north = Math.max(north, lat)
  }
  return [west, south, east, north]
}

/** A box with so many degrees more on each side. */
export const widened = ([west, south, east, north]: Box, by: number): Box => [
  west - by,
  south - by,
  east + by,
  north + by,
]

/** Longitude in [-180, 180). */
const wrap = (lon: number): number =>
  lon >= -180 && lon < 180 ? lon : ((((lon + 180) % 360) + 360) % 360) - 180
