import pMap from 'p-map'
import type { PageOptions, Search } from './catalog/port.ts'
import { shownAs } from './colour/display.ts'
import type { Colour, Sampling, Source } from './colour/port.ts'
import type { Rank } from './colour-query.ts'
import { BLAMES, cancelled, Fault } from './errors.ts'
import type { Session } from './house.ts'
import { type AreaPage, type Chosen, listEach, type Ranked } from './list-area.ts'
import type { Band } from './sentinel2/bands.ts'
import type { Granule } from './sentinel2/granule.ts'

export type RankedGranule = Required<Chosen>

export type RankOptions = {
  readonly rank: Rank
  readonly sampling: Sampling
  readonly signal?: AbortSignal
  /** Told after each granule how many have been tried. */
  readonly onTried?: (count: number) => void
}

/**
 * The images of an area's granules, the best colours first: of the page that is newest first.
 * @param bands only these images; undefined: all
 * @throws {Fault} as Catalog.search and rankGranules; the iteration throws as Storage.list
 */
export async function rankArea(
  session: Session,
  search: Search,
  { bands, rank, sampling, ...page }: PageOptions & RankOptions & { readonly bands: AreaBands },
): Promise<AreaPage> {
  const { limit, after, signal } = page
  const { granules, next } = await session.catalog.search(search, { limit, after, signal })
  const ranked = await rankGranules(session, granules, { rank, sampling, signal })
  const withoutColour = ranked.filter(({ rank }) => 'reason' in rank).length
  return { count: ranked.length, next, withoutColour, granules: listEach(session, ranked, bands, signal) }
}

type AreaBands = ReadonlySet<Band> | undefined

/**
 * Granules in order of their colours, equals as they came. Those whose colour cannot be had come last, as
 * they came, each with its reason.
 * @throws {Fault} cancelled, misconfigured; upstream-failed, upstream-late or upstream-busy where no granule
 * got a better answer
 */
export async function rankGranules(
  session: Session,
  granules: readonly Granule[],
  { rank, sampling, signal, onTried }: RankOptions,
): Promise<RankedGranule[]> {
  const [tried, scoreOf] = await Promise.all([
    tryEach(session, granules, sampling, signal, onTried),
    scoring(rank, sampling.source),
  ])
  const failures = tried.flatMap(({ outcome }) => (outcome instanceof Fault ? [outcome] : []))
  const [first] = failures
  if (first && failures.length === tried.length && failures.every(isUpstream)) throw first
  return tried
    .map(({ granule, outcome }) => ({ granule, rank: rankOf(outcome, scoreOf) }))
    .toSorted((a, b) => compare(a.rank, b.rank, rank))
}

type Tried = { readonly granule: Granule; readonly outcome: Colour | Fault }

async function tryEach(
  session: Session,
  granules: readonly Granule[],
  sampling: Sampling,
  signal: AbortSignal | undefined,
  onTried: RankOptions['onTried'],
): Promise<Tried[]> {
  const left = new AbortController()
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  let count = 0
  try {
    return await pMap(
      granules,
      async (granule) => {
        if (ended.aborted) throw cancelled(ended.reason)
        const outcome = await tryOne(session, granule, sampling, ended)
        onTried?.(++count)
        return { granule, outcome }
      },
      { concurrency: session.listConcurrency },
    )
  } finally {
    left.abort()
  }
}

async function tryOne(
  { colourOf }: Session,
  granule: Granule,
  sampling: Sampling,
  signal: AbortSignal,
): Promise<Colour | Fault> {
  try {
    return (await colourOf(granule, sampling, signal)).colour
  } catch (thrown) {
    if (thrown instanceof Fault && BLAMES[thrown.code] !== 'all') return thrown
    throw thrown
  }
}

const isUpstream = ({ code }: Fault): boolean => BLAMES[code] === 'upstream'

type ScoreOf = (colour: Colour) => number | undefined

async function scoring(rank: Rank, source: Source): Promise<ScoreOf> {
  if (rank.by === 'share') return (colour) => shareOf(colour, rank.of)
  // The colour library takes some 40 ms to load, which a start without such a rank need not wait for.
  const { distance, labOf } = await import('./colour/distance.ts')
  const wanted = labOf(rank.to)
  return (colour) => distance(wanted, labOf(shownAs(colour, source)))
}

/** Share of red, green and blue together, 0 to 1; undefined where there is no light in any of them. */
function shareOf(colour: Colour, of: 'red' | 'green' | 'blue'): number | undefined {
  const light = (part: number) => Math.max(part, 0)
  const sum = light(colour.red) + light(colour.green) + light(colour.blue)
  return sum > 0 ? light(colour[of]) / sum : undefined
}

function rankOf(outcome: Colour | Fault, scoreOf: ScoreOf): Ranked {
  if (outcome instanceof Fault) return { reason: outcome.message }
  const score = scoreOf(outcome)
  if (score !== undefined) return { colour: outcome, score }
  return { reason: 'Its red, green and blue are all 0 or below, so that none of them has a share.' }
}

/** Negative where the first one comes first. */
function compare(a: Ranked, b: Ranked, { by }: Rank): number {
  if ('reason' in a || 'reason' in b) return Number('reason' in a) - Number('reason' in b)
  return by === 'share' ? b.score - a.score : a.score - b.score
}
