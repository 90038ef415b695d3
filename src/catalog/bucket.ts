import { z } from 'zod'
import { Fault } from '../errors.ts'
import { WORLD } from '../sentinel2/area.ts'
import { compareProducts, type Granule, LEVEL_ROOT, LONG_FORM_END } from '../sentinel2/granule.ts'
import { type GranuleName, parseGranuleName } from '../sentinel2/names.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'
import { BEGINNING, granuleOf, slices, withNames } from './bucket-products.ts'
import { conditionTest, fieldsIn } from './condition.ts'
import { foreignToken, readCursor } from './cursor.ts'
import type { Catalog, Condition, Cursor, Field, Search } from './port.ts'
import { coverageOfEach, refinement } from './refine.ts'
import { refuse, refuseFields } from './refuse.ts'

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
      refuseFields('bucket', search, UNKNOWN_FIELDS)
      const position = after && positionOf(after)
      // Without boxes a tile stands for each of its granules: what it does not match is not even listed.
      const refined = await refinement(search)
      const beside = new Set(refined.beside)
      const tiles = refined.tiles.filter(
        (mgrsTile) => !beside.has(mgrsTile) && refined.keepsGround({ mgrsTile, box: undefined }),
      )
      if (tiles.length > maxTiles) throw tooLarge(tiles.length, maxTiles)
      const found: Granule[] = []
      for await (const slice of slices(storage, search, tiles, {
        limit,
        until: position?.sensingTime,
        now,
        signal,
      })) {
        const atMost = limit + 1 - found.length
        const { products, keeps } = tested(slice, search.only)
        found.push(...(await withNames(storage, products, { atMost, after: position, keeps, signal })))
        if (found.length > limit) break
      }
      const page = found.slice(0, limit)
      return {
        granules: page,
        coverage: coverage ? await coverageOfEach(refined, page) : undefined,
        next: found.length > limit ? cursorAfter(page.at(-1)) : undefined,
        positionOf: (granule) => ({ score: 0, after: cursorAfter(page[granule]) ?? [] }),
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

    async placesIn(place, level, signal) {
      const path = [place.slice(0, 2), place.slice(2, 3)].filter((part) => part !== '')
      const prefix = `${LEVEL_ROOT[level]}${path.map((part) => `${part}/`).join('')}`
      const places: string[] = []
      for await (const page of storage.list(prefix, { delimiter: '/', signal })) {
        for (const entry of page) {
          if (entry.kind === 'folder') places.push(place + entry.prefix.slice(prefix.length, -1))
        }
      }
      return places
    },

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

/** Fields of conditions that no name of a product tells. */
const UNKNOWN_FIELDS = {
  cloudCover: 'cloud cover',
  datatake: 'the datatake',
} as const satisfies Partial<Record<Field, string>>
/** What hangs on the granule's own name, which takes a list to find. */
const NAMED: readonly Field[] = ['granuleId', 'absoluteOrbit', 'baseline']

/** Products that may match, before their granules are listed, and the test that is left for these. */
function tested(products: readonly Granule[], only: Condition | undefined) {
  if (!only) return { products, keeps: undefined }
  const test = conditionTest(only)
  const fields = fieldsIn(only)
  if (NAMED.some((field) => fields.has(field))) return { products, keeps: test }
  return { products: products.filter(test), keeps: undefined }
}

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
