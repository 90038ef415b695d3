import { type Coast, type Place, places, sketchCoast, squaredDistance } from './coast.ts'
import { fractal, hash, mix, slope } from './noise.ts'

export const CROPS = 6

/** What lies at a place, the same on every date. */
export type Ground = {
  readonly cover: 'sea' | 'lake' | 'beach' | 'field' | 'forest' | 'pine' | 'bridge'
  /** Metres to the nearest shore. */
  readonly shore: number
  /** Which of the crops grows there, 0 to CROPS - 1. */
  readonly crop: number
  /** Share of houses and streets, 0 to 1. */
  readonly town: number
  /** Brightness of the soil or the wood there, around 1. */
  readonly shade: number
}

export type Landscape = (east: number, north: number) => Ground

const SEED = 3355

/** Towns: degrees, radius in metres. */
const TOWNS: readonly (readonly [place: string, radius: number])[] = [
  ['12.52 55.69', 11500],
  ['12.62 55.635', 4000],
  ['12.56 55.80', 4500],
  ['13.01 55.60', 6000],
  ['13.19 55.70', 3500],
  ['12.71 56.05', 4500],
  ['12.58 56.03', 2600],
  ['12.10 55.645', 2700],
  ['12.17 55.46', 2600],
  ['12.30 55.93', 2600],
  ['12.85 55.875', 2400],
  ['13.16 55.385', 2200],
  ['13.83 55.44', 2200],
  ['14.15 56.03', 3200],
  ['12.87 56.25', 2600],
  ['12.87 56.68', 3500],
  ['14.34 55.56', 1600],
  ['12.35 55.61', 4200],
  ['13.77 56.16', 2200],
]

const BRIDGE = '12.655 55.61, 12.72 55.598, 12.78 55.585, 12.90 55.566'

/** The drawn landscape around the Øresund, in UTM zone 33; a function of the place alone. */
export function drawLandscape(): Landscape {
  const coast = sketchCoast()
  const towns = TOWNS.map(([place, radius]) => ({ at: places(place)[0] ?? [0, 0], radius }))
  const piers = places(BRIDGE)
  return (east, north) => {
    const place = frayed(east, north)
    const shore = coast.shore(place)
    const base = {
      shore,
      crop: 0,
      town: 0,
      shade: 0.86 + 0.28 * fractal(SEED + 1, east / 6000, north / 6000, 2),
    }
    if (!coast.isLand(place))
      return { ...base, cover: bridged(piers, [east, north]) ? 'bridge' : water(coast, place) }
    const town = towns.reduce((most, { at, radius }) => Math.max(most, builtUp(at, radius, east, north)), 0)
    if (shore < 260 && town < 0.3) return { ...base, cover: 'beach' }
    const wood = woodland(east, north) - town * 0.12
    if (wood > 0)
      return { ...base, town: town * 0.5, cover: wood > 0.05 && north > 6_195_000 ? 'pine' : 'forest' }
    return { ...base, town, ...field(east, north, base.shade) }
  }
}

/** Moves a place by two kilometres at most, so that straight strokes become shores. */
function frayed(east: number, north: number): Place {
  const shift = (seed: number) =>
    8000 * (fractal(seed, east / 11000, north / 11000, 5) - 0.5) +
    2400 * (fractal(seed + 7, east / 1900, north / 1900, 2) - 0.5)
  return [east + shift(SEED + 11), north + shift(SEED + 12)]
}

/** The inland waters are those that lie far inside; the sketch's fjord counts as sea. */
const water = (coast: Coast, [east, north]: Place): 'sea' | 'lake' =>
  coast.isLand([east - 6000, north]) &&
  coast.isLand([east + 6000, north]) &&
  coast.isLand([east, north - 7000])
    ? 'lake'
    : 'sea'

const bridged = (piers: readonly Place[], place: Place): boolean =>
  piers.some((from, i) => {
    const to = piers[i + 1]
    return to !== undefined && squaredDistance([from, to], place) < 190 ** 2
  })

function builtUp([townEast, townNorth]: Place, radius: number, east: number, north: number): number {
  const ragged = 0.55 + 0.9 * fractal(SEED + 21, east / 3800, north / 3800, 4)
  const distance = Math.hypot(east - townEast, north - townNorth) / (radius * ragged)
  return 1 - slope(0.35, 1.15, distance)
}

/** Above 0 where trees stand; the north and the north-east are wooded, the plains are not. */
function woodland(east: number, north: number): number {
  const north01 = slope(6_140_000, 6_245_000, north + (east - 400_000) * 0.45)
  return fractal(SEED + 31, east / 7500, north / 7500, 4) - mix(0.635, 0.49, north01)
}

/** Fields are strips of rectangles, turned district by district. */
function field(east: number, north: number, shade: number): Pick<Ground, 'cover' | 'crop' | 'shade'> {
  const bend = 2600 * fractal(SEED + 41, east / 15000, north / 15000, 2)
  const [dx, dy] = [Math.floor((east + bend) / 13000), Math.floor((north - bend) / 11000)]
  const angle = (hash(SEED + 42, dx, dy) - 0.5) * 1.9
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  const [along, across] = [east * c + north * s, north * c - east * s]
  const strip = Math.floor(across / 2200)
  const plot = Math.floor(
    (along + 4800 * hash(SEED + 43, strip, dx)) / mix(2200, 4800, hash(SEED + 44, strip, dy)),
  )
  return {
    cover: 'field',
    crop: Math.floor(hash(SEED + 45 + dx * 7, plot, strip) * CROPS),
    shade: shade * mix(0.9, 1.1, hash(SEED + 46, plot, strip)),
  }
}
