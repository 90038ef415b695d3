import pMap from 'p-map'
import { breather } from './calls/breather.ts'
import { failuresInARow } from './calls/failures-in-a-row.ts'
import type { Colour, Sampling } from './colour/port.ts'
import { BLAMES, cancelled, Fault } from './errors.ts'
import type { Session } from './house.ts'
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

export type Tried = {
  readonly granule: Granule
  readonly outcome: Colour | Fault
  /** The archive was given up before this granule had an answer. */
  readonly leftOut?: boolean
}

export type TryOptions = {
  readonly sampling: Sampling
  readonly signal?: AbortSignal | undefined
  /** Told after each granule how many are done with. */
  readonly onTried?: ((count: number) => void) | undefined
}

/**
 * The colours of granules, in their order; those that cannot be had are told by their faults. After eight
 * failures of the archive in a row only remembered colours are taken.
 * @throws {Fault} cancelled, misconfigured
 */
export async function tryColours(
  session: Session,
  granules: readonly Granule[],
  { sampling, signal, onTried }: TryOptions,
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

/** Of many granules without any colour the first failure of the archive, where nothing but it is to blame. */
export function failureOfAll(tried: readonly Tried[]): Fault | undefined {
  const faults: Fault[] = []
  for (const { outcome, leftOut } of tried) {
    if (!(outcome instanceof Fault)) return undefined
    if (!leftOut) faults.push(outcome)
  }
  const gaveUp = faults.length < tried.length
  return gaveUp || faults.every(isUpstream) ? faults.find(isUpstream) : undefined
}

const leftOut = () =>
  new Fault(
    'upstream-failed',
    `It was not tried to the end, as the archive failed ${MOST_FAILURES_IN_A_ROW} times in a row; ask again later.`,
  )

const isCancelled = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'cancelled'

const isUpstream = ({ code }: Fault): boolean => BLAMES[code] === 'upstream'
