import proj4 from 'proj4'

/** Metres east and north in UTM zone 33 north (EPSG:32633). */
export type Place = readonly [east: number, north: number]

export const UTM33 = '+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs'

/** Reads `lon lat, lon lat, …`, degrees, into UTM zone 33. */
export const places = (text: string): Place[] =>
  text.split(',').map((pair) => {
    const [lon = 0, lat = 0] = pair.trim().split(/\s+/).map(Number)
    const [east = 0, north = 0] = proj4('WGS84', UTM33, [lon, lat])
    return [east, north]
  })

/** The shores of the Øresund as a hand would sketch them: a few points each, degrees, none surveyed. */
const LAND = [
  // Zealand
  `11.0 55.95, 11.7 55.94, 11.85 55.97, 12.06 56.06, 12.31 56.13, 12.48 56.10, 12.62 56.04, 12.55 55.97,
   12.55 55.88, 12.60 55.77, 12.61 55.71, 12.58 55.68, 12.52 55.63, 12.47 55.60, 12.37 55.60, 12.28 55.56,
   12.19 55.46, 12.30 55.41, 12.45 55.31, 12.38 55.25, 12.17 55.21, 12.02 55.15, 12.14 55.07, 12.0 55.01,
   11.6 55.05, 11.0 55.0`,
  // Amager, Saltholm, Ven
  '12.59 55.685, 12.64 55.665, 12.67 55.62, 12.64 55.58, 12.58 55.555, 12.53 55.575, 12.55 55.62, 12.57 55.66',
  '12.74 55.67, 12.79 55.66, 12.80 55.62, 12.75 55.605, 12.71 55.635',
  '12.67 55.925, 12.715 55.915, 12.71 55.89, 12.675 55.895',
  // Møn, Falster, Bornholm
  '12.15 55.02, 12.3 55.04, 12.45 55.0, 12.55 54.98, 12.5 54.94, 12.3 54.93, 12.2 54.88, 12.1 54.94',
  '11.7 54.97, 11.93 54.94, 12.08 54.88, 12.17 54.84, 12.0 54.6, 11.4 54.6',
  '14.70 55.29, 14.79 55.30, 15.1 55.15, 15.15 55.05, 15.08 54.99, 14.85 55.02, 14.70 55.09',
  // Scania and Halland
  `16 57.5, 12.1 57.4, 12.3 57.05, 12.48 56.88, 12.68 56.78, 12.85 56.66, 12.94 56.55, 12.85 56.44, 12.62 56.43,
   12.72 56.34, 12.83 56.25, 12.65 56.27, 12.45 56.305, 12.55 56.20, 12.60 56.13, 12.69 56.04, 12.76 55.98,
   12.83 55.86, 12.90 55.76, 13.06 55.69, 12.99 55.63, 12.92 55.59, 12.90 55.50, 12.96 55.42, 12.82 55.39,
   13.15 55.365, 13.36 55.34, 13.62 55.41, 13.82 55.43, 14.06 55.38, 14.2 55.39, 14.36 55.55, 14.23 55.70,
   14.32 55.92, 14.58 56.03, 14.75 56.15, 15.3 56.17, 16 56.2`,
]

const WATER = [
  // Roskilde Fjord, Arresø, Ringsjön, Vombsjön, Ivösjön
  `11.93 56.0, 12.06 55.91, 12.02 55.83, 12.09 55.76, 12.10 55.66, 12.03 55.66, 12.0 55.76, 11.96 55.84,
   11.98 55.91, 11.86 55.97`,
  '12.05 55.98, 12.12 56.0, 12.16 55.97, 12.12 55.93, 12.06 55.95',
  '13.47 55.88, 13.55 55.91, 13.60 55.87, 13.53 55.84, 13.46 55.86',
  '13.56 55.69, 13.61 55.70, 13.63 55.67, 13.58 55.66',
  '14.33 56.08, 14.42 56.14, 14.50 56.10, 14.43 56.04, 14.36 56.05',
]

export type Coast = {
  isLand(place: Place): boolean
  /** Distance to the nearest shore, metres. */
  shore(place: Place): number
}

export function sketchCoast(): Coast {
  const land = LAND.map(places)
  const water = WATER.map(places)
  const shores = [...land, ...water].flatMap(sides)
  return {
    isLand: (place) => land.some((ring) => holds(ring, place)) && !water.some((ring) => holds(ring, place)),
    shore: (place) =>
      Math.sqrt(shores.reduce((least, side) => Math.min(least, squaredDistance(side, place)), 1e12)),
  }
}

type Side = readonly [from: Place, to: Place]

const sides = (ring: readonly Place[]): Side[] =>
  ring.map((from, i): Side => [from, ring[(i + 1) % ring.length] ?? from])

/** The even-odd rule. */
function holds(ring: readonly Place[], [east, north]: Place): boolean {
  let inside = false
  let [fromEast, fromNorth] = ring.at(-1) ?? [0, 0]
  for (const [toEast, toNorth] of ring) {
    const crosses = fromNorth > north !== toNorth > north
    if (crosses && east < fromEast + ((north - fromNorth) / (toNorth - fromNorth)) * (toEast - fromEast))
      inside = !inside
    fromEast = toEast
    fromNorth = toNorth
  }
  return inside
}

/** Square of the distance from a place to a side, m². */
export function squaredDistance([from, to]: Side, [east, north]: Place): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const along = ((east - from[0]) * dx + (north - from[1]) * dy) / (dx * dx + dy * dy || 1)
  const t = Math.min(1, Math.max(0, along))
  return (east - from[0] - t * dx) ** 2 + (north - from[1] - t * dy) ** 2
}
