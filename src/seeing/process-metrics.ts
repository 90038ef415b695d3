import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'

/** Milliseconds between two looks at the event loop. */
const RESOLUTION_MS = 20
/** Milliseconds after which delays are forgotten in turn, as slidingMost does. */
const HALF_MS = 60_000

/** The process: memory, CPU, files, event loop, start and build; names are the usual ones. */
export function processMetrics(registry: Registry): { close(): void } {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number, aggregator: 'sum' | 'max' | 'min' = 'sum') =>
    new Gauge({
      name,
      help,
      registers,
      aggregator,
      collect() {
        this.set(read())
      },
    })
  const startedAt = Date.now() / 1000 - process.uptime()
  gauge('process_start_time_seconds', 'Start, seconds since 1970.', () => startedAt, 'min')
  gauge('process_resident_memory_bytes', 'Memory held (RSS).', () => process.memoryUsage.rss())
  gauge('process_open_fds', 'Files and sockets open; 0 where the system does not tell.', openFiles)
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed)
  gauge('nodejs_heap_size_total_bytes', 'Heap held.', () => process.memoryUsage().heapTotal)
  gauge(
    'nodejs_external_memory_bytes',
    'Buffers and what else lies outside.',
    () => process.memoryUsage().external,
  )
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of all threads, seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    name: 'swath_build_info',
    help: '1; the version and what it runs on are labels.',
    labelNames: ['version', 'node'],
    registers,
    aggregator: 'max',
  }).set({ version: packageVersion(), node: process.version }, 1)

  const delays = watchDelays()
  for (const [part, help] of [
    ['p50', 'Median'],
    ['p99', '99th percentile'],
    ['max', 'Maximum'],
  ] as const) {
    const told = `${help} of the event loop's delay in the last one to two minutes.`
    gauge(`nodejs_eventloop_lag_${part}_seconds`, told, () => delays.read()[part], 'max')
  }
  return { close: delays.close }
}

/** The version of the package, which package.json tells. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown'
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

/** Two monitors that start anew in turn, so that there are always at least a minute's delays to tell of. */
function watchDelays() {
  const fresh = () => {
    const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    monitor.enable()
    return monitor
  }
  const monitors: [ReturnType<typeof fresh>, ReturnType<typeof fresh>] = [fresh(), fresh()]
  let turn: 0 | 1 = 0
  const timer = setInterval(() => {
    monitors[turn].reset()
    turn = turn === 0 ? 1 : 0
  }, HALF_MS).unref()
  return {
    read: () => {
      // The one that is next to be reset has seen the most.
      const seen = monitors[turn]
      if (seen.count === 0) return { p50: 0, p99: 0, max: 0 }
      return {
        p50: delayOf(seen.percentile(50)),
        p99: delayOf(seen.percentile(99)),
        max: delayOf(seen.max),
      }
    },
    close: () => {
      clearInterval(timer)
      for (const monitor of monitors) monitor.disable()
    },
  }
}

/** The monitor tells the whole time between two looks, in nanoseconds. */
const delayOf = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000)
