import type { Context, MiddlewareHandler } from 'hono'
import { Fault } from '../errors.ts'
import type { Env } from './env.ts'

/** Answers that are always quick, and that tell how the others do. */
const QUICK: ReadonlySet<string> = new Set(['/healthz', '/metrics'])

/**
 * Gives an answer so many milliseconds to begin; then what is done for it is given up, and its asker told so.
 * A handler's signal, `c.req.raw.signal`, aborts with the deadline as it does when the asker leaves.
 */
export const beginWithin =
  (deadlineMs: number): MiddlewareHandler<Env> =>
  async (c, next) => {
    if (QUICK.has(c.req.path)) return next()
    const late = new AbortController()
    endSignalWith(c, late.signal)
    const { promise: over, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const fault = tooLate(deadlineMs)
      // Before the work hears of it, so that its failure does not come first.
      reject(fault)
      late.abort(fault)
    }, deadlineMs)
    try {
      await Promise.race([next(), over])
    } finally {
      clearTimeout(timer)
    }
  }

/** Seconds. */
const RETRY_AFTER = 5

/** Each call to the bucket or to BigQuery has a deadline of its own, so that it is not they who are to blame. */
const tooLate = (deadlineMs: number) =>
  new Fault(
    'overloaded',
    `The answer had not begun after ${deadlineMs} ms, so it was given up; ask for less at once (a smaller area, ` +
      'a smaller limit), or try again: what was found on the way is remembered.',
    { retryAfter: RETRY_AFTER },
  )

/** Made when it is first asked for: most answers that come from memory need none. */
function endSignalWith(c: Context<Env>, late: AbortSignal): void {
  const { raw } = c.req
  const own = Object.getOwnPropertyDescriptor(raw, 'signal')
  let both: AbortSignal | undefined
  const leaving = () =>
    own?.get ? own.get.call(raw) : Reflect.get(Object.getPrototypeOf(raw), 'signal', raw)
  Object.defineProperty(raw, 'signal', {
    configurable: true,
    get: () => {
      both ??= AbortSignal.any([leaving(), late])
      return both
    },
  })
}
