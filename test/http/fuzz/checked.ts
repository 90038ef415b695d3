import { expect } from 'vitest'
import { type Fuzzed, fuzz } from './run.ts'
import { type Memory, type Service, startService } from './service.ts'
import type { Setting } from './settings.ts'

/** Requests of both settings together; 50,000 of them are what the service is to bear. */
const REQUESTS = Number(process.env.SWATH_FUZZ_REQUESTS || 10_000)
const SEED = process.env.SWATH_FUZZ_SEED || '1'
const ROUNDS = 10

/** For a test's own limit, on a machine that has other things to do, too. */
export const FUZZ_TIMEOUT_MS = 60_000 + REQUESTS * 60

/**
 * Sends half of the requests to a service over a setting, and expects of it whatever is to be expected of a service
 * that strangers may ask. SWATH_FUZZ_SEED and SWATH_FUZZ_REQUESTS make it others, or more.
 */
export async function expectToBear(open: () => Promise<Setting>, name: string): Promise<void> {
  const setting = await open()
  const service = await startService(setting.env)
  try {
    const count = Math.ceil(REQUESTS / 2)
    const before = process.cpuUsage()
    const fuzzed = await fuzz(service, { seed: `${SEED}-${name}`, count, rounds: ROUNDS })
    console.log(`${name}, seed ${SEED}: ${told(fuzzed, service, before)}`)
    expect(fuzzed.faults.join('\n\n')).toBe('')
    expect(service.ended(), service.stderr()).toBeUndefined()
    expect(service.stderr(), 'what it logged: bugs, each with its stack').toBe('')
    expectManyKinds(fuzzed, count)
    if (setting.env.SWATH_API_KEYS !== undefined) expect(fuzzed.statuses[401]).toBeGreaterThan(0)
    expectNothingKept(fuzzed, count)
    await expectNoThreadLost(service)
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
    expect(await service.stop()).toBe(0)
  } finally {
    await service.stop()
    await setting.close()
  }
}

/** Else it would be the generator that is well. */
function expectManyKinds({ statuses }: Fuzzed, count: number): void {
  const of = (...wanted: readonly number[]) =>
    wanted.reduce((sum, status) => sum + (statuses[status] ?? 0), 0)
  expect(of(200), 'answered').toBeGreaterThan(count / 5)
  expect(of(400), 'refused').toBeGreaterThan(count / 5)
  for (const status of [204, 304, 404, 405, 415]) expect(of(status), `status ${status}`).toBeGreaterThan(0)
  expect(of(503), 'busy').toBeLessThan(count / 100)
}

/** One that dies is replaced, and none of those who asked may notice. */
async function expectNoThreadLost({ url }: Service): Promise<void> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const of of ['index', 'decode']) {
    expect(metrics, 'no thread was replaced').toMatch(
      new RegExp(`^swath_${of}_threads_replaced_total 0$`, 'm'),
    )
  }
}

const MIB = 2 ** 20
/**
 * Of the main thread's live memory and of all, between the middle and the end. Each of the two threads of the index
 * may remember some 80 MB of the grounds of areas, and comes to it when it has met areas that are large enough.
 */
const MOST_GROWN = { live: 4 * MIB, rss: 128 * MIB }

const LONG_RUN = 20_000
/**
 * Of 10,000 requests, over the last four of ten rounds. Measured over 25,000: 1.0 and 0.6 MiB live, 64 and 8 of all
 * (sample, bucket), where the pages that a collection gives back or keeps are most of it.
 */
const MOST_SLOPE = { live: 3 * MIB, rss: 96 * MIB }

/** No memory and no descriptor is kept: of the second half of the rounds the last are like the first. */
function expectNothingKept({ memory, descriptors }: Fuzzed, count: number): void {
  const live = memory.map(liveOf)
  const shown = memory.map(({ rss }, i) => `${mib(live[i] ?? 0)} of ${mib(rss)}`).join(', ')
  expect(grown(live), `live MiB of RSS after each round: ${shown}`).toBeLessThan(MOST_GROWN.live)
  expect(grown(memory.map(({ rss }) => rss)), `live MiB of RSS: ${shown}`).toBeLessThan(MOST_GROWN.rss)
  // Of fewer requests in a round the noise is more than what they could leave.
  if (count >= LONG_RUN) {
    const tenThousands = count / memory.length / 10_000
    expect(slope(live.slice(-4)) / tenThousands, `MiB live: ${shown}`).toBeLessThan(MOST_SLOPE.live)
    const rss = memory.slice(-4).map((one) => one.rss)
    expect(slope(rss) / tenThousands, `MiB live of RSS: ${shown}`).toBeLessThan(MOST_SLOPE.rss)
  }
  const open = descriptors.filter((count) => count !== undefined)
  if (open.length === 0) console.log('Not run: open files cannot be counted here; it takes /proc.')
  else expect(leastGrown(open), `open files after each round: ${open.join(', ')}`).toBeLessThan(MORE_OPEN)
}

/** The thread that reads long areas has five, and ends when nobody has sent one for half a minute. */
const MORE_OPEN = 7

const liveOf = ({ heapUsed, external, pictures }: Memory): number => heapUsed + external - pictures

/** From the median of the three rounds in the middle to that of the last three. */
function grown(values: readonly number[]): number {
  return median(values.slice(-3)) - median(middle(values))
}

const middle = (values: readonly number[]): readonly number[] => {
  const at = Math.floor(values.length / 2)
  return values.slice(at - 1, at + 2)
}

/** The same of the least of three: connections to the bucket are kept for seconds, and a leak does not go. */
const leastGrown = (values: readonly number[]): number =>
  Math.min(...values.slice(-3)) - Math.min(...middle(values))

/** Growth from one value to the next, by least squares. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const [together, apart] = values.reduce(
    ([sum, squares], value, i) => [sum + (i - middle) * value, squares + (i - middle) ** 2],
    [0, 0],
  )
  return together / apart
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const mib = (bytes: number): string => (bytes / MIB).toFixed(1)

function told({ statuses, tookMs, memory }: Fuzzed, service: Service, before: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(before)
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
  const counts = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`)
  return (
    `${counts.join(', ')}; ${at(0.5)} ms at the median, ${at(1)} ms at the most; ` +
    `${service.cpuSeconds()?.toFixed(0)} s of CPU there, ${((user + system) / 1e6).toFixed(0)} s here; ` +
    `MiB live of RSS ${memory.map((one) => `${mib(liveOf(one))} of ${mib(one.rss)}`).join(', ')}`
  )
}
