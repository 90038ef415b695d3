import { z } from 'zod'
import { Fault } from '../errors.ts'
import { WORLD } from '../sentinel2/area.ts'
import { compareProducts, type Granule, LONG_FORM_END } from '../sentinel2/granule.ts'
import { type GranuleName, parseGranuleName } from '../sentinel2/names.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'
import { BEGINNING, granuleOf, slices, withNames } from './bucket-products.ts'
import { foreignToken, readCursor } from './cursor.ts'
import type { Catalog, Cursor, Search } from './port.ts'
import { refinement } from './refine.ts'
import { refuse } from './refuse.ts'

const DAY = 86_400 * 1e6
/** Products that are asked for their granules at once, the likeliest first. */
const LONG_FORM_AT_ONCE = 8

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
    async search(search, { limit, after, coverage, signal }) {
      refuse('bucket', search, UNKNOWN)
      const position = after && positionOf(after)
      // Without boxes a tile stands for each of its granules: what it does not match is not even listed.
      const { tiles: near, beside, keeps, coverage: coverageOf } = refinement(search)
      const tiles = near.filter(
        (mgrsTile) => !beside.includes(mgrsTile) && (!keeps || keeps({ mgrsTile, box: undefined })),
      )
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
      return {
        granules: page,
        coverage: coverage ? page.map(coverageOf) : undefined,
        next: found.length > limit ? cursorAfter(page.at(-1)) : undefined,
      }
    },

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      if (!name) return undefined
      const products: Granule[] = []
      for await (const slice of slices(storage, searchAround(name), [name.mgrsTile], { now, signal })) {
        products.push(...slice)
      }
      const nearest = nearestFirst(products, name.time)
      // Compact names are those of a few days, and of several products that carry one the best is wanted.
      const step = name.form === 'compact' ? nearest.length : LONG_FORM_AT_ONCE
      for (let i = 0; i < nearest.length; i += step) {
        const found = (await withNames(storage, nearest.slice(i, i + step), { signal }))
          .filter((granule) => granule.granuleId === granuleId)
          .sort(compareProducts)
          .at(-1)
        if (found) return found
      }
      return undefined
    },

    extent: async () => undefined,

    summary: async () => undefined,

    freshness: () => undefined,
    cost: async () => undefined,
    async check(signal) {
      for await (const _ of storage.list('tiles/', { delimiter: '/', signal })) return
    },
    close: async () => {},
  }
}

/** Why names of products do not tell it, and listings come newest first. */
const UNKNOWN = {
  cloud: 'is not known to it: no name tells the cloud cover',
  since: 'is not known to it: no name tells when a product came into the bucket',
  best: 'asks for cloud cover, which no name tells',
  sort: 'is not newest first, the one order it lists in without listing all',
  where: 'asks for remembered colours, which the bucket does not hold',
} as const

const tooLarge = (tiles: number, maxTiles: number): Fault =>
  new Fault(
    'area-too-large',
    `The area touches ${tiles} tiles; the bucket catalog lists at most ${maxTiles}, since each costs a call for ` +
      'every satellite and slice of time. Ask for a smaller area or name tiles=…, or build an index with ' +
      '`swath index build` and set SWATH_CATALOG=sqlite:<file>.',
  )

/** The products that may hold a granule: a compact name carries about the time of its sensing. */
function searchAround({ form, level, mgrsTile, time }: GranuleName): Search {
  const around = { from: time - 2 * DAY, until: time + 2 * DAY }
  return {
    area: WORLD,
    level,
    time: form === 'compact' ? around : { from: BEGINNING, until: LONG_FORM_END },
    cloud: undefined,
    tiles: [mgrsTile],
    dedupe: 'none',
  }
}

/** A long name carries the time of its making, soon after which its product was made. */
function nearestFirst(products: readonly Granule[], time: Micros): Granule[] {
  const distance = ({ generationTime = 0 }: Granule) => Math.abs(generationTime - time)
  return products.toSorted((a, b) => distance(a) - distance(b))
}

/** The place of the last granule holds all that the order needs, but for the name. */
function cursorAfter(granule: Granule | undefined): Cursor | undefined {
  return granule && [granule.place, granule.granuleId]
}

const cursorForm = z.tuple([z.string(), z.string()])

function positionOf(after: Cursor): Granule {
  const [place, granuleId] = readCursor(cursorForm, after)
  const product = granuleOf(`${place}/`)
  if (!product) throw foreignToken()
  return { ...product, granuleId }
}
