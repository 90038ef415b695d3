import { type ColourWish, isByRank, type PageOptions, type Search } from './catalog/port.ts'
import type { Rank, Sampling } from './colour/port.ts'
import { Fault } from './errors.ts'
import type { Session } from './house.ts'
import { type AreaPage, type Chosen, chosenOf, listEach, type Ranked } from './list-area.ts'
import { type Scores, scoring } from './score-colours.ts'
import type { Band } from './sentinel2/bands.ts'
import type { Granule } from './sentinel2/granule.ts'
import { failureOfAll, type TryOptions, tryColours } from './try-colours.ts'

export type RankAreaOptions = PageOptions &
  Pick<TryOptions, 'onTried'> & {
    /** Only these images; undefined: all. */
    readonly bands: ReadonlySet<Band> | undefined
    /** Gives the scores; where the search has another order, that of the page, too. */
    readonly rank: Rank | undefined
    /** Colours that may be made before the first page; as many as a page holds by default. */
    readonly make?: number
  }

/**
 * The images of an area's granules whose colours are remembered and as they are wished for: the catalog
 * filters and orders the whole area at once. Before the first page the colours of the newest granules without
 * one are made, and that page tells how many still have none. With the best of each tile these are of the best,
 * unless comparisons choose first: then the best hang on the colours of all.
 * @param wish of the search
 * @throws {Fault} as Catalog.search; cancelled, misconfigured; upstream-failed, upstream-late or upstream-busy
 * where nothing is remembered and nothing could be made; the iteration throws as Storage.list
 */
export async function rankArea(
  session: Session,
  search: Search,
  wish: ColourWish,
  { bands, rank, onTried, make, ...options }: RankAreaOptions,
): Promise<AreaPage> {
  const { limit, after, signal } = options
  const { sampling } = wish
  const failure = after
    ? undefined
    : await makeNewest(session, search, { limit: make ?? limit, sampling, signal, onTried })
  const [page, withoutColour, scores] = await Promise.all([
    session.catalog.search(search, options),
    after ? undefined : countWithout(session, search, sampling, signal),
    rank && scoring(rank, sampling.source),
  ])
  if (failure && page.granules.length === 0) throw failure
  const chosen = chosenOf(page).map((one) => ({
    ...one,
    rank: rankOf(session, one.granule, sampling, scores),
  }))
  const inOrder = scores && !isByRank(search.sort) ? bestFirst(chosen, scores) : chosen
  return {
    count: chosen.length,
    next: page.next,
    withoutColour,
    granules: listEach(session, inOrder, bands, signal),
  }
}

/** Makes what colours it can of the newest granules; gives the failure of the archive where it failed for all. */
async function makeNewest(
  session: Session,
  search: Search,
  { limit, ...options }: TryOptions & Pick<PageOptions, 'limit'>,
): Promise<Fault | undefined> {
  const { sampling, signal } = options
  const colours: ColourWish = { sampling, which: 'unknown', where: [], rank: undefined }
  try {
    const unknown: Search = { ...beforeColours(search), colours }
    const { granules } = await session.catalog.search(unknown, { limit, signal })
    return failureOfAll(await tryColours(session, granules, options))
  } catch (thrown) {
    // A catalog that knows no colours refuses them by what was asked for, which this search was not.
    if (isRefusal(thrown)) await session.catalog.search(search, { limit, signal })
    throw thrown
  }
}

/** Granules without a colour: all of them less those that have one, since both are counted without a walk. */
async function countWithout(
  { catalog }: Session,
  search: Search,
  sampling: Sampling,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const all = beforeColours(search)
  const known: Search = { ...all, colours: { sampling, which: 'known', where: [], rank: undefined } }
  const [whole, coloured] = await Promise.all([catalog.extent(all, signal), catalog.extent(known, signal)])
  // Between the two answers others may have made colours.
  return whole && coloured && Math.max(0, whole.granules - coloured.granules)
}

/** The granules whose colours a search asks for, in no order of its own. */
const beforeColours = (search: Search): Search => ({
  ...search,
  sort: undefined,
  best: search.colours?.where.length ? undefined : search.best,
  colours: undefined,
})

const isRefusal = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'bad-request'

function rankOf(session: Session, granule: Granule, sampling: Sampling, scores: Scores | undefined): Ranked {
  const colour = session.rememberedColour(granule, sampling)
  // Between the catalog's answer and this look another process may have emptied the store.
  if (!colour) return { reason: 'Its colour is not remembered any more.' }
  return scores ? scores.of(colour) : { colour, score: undefined }
}

const bestFirst = (chosen: readonly (Chosen & { readonly rank: Ranked })[], { compare }: Scores) =>
  chosen.toSorted((a, b) => compare(a.rank, b.rank))
