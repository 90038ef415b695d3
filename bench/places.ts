import type { Box } from '../src/sentinel2/granule.ts'
import { seeded } from './made-index.ts'

/** Longitude and latitude of cities of all continents. */
export const CITIES = [
  [12.57, 55.68],
  [2.35, 48.86],
  [13.4, 52.52],
  [-3.7, 40.42],
  [12.5, 41.9],
  [28.98, 41.01],
  [37.62, 55.75],
  [31.24, 30.04],
  [3.38, 6.52],
  [36.82, -1.29],
  [28.05, -26.2],
  [77.21, 28.61],
  [90.41, 23.81],
  [100.5, 13.76],
  [106.85, -6.21],
  [116.4, 39.9],
  [139.69, 35.69],
  [126.98, 37.57],
  [151.21, -33.87],
  [174.76, -36.85],
  [-122.42, 37.77],
  [-99.13, 19.43],
  [-74.01, 40.71],
  [-58.38, -34.6],
  [-46.63, -23.55],
  [-77.04, -12.05],
] as const

/** Degrees, the sides of a city's box. */
export const CITY_SIDE = 0.2

/** Boxes that hold a city's middle somewhere, of one city after another as chance has it. */
export function cities(seed: number): () => Box {
  const random = seeded(seed)
  return () => {
    const [lon, lat] = CITIES[Math.floor(random() * CITIES.length)] ?? CITIES[0]
    const [west, south] = [lon - CITY_SIDE * random(), lat - CITY_SIDE * random()]
    return [west, south, west + CITY_SIDE, south + CITY_SIDE]
  }
}
