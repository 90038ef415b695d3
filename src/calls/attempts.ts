import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled } from '../errors.ts'
import type { RetryBudget } from './retry-budget.ts'

/** Thrown where the deadline passed before an attempt was through; the cause is the attempt before it. */
export class TooLate extends Error {
  override readonly name = 'TooLate'
}

export type Limits = {
  /** Milliseconds for all attempts and the waits between them. */
  readonly deadlineMs: number
  /** The caller's own; what it stops is cancelled, not late. */
  readonly signal?: AbortSignal | undefined
  /** What all calls to one upstream may try again. */
  readonly budget?: RetryBudget
}

/**
 * What a failed attempt asks for: another one not before so many milliseconds; undefined where no other
 * would fare better.
 */
export type Verdict = (thrown: unknown) => { readonly notBeforeMs: number } | undefined

const TRIES = 3
/** Milliseconds; the wait before try n is drawn from 0 to this times 2^(n-1), so that askers spread out. */
const BACKOFF_MS = 250

/**
 * Runs an attempt, and again where it is worth it, within one deadline. The signal given to the attempt
 * aborts at the deadline or when the caller leaves; an attempt that does not heed it is not waited for.
 * @throws {Fault} cancelled
 * @throws {TooLate} at the deadline
 * @throws whatever the last attempt threw
 */
export async function withAttempts<T>(
  limits: Limits,
  verdict: Verdict,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { deadlineMs, signal: caller, budget } = limits
  if (caller?.aborted) throw cancelled(caller.reason)
  const end = performance.now() + deadlineMs
  const controller = new AbortController()
  const onLeave = () => controller.abort(cancelled(caller?.reason))
  const timer = setTimeout(() => controller.abort(new TooLate('The deadline has passed.')), deadlineMs)
  caller?.addEventListener('abort', onLeave, { once: true })
  try {
    budget?.call()
    return await tryAgain(controller.signal, end, affordable(verdict, budget), attempt)
  } finally {
    clearTimeout(timer)
    caller?.removeEventListener('abort', onLeave)
  }
}

/** The verdict where another attempt can be afforded. */
const affordable =
  (verdict: Verdict, budget: RetryBudget | undefined): Verdict =>
  (thrown) => {
    const again = verdict(thrown)
    return again && (!budget || budget.mayRetry()) ? again : undefined
  }

async function tryAgain<T>(
  signal: AbortSignal,
  end: number,
  verdict: Verdict,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let failure: unknown
  for (let tries = 1; ; tries++) {
    try {
      return await orAborted(attempt(signal), signal)
    } catch (thrown) {
      if (signal.aborted) throw whyAborted(signal, failure)
      failure = thrown
    }
    const again = tries < TRIES ? verdict(failure) : undefined
    if (again === undefined) throw failure
    const wait = again.notBeforeMs + Math.random() * BACKOFF_MS * 2 ** (tries - 1)
    if (performance.now() + wait >= end) throw failure
    try {
      await sleep(wait, undefined, { signal })
    } catch {
      throw whyAborted(signal, failure)
    }
  }
}

function whyAborted(signal: AbortSignal, before: unknown): unknown {
  if (signal.reason instanceof TooLate) return new TooLate(signal.reason.message, { cause: before })
  return signal.reason
}

/** The promise, or the signal's reason as soon as it aborts, whichever is first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
