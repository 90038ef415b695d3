import type { Context, MiddlewareHandler } from 'hono'
import { amount } from '../amount.ts'
import { Fault } from '../errors.ts'
import type { AdmissionState } from '../seeing/port.ts'
import { clientOf, type Recognition } from './client-of.ts'
import type { Env } from './env.ts'

export type AdmissionOptions = Recognition & {
  /** Requests under way, from their headers to the last byte of their answers: in all, and of one client. */
  readonly most: number
  readonly mostOfOne: number
}

export interface Admission {
  readonly handle: MiddlewareHandler<Env>
  state(): AdmissionState
}

/** What tells how the service does is answered however much it has to do. */
const ALWAYS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])
/** Seconds. */
const RETRY_AFTER = 2
/** The last tenth of what may be under way is kept for clients that have fewer than so many. */
const FEW = 4

export const USUAL_ADMISSION: AdmissionOptions = {
  keys: undefined,
  trustedProxies: 0,
  most: 1000,
  mostOfOne: 250,
}

/**
 * Lets requests in up to a bound, and those of one client up to one of its own; the rest is told at once to come
 * again. Where a few clients fill it, others still find room. Handlers find the client in their context.
 */
export function admission(options: AdmissionOptions = USUAL_ADMISSION): Admission {
  const ofClients = new Map<string, number>()
  let [inFlight, refusedOfOne, refusedOfAll] = [0, 0, 0]

  const enter = (client: string) => {
    const ofOne = ofClients.get(client) ?? 0
    if (ofOne >= options.mostOfOne) {
      refusedOfOne++
      throw tooMany(ofOne)
    }
    if (inFlight >= options.most - (ofOne < FEW ? 0 : Math.floor(options.most / 10))) {
      refusedOfAll++
      throw overloaded(inFlight, inFlight < options.most ? ofOne : undefined)
    }
    inFlight++
    ofClients.set(client, ofOne + 1)
  }

  const leave = (client: string) => {
    inFlight--
    const left = (ofClients.get(client) ?? 1) - 1
    if (left === 0) ofClients.delete(client)
    else ofClients.set(client, left)
  }

  return {
    handle: async (c, next) => {
      if (ALWAYS.has(c.req.path)) return next()
      const client = clientOf(c, options)
      if (client === undefined) return next()
      enter(client)
      c.set('client', client)
      whenOver(c, () => leave(client))
      return next()
    },
    state: () => ({ inFlight, clients: ofClients.size, refusedOfOne, refusedOfAll }),
  }
}

/** Once the answer is out or its reader has gone. */
function whenOver(c: Context<Env>, done: () => void): void {
  const { outgoing } = c.env
  if (outgoing.destroyed) done()
  else outgoing.once('close', done)
}

const tooMany = (inFlight: number) =>
  new Fault(
    'too-many',
    `${amount(inFlight, 'request')} of yours under way, as many as one client may have; wait for some of them.`,
    { retryAfter: RETRY_AFTER },
  )

/** @param ofOne requests of a client for whom only the part is left that is kept for others */
const overloaded = (inFlight: number, ofOne: number | undefined) =>
  new Fault(
    'overloaded',
    `${amount(inFlight, 'request')} under way, as many as may be${
      ofOne === undefined
        ? ''
        : ` beside what is kept for clients with fewer than ${FEW}, and you have ${ofOne}`
    }; try again a little later.`,
    {
      retryAfter: RETRY_AFTER,
    },
  )
