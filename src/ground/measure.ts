import type { Position } from '../sentinel2/area.ts'
import type { Box } from '../sentinel2/granule.ts'

/*
 * Ground on the sphere, in degrees of longitude times the sine of latitude, which equal areas share equally:
 * the sum over the edges of dλ times the mean of sin φ. Chamberlain and Duquette, "Some algorithms for polygons
 * on a sphere", JPL 07-03 (2007), take the mean of the two ends; here it is that along the straight edge in
 * longitude and latitude (RFC 7946 3.1.1), so that ground cut in two is the sum of its parts.
 */

/** Edges of closed outlines. */
export type Edges = {
  /** FIELDS numbers to each edge: both ends, and the ground between it and the base. */
  readonly numbers: Float64Array
  /** Radians, the latitude from which sines are counted; no result depends on it but for the digits kept. */
  readonly base: number
  /** What they go round. */
  readonly ground: number
}
const FIELDS = 5
const RADIANS = Math.PI / 180

/**
 * The edges of outlines given open; counterclockwise ones count for ground, clockwise ones against it.
 * @param base latitude, degrees, in or beside the ground, since small ground is told to all digits only there
 */
export function edgesOf(outlines: readonly (readonly Position[])[], base: number): Edges {
  const from = base * RADIANS
  const numbers = new Float64Array(FIELDS * outlines.reduce((sum, outline) => sum + outline.length, 0))
  let at = 0
  let ground = 0
  for (const outline of outlines) {
    let [lonBefore, latBefore] = outline.at(-1) ?? [0, 0]
    for (const [lon, lat] of outline) {
      const under = (lonBefore - lon) * meanHeight(latBefore, lat, from)
      ground += under
      numbers[at] = lonBefore
      numbers[at + 1] = latBefore
      numbers[at + 2] = lon
      numbers[at + 3] = lat
      numbers[at + 4] = under
      at += FIELDS
      lonBefore = lon
      latBefore = lat
    }
  }
  return { numbers, base: from, ground }
}

/**
 * The ground within edges that lies in a box too. Of each meridian of the box that is what lies between the
 * edges it crosses, those beyond the box's latitudes moved to them: one sum over the edges, whatever their form.
 */
export function groundWithin({ numbers, base }: Edges, box: Box): number {
  const [west, south, east, north] = box
  const low = height(south * RADIANS, base)
  const high = height(north * RADIANS, base) - low
  let sum = 0
  for (let i = 0; i < numbers.length; i += FIELDS) {
    const lon1 = numbers[i] ?? 0
    const lon2 = numbers[i + 2] ?? 0
    const first = Math.min(lon1, lon2)
    const last = Math.max(lon1, lon2)
    if (first === last || last <= west || first >= east) continue
    const lat1 = numbers[i + 1] ?? 0
    const lat2 = numbers[i + 3] ?? 0
    if (lat1 <= south && lat2 <= south) continue
    if (first >= west && last <= east) {
      if (lat1 >= north && lat2 >= north) sum += (lon1 - lon2) * high
      else if (Math.min(lat1, lat2) >= south && Math.max(lat1, lat2) <= north)
        sum += (numbers[i + 4] ?? 0) - (lon1 - lon2) * low
      else sum += piece(lon1, lat1, lon2, lat2, south, north, low, high, base)
      continue
    }
    const slope = (lat2 - lat1) / (lon2 - lon1)
    const start = Math.min(Math.max(lon1, west), east)
    const end = Math.min(Math.max(lon2, west), east)
    const startLat = start === lon1 ? lat1 : lat1 + (start - lon1) * slope
    const endLat = end === lon2 ? lat2 : lat1 + (end - lon1) * slope
    sum += piece(start, startLat, end, endLat, south, north, low, high, base)
  }
  return sum
}

/** What one straight piece of an edge adds; plain numbers, since it is the inmost loop of a search. */
function piece(
  lon1: number,
  lat1: number,
  lon2: number,
  lat2: number,
  south: number,
  north: number,
  low: number,
  high: number,
  base: number,
): number {
  if (lat1 <= south && lat2 <= south) return 0
  if (lat1 >= north && lat2 >= north) return (lon1 - lon2) * high
  const cut = between(south, lat1, lat2) ? south : between(north, lat1, lat2) ? north : undefined
  if (cut === undefined) return (lon1 - lon2) * (meanHeight(lat1, lat2, base) - low)
  const lon = lon1 + (lon2 - lon1) * ((cut - lat1) / (lat2 - lat1))
  return (
    piece(lon1, lat1, lon, cut, south, north, low, high, base) +
    piece(lon, cut, lon2, lat2, south, north, low, high, base)
  )
}

/** sin φ - sin base, to all digits however near they are; radians. */
const height = (lat: number, base: number): number =>
  2 * Math.cos((lat + base) / 2) * Math.sin((lat - base) / 2)

/** Mean of height along a straight edge; latitudes of its ends in degrees. */
function meanHeight(lat1: number, lat2: number, base: number): number {
  const middle = ((lat1 + lat2) / 2) * RADIANS
  return height(middle, base) - Math.sin(middle) * sincLack(((lat2 - lat1) / 2) * RADIANS)
}

/** 1 - sin h / h, to all digits. */
const sincLack = (h: number): number =>
  Math.abs(h) < 0.01 ? (h * h * (1 - (h * h) / 20)) / 6 : 1 - Math.sin(h) / h

const between = (at: number, a: number, b: number): boolean => (a < at && b > at) || (b < at && a > at)
