import { breather } from './calls/breather.ts'
import type { PageOptions, Search } from './catalog/port.ts'
import type { Rank } from './colour/port.ts'
import { cancelled } from './errors.ts'
import type { Session } from './house.ts'
import { type AreaPage, chosenOf, listEach, type Ranked } from './list-area.ts'
import { scoring } from './score-colours.ts'
import type { Band } from './sentinel2/bands.ts'
import type { Granule } from './sentinel2/granule.ts'
import { failureOfAll, type TryOptions, tryColours } from './try-colours.ts'

/** Granules between two pauses: of remembered ones, some milliseconds of work. */
const BREATH = 256

export type RankedGranule = { readonly granule: Granule; readonly rank: Ranked }

export type RankOptions = TryOptions & { readonly rank: Rank }

/**
 * The images of a page's granules, the best colours first: of the page that is newest first.
 * @param bands only these images; undefined: all
 * @throws {Fault} as Catalog.search and rankGranules; the iteration throws as Storage.list
 */
export async function rankPage(
  session: Session,
  search: Search,
  { bands, rank, sampling, ...asked }: PageOptions & RankOptions & { readonly bands: AreaBands },
): Promise<AreaPage> {
  const { limit, after, coverage, signal } = asked
  const page = await session.catalog.search(search, { limit, after, coverage, signal })
  const covered = new Map(chosenOf(page).map(({ granule, coverage }) => [granule, coverage]))
  const ranked = await rankGranules(session, page.granules, { rank, sampling, signal })
  const chosen = ranked.map((one) => ({ ...one, coverage: covered.get(one.granule) }))
  return {
    count: chosen.length,
    next: page.next,
    withoutColour: ranked.filter(({ rank }) => 'reason' in rank).length,
    granules: listEach(session, chosen, bands, signal),
  }
}

type AreaBands = ReadonlySet<Band> | undefined

/**
 * Granules in order of their colours, equals as they came. Those whose colour cannot be had come last, as
 * they came, each with its reason. After eight failures of the archive in a row only remembered colours are
 * taken.
 * @throws {Fault} cancelled, misconfigured; upstream-failed, upstream-late or upstream-busy where no granule
 * got a better answer, or none a colour before the archive was given up
 */
export async function rankGranules(
  session: Session,
  granules: readonly Granule[],
  { rank, ...trying }: RankOptions,
): Promise<RankedGranule[]> {
  const [tried, scores] = await Promise.all([
    tryColours(session, granules, trying),
    scoring(rank, trying.sampling.source),
  ])
  const failure = failureOfAll(tried)
  if (failure) throw failure
  const breathe = breather(BREATH)
  const ranked: RankedGranule[] = []
  for (const { granule, outcome } of tried) {
    await breathe()
    if (trying.signal?.aborted) throw cancelled(trying.signal.reason)
    ranked.push({ granule, rank: scores.of(outcome) })
  }
  return ranked.toSorted((a, b) => scores.compare(a.rank, b.rank))
}
