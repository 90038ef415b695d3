import type { Page } from '../../catalog/port.ts'
import { DEFAULT_SAMPLING } from '../../colour-query.ts'
import type { Session } from '../../house.ts'
import { searchLevels } from '../../search-levels.ts'
import type { Level } from '../../sentinel2/bands.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import type { ItemTold } from './item.ts'
import { MOST_ITEMS } from './search-options.ts'
import type { StacQuery } from './search-query.ts'

/** A page of what a query matches. @throws {Fault} as Catalog.search */
export async function stacPage(
  { catalog }: Session,
  { search, limit, after, hasArea }: StacQuery,
  signal: AbortSignal,
): Promise<Page> {
  const levels = levelsHere(catalog, search.levels)
  if (levels.length === 0) return { granules: [], coverage: undefined, next: undefined }
  return searchLevels(catalog, { ...search, levels }, { limit, after, coverage: hasArea, signal })
}

/** Granules of the first page where all are read one after another: few, so that the answer begins at once. */
const FIRST_PAGE = 500
/** A search costs as much for one granule as for hundreds, so that later pages are larger. */
const GROWTH = 4

/**
 * All that a query matches, from where it starts on. The next page is searched for while one is read; two of
 * them lie in memory.
 * @param first granules of the first page; none of the later ones has more than MOST_ITEMS
 * @throws {Fault} as Catalog.search
 */
export async function* allPages(
  session: Session,
  query: StacQuery,
  signal: AbortSignal,
  first = FIRST_PAGE,
): AsyncGenerator<Page> {
  let limit = first
  const pageAfter = (after: StacQuery['after']) => {
    const page = stacPage(session, { ...query, after, limit }, signal)
    // Who leaves never comes to ask for it.
    page.catch(() => {})
    limit = Math.min(limit * GROWTH, MOST_ITEMS)
    return page
  }
  let ahead: Promise<Page> | undefined = pageAfter(query.after)
  while (ahead) {
    const page: Page = await ahead
    ahead = page.next && pageAfter(page.next)
    yield page
  }
}

/** Each granule of a page with what its item tells beside it. */
export function* toldOf(
  session: Session,
  { granules, coverage }: Page,
  base: string,
): Generator<readonly [Granule, ItemTold]> {
  const { bucket } = session.storage
  for (const [i, granule] of granules.entries()) {
    const colour = session.rememberedColour(granule, DEFAULT_SAMPLING)
    yield [granule, { base, bucket, colour, coverage: coverage?.[i] }]
  }
}

/** The levels of which a catalog has granules; one that does not tell may have any. */
export const levelsHere = (catalog: Session['catalog'], levels: readonly Level[]): readonly Level[] => {
  const freshness = catalog.freshness()
  return freshness ? levels.filter((level) => freshness.levels[level]) : levels
}
