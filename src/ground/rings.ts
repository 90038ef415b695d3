import type { Position, Ring } from '../sentinel2/area.ts'
import { kindOf, type Written } from './read-geojson.ts'

/** Closed rings, the outline first; no position twice in a row. */
export type Polygon = readonly Ring[]

/** Degrees; how far an outline must be from a line to hold ground: a tenth of a micrometre. */
const FLAT = 1e-12

/** The rings of a polygon, each right by itself; or what is wrong. Whether they cross is not asked here. */
export function polygonOf({ coordinates, at }: Written): Polygon | string {
  if (!Array.isArray(coordinates)) return `has no list of rings at ${at}: it is ${kindOf(coordinates)}`
  if (coordinates.length === 0) return `has no coordinates: ${at} is empty`
  const rings: Ring[] = []
  for (const [i, written] of coordinates.entries()) {
    const ring = ringOf(written, `${at}[${i}]`)
    if (typeof ring === 'string') return ring
    rings.push(ring)
  }
  return rings
}

/** A position in range, its height left out; or what is wrong. */
export function positionOf(written: unknown, at: string): Position | string {
  if (!Array.isArray(written))
    return `has no position at ${at}: it is ${kindOf(written)}, not [longitude, latitude]`
  const [lon, lat]: readonly unknown[] = written
  if (written.length < 2)
    return `has a position of ${written.length === 1 ? 'one number' : 'no numbers'} at ${at}`
  if (typeof lon !== 'number' || typeof lat !== 'number') {
    return `has ${kindOf(typeof lon === 'number' ? lat : lon)} for a number at ${at}`
  }
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return `has a number that is not finite at ${at}`
  if (Math.abs(lat) > 90) {
    const swapped = Math.abs(lon) <= 90 && Math.abs(lat) <= 360
    const hint = swapped ? ': the order is longitude, latitude' : ''
    return `has a latitude beyond ±90 at ${at}, ${lat}${hint}`
  }
  if (Math.abs(lon) > 360) return `has a longitude beyond ±360 at ${at}, ${lon}`
  return [lon, lat]
}

function ringOf(written: unknown, at: string): Ring | string {
  if (!Array.isArray(written))
    return `has no ring at ${at}: it is ${kindOf(written)}, not a list of positions`
  if (written.length === 0) return `has no coordinates: ${at} is empty`
  const ring: Position[] = []
  for (const [i, one] of written.entries()) {
    const position = positionOf(one, `${at}[${i}]`)
    if (typeof position === 'string') return position
    const before = ring.at(-1)
    if (before?.[0] !== position[0] || before[1] !== position[1]) ring.push(position)
  }
  return ringFault(ring, written.length, at) ?? ring
}

/** @param positions how many were written, repeated ones among them */
function ringFault(ring: Ring, positions: number, at: string): string | undefined {
  const [[lon, lat] = [0, 0]] = ring
  const [lastLon, lastLat] = ring.at(-1) ?? [lon, lat]
  if (lat === lastLat && Math.abs(lon - lastLon) === 360) return roundPole(ring, at)
  if (positions > 1 && (lon !== lastLon || lat !== lastLat)) {
    return `has a ring that is not closed, ${at}: repeat its first position, [${lon}, ${lat}], at its end`
  }
  if (positions < 4) {
    return `has a ring of ${positions} positions, ${at}: a ring takes at least 4, the last the same as the first`
  }
  const long = ring.findIndex((position, i) => isLong(ring[i - 1] ?? position, position))
  if (long > 0) {
    if (turnsRound(ring)) return roundPole(ring, at)
    const [[from], [to]] = [ring[long - 1] ?? [0, 0], ring[long] ?? [0, 0]]
    return (
      `has an edge from longitude ${from} to ${to} in ${at}, more than 180° long: cut the area in two at the ` +
      'antimeridian (RFC 7946 3.1.9), or count longitudes on past 180'
    )
  }
  return isFlat(ring) ? `has a ring that holds no ground, ${at}: its positions lie in a line` : undefined
}

function roundPole(ring: Ring, at: string): string {
  const pole = ring.reduce((sum, [, lat]) => sum + lat, 0) < 0 ? -90 : 90
  return `has a ring round a pole, ${at}: lead it from longitude 180 over [180, ${pole}] and [-180, ${pole}] to -180`
}

/** Whether an edge goes more than half round the globe, but for one along a pole. */
export const isLong = ([from]: Position, [to]: Position): boolean =>
  Math.abs(to - from) > 180 && !(Math.abs(from) === 180 && Math.abs(to) === 180)

/** Whether a ring goes round the globe if each edge goes the shorter way. */
function turnsRound(ring: Ring): boolean {
  const turned = ring.reduce((sum, [lon], i) => {
    const step = lon - (ring[i - 1]?.[0] ?? lon)
    return sum + step - Math.round(step / 360) * 360
  }, 0)
  return Math.round(turned / 360) !== 0
}

/** Whether all positions lie in a line: the one from the first to the one farthest from it. */
function isFlat(ring: Ring): boolean {
  const [[lon0, lat0] = [0, 0]] = ring
  const reach = ([lon, lat]: Position) => Math.hypot(lon - lon0, lat - lat0)
  const far = ring.reduce((a, b) => (reach(b) > reach(a) ? b : a))
  const [x, y] = [far[0] - lon0, far[1] - lat0]
  const length = Math.hypot(x, y)
  return ring.every(([lon, lat]) => Math.abs(x * (lat - lat0) - y * (lon - lon0)) <= FLAT * length)
}
