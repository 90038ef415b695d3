import pMap from 'p-map'
import { breather } from './calls/breather.ts'
import { failuresInARow } from './calls/failures-in-a-row.ts'
import type { PageOptions, Search } from './catalog/port.ts'
import { shownAs } from './colour/display.ts'
import type { Colour, Rank, Sampling, Source } from './colour/port.ts'
import { BLAMES, cancelled, Fault } from './errors.ts'
import type { Session } from './house.ts'
import { type AreaPage, type Chosen, listEach, type Ranked } from './list-area.ts'
import type { Band } from './sentinel2/bands.ts'
import type { Granule } from './sentinel2/granule.ts'

/**
 * Colours asked for at once. More than a house makes at once, so that remembered ones do not wait behind those
 * that are made; few enough that the queue holds little of a request.
 */
const ASKED_AT_ONCE = 32
/**
 * So many failures of the archive in a row end the trying. As many as a house makes at once: in an archive that
 * hangs they end together, one deadline after the first, and an asker waits for no second one. A warm-up, which
 * nobody waits for, is more patient.
 */
const MOST_FAILURES_IN_A_ROW = 8
/** Granules between two pauses: of remembered ones, some milliseconds of work. */
const BREATH = 256

export type RankedGranule = Required<Chosen>

export type RankOptions = {
  readonly rank: Rank
  readonly sampling: Sampling
  readonly signal?: AbortSignal
  /** Told after each granule how many are done with. */
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
 * they came, each with its reason. After eight failures of the archive in a row only remembered colours are
 * taken.
 * @throws {Fault} cancelled, misconfigured; upstream-failed, upstream-late or upstream-busy where no granule
 * got a better answer, or none a colour before the archive was given up
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
  const failure = failureOfAll(tried)
  if (failure) throw failure
  const breathe = breather(BREATH)
  const ranked: RankedGranule[] = []
  for (const { granule, outcome } of tried) {
    await breathe()
    if (signal?.aborted) throw cancelled(signal.reason)
    ranked.push({ granule, rank: rankOf(outcome, scoreOf) })
  }
  return ranked.toSorted((a, b) => compare(a.rank, b.rank, rank))
}

type Tried = {
  readonly granule: Granule
  readonly outcome: Colour | Fault
  /** The archive was given up before this granule had an answer. */
  readonly leftOut?: boolean
}

/** Of many granules without any colour the first failure of the archive, where nothing but it is to blame. */
function failureOfAll(tried: readonly Tried[]): Fault | undefined {
  const faults: Fault[] = []
  for (const { outcome, leftOut } of tried) {
    if (!(outcome instanceof Fault)) return undefined
    if (!leftOut) faults.push(outcome)
  }
  const gaveUp = faults.length < tried.length
  return gaveUp || faults.every(isUpstream) ? faults.find(isUpstream) : undefined
}

async function tryEach(
  session: Session,
  granules: readonly Granule[],
  sampling: Sampling,
  signal: AbortSignal | undefined,
  onTried: RankOptions['onTried'],
): Promise<Tried[]> {
  const left = new AbortController()
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const lastOfRow = failuresInARow(MOST_FAILURES_IN_A_ROW)
  const breathe = breather(BREATH)
  let gaveUp = false
  let count = 0

  const leaveOut = (granule: Granule): Tried => {
    const outcome = session.rememberedColour(granule, sampling)
    return outcome ? { granule, outcome } : { granule, outcome: leftOut(), leftOut: true }
  }

  const tryOne = async (granule: Granule): Promise<Tried> => {
    await breathe()
    if (signal?.aborted) throw cancelled(signal.reason)
    if (gaveUp) return leaveOut(granule)
    try {
      const { colour, cost } = await session.colourOf(granule, sampling, ended)
      // What was remembered says nothing of how the archive does now.
      if (cost) lastOfRow(undefined)
      return { granule, outcome: colour }
    } catch (thrown) {
      // Most of these wait for their turn; what is begun goes on without this asker, and is remembered.
      if (gaveUp && !signal?.aborted && isCancelled(thrown)) return leaveOut(granule)
      if (!(thrown instanceof Fault) || BLAMES[thrown.code] === 'all') throw thrown
      if (lastOfRow(isUpstream(thrown) ? thrown : undefined)) {
        gaveUp = true
        left.abort()
      }
      return { granule, outcome: thrown }
    }
  }

  try {
    return await pMap(
      granules,
      async (granule) => {
        const tried = await tryOne(granule)
        onTried?.(++count)
        return tried
      },
      { concurrency: ASKED_AT_ONCE },
    )
  } finally {
    left.abort()
  }
}

const leftOut = () =>
  new Fault(
    'upstream-failed',
    `It was not tried to the end, as the archive failed ${MOST_FAILURES_IN_A_ROW} times in a row; ask again later.`,
  )

const isCancelled = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'cancelled'

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
