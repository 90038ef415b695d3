import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import { type SlidingMost, slidingMost } from './sliding-most.ts'

const SECONDS = [0.002, 0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30, 60, 300]
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'] as const

/** A request that has ended. */
export type EndedRequest = {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly firstByteMs: number
  readonly wholeMs: number
  readonly bytes: number
  /** Who cut the answer; undefined where it was whole. */
  readonly cutBy: 'client' | 'service' | undefined
}

export interface RequestMetrics {
  began(): void
  ended(request: EndedRequest): void
  /** One that never came to a route. */
  refused(status: number): void
}

/** HTTP by route. @param now milliseconds of a clock that never goes back */
export function requestMetrics(registry: Registry, now: () => number): RequestMetrics {
  const registers = [registry]
  const mosts = new Map<string, SlidingMost>()
  let inFlight = 0
  const requests = new Counter({
    name: 'swath_http_requests_total',
    help: 'Requests that have ended; 499: the client left before the answer.',
    labelNames: ['route', 'method', 'status'],
    registers,
  })
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['route'], buckets: SECONDS, registers })
  const firstByte = histogram('swath_http_first_byte_seconds', 'Seconds until the answer began.')
  const whole = histogram('swath_http_seconds', 'Seconds until the answer was handed over or cut.')
  const sent = new Counter({
    name: 'swath_http_sent_bytes_total',
    help: 'Bytes handed to sockets, headers too.',
    labelNames: ['route'],
    registers,
  })
  const cut = new Counter({
    name: 'swath_http_cut_total',
    help: 'Answers that were not handed over whole: the client left, or the service broke off.',
    labelNames: ['route', 'by'],
    registers,
  })
  new Gauge({
    name: 'swath_http_longest_seconds',
    help: 'The longest request that ended in the last one to two minutes.',
    labelNames: ['route'],
    registers,
    aggregator: 'max',
    collect() {
      for (const [route, most] of mosts) this.set({ route }, most.value())
    },
  })
  new Gauge({
    name: 'swath_http_in_flight',
    help: 'Requests under way, the one that asks included.',
    registers,
    collect() {
      this.set(inFlight)
    },
  })

  const mostOf = (route: string): SlidingMost => {
    const known = mosts.get(route) ?? slidingMost(now)
    mosts.set(route, known)
    return known
  }

  return {
    began: () => {
      inFlight++
    },
    ended: ({ route, method, status, firstByteMs, wholeMs, bytes, cutBy }) => {
      inFlight--
      const label = { route }
      requests.inc({ route, method: METHODS.find((known) => known === method) ?? 'other', status })
      firstByte.observe(label, firstByteMs / 1000)
      whole.observe(label, wholeMs / 1000)
      sent.inc(label, bytes)
      mostOf(route).add(wholeMs / 1000)
      if (cutBy) cut.inc({ route, by: cutBy })
    },
    refused: (status) => requests.inc({ route: 'other', method: 'other', status }),
  }
}
