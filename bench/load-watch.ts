import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from './figures.ts'
import { cpuOf, memoryOf, type Started } from './processes.ts'

/** What a server holds at a moment. */
export type Held = {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Resident, MB (10^6 bytes). */
  readonly memory: number
  readonly descriptors: number
  readonly threads: number
  /** CPU of all threads since the start, milliseconds. */
  readonly cpuMs: number
  /** Heap in use, MB, and the event loop's delay in the last minute, milliseconds; undefined: /metrics was late. */
  readonly heap: number | undefined
  readonly lagP99: number | undefined
  readonly lagMax: number | undefined
}

/** Looks at a server every so many milliseconds until it is stopped. */
export function watchServer(server: Started, everyMs: number): { stop(): readonly Held[] } {
  const seen: Held[] = []
  const timer = setInterval(() => {
    heldBy(server).then(
      (held) => seen.push(held),
      () => undefined,
    )
  }, everyMs)
  return {
    stop: () => {
      clearInterval(timer)
      return seen
    },
  }
}

export async function heldBy({ pid, url }: Started): Promise<Held> {
  const text = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(8000) })
    .then((answer) => answer.text())
    .catch(() => '')
  const metric = (name: string, scale: number) => {
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
    return value === undefined ? undefined : Number(value) * scale
  }
  return {
    at: Date.now(),
    memory: memoryOf(pid).now,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    cpuMs: cpuOf(pid),
    heap: metric('nodejs_heap_size_used_bytes', 1e-6),
    lagP99: metric('nodejs_eventloop_lag_p99_seconds', 1000),
    lagMax: metric('nodejs_eventloop_lag_max_seconds', 1000),
  }
}

/** What is held once there are no more descriptors than so many, or when the time is up. */
export async function settled(server: Started, most: number, withinMs: number): Promise<Held> {
  const end = Date.now() + withinMs
  let held = await heldBy(server)
  while (held.descriptors > most && Date.now() < end) {
    await sleep(1000)
    held = await heldBy(server)
  }
  return held
}

/** MB a minute by least squares. */
export function slopeOf(held: readonly Held[]): number {
  const mean = (of: (one: Held) => number) => held.reduce((sum, one) => sum + of(one), 0) / held.length
  const [time, memory] = [mean(({ at }) => at), mean((one) => one.memory)]
  const together = held.reduce((sum, one) => sum + (one.at - time) * (one.memory - memory), 0)
  return (together / held.reduce((sum, { at }) => sum + (at - time) ** 2, 0)) * 60_000
}

/** A column of what was seen: least, median, most. */
export function rangeOf(held: readonly Held[], of: (one: Held) => number | undefined): string {
  const values = held.flatMap((one) => of(one) ?? [])
  if (values.length === 0) return 'not told'
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return [least, median(values), most].map((value) => value.toFixed(0)).join(' / ')
}
