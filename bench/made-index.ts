import { areaOfBox, WORLD } from '../src/sentinel2/area.ts'
import type { Box } from '../src/sentinel2/granule.ts'
import { tileBox, tilesOf } from '../src/sentinel2/tiles.ts'

/** West, south, east, north, degrees. */
export const DENMARK: Box = [8, 54.5, 12.8, 57.8]
export const EUROPE: Box = [-10, 36, 30, 70]

const HEADER =
  'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
  'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL'
const START_MS = Date.UTC(2017, 0, 1)
const SPAN_MS = Date.UTC(2026, 0, 1) - START_MS

/**
 * Lines of an index of some 100,000 granules, the same every time. Deep where the bench asks: every tile of
 * Denmark has a thousand dates, as many as the archive's have; Europe and the world are thinned out.
 */
export function* madeIndex(): Generator<string> {
  yield HEADER
  const random = seeded(20_261_121)
  const seen = new Set<string>()
  let count = 0
  for (const [tiles, every, dates] of [
    [tilesOf(areaOfBox(...DENMARK)), 1, 1000],
    [tilesOf(areaOfBox(...EUROPE)), 4, 120],
    [tilesOf(WORLD), 40, 25],
  ] as const) {
    for (const [n, tile] of tiles.entries()) {
      const box = tileBox(tile)
      if (n % every !== 0 || seen.has(tile) || !box || box[2] > 180) continue
      seen.add(tile)
      // Sensing times differ by a microsecond at least, so that every way of asking has one order alone.
      for (let date = 0; date < dates; date++) yield rowOf(tile, box, count++, random)
    }
  }
}

/** Numbers from 0 to 1 by the recipe of mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function rowOf(tile: string, box: Box, n: number, random: () => number): string {
  const start = START_MS + Math.floor((random() * SPAN_MS) / 1000) * 1000
  const sensing = start + 4000
  const generation = start + 4 * 3_600_000
  const satellite = random() < 0.5 ? 'S2A' : 'S2B'
  const orbit = String(n).padStart(6, '0')
  const product = `${satellite}_MSIL1C_${compact(start)}_N0500_R022_T${tile}_${compact(generation)}`
  const [west, south, east, north] = random() < 0.3 ? cut(box, random()) : box
  return [
    `L1C_T${tile}_A${orbit}_${compact(sensing)}`,
    product,
    `G${satellite}_${compact(start)}_${orbit}_N05.00`,
    tile,
    // The number of the row stands in the microseconds.
    new Date(sensing).toISOString().replace('.000Z', `.${orbit}Z`),
    Math.floor(random() * 8e8),
    (random() * 100).toFixed(4),
    'PASSED',
    new Date(generation).toISOString().replace('Z', '000Z'),
    ...[north, south, west, east].map((degrees) => degrees.toFixed(6)),
    `gs://gcp-public-data-sentinel-2/tiles/${tile.slice(0, 2)}/${tile.slice(2, 3)}/${tile.slice(3)}/${product}.SAFE`,
  ].join(',')
}

/** What the edge of a swath leaves of a tile. */
function cut([west, south, east, north]: Box, share: number): Box {
  const middle = west + (east - west) * (0.1 + 0.8 * share)
  return share < 0.5 ? [west, south, middle, north] : [middle, south, east, north]
}

const compact = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
