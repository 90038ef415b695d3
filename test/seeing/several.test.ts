import { existsSync, readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Running, startSwath } from '../cli/swath.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { readScrape, type Scrape, sampleOf } from './scrape.ts'

/* /metrics of a service of two processes: any of them answers for both. */

let folder: Temporary
let running: Running
let url = ''
beforeEach(async () => {
  folder = await temporaryFolder()
  running = startSwath(['serve'], {
    PORT: '0',
    SWATH_PROCESSES: '2',
    SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
  })
  await running.saw('swath is serving on')
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.shown())?.[0] ?? ''
  await until(async () => sampleOf(await scrapeBy(anew()), 'swath_processes') === 2)
})
afterEach(async () => {
  running.child.kill('SIGKILL')
  await running.ended
  await folder.remove()
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now()
  let cause: unknown
  const noted = (thrown: unknown) => {
    cause = thrown
    return false
  }
  while (!(await holds().catch(noted))) {
    if (performance.now() - began > 10_000)
      throw new Error('It has not come to be in ten seconds.', { cause })
    await sleep(20)
  }
}

/** A connection of its own, which one process has taken and keeps. */
const anew = () => new Agent({ keepAlive: true, maxSockets: 1 })

async function ask(agent: Agent, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  get(url + path, { agent, signal: AbortSignal.timeout(20_000) }, (response) =>
    text(response).then(resolve, reject),
  ).on('error', reject)
  return promise
}
const scrapeBy = async (agent: Agent): Promise<Scrape> => readScrape(await ask(agent, '/metrics'))

/** What one process tells of both; one that is held up for a second would be left out. */
async function scrapeOfBoth(agent: Agent): Promise<Scrape> {
  for (;;) {
    const scrape = await scrapeBy(agent)
    if (sampleOf(scrape, 'swath_processes') === 2) return scrape
  }
}

/** So many connections that two processes have some of them each, all but certainly. */
const CONNECTIONS = 24

test('counts add up over both, whichever is asked, and of maxima the greater holds', async () => {
  const agents = Array.from({ length: CONNECTIONS }, anew)
  try {
    await Promise.all(agents.map((agent) => ask(agent, '/granules/none')))
    await ask(agents[0] ?? anew(), '/area?bbox=11.8,54.9,14,56&rank=blue&stride=64')
    const scrapes: Scrape[] = []
    for (const agent of agents) scrapes.push(await scrapeOfBoth(agent))
    const all = (name: string, labels?: Record<string, string>) => [
      ...new Set(scrapes.map((scrape) => sampleOf(scrape, name, labels))),
    ]
    const granules = { route: '/granules/:granuleId', method: 'GET', status: '404' }
    expect(all('swath_http_requests_total', granules)).toEqual([CONNECTIONS])
    expect(all('swath_http_seconds_count', { route: '/granules/:granuleId' })).toEqual([CONNECTIONS])
    expect(all('swath_processes')).toEqual([2])
    expect(all('swath_build_info', { node: process.version })).toEqual([1])
    expect(all('swath_processes_replaced_total')).toEqual([0])
    // One rank was asked for, of one process: its maximum is told by both, and not twice.
    const [longest = 0, ...others] = all('swath_http_longest_seconds', { route: '/area' })
    const [sum = 0] = all('swath_http_seconds_sum', { route: '/area' })
    expect([longest, others]).toEqual([sum, []])
    expect(longest).toBeGreaterThan(0)
    const [decodes = 0] = all('swath_io_seconds_count', { kind: 'decode' })
    const [slowest = 0] = all('swath_io_longest_seconds', { kind: 'decode' })
    const [together = 0] = all('swath_io_seconds_sum', { kind: 'decode' })
    expect(decodes).toBeGreaterThan(1)
    expect(slowest).toBeLessThan(together)
  } finally {
    for (const agent of agents) agent.destroy()
  }
}, 60_000)

test('of two processes that answered one path the slower tells the maximum', async () => {
  const agents = Array.from({ length: CONNECTIONS }, anew)
  try {
    await Promise.all(agents.map((agent) => ask(agent, '/healthz')))
    const [agent = anew()] = agents
    const scrape = await scrapeOfBoth(agent)
    const health = { route: '/healthz' }
    const [count, sum, longest] = [
      sampleOf(scrape, 'swath_http_seconds_count', health),
      sampleOf(scrape, 'swath_http_seconds_sum', health),
      sampleOf(scrape, 'swath_http_longest_seconds', health),
    ]
    expect(count).toBe(CONNECTIONS)
    expect(longest).toBeGreaterThanOrEqual(sum / count)
    expect(longest).toBeLessThan(sum)
  } finally {
    for (const agent of agents) agent.destroy()
  }
}, 60_000)

test('a process that is replaced is counted', async (context) => {
  const children = `/proc/${running.child.pid}/task/${running.child.pid}/children`
  if (!existsSync(children)) return context.skip('the system tells no children of a process')
  // The first one listens for sure; at port 0 another would not listen where nobody is left who does.
  const [, doomed = 0] = readFileSync(children, 'utf8').trim().split(' ').map(Number)
  process.kill(doomed, 'SIGKILL')
  await until(async () => sampleOf(await scrapeBy(anew()), 'swath_processes_replaced_total') === 1)
  await until(async () => sampleOf(await scrapeBy(anew()), 'swath_processes') === 2)
}, 60_000)
