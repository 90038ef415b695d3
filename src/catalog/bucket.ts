import pMap from 'p-map'
import { Fault } from '../errors.ts'
import { WORLD } from '../sentinel2/area.ts'
import {
  bestProducts,
  compareGranules,
  compareProducts,
  folderProduct,
  type Granule,
  LONG_FORM_END,
  tilePrefix,
} from '../sentinel2/granule.ts'
import { parseGranuleName, type Satellite } from '../sentinel2/names.ts'
import { tilesOf } from '../sentinel2/tiles.ts'
import { formatCompactTime, type Micros } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'
import type { Catalog, Cursor, Search } from './port.ts'

/** Lists asked at once by one search; the bound of the process stands behind it. */
const AT_ONCE = 32
/** First sensing of Sentinel-2A, 2015-06-27; nothing is older. */
const BEGINNING = Date.UTC(2015, 5, 1) * 1000
const DAY = 86_400 * 1e6
/** Products of one acquisition whose start is not told to the second lie less than this apart. */
const MARGIN = 3600 * 1e6
/** A tile is passed about every third day by two satellites, orbits that overlap included. */
const GRANULES_A_TILE_A_DAY = 0.35
const SATELLITES: readonly Satellite[] = ['S2A', 'S2B', 'S2C', 'S2D']
/** First sensing of each satellite, so that nothing is asked of one that did not fly yet. */
const FIRST_SENSING = {
  S2A: BEGINNING,
  S2B: Date.UTC(2017, 2, 1) * 1000,
  S2C: Date.UTC(2024, 8, 1) * 1000,
  S2D: Date.UTC(2026, 0, 1) * 1000,
} as const satisfies Record<Satellite, Micros>

export type BucketCatalogOptions = {
  /** Tiles that one search may list: each costs a call for every satellite and slice of time. */
  readonly maxTiles: number
  /** Microseconds since 1970. */
  readonly now: () => Micros
}

/**
 * The bucket as its own catalog: candidate tiles, product folders by listing, names parsed. Always current
 * and of both levels, but it knows only what names tell: no cloud cover, no size, no box of the valid data,
 * and as sensing time the start of the datatake.
 * @param storage remembers and shares its calls on its own
 */
export function bucketCatalog(storage: Storage, { maxTiles, now }: BucketCatalogOptions): Catalog {
  return {
    async search(search, { limit, after, signal }) {
      refuse(search)
      const position = positionOf(after)
      const tiles = tilesOf(search.area, search.tiles)
      if (tiles.length > maxTiles) throw tooLarge(tiles.length, maxTiles)
      const found: Granule[] = []
      for await (const slice of slices(storage, search, tiles, {
        limit,
        until: position?.sensingTime,
        now,
        signal,
      })) {
        found.push(
          ...(await withNames(storage, slice, { atMost: limit + 1 - found.length, after: position, signal })),
        )
        if (found.length > limit) break
      }
      const page = found.slice(0, limit)
      return { granules: page, next: found.length > limit ? cursorAfter(page.at(-1)) : undefined }
    },

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      if (!name) return undefined
      // A long name carries the time of its making, which tells nothing of when it was sensed.
      const around = { from: name.time - 2 * DAY, until: name.time + 2 * DAY }
      const search: Search = {
        area: WORLD,
        level: name.level,
        time: name.form === 'compact' ? around : { from: BEGINNING, until: LONG_FORM_END },
        cloud: undefined,
        tiles: [name.mgrsTile],
        dedupe: 'none',
      }
      const limit = Number.POSITIVE_INFINITY
      const found: Granule[] = []
      for await (const slice of slices(storage, search, [name.mgrsTile], { limit, now, signal })) {
        found.push(...(await withNames(storage, slice, { atMost: limit, after: undefined, signal })))
      }
      return found
        .filter((granule) => granule.granuleId === granuleId)
        .sort(compareProducts)
        .at(-1)
    },

    extent: async () => undefined,
    cost: async () => undefined,
    async check(signal) {
      for await (const _ of storage.list('tiles/', { delimiter: '/', signal })) return
    },
    close: async () => {},
  }
}

type Slicing = {
  readonly limit: number
  readonly until?: Micros | undefined
  readonly now: () => Micros
  readonly signal: AbortSignal | undefined
}

/**
 * The products of the tiles, newest first, in slices of time that grow: the first is as long as `limit`
 * granules of so many tiles should take, so the newest few do not cost a decade of listings.
 */
async function* slices(
  storage: Storage,
  { level, time, dedupe }: Search,
  tiles: readonly string[],
  { limit, until, now, signal }: Slicing,
): AsyncGenerator<Granule[]> {
  const first = Math.max(time.from ?? BEGINNING, BEGINNING)
  let end =
    Math.min(time.until ?? Number.POSITIVE_INFINITY, until ?? Number.POSITIVE_INFINITY, now() + DAY) + 1
  let length = Math.max(10, Math.min(limit, 10_000) / (tiles.length * GRANULES_A_TILE_A_DAY)) * DAY
  while (end > first && tiles.length > 0) {
    const start = Math.max(first, end - length)
    const lists = tiles.flatMap((tile) =>
      SATELLITES.filter((satellite) => FIRST_SENSING[satellite] < end).map((satellite) => ({
        tile,
        satellite,
      })),
    )
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
    length *= 2
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

function granuleOf(folder: string): Granule | undefined {
  if (!folder.endsWith('.SAFE/')) return undefined
  const place = folder.slice(0, -1)
  const product = folderProduct(place)
  if (product?.mgrsTile === undefined) return undefined
  return {
    granuleId: '',
    productId: place.slice(place.lastIndexOf('/') + 1, -'.SAFE'.length),
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

type Naming = {
  readonly atMost: number
  readonly after: Granule | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * The first granules after a position that have a folder under GRANULE/; a product still on its way may
 * have none.
 */
async function withNames(
  storage: Storage,
  products: readonly Granule[],
  { atMost, after, signal }: Naming,
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
    named.push(...found.flat().filter((granule) => !after || compareGranules(after, granule) < 0))
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

function refuse({ cloud }: Search): void {
  if (!cloud) return
  const sentence =
    'The bucket catalog knows only what the names of products tell, and no name tells the cloud cover. ' +
    'Leave cloud out, or build an index with `swath index build` and set SWATH_CATALOG=sqlite:<file>.'
  throw new Fault('bad-request', sentence, {
    errors: [{ parameter: 'cloud', message: 'not known to the bucket catalog' }],
  })
}

const tooLarge = (tiles: number, maxTiles: number): Fault =>
  new Fault(
    'area-too-large',
    `The area touches ${tiles} tiles; the bucket catalog lists at most ${maxTiles}, since each costs a call for ` +
      'every satellite and slice of time. Ask for a smaller area or name tiles=…, or build an index with ' +
      '`swath index build` and set SWATH_CATALOG=sqlite:<file>.',
  )

/** The place of the last granule holds all that the order needs, but for the name. */
function cursorAfter(granule: Granule | undefined): Cursor | undefined {
  if (!granule) return undefined
  return [granule.place, granule.granuleId]
}

function positionOf(after: Cursor | undefined): Granule | undefined {
  if (!after) return undefined
  const [place, granuleId] = after
  const product = typeof place === 'string' ? granuleOf(`${place}/`) : undefined
  if (!product || typeof granuleId !== 'string') {
    throw new Fault('bad-request', 'The token is not one of this catalog; start again without it.', {
      errors: [{ parameter: 'token', message: 'not a token of this catalog' }],
    })
  }
  return { ...product, granuleId }
}
