import type { Context } from 'hono'
import { BLAMES, Fault } from '../errors.ts'
import type { House, Session } from '../house.ts'
import { agesOf } from '../index-age.ts'
import type { Env } from './env.ts'
import type { Gate } from './gate.ts'
import { refuseParameters } from './no-parameters.ts'

/** Milliseconds for the query and the listing together; who asks whether all is well has little patience. */
const READY_MS = 5000

/**
 * `/readyz`: a real query and a real listing, and how all goes.
 * @throws {Fault} overloaded once the service is told to stop; of the catalog or the storage that does not answer
 */
export async function readyAnswer(c: Context<Env>, house: House, gate: Gate) {
  refuseParameters(c)
  if (gate.isStopping()) throw new Fault('overloaded', 'The service is stopping; ask another one.')
  const { catalog } = c.var.session
  const within = AbortSignal.timeout(READY_MS)
  const signal = AbortSignal.any([c.req.raw.signal, within])
  await inTime('The catalog', catalog.check(signal), within)
  await inTime('The storage', listSomething(c.var.session, signal), within).catch((thrown: unknown) => {
    throw withStale(thrown, house)
  })
  const fresh = catalog.freshness()
  const index = fresh && agesOf(fresh, Date.now() * 1000)
  return c.json({ status: 'ready' as const, index: index ?? null, ...house.state() })
}

async function listSomething({ storage }: Session, signal: AbortSignal): Promise<void> {
  for await (const page of storage.list('tiles/', { delimiter: '/', signal })) if (page.length > 0) return
}

/** What is cancelled by the deadline is late; a question that heeds no signal is not waited for. */
async function inTime<T>(who: string, work: Promise<T>, within: AbortSignal): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const onLate = () => reject(new Fault('upstream-late', `${who} did not answer within ${READY_MS} ms.`))
  if (within.aborted) onLate()
  within.addEventListener('abort', onLate, { once: true })
  try {
    return await Promise.race([late, work])
  } finally {
    within.removeEventListener('abort', onLate)
  }
}

/** Says what is served all the same. */
function withStale(thrown: unknown, house: House): unknown {
  if (!(thrown instanceof Fault) || BLAMES[thrown.code] !== 'upstream') return thrown
  const { stale } = house.state().listings
  const served =
    stale === 0
      ? 'Listings that are remembered are served all the same.'
      : `Listings that are remembered are served all the same, ${stale} so far that may be stale (Swath-Stale: true).`
  const { cause, errors, retryAfter } = thrown
  return new Fault(thrown.code, `${thrown.message} ${served}`, {
    cause,
    errors,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}
