import { Fault } from '../errors.ts'
import { WORLD } from '../sentinel2/area.ts'
import { compareProducts, type Granule, LONG_FORM_END } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import { tilesOf } from '../sentinel2/tiles.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'
import { BEGINNING, granuleOf, slices, withNames } from './bucket-products.ts'
import type { Catalog, Cursor, Search } from './port.ts'

const DAY = 86_400 * 1e6

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
