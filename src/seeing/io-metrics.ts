import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import { Fault } from '../errors.ts'
import type { Code, Kind, Watch } from './port.ts'
import { type SlidingMost, slidingMost } from './sliding-most.ts'

/** Seconds: a look into the store takes some ten microseconds, a decode a fifth of a second, a deadline ten. */
const SECONDS = [0.0001, 0.0005, 0.002, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]

type Series = {
  readonly labels: { readonly kind: Kind; readonly by: string }
  readonly most: SlidingMost
  inFlight: number
}

/** Every I/O by kind and adapter. @param now milliseconds of a clock that never goes back */
export function ioMetrics(registry: Registry, now: () => number): Pick<Watch, 'begin'> {
  const registers = [registry]
  const labelNames = ['kind', 'by'] as const
  const series = new Map<string, Series>()
  const seconds = new Histogram({
    name: 'swath_io_seconds',
    help: 'Seconds that works took, by kind and adapter, failed ones too.',
    labelNames,
    buckets: SECONDS,
    registers,
  })
  const errors = new Counter({
    name: 'swath_io_errors_total',
    help: 'Works that failed, by the code of the fault; cancelled: nobody waited any more.',
    labelNames: [...labelNames, 'code'],
    registers,
  })
  const bytes = new Counter({
    name: 'swath_io_read_bytes_total',
    help: 'Bytes that works read.',
    labelNames,
    registers,
  })
  new Gauge({
    name: 'swath_io_longest_seconds',
    help: 'The longest work that ended in the last one to two minutes.',
    labelNames,
    registers,
    aggregator: 'max',
    collect() {
      for (const { labels, most } of series.values()) this.set(labels, most.value())
    },
  })
  new Gauge({
    name: 'swath_io_in_flight',
    help: 'Works under way.',
    labelNames,
    registers,
    collect() {
      for (const { labels, inFlight } of series.values()) this.set(labels, inFlight)
    },
  })

  const seriesOf = (kind: Kind, by: string): Series => {
    const key = `${kind} ${by}`
    const known = series.get(key)
    if (known) return known
    const made = { labels: { kind, by }, most: slidingMost(now), inFlight: 0 }
    series.set(key, made)
    return made
  }

  return {
    begin: (kind, by) => {
      const one = seriesOf(kind, by)
      const began = now()
      one.inFlight++
      return {
        end: (thrown, read) => {
          const took = (now() - began) / 1000
          one.inFlight--
          one.most.add(took)
          seconds.observe(one.labels, took)
          if (thrown !== undefined) errors.inc({ ...one.labels, code: codeOf(thrown) })
          if (read !== undefined) bytes.inc(one.labels, read)
        },
        drop: () => {
          one.inFlight--
        },
      }
    },
  }
}

export const codeOf = (thrown: unknown): Code => (thrown instanceof Fault ? thrown.code : 'bug')
