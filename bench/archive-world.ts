import { WORLD } from '../src/sentinel2/area.ts'
import type { Box } from '../src/sentinel2/granule.ts'
import { tileBox, tilesOf } from '../src/sentinel2/tiles.ts'

/*
 * Where Sentinel-2 flies and what its archive holds, in spirit: a circular orbit of 143 rounds in ten days, a
 * swath of 290 km, and tiles that lie mostly on land. What a swath leaves of a tile is the same at every pass.
 */

/** What the satellites see of one relative orbit, from north to south. */
export type Track = {
  readonly tiles: readonly string[]
  /** `NORTH,SOUTH,WEST,EAST` as the index writes the box of the valid data of each. */
  readonly boxes: readonly string[]
  /** Seconds from the northernmost point to each. */
  readonly seconds: Float64Array
}

export const ROUNDS = 143
/** Seconds. */
export const PERIOD = (10 * 86_400) / ROUNDS
/** Relative orbit 93 is over 42.5° N, 26° E at this time of the absolute orbit 8527 of S2A. */
export const REFERENCE = {
  orbit: 8527,
  ms: Date.UTC(2017, 1, 8, 9, 21, 40),
  relative: 93,
  lon: 26,
  lat: 42.5,
}

const INCLINATION = (98.62 * Math.PI) / 180
/** Kilometres. */
const HALF_SWATH = 145
const KM_LAT = 110.57
const KM_LON = 111.32
/** The tracks turn back past 81.4° of latitude. */
const MOST_LATITUDE = 80.5

/** Seconds from the northernmost point to a latitude on the way south. */
export const secondsTo = (lat: number): number =>
  ((Math.PI / 2 - Math.asin(Math.sin((lat * Math.PI) / 180) / Math.sin(INCLINATION))) / (2 * Math.PI)) *
  PERIOD

/** The tracks by relative orbit; 0 stands empty. */
export function tracks(): readonly Track[] {
  const seen = Array.from({ length: ROUNDS + 1 }, () => [] as { tile: string; box: string; at: number }[])
  for (const tile of tilesOf(WORLD)) {
    const whole = tileBox(tile)
    if (!whole || !isHeld(tile, whole)) continue
    const [lon, lat] = [(whole[0] + whole[2]) / 2, (whole[1] + whole[3]) / 2]
    const ground = groundAt(lat)
    for (let relative = 1; relative <= ROUNDS; relative++) {
      const away = turned(lonOf(relative, ground) - lon) * ground.kmLon
      if (Math.abs(away) > 4 * HALF_SWATH) continue
      const cut = cutTo(whole, away, ground)
      if (cut) seen[relative]?.push({ tile, box: written(tile, cut), at: ground.seconds })
    }
  }
  return seen.map((granules) => {
    const sorted = granules.sort((a, b) => a.at - b.at)
    return {
      tiles: sorted.map(({ tile }) => tile),
      boxes: sorted.map(({ box }) => box),
      seconds: Float64Array.from(sorted, ({ at }) => at),
    }
  })
}

/** 0 to 1 from a number and what it is to be told from. */
export function chance(seed: number, n: number): number {
  let mixed = Math.imul(n + 0x6d2b79f5, 0x9e3779b1) ^ Math.imul(seed ^ (n / 2 ** 32), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
}

type Ground = {
  readonly seconds: number
  /** Kilometres of a degree of longitude. */
  readonly kmLon: number
  /** Longitude of the track from that at its northernmost point, degrees. */
  readonly lon: number
  /** Kilometres to the east for each to the north along the track. */
  readonly slope: number
}

function groundAt(lat: number): Ground {
  const kmLon = KM_LON * Math.cos((lat * Math.PI) / 180)
  const [north, south] = [lonAt(lat + 0.1), lonAt(lat - 0.1)]
  return {
    seconds: secondsTo(lat),
    kmLon,
    lon: lonAt(lat),
    slope: (turned(north - south) * kmLon) / (0.2 * KM_LAT),
  }
}

function lonAt(lat: number): number {
  const seconds = secondsTo(lat)
  const along = (2 * Math.PI * seconds) / PERIOD + Math.PI / 2
  const inertial = Math.atan2(Math.cos(INCLINATION) * Math.sin(along), Math.cos(along))
  return (inertial * 180) / Math.PI - (360 * seconds) / 86_400
}

const lonOf = (relative: number, { lon }: Ground): number =>
  FIRST_LON + lon - ((relative - REFERENCE.relative) * 360 * PERIOD) / 86_400

/** Of the reference's northernmost point. */
const FIRST_LON = REFERENCE.lon - lonAt(REFERENCE.lat)

/** To -180 to 180. */
const turned = (degrees: number): number => degrees - 360 * Math.round(degrees / 360)

/** The box of what the swath sees of a tile; undefined where that is next to nothing. */
function cutTo([west, south, east, north]: Box, away: number, { kmLon, slope }: Ground): Box | undefined {
  const [halfX, halfY] = [((east - west) / 2) * kmLon, ((north - south) / 2) * KM_LAT]
  const reach = HALF_SWATH * Math.hypot(1, slope)
  const corners: [number, number][] = [
    [-halfX, -halfY],
    [halfX, -halfY],
    [halfX, halfY],
    [-halfX, halfY],
  ]
  const across = ([x, y]: readonly [number, number]) => x - slope * y - away
  const seen = kept(
    kept(corners, (p) => across(p) + reach),
    (p) => reach - across(p),
  )
  if (seen.length === 0) return undefined
  const [xs, ys] = [seen.map(([x]) => x), seen.map(([, y]) => y)]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  if (!((x1 - x0) * (y1 - y0) > 0.01 * halfX * halfY)) return undefined
  const [lon, lat] = [(west + east) / 2, (south + north) / 2]
  return [lon + x0 / kmLon, lat + y0 / KM_LAT, lon + x1 / kmLon, lat + y1 / KM_LAT]
}

/** What of a convex outline lies where the depth is not negative. */
function kept(outline: readonly [number, number][], depth: (p: [number, number]) => number) {
  return outline.flatMap((point, i): [number, number][] => {
    const before = outline.at(i - 1) ?? point
    const [here, there] = [depth(point), depth(before)]
    if (here >= 0 === there >= 0) return here >= 0 ? [point] : []
    const share = there / (there - here)
    const meeting: [number, number] = [
      before[0] + (point[0] - before[0]) * share,
      before[1] + (point[1] - before[1]) * share,
    ]
    return here >= 0 ? [meeting, point] : [meeting]
  })
}

/** Boxes over the antimeridian come as two kinds of catalogues write them: west > east, or as wide as the globe. */
function written(tile: string, [west, south, east, north]: Box): string {
  const latitudes = `${degrees(north)},${degrees(south)}`
  if (east <= 180) return `${latitudes},${degrees(west)},${degrees(east)}`
  if (west >= 180) return `${latitudes},${degrees(west - 360)},${degrees(east - 360)}`
  const wide = chance(1, numberOf(tile)) < 0.5
  return wide
    ? `${latitudes},${degrees(Math.max(-179.7, east - 360.3))},180.0`
    : `${latitudes},${degrees(west)},${degrees(east - 360)}`
}

const degrees = (value: number): string => value.toFixed(10)

/** West, south, east, north of what is more or less land. */
const LAND: readonly Box[] = [
  [-168, 55, -130, 71],
  [-130, 49, -60, 72],
  [-124, 31, -78, 49],
  [-110, 16, -88, 31],
  [-90, 8, -78, 18],
  [-80, -5, -50, 11],
  [-78, -18, -36, -5],
  [-72, -35, -50, -18],
  [-74, -55, -64, -35],
  [-70, -68, -57, -63],
  [-55, 60, -20, 79],
  [-24, 63, -14, 66.5],
  [-10, 36, 30, 60],
  [5, 57, 60, 70],
  [-17, 5, 45, 36],
  [9, -34, 40, 5],
  [43, -25, 50, -12],
  [35, 13, 60, 42],
  [30, 42, 140, 72],
  [60, 24, 122, 42],
  [70, 8, 88, 24],
  [92, 10, 110, 24],
  [95, -8, 120, 8],
  [120, -9, 150, 1],
  [114, -38, 153, -12],
  [166, -47, 178.5, -34],
  [130, 31, 145, 45],
  [140, 60, 180, 72],
  [-180, 64, -169, 68],
  [177, -19, 180, -16],
]

/** Land, and of the sea what would be islands and coasts. */
function isHeld(tile: string, [west, south, east, north]: Box): boolean {
  const [lon, lat] = [turned((west + east) / 2), (south + north) / 2]
  if (Math.abs(lat) > MOST_LATITUDE) return false
  if (LAND.some(([w, s, e, n]) => lon >= w && lon <= e && lat >= s && lat <= n)) return true
  return chance(2, numberOf(tile)) < 0.05
}

const numberOf = (tile: string): number => Number.parseInt(tile, 36)
