import { Agent } from 'node:http'
import { heading, say, table, targets } from './figures.ts'
import { cpuOf, memoryOf } from './processes.ts'
import { readLinks } from './reading.ts'
import { areaPath, IMAGES, openWorld, type World } from './world.ts'

/** Just over a million links, 13 a granule. */
const GRANULES = 76_924
/** Granules a page: what a client would take, and the most there can be, which the server holds at once. */
const PAGE = 1000
const LARGEST_PAGE = 10_000
/** Links after which the peer may stop: two pages tell enough. */
const PEER_LINKS = 2 * LARGEST_PAGE * IMAGES
/**
 * Bytes a second. The reader takes a piece from its socket and then takes no other until that much time has
 * passed, so TCP's window closes, the server's socket fills, and its writes wait. A link is 195 bytes, so
 * this is some 15,000 links a second, well below what the server could list.
 */
const RATE = 3_000_000
const SAMPLE_MS = 100

type Sample = {
  readonly atMs: number
  readonly memory: number
  /** Links that the server has listed and the reader not read yet. */
  readonly ahead: number
}

/**
 * A million links streamed to a reader slower than the server: its memory must not grow with what the reader
 * has not taken. Pages are followed by their Link header over one connection. The peer lists all granules of a
 * page at once, as a pool without a bound does.
 */
export async function benchSlowReader(): Promise<void> {
  const world = await openWorld(GRANULES, 0)
  try {
    const all = Number.POSITIVE_INFINITY
    const ours = [await stream(world, '32', PAGE, all), await stream(world, '32', LARGEST_PAGE, all)]
    const short = ours.find(({ links }) => links !== GRANULES * IMAGES)
    if (short) throw new Error(`${short.links} links came, not ${GRANULES * IMAGES}.`)
    // Where the server may use little memory the peer does not live through its first page.
    const peer = await stream(world, '10000', LARGEST_PAGE, PEER_LINKS).catch((thrown: unknown) =>
      String(thrown),
    )
    report(ours, peer)
  } finally {
    await world.close()
  }
}

type Watched = {
  readonly page: number
  readonly links: number
  readonly ms: number
  readonly cpuMs: number
  /** MB of the server before its first request. */
  readonly idle: number
  readonly peak: number
  readonly samples: readonly Sample[]
}

async function stream(world: World, bound: string, page: number, most: number): Promise<Watched> {
  const server = await world.serve(world.freshStore(), { SWATH_LIST_CONCURRENCY: bound })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const idle = memoryOf(server.pid).now
    // A page of the default size, so that what every server at work has loaded does not count as growth.
    await readLinks(server.url + areaPath({ tiles: '33UUB' }), { agent })
    await world.reset()
    const [started, cpu, samples] = [performance.now(), cpuOf(server.pid), [] as Sample[]]
    let read = 0
    const sample = async () => {
      const memory = memoryOf(server.pid).now
      const { list } = await world.stats()
      samples.push({ atMs: performance.now() - started, memory, ahead: list * IMAGES - read })
    }
    await sample()
    // Where the server is gone its answer breaks off, and that failure is the one to tell.
    const timer = setInterval(() => sample().catch(() => undefined), SAMPLE_MS)
    const onLinks = (links: number) => {
      read += links
    }
    await follow(server.url + areaPath({ limit: String(page) }), {
      agent,
      rate: RATE,
      onLinks,
      most,
    }).finally(() => clearInterval(timer))
    if (server.complaints() !== '') throw new Error(`The server wrote: ${server.complaints()}`)
    return {
      page,
      links: read,
      ms: performance.now() - started,
      cpuMs: cpuOf(server.pid) - cpu,
      idle,
      peak: memoryOf(server.pid).peak,
      samples,
    }
  } finally {
    agent.destroy()
    await server.stop()
  }
}

type Following = {
  readonly agent: Agent
  readonly rate: number
  readonly onLinks: (links: number) => void
  /** Links after which no page is asked for. */
  readonly most: number
}

/** Reads page after page as their Link headers have it. */
async function follow(url: string, { most, ...options }: Following): Promise<void> {
  let links = 0
  let next: string | undefined = url
  while (next !== undefined && links < most) {
    const page = await readLinks(next, options)
    links += page.links
    next = page.next
  }
}

const ROWS: readonly (readonly [string, (watched: Watched) => string])[] = [
  ['links read', ({ links }) => links.toLocaleString('en')],
  ['links a second', ({ links, ms }) => (links / (ms / 1000)).toFixed(0)],
  ['most links listed ahead of the reader', ({ samples }) => most(samples, 'ahead').toLocaleString('en')],
  ['memory before any request, MB', ({ idle }) => idle.toFixed(0)],
  ['memory after a first page of 250, MB', ({ samples }) => startOf(samples).toFixed(0)],
  ['memory after each tenth of the time, MB', ({ samples }) => tenths(samples).join(', ')],
  ['memory at its peak, MB', ({ peak }) => peak.toFixed(0)],
  ['slope over the second half, MB per 100,000 links', (watched) => slope(watched).toFixed(2)],
  ['CPU of the server for 1,000 links, ms', ({ cpuMs, links }) => ((cpuMs / links) * 1000).toFixed(1)],
]

function report(ours: readonly Watched[], peer: Watched | string): void {
  heading(`area: ${GRANULES * IMAGES} links to a slow reader, nothing remembered, no latency`)
  table(
    [
      '',
      ...ours.map(({ page }) => `pages of ${page} granules`),
      `pages of ${LARGEST_PAGE}, calls without a bound (peer)`,
    ],
    ROWS.map(([name, of]) => [name, ...ours.map(of), typeof peer === 'string' ? 'failed' : of(peer)]),
  )
  say(
    `Memory is the resident set, sampled every ${SAMPLE_MS} ms; what is listed ahead includes what lies in ` +
      'the buffers of the two sockets.',
  )
  if (typeof peer === 'string') say(`The peer failed: ${peer}`)
  targets(
    ours.map(({ page, samples }) => {
      const growth = most(samples, 'memory') - startOf(samples)
      return {
        wanted: `pages of ${page}: memory grows by less than 64 MB while the slow reader reads`,
        reached: `${growth.toFixed(0)} MB`,
        holds: growth < 64,
      }
    }),
  )
}

const most = (samples: readonly Sample[], field: keyof Sample): number =>
  samples.reduce((largest, sample) => Math.max(largest, sample[field]), 0)

const startOf = (samples: readonly Sample[]): number => samples[0]?.memory ?? Number.NaN

const tenths = (samples: readonly Sample[]): string[] =>
  Array.from({ length: 10 }, (_, n) =>
    (samples[Math.round(((samples.length - 1) * (n + 1)) / 10)]?.memory ?? 0).toFixed(0),
  )

/** Least squares over the second half, when the heap has found its size. */
function slope({ samples, links, ms }: Watched): number {
  const half = samples.slice(samples.length >> 1)
  const mean = (of: (sample: Sample) => number) => half.reduce((sum, s) => sum + of(s), 0) / half.length
  const [time, memory] = [mean((s) => s.atMs), mean((s) => s.memory)]
  const spreadOfTime = half.reduce((sum, s) => sum + (s.atMs - time) ** 2, 0)
  const together = half.reduce((sum, s) => sum + (s.atMs - time) * (s.memory - memory), 0)
  return (together / spreadOfTime / (links / ms)) * 100_000
}
