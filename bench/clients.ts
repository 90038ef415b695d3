import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { heading, median, quantile, say, spread, table, targets } from './figures.ts'
import { cpuOf, memoryOf } from './processes.ts'
import { type Reading, readLinks } from './reading.ts'
import {
  areaPath,
  GRANULES_OF_WINDOWS,
  IMAGES,
  leftOver,
  openWorld,
  WINDOW_GRANULES,
  type World,
  windowOf,
} from './world.ts'

const CLIENTS = 64
const LATENCY_MS = 30
const BOUND = 32
const LINKS = WINDOW_GRANULES * IMAGES
/** Seven granules of a window are nobody's; the latecomer asks for them one by one. */
const LATE_REQUESTS = 6

const LOADS = {
  same: 'all ask for the same 121 granules',
  own: 'each asks for 121 granules of its own',
} as const
type Load = keyof typeof LOADS
const BOUNDS = { bounded: String(BOUND), unbounded: '10000' } as const
type Bound = keyof typeof BOUNDS

type Result = {
  readonly readings: readonly Reading[]
  readonly errors: readonly string[]
  readonly wallMs: number
  readonly cpuMs: number
  readonly calls: number
  readonly maxInFlight: number
  readonly peakMemory: number
  /** A client with one granule, alone before the others, and asked while none of the others had its answer yet. */
  readonly aloneMs: readonly number[]
  readonly lateMs: readonly number[]
  readonly complaints: string
}

/**
 * 64 clients at once, nothing remembered: errors, calls in flight, memory, and what becomes of a small request
 * that comes into the midst of them. The peer is the same with a pool that has no bound.
 */
export async function benchClients(): Promise<void> {
  const world = await openWorld(GRANULES_OF_WINDOWS, LATENCY_MS)
  try {
    const results = new Map<string, Result>()
    for (const load of ['same', 'own'] as const) {
      for (const bound of ['bounded', 'unbounded'] as const) {
        results.set(`${load} ${bound}`, await rush(world, load, bound))
      }
    }
    report(results)
  } finally {
    await world.close()
  }
}

async function rush(world: World, load: Load, bound: Bound): Promise<Result> {
  const server = await world.serve(world.freshStore(), { SWATH_LIST_CONCURRENCY: BOUNDS[bound] })
  const agent = new Agent({ maxSockets: 1000 })
  try {
    await (await fetch(`${server.url}/readyz`)).text()
    const small = (window: number, n: number) =>
      readLinks(server.url + areaPath(leftOver(window, n)), { agent }).then(({ links, totalMs }) => {
        if (links !== IMAGES) throw new Error(`The small request gave ${links} links.`)
        return totalMs
      })
    const aloneMs: number[] = []
    for (let n = 0; n < LATE_REQUESTS; n++) aloneMs.push(await small(CLIENTS - 1, n))
    await world.reset()
    const cpu = cpuOf(server.pid)
    const start = performance.now()
    let done = 0
    const clients = Array.from({ length: CLIENTS }, (_, n) =>
      readLinks(server.url + areaPath(windowOf(load === 'same' ? 0 : n)), { agent }).finally(() => done++),
    )
    const settled = Promise.allSettled(clients)
    await sleep(200)
    const lateMs: number[] = []
    for (let n = 0; n < LATE_REQUESTS; n++) {
      const nobodyDone = done === 0
      const took = await small(0, n)
      if (nobodyDone) lateMs.push(took)
    }
    const outcomes = await settled
    const wallMs = performance.now() - start
    const stats = await world.stats()
    return {
      readings: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
      errors: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : [])),
      wallMs,
      cpuMs: cpuOf(server.pid) - cpu,
      calls: stats.list - LATE_REQUESTS,
      maxInFlight: stats.maxInFlight,
      peakMemory: memoryOf(server.pid).peak,
      aloneMs,
      lateMs,
      complaints: server.complaints(),
    }
  } finally {
    agent.destroy()
    await server.stop()
  }
}

function report(results: ReadonlyMap<string, Result>): void {
  heading(
    `area: ${CLIENTS} clients at once, ${LINKS} images each, ${LATENCY_MS} ms a call, nothing remembered`,
  )
  const all = [...results].map(([name, result]) => {
    const [load = '', bound = ''] = name.split(' ')
    return { title: `${load === 'same' ? LOADS.same : LOADS.own}, ${TITLES[bound] ?? bound}`, bound, result }
  })
  const rows: readonly (readonly [string, (result: Result) => string | number])[] = [
    ['errors', ({ errors }) => errors.length],
    ['all done, ms', ({ wallMs }) => wallMs.toFixed(0)],
    ['first byte p50 / p99, ms', ({ readings }) => percentiles(readings.map((r) => r.firstByteMs))],
    ['end p50 / p99, ms', ({ readings }) => percentiles(readings.map((r) => r.totalMs))],
    ['calls', ({ calls }) => calls],
    ['most calls in flight', ({ maxInFlight }) => maxInFlight],
    ['peak memory of the server, MB', ({ peakMemory }) => peakMemory.toFixed(0)],
    ['CPU of the server, ms', ({ cpuMs }) => cpuMs.toFixed(0)],
    ['one granule, alone, ms', ({ aloneMs }) => spread(aloneMs)],
    [
      'one granule, asked while all 64 wait, ms',
      ({ lateMs }) => (lateMs.length > 0 ? spread(lateMs) : 'not measured: a client was done'),
    ],
  ]
  table(
    ['', ...all.map(({ title }) => title)],
    rows.map(([name, of]) => [name, ...all.map(({ result }) => of(result))]),
  )
  say(
    'One store for all clients, empty at first: who comes to a granule that another has listed meanwhile makes ' +
      'no call, who comes while it is being listed does. The small request asks for a granule that no one else does.',
  )
  for (const { title, result } of all) {
    for (const error of new Set(result.errors)) say(`Error, ${title}: ${error}`)
    if (result.complaints !== '') say(`The server wrote, ${title}: ${result.complaints}`)
    const wrong = result.readings.filter(({ links }) => links !== LINKS)
    if (wrong.length > 0)
      throw new Error(`${title}: ${wrong[0]?.links} links came to a client, not ${LINKS}.`)
  }
  const bounded = all.filter(({ bound }) => bound === 'bounded')
  const most = (of: (result: Result) => number) => Math.max(...bounded.map(({ result }) => of(result)))
  targets([
    {
      wanted: `${CLIENTS} clients, no error`,
      reached: `${most(({ errors }) => errors.length)} errors`,
      holds: most(({ errors }) => errors.length) === 0,
    },
    {
      wanted: `never more than ${BOUND} calls in flight`,
      reached: `${most(({ maxInFlight }) => maxInFlight)}`,
      holds: most(({ maxInFlight }) => maxInFlight) <= BOUND,
    },
    {
      wanted: 'peak memory under 400 MB',
      reached: `${most(({ peakMemory }) => peakMemory).toFixed(0)} MB`,
      holds: most(({ peakMemory }) => peakMemory) < 400,
    },
    {
      wanted: 'a small request is not held up by the large ones: under a tenth of their time',
      reached: bounded
        .map(
          ({ result }) =>
            `${median(result.lateMs).toFixed(0)} of ${median(result.readings.map((r) => r.totalMs)).toFixed(0)} ms`,
        )
        .join(', '),
      holds: bounded.every(
        ({ result }) => median(result.lateMs) < median(result.readings.map((r) => r.totalMs)) / 10,
      ),
    },
  ])
}

const TITLES: Readonly<Record<string, string>> = {
  bounded: `at most ${BOUND} calls`,
  unbounded: 'no bound (peer)',
}

const percentiles = (values: readonly number[]): string =>
  `${quantile(values, 0.5).toFixed(0)} / ${quantile(values, 0.99).toFixed(0)}`
