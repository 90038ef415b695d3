import pMap from 'p-map'
import {
  bestProducts,
  compareGranules,
  folderName,
  folderProduct,
  type Granule,
  tilePrefix,
} from '../sentinel2/granule.ts'
import { parseGranuleName, SATELLITES } from '../sentinel2/names.ts'
import { formatCompactTime, type Micros } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'
import type { Search } from './port.ts'

/** Lists asked at once by one search; the bound of the process stands behind it. */
const AT_ONCE = 32
/** Before the first sensing of Sentinel-2A in June 2015; nothing is older. */
export const BEGINNING = Date.UTC(2015, 0, 1) * 1000
const DAY = 86_400 * 1e6
/** Products of one acquisition whose start is not told to the second lie less than this apart. */
const MARGIN = 3600 * 1e6
/** At the equator, by two satellites; more elsewhere. A low guess costs nothing, a high one another slice. */
const GRANULES_A_TILE_A_DAY = 0.2
/** Days; a list of one tile and satellite costs one call whether it spans a week or years. */
const SHORTEST_SLICE = 30
const GROWTH = 4

export type Slicing = {
  /** Granules that are wanted; undefined: all. */
  readonly limit?: number
  readonly until?: Micros | undefined
  readonly now: () => Micros
  readonly signal: AbortSignal | undefined
}

/**
 * The products of the tiles, newest first, in slices of time that grow: the first is as long as `limit`
 * granules of so many tiles should take, so the newest few do not cost a decade of listings.
 */
export async function* slices(
  storage: Storage,
  { level, time, dedupe }: Search,
  tiles: readonly string[],
  { limit = Number.POSITIVE_INFINITY, until, now, signal }: Slicing,
): AsyncGenerator<Granule[]> {
  const first = Math.max(time.from ?? BEGINNING, BEGINNING)
  let end =
    Math.min(time.until ?? Number.POSITIVE_INFINITY, until ?? Number.POSITIVE_INFINITY, now() + DAY) + 1
  let length =
    Math.max(SHORTEST_SLICE, Math.min(limit, 10_000) / (tiles.length * GRANULES_A_TILE_A_DAY)) * DAY
  while (end > first && tiles.length > 0) {
    const start = Math.max(first, end - length)
    const lists = tiles.flatMap((tile) => SATELLITES.map((satellite) => ({ tile, satellite })))
    const listed = await pMap(
      lists,
      ({ tile, satellite }) =>
        listProducts(storage, tilePrefix(level, tile), `${satellite}_MSI${level}_`, start, end, signal),
      { concurrency: AT_ONCE },
    )
    const products = listed.flat()
    const chosen = dedupe === 'latest' ? [...bestProducts(products)] : products
    const from = start
    const to = end
    yield chosen.filter(({ sensingTime }) => sensingTime >= from && sensingTime < to).sort(compareGranules)
    end = start
    length *= GROWTH
  }
}

/** The products between two times and an hour around them, as granules whose name is not known yet. */
async function listProducts(
  storage: Storage,
  tile: string,
  stem: string,
  start: Micros,
  end: Micros,
  signal: AbortSignal | undefined,
): Promise<Granule[]> {
  const prefix = tile + stem
  const startOffset = prefix + formatCompactTime(start - MARGIN)
  const endOffset = prefix + formatCompactTime(end + MARGIN)
  const granules: Granule[] = []
  for await (const page of storage.list(prefix, { delimiter: '/', startOffset, endOffset, signal })) {
    for (const entry of page) {
      const granule = entry.kind === 'folder' ? granuleOf(entry.prefix) : undefined
      if (granule) granules.push(granule)
    }
  }
  return granules
}

export function granuleOf(folder: string): Granule | undefined {
  if (!folder.endsWith('.SAFE/')) return undefined
  const place = folder.slice(0, -1)
  const product = folderProduct(place)
  if (product?.mgrsTile === undefined) return undefined
  return {
    granuleId: '',
    productId: folderName(place),
    level: product.level,
    mgrsTile: product.mgrsTile,
    sensingTime: product.start,
    generationTime: product.generation,
    baseline: product.baseline,
    datatake: undefined,
    cloudCover: undefined,
    totalSize: undefined,
    quality: undefined,
    box: undefined,
    place,
  }
}

export type Naming = {
  /** Granules that are wanted; undefined: all. */
  readonly atMost?: number
  readonly after?: Granule | undefined
  /** Which granules are wanted; undefined: every one. */
  readonly keeps?: ((granule: Granule) => boolean) | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * The first granules after a position that have a folder under GRANULE/; a product still on its way may
 * have none.
 */
export async function withNames(
  storage: Storage,
  products: readonly Granule[],
  { atMost = Number.POSITIVE_INFINITY, after, keeps, signal }: Naming,
): Promise<Granule[]> {
  const place = after && { ...after, granuleId: '' }
  const rest = place ? products.filter((product) => compareGranules(place, product) <= 0) : products
  const named: Granule[] = []
  for (let i = 0; i < rest.length && named.length < atMost; ) {
    const batch = rest.slice(i, i + Math.min(atMost - named.length, rest.length))
    i += batch.length
    const found = await pMap(batch, (product) => granuleNames(storage, product, signal), {
      concurrency: AT_ONCE,
    })
    const follows = (granule: Granule) => !after || compareGranules(after, granule) < 0
    named.push(...found.flat().filter((granule) => follows(granule) && (!keeps || keeps(granule))))
  }
  return named
}

async function granuleNames(
  storage: Storage,
  product: Granule,
  signal: AbortSignal | undefined,
): Promise<Granule[]> {
  const prefix = `${product.place}/GRANULE/`
  const names: string[] = []
  for await (const page of storage.list(prefix, { delimiter: '/', signal })) {
    for (const entry of page) {
      if (entry.kind === 'folder') names.push(entry.prefix.slice(prefix.length, -1))
    }
  }
  return names
    .filter((name) => parseGranuleName(name)?.mgrsTile === product.mgrsTile)
    .map((granuleId) => ({
      ...product,
      granuleId,
      baseline: product.baseline ?? parseGranuleName(granuleId)?.baseline,
    }))
    .sort(compareGranules)
}
