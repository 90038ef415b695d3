import { foreignToken } from './catalog/cursor.ts'
import {
  type Catalog,
  type CatalogPage,
  type ColourWish,
  type Cursor,
  isByRank,
  type Page,
  type PageOptions,
  type Search,
} from './catalog/port.ts'
import { Fault } from './errors.ts'
import { searchRanked } from './search-ranked.ts'
import { LEVELS, type Level } from './sentinel2/bands.ts'
import { compareGranules, type Granule } from './sentinel2/granule.ts'

/** A search of several levels at once. */
export type LevelsSearch = Omit<Search, 'level' | 'colours'> & {
  /** At least one. */
  readonly levels: readonly Level[]
  /**
   * Comparisons leave out what no colour is remembered of. An order by rank alone leaves out nothing: unknown
   * colours come last, newest first.
   */
  readonly colours?: Omit<ColourWish, 'which'> | undefined
}

/**
 * A page of the granules of several levels, in the order of the search. What is chosen among granules, the best
 * products and the best of each tile, is chosen of each level by itself. Levels that the catalog does not hold
 * are left out where it holds another.
 * @throws {Fault} as Catalog.search; bad-request for a cursor of another kind
 */
export async function searchLevels(
  catalog: Catalog,
  { levels, ...search }: LevelsSearch,
  { after, ...options }: PageOptions,
): Promise<Page> {
  const starts = after ? readCursor(after) : new Map(levels.map((level) => [level, undefined]))
  const asked = LEVELS.filter((level) => levels.includes(level) && starts.has(level)).map(
    async (level): Promise<Asked> => {
      const start = starts.get(level)
      return {
        level,
        start,
        answer: await held(searchLevel(catalog, { ...search, level }, { ...options, after: start })),
      }
    },
  )
  const answers = await Promise.all(asked)
  const pages = answers.flatMap(({ answer, ...one }) =>
    answer instanceof Fault ? [] : [{ ...one, page: answer }],
  )
  if (pages.length === 0) throw answers[0]?.answer ?? foreignToken()
  // Each page is in order, which makes this one walk over both.
  const found = pages.flatMap(foundOf).sort(compareIn(search.sort)).slice(0, options.limit)
  return {
    granules: found.map(({ granule }) => granule),
    coverage: options.coverage ? found.map(({ coverage }) => coverage) : undefined,
    next: cursorAfter(pages, found),
  }
}

type OfLevel = Omit<LevelsSearch, 'levels'> & Pick<Search, 'level'>

function searchLevel(
  catalog: Catalog,
  { colours, ...search }: OfLevel,
  options: PageOptions,
): Promise<CatalogPage> {
  if (colours && isByRank(search.sort) && colours.where.length === 0)
    return searchRanked(catalog, { ...search, colours }, options)
  return catalog.search({ ...search, colours: colours && { ...colours, which: 'known' } }, options)
}

type Asked = {
  readonly level: Level
  readonly start: Cursor | undefined
  /** Why there is none of this level. */
  readonly answer: CatalogPage | Fault
}

/** A page of one level, and where it began. */
type Reading = Pick<Asked, 'level' | 'start'> & { readonly page: CatalogPage }

/** The answer, or the fault that says that the catalog does not hold the level. */
async function held(answer: Promise<CatalogPage>): Promise<CatalogPage | Fault> {
  try {
    return await answer
  } catch (thrown) {
    const isOfLevel =
      thrown instanceof Fault &&
      thrown.errors?.length === 1 &&
      thrown.errors.every(({ parameter }) => parameter === 'level')
    if (isOfLevel) return thrown
    throw thrown
  }
}

type Found = { readonly granule: Granule; readonly score: number; readonly coverage: number }

const foundOf = ({ page }: Reading): Found[] =>
  page.granules.map((granule, i) => ({
    granule,
    score: page.positionOf(i).score,
    coverage: page.coverage?.[i] ?? 0,
  }))

/** Negative where the first one comes first. */
function compareIn(sort: Search['sort']): (a: Found, b: Found) => number {
  const sign = sort === 'datetime' ? -1 : 1
  return (a, b) =>
    (a.score === b.score ? 0 : a.score - b.score) || sign * compareGranules(a.granule, b.granule)
}

/** For each level that goes on: its name, how many parts its own cursor has (none: it begins), and these. */
function cursorAfter(pages: readonly Reading[], found: readonly Found[]): Cursor | undefined {
  const parts = pages.flatMap(({ level, start, page }): Cursor => {
    const taken = found.filter(({ granule }) => granule.level === level).length
    const isTaken = taken === page.granules.length
    if (isTaken && !page.next) return []
    const last = isTaken ? page.next : taken > 0 ? page.positionOf(taken - 1).after : start
    return [level, last?.length ?? 0, ...(last ?? [])]
  })
  return parts.length > 0 ? parts : undefined
}

/** Where each level that goes on starts. @throws {Fault} bad-request where it is none of cursorAfter's */
function readCursor(cursor: Cursor): Map<Level, Cursor | undefined> {
  const starts = new Map<Level, Cursor | undefined>()
  for (let at = 0; at < cursor.length; ) {
    const level = LEVELS.find((known) => known === cursor[at])
    const length = Number(cursor[at + 1])
    if (!level || !(length >= 0) || at + 2 + length > cursor.length) throw foreignToken()
    starts.set(level, length > 0 ? cursor.slice(at + 2, at + 2 + length) : undefined)
    at += 2 + length
  }
  return starts
}
