import { asTheyEnd } from './calls/as-they-end.ts'
import { failuresInARow } from './calls/failures-in-a-row.ts'
import type { Catalog, Page, PageOptions, Search } from './catalog/port.ts'
import type { Colour, Cost, Sampling } from './colour/port.ts'
import { BLAMES, Fault } from './errors.ts'
import type { Session } from './house.ts'
import type { Granule } from './sentinel2/granule.ts'

/** What became of one granule. */
export type WarmStep = { readonly granule: Granule } & (
  | { readonly outcome: 'done'; readonly colour: Colour; readonly cost: Cost }
  | { readonly outcome: 'cached'; readonly colour: Colour }
  /** The cost is known of a colour that was made and could not be stored. */
  | { readonly outcome: 'failed'; readonly reason: string; readonly cost: Cost | undefined }
)

export type WarmOptions = Pick<PageOptions, 'limit' | 'after' | 'signal'> & {
  readonly sampling: Sampling
  /** Colours made at once, 1 and up; the house's own bound holds, too. */
  readonly granulesInFlight: number
  /** Stops after so many granules; all of them by default. */
  readonly most?: number
  /** Told how long the run had to wait for each page of the catalog, milliseconds. */
  readonly onSearched?: (ms: number) => void
}

/** So many in a row that failed for no reason of their own end the run: more of them would fare alike. */
const MOST_FAILURES_IN_A_ROW = 20

/**
 * Sees to it that the store holds the colours of an area's granules, newest first: a step for each as soon
 * as it is committed. What is stored already is not made again, so that a run goes on where one before it
 * ended. Pages are searched while granules of the page before are worked on; two of them are held at once.
 * @throws {Fault} cancelled, misconfigured; as Catalog.search, once what is under way has ended; upstream-*
 * after twenty failures of the archive in a row, misconfigured after twenty of the store
 */
export async function* warmUp(
  session: Session,
  search: Search,
  { sampling, granulesInFlight, signal, ...paging }: WarmOptions,
): AsyncGenerator<WarmStep, void, undefined> {
  const left = new AbortController()
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const granules = newestFirst(session.catalog, search, { ...paging, signal: ended })
  const warm = (granule: Granule) => warmOne(session, granule, sampling, ended)
  const lastOfRow = failuresInARow(MOST_FAILURES_IN_A_ROW)
  try {
    for await (const { step, lacking } of asTheyEnd(granules, granulesInFlight, warm)) {
      yield step
      // What was remembered says nothing of how the archive does now.
      const last = step.outcome === 'cached' ? undefined : lastOfRow(lacking)
      if (last) throw stopped(last)
    }
  } finally {
    left.abort()
  }
}

type Paging = PageOptions & Pick<WarmOptions, 'most' | 'onSearched'>

async function* newestFirst(
  catalog: Catalog,
  search: Search,
  { limit, after, signal, most = Number.POSITIVE_INFINITY, onSearched }: Paging,
): AsyncGenerator<Granule, void, undefined> {
  const ask = (from: PageOptions['after'], room: number): Promise<Page> => {
    const page = catalog.search(search, { limit: Math.min(limit, room), after: from, signal })
    // Its fault is heard when its turn comes, which it may never do.
    page.catch(() => {})
    return page
  }
  let left = most
  for (let page: Promise<Page> | undefined = ask(after, left); page; ) {
    const began = performance.now()
    const { granules, next }: Page = await page
    onSearched?.(performance.now() - began)
    left -= granules.length
    page = next && left > 0 ? ask(next, left) : undefined
    yield* granules
  }
}

type Warmed = {
  readonly step: WarmStep
  /** Where it failed for no reason of its own. */
  readonly lacking?: Fault | undefined
}

async function warmOne(
  { colourOf }: Session,
  granule: Granule,
  sampling: Sampling,
  signal: AbortSignal,
): Promise<Warmed> {
  try {
    const { colour, cost, unstored } = await colourOf(granule, sampling, signal)
    if (!cost) return { step: { granule, outcome: 'cached', colour } }
    if (unstored === undefined) return { step: { granule, outcome: 'done', colour, cost } }
    const reason = `${NOT_STORED}: ${unstored}.`
    const lacking = new Fault('misconfigured', reason)
    return { step: { granule, outcome: 'failed', reason, cost }, lacking }
  } catch (thrown) {
    if (!(thrown instanceof Fault) || BLAMES[thrown.code] === 'all') throw thrown
    const lacking = BLAMES[thrown.code] === 'upstream' ? thrown : undefined
    return { step: { granule, outcome: 'failed', reason: thrown.message, cost: undefined }, lacking }
  }
}

const NOT_STORED = 'Its colour was made, and could not be written to the store that SWATH_STORE names'

function stopped(last: Fault): Fault {
  const sentence =
    `${MOST_FAILURES_IN_A_ROW} granules in a row failed for no reason of their own, so the warm-up stopped. ` +
    `Once the cause is gone, the same command makes what the store then lacks. The last one: ${last.message}`
  return new Fault(last.code, sentence, { cause: last })
}
