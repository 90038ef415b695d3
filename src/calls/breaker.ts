import { BLAMES, Fault } from '../errors.ts'

/** Keeps calls from an upstream that fails, but for one now and then that finds out whether it is back. */
export interface Breaker {
  /** @throws {Fault} upstream-busy where no call would be made now */
  refuse(): void
  /** Makes a call, or refuses to. @throws {Fault} upstream-busy; whatever the call throws */
  run<T>(call: () => Promise<T>): Promise<T>
  state(): BreakerState
}

export type BreakerState = {
  /** `open`: no calls are made; `probing`: the next one finds out, or one is under way that does. */
  readonly state: 'closed' | 'open' | 'probing'
  /** Since the start: how often it opened, and calls that were refused. */
  readonly opened: number
  readonly refused: number
}

const BREAKS_AT = 10
const SPAN_MS = 10_000
/** Open for so long at first or as the upstream asks, twice as long after each probe that fails, at most so long. */
const OPEN_MS = 1000
const MOST_OPEN_MS = 30_000

export type BreakerOptions = {
  /** Failures that open it where they are half of the calls of the last ten to twenty seconds. */
  readonly breaksAt?: number | undefined
  /** Milliseconds of a clock that never jumps. */
  readonly now?: () => number
}

/** @param upstream its name for the sentence: `Cloud Storage` */
export function circuitBreaker(
  upstream: string,
  { breaksAt = BREAKS_AT, now = () => performance.now() }: BreakerOptions = {},
): Breaker {
  let [opened, refused] = [0, 0]
  let openMs = OPEN_MS
  /** Undefined while it is closed. */
  let openUntil: number | undefined
  let isProbing = false
  let last = ''
  /** What the last failure asked to be spared for. */
  let askedMs = 0
  let spans = { since: now(), current: noCalls(), before: noCalls() }

  const note = (failed: boolean) => {
    if (now() - spans.since > SPAN_MS) {
      const isOld = now() - spans.since > 2 * SPAN_MS
      spans = { since: now(), current: noCalls(), before: isOld ? noCalls() : spans.current }
    }
    spans.current.calls++
    if (failed) spans.current.failures++
  }

  const open = () => {
    opened++
    openUntil = now() + Math.min(MOST_OPEN_MS, Math.max(openMs, askedMs))
  }

  const close = () => {
    openUntil = undefined
    openMs = OPEN_MS
    spans = { since: now(), current: noCalls(), before: noCalls() }
  }

  const refuse = () => {
    if (openUntil === undefined) return
    const leftMs = openUntil - now()
    if (leftMs <= 0 && !isProbing) return
    refused++
    throw away(upstream, last, Math.max(1, Math.ceil(leftMs / 1000)))
  }

  const ended = (outcome: Outcome, wasProbe: boolean) => {
    if (wasProbe) {
      isProbing = false
      if (outcome === 'answered') close()
      if (outcome !== 'failed') return
      openMs = Math.min(MOST_OPEN_MS, openMs * 2)
      return open()
    }
    // Calls that began before it opened tell nothing of now.
    if (openUntil !== undefined || outcome === 'neither') return
    note(outcome === 'failed')
    const failures = spans.current.failures + spans.before.failures
    const calls = spans.current.calls + spans.before.calls
    if (outcome === 'failed' && failures >= breaksAt && failures * 2 >= calls) open()
  }

  return {
    refuse,
    run: async (call) => {
      refuse()
      const isProbe = openUntil !== undefined
      if (isProbe) isProbing = true
      try {
        const answer = await call()
        ended('answered', isProbe)
        return answer
      } catch (thrown) {
        const outcome = outcomeOf(thrown)
        if (outcome === 'failed' && thrown instanceof Fault) {
          last = thrown.message
          askedMs = (thrown.retryAfter ?? 0) * 1000
        }
        ended(outcome, isProbe)
        throw thrown
      }
    },
    state: () => ({ state: stateOf(openUntil, isProbing, now()), opened, refused }),
  }
}

type Outcome = 'answered' | 'failed' | 'neither'

const noCalls = () => ({ calls: 0, failures: 0 })

/** Who leaves, and what is refused before it is asked, tells nothing of the upstream. */
function outcomeOf(thrown: unknown): Outcome {
  if (!(thrown instanceof Fault)) return 'neither'
  if (BLAMES[thrown.code] === 'upstream') return 'failed'
  return thrown.code === 'not-found' ? 'answered' : 'neither'
}

function stateOf(openUntil: number | undefined, isProbing: boolean, now: number): BreakerState['state'] {
  if (openUntil === undefined) return 'closed'
  return isProbing || openUntil <= now ? 'probing' : 'open'
}

const away = (upstream: string, last: string, retryAfter: number) =>
  new Fault(
    'upstream-busy',
    `${upstream} failed so often that it is asked again only in ${retryAfter} s. The last failure was: ${last}`,
    { retryAfter },
  )
