import { z } from 'zod'
import { readCursor } from './catalog/cursor.ts'
import type { Catalog, CatalogPage, ColourWish, Cursor, PageOptions, Search } from './catalog/port.ts'

/** A search whose order is by remembered colours, which leave no granule out. */
export type RankedSearch = Omit<Search, 'colours'> & {
  readonly colours: Pick<ColourWish, 'sampling' | 'rank'>
}

/**
 * A page of all granules of a search: those whose colours are remembered in the order of their rank, then the
 * others, newest first. Who is coloured while pages are read moves from the others into the order.
 * @throws {Fault} as Catalog.search; bad-request for a cursor of another kind
 */
export async function searchRanked(
  catalog: Catalog,
  { colours, ...search }: RankedSearch,
  { after, ...options }: PageOptions,
): Promise<CatalogPage> {
  const start = startOf(after)
  const partOf = async (which: ColourWish['which'], limit: number, from: Cursor | undefined) => {
    const wish: ColourWish = { ...colours, which, where: [] }
    return marked(
      which,
      await catalog.search({ ...search, colours: wish }, { ...options, limit, after: from }),
    )
  }
  if (start.which === 'unknown') return partOf('unknown', options.limit, start.after)
  const known = await partOf('known', options.limit, start.after)
  if (known.next) return known
  const room = options.limit - known.granules.length
  // Of a full page it is to be known whether another follows.
  const unknown = await partOf('unknown', Math.max(room, 1), undefined)
  if (room > 0) return joined(known, unknown)
  return { ...known, next: unknown.granules.length > 0 ? ['unknown'] : undefined }
}

const cursor = z.tuple([z.enum(['known', 'unknown'])], z.union([z.string(), z.number()]))

/** Where a page starts: in which part, and there behind what. */
function startOf(after: Cursor | undefined): {
  readonly which: ColourWish['which']
  readonly after?: Cursor
} {
  if (!after) return { which: 'known' }
  const [which, ...rest] = readCursor(cursor, after)
  return { which, ...(rest.length > 0 ? { after: rest } : {}) }
}

/** With cursors that say of which part they are; who has no colour comes behind all that have one. */
function marked(which: ColourWish['which'], page: CatalogPage): CatalogPage {
  return {
    ...page,
    next: page.next && [which, ...page.next],
    positionOf: (granule) => {
      const { score, after } = page.positionOf(granule)
      return { score: which === 'known' ? score : Infinity, after: [which, ...after] }
    },
  }
}

/** Two pages as one. */
function joined(first: CatalogPage, second: CatalogPage): CatalogPage {
  const { length } = first.granules
  return {
    granules: [...first.granules, ...second.granules],
    coverage: first.coverage && second.coverage && [...first.coverage, ...second.coverage],
    next: second.next,
    positionOf: (granule) =>
      granule < length ? first.positionOf(granule) : second.positionOf(granule - length),
  }
}
