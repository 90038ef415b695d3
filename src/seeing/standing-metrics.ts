import type { Counter as CounterOf, Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import type { BreakerState } from '../calls/breaker.ts'
import { CACHES, QUEUES, type Queue, type Standing, type Waited, type Watch } from './port.ts'
import { slidingMost } from './sliding-most.ts'

const SECONDS = [0.001, 0.01, 0.1, 0.5, 2, 10, 60]

export type StandingMetrics = Pick<Watch, 'looked'> & {
  readonly waited: (queue: Queue) => Waited
  /** Where the rest is read at a scrape. */
  readonly readFrom: (read: () => Standing) => void
}

/** Queues, caches, threads and the store. @param now milliseconds of a clock that never goes back */
export function standingMetrics(registry: Registry, now: () => number): StandingMetrics {
  const registers = [registry]
  const looks = new Map(CACHES.map((cache) => [cache, { hits: 0, misses: 0 }]))
  const mosts = new Map(QUEUES.map((queue) => [queue, slidingMost(now)]))
  let read: () => Standing | undefined = () => undefined

  const waits = new Histogram({
    name: 'swath_queue_wait_seconds',
    help: 'Seconds that works waited for their turn; who left while waiting is not counted.',
    labelNames: ['queue'],
    buckets: SECONDS,
    registers,
  })
  for (const queue of QUEUES) waits.zero({ queue })
  new Gauge({
    name: 'swath_queue_longest_wait_seconds',
    help: 'The longest wait that ended in the last one to two minutes.',
    labelNames: ['queue'],
    registers,
    aggregator: 'max',
    collect() {
      for (const [queue, most] of mosts) this.set({ queue }, most.value())
    },
  })
  for (const [part, help] of [
    ['waiting', 'Works that wait for their turn.'],
    ['running', 'Works that have their turn.'],
  ] as const) {
    new Gauge({
      name: `swath_queue_${part}`,
      help,
      labelNames: ['queue'],
      registers,
      collect() {
        const queues = read()?.queues
        if (queues) for (const queue of QUEUES) this.set({ queue }, queues[queue][part])
      },
    })
  }
  for (const part of ['hits', 'misses'] as const) {
    new Counter({
      name: `swath_cache_${part}_total`,
      help: part === 'hits' ? 'What was remembered.' : 'What had to be made or asked for.',
      labelNames: ['cache'],
      registers,
      collect() {
        const told = read()?.caches
        for (const cache of CACHES) {
          setTo(this, { cache }, (told?.[cache] ?? looks.get(cache))?.[part] ?? 0)
        }
      },
    })
  }
  one('swath_decode_threads_replaced_total', 'Decode threads given up.', ({ threads }) => threads.replaced)
  one(
    'swath_index_threads_replaced_total',
    'Threads that died while they asked the index, or idle.',
    ({ indexThreadsReplaced }) => indexThreadsReplaced,
  )
  one(
    'swath_store_failures_total',
    'What the store could not do; it costs speed.',
    ({ store }) => store.failed,
  )
  gauge('swath_decode_threads', 'Decode threads that run.', ['state'], (set, { threads }) => {
    set('busy', threads.busy)
    set('idle', threads.started - threads.busy)
  })
  new Gauge({
    name: 'swath_store_failing',
    help: '1 while what is to be remembered cannot be written.',
    registers,
    aggregator: 'max',
    collect() {
      this.set(read()?.store.failing ? 1 : 0)
    },
  })
  gauge('swath_store_rows', 'What is remembered on the disk.', ['table'], (set, { store }) => {
    set('listings', store.listings)
    set('colours', store.colours)
  })

  one(
    'swath_stale_listings_total',
    'Listings told from memory while the bucket was away.',
    ({ staleListings }) => staleListings,
  )
  upstreamMetrics(registry, () => read()?.upstreams)

  function one(name: string, help: string, tell: (standing: Standing) => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        const standing = read()
        if (standing) setTo(this, {}, tell(standing))
      },
    })
  }

  function gauge<L extends string>(
    name: string,
    help: string,
    [label]: readonly [L],
    tell: (set: (is: string, value: number) => void, standing: Standing) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      // Processes of one machine share the store.
      aggregator: name === 'swath_store_rows' ? 'max' : 'sum',
      collect() {
        const standing = read()
        if (standing) tell((is, value) => this.labels(is).set(value), standing)
      },
    })
  }

  return {
    looked: (cache, found) => {
      const tally = looks.get(cache)
      if (tally) tally[found ? 'hits' : 'misses']++
    },
    waited: (queue) => {
      const labels = { queue }
      const most = mosts.get(queue)
      return (ms) => {
        waits.observe(labels, ms / 1000)
        most?.add(ms / 1000)
      }
    },
    readFrom: (from) => {
      read = from
    },
  }
}

/** What keeps calls from an upstream that fails. */
function upstreamMetrics(registry: Registry, read: () => Standing['upstreams'] | undefined): void {
  const registers = [registry]
  const labelNames = ['upstream'] as const
  const each = (tell: (upstream: string, state: BreakerState) => void) => {
    for (const [upstream, state] of Object.entries(read() ?? {})) if (state) tell(upstream, state)
  }
  new Gauge({
    name: 'swath_upstream_open',
    help: '1 while no calls are made to an upstream that fails, but for one now and then.',
    labelNames,
    registers,
    aggregator: 'max',
    collect() {
      each((upstream, { state }) => this.set({ upstream }, state === 'closed' ? 0 : 1))
    },
  })
  new Counter({
    name: 'swath_upstream_opened_total',
    help: 'How often calls to an upstream began to be held back.',
    labelNames,
    registers,
    collect() {
      each((upstream, { opened }) => setTo(this, { upstream }, opened))
    },
  })
  new Counter({
    name: 'swath_upstream_refused_total',
    help: 'Calls that were not made because their upstream fails.',
    labelNames,
    registers,
    collect() {
      each((upstream, { refused }) => setTo(this, { upstream }, refused))
    },
  })
}

/** A counter whose count is kept elsewhere. */
function setTo<L extends string>(
  counter: CounterOf<L>,
  labels: Partial<Record<L, string>>,
  value: number,
): void {
  counter.remove(labels)
  counter.inc(labels, value)
}
