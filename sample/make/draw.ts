import { type Plan, TILES } from './granules.ts'
import type { Ground, Landscape } from './ground.ts'
import { fractal, hash, mix, slope } from './noise.ts'
import { type Colour, SEASONS, type Season } from './seasons.ts'
import { insideSwath, TILE_SIDE } from './swath-edge.ts'

/** Pixels a side; a pixel stands for 30 × 30 of the archive's 10 m grid, 300 m on the ground. */
export const SIDE = 366
export const PIXEL = TILE_SIDE / SIDE

/** Digital numbers of the three bands in rows from the north, 0 = nodata, and the share of clouds in percent. */
export type Drawing = {
  readonly red: Uint16Array
  readonly green: Uint16Array
  readonly blue: Uint16Array
  readonly clouds: Uint8Array
  /** Scene classification as in L2A: 0 nodata, 4 plants, 5 bare, 6 water, 9 cloud. */
  readonly classes: Uint8Array
}

/** What is added to reflectance · 10000 from baseline 04.00 on. */
export const offsetOf = (plan: Pick<Plan, 'baseline'>): number => (Number(plan.baseline) >= 4 ? 1000 : 0)

const PIXELS = SIDE * SIDE
const MAX_DN = 2 ** 15 - 1
/** Noise of the sensor, digital numbers from least to most. */
const GRAIN = 2

export function drawGranule(plan: Plan, landscape: Landscape): Drawing {
  const season: Season = SEASONS[plan.season]
  const cloudAt = drawClouds(plan)
  const clouds = new Uint8Array(PIXELS)
  const classes = new Uint8Array(PIXELS)
  const seen = [new Float32Array(PIXELS), new Float32Array(PIXELS), new Float32Array(PIXELS)] as const
  const depths = swathDepths(plan)
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const [east, north] = centre(plan, pixel)
    const ground = landscape(east, north)
    const cloud = cloudAt(east, north)
    // The cloud's shadow falls to the north-west, the sun stands in the south-east at that hour.
    const shadow = 1 - 0.55 * cloudAt(east + 1700, north - 1900) * (1 - cloud)
    const light = lit(groundColour(ground, season, east, north), shadow)
    throughAir(plan, light, cloud, east, north).forEach((value, band) => {
      const plane = seen[band]
      if (plane) plane[pixel] = value
    })
    if ((depths[pixel] ?? 0) <= 0) continue
    clouds[pixel] = Math.round(100 * cloud)
    classes[pixel] = cloud > 0.5 ? 9 : classOf(ground)
  }
  const [red, green, blue] = seen
  const sense = (plane: Float32Array) => digitise(plan, soften(plane), depths)
  return { red: sense(red), green: sense(green), blue: sense(blue), clouds, classes }
}

/** Pixels from the edge of the swath, above 0 inside. */
function swathDepths(plan: Plan): Float32Array {
  const inside = insideSwath(plan)
  return Float32Array.from({ length: PIXELS }, (_, pixel) => inside(...centre(plan, pixel)) / PIXEL)
}

/** What a sensor does to sharp edges: a pixel sees a little of its neighbours (weights 1 2 1, both ways). */
function soften(plane: Float32Array): Float32Array {
  const at = (x: number, y: number) =>
    plane[Math.min(SIDE - 1, Math.max(0, y)) * SIDE + Math.min(SIDE - 1, Math.max(0, x))] ?? 0
  const across = (x: number, y: number) => at(x - 1, y) + 2 * at(x, y) + at(x + 1, y)
  return Float32Array.from(plane, (_, pixel) => {
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)]
    return (across(x, y - 1) + 2 * across(x, y) + across(x, y + 1)) / 16
  })
}

function digitise(plan: Plan, plane: Float32Array, depths: Float32Array): Uint16Array {
  const offset = offsetOf(plan)
  return Uint16Array.from(plane, (reflectance, pixel) => {
    const depth = depths[pixel] ?? 0
    if (depth <= 0) return 0
    const grain = GRAIN * (hash(plan.absoluteOrbit, pixel, Math.round(reflectance * 1e5)) - 0.5)
    // The last pixels of a swath are blended with nothing: low values that are no nodata.
    const ramp = slope(-0.4, 2.5, depth)
    return Math.min(MAX_DN, Math.max(1, Math.round((reflectance * 10000 + grain + offset) * ramp)))
  })
}

/** Middle of a pixel, metres. */
function centre(plan: Plan, pixel: number): [east: number, north: number] {
  const { west, north } = TILES[plan.tile]
  return [west + ((pixel % SIDE) + 0.5) * PIXEL, north - (Math.floor(pixel / SIDE) + 0.5) * PIXEL]
}

/** Thickness of the clouds, 0 to 1; the threshold is the quantile that gives the cloud cover. */
function drawClouds(plan: Plan): (east: number, north: number) => number {
  const seed = plan.absoluteOrbit
  const size = plan.cloudSize
  const field = (east: number, north: number) =>
    fractal(seed, (east + 0.4 * north) / size, (north - 0.3 * east) / (1.6 * size), 5)
  const heights = Array.from({ length: 10_000 }, (_, i) =>
    field(...centre(plan, (i * 134_591) % (SIDE * SIDE))),
  )
  const threshold =
    heights.toSorted((a, b) => b - a)[Math.floor((plan.cloudCover / 100) * heights.length)] ?? 1
  return (east, north) => slope(threshold - 0.05, threshold + 0.05, field(east, north))
}

function groundColour(ground: Ground, season: Season, east: number, north: number): Colour {
  const { cover, shade, town } = ground
  if (cover === 'sea' || cover === 'lake') return seaColour(ground, season, east, north)
  if (cover === 'beach') return season.beach
  if (cover === 'bridge') return season.town
  const wild = cover === 'field' ? (season.crops[ground.crop] ?? season.crops[0]) : season[cover]
  const block = 0.82 + 0.36 * hash(77, Math.floor(east / 600), Math.floor(north / 600))
  return blend(lit(wild, shade), lit(season.town, block), Math.min(1, town * 0.9))
}

function seaColour({ cover, shore }: Ground, season: Season, east: number, north: number): Colour {
  const bank = fractal(81, east / 5000, north / 7000, 3)
  const shallow = Math.exp(-shore / (cover === 'lake' ? 400 : 300 + 3400 * slope(0.35, 0.75, bank)))
  // Streaks follow a bent current: the noise is stretched along a field that itself is noise.
  const bend = 9000 * fractal(83, east / 24000, north / 24000, 3)
  const current = fractal(82, (east + bend) / 4200, (north - 1.5 * bend) / 13000, 4)
  const streak = season.streaks * slope(0.42, 0.68, current)
  return blend(blend(season.sea, season.streak, streak), season.shoal, Math.min(1, shallow))
}

/** Share of the light that the clear air adds, and share of the ground's light that passes, by band. */
const AIR_ADDS: Colour = [0.02, 0.036, 0.062]
const AIR_PASSES: Colour = [0.94, 0.9, 0.84]
const CLOUD: Colour = [0.43, 0.44, 0.46]

function throughAir(plan: Plan, ground: Colour, cloud: number, east: number, north: number): Colour {
  const haze =
    plan.level === 'L2A' ? 0 : plan.haze * mix(0.85, 1.15, fractal(91, east / 40000, north / 40000, 3))
  const white = mix(0.35, 1.3, fractal(plan.absoluteOrbit + 5, east / 7000, north / 7000, 3))
  const band = (i: 0 | 1 | 2) => {
    const clear = ground[i] * mix(1, AIR_PASSES[i], Math.min(1, haze)) + AIR_ADDS[i] * haze
    return mix(clear, CLOUD[i] * white, cloud * 0.95)
  }
  return [band(0), band(1), band(2)]
}

const lit = (colour: Colour, light: number): Colour => [
  colour[0] * light,
  colour[1] * light,
  colour[2] * light,
]

const blend = (a: Colour, b: Colour, t: number): Colour => [
  mix(a[0], b[0], t),
  mix(a[1], b[1], t),
  mix(a[2], b[2], t),
]

function classOf({ cover, town }: Ground): number {
  if (cover === 'sea' || cover === 'lake') return 6
  return cover === 'beach' || cover === 'bridge' || town > 0.4 ? 5 : 4
}
