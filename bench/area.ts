import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { areaOfCorners } from '../src/sentinel2/area.ts'
import { imagePrefix } from '../src/sentinel2/granule.ts'
import { parseImageName } from '../src/sentinel2/names.ts'
import { parseTime } from '../src/sentinel2/time.ts'
import { gcsStorage } from '../src/storage/gcs.ts'
import { GENERATED_AREA } from '../test/stand-ins/generated-objects.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'
import { cpuOf, runToEnd, type Started } from './processes.ts'
import { readLinks } from './reading.ts'
import {
  areaPath,
  BUCKET,
  CORNERS,
  GRANULES_OF_WINDOWS,
  IMAGES,
  openWorld,
  WINDOW_GRANULES,
  type World,
  windowOf,
} from './world.ts'

const LINKS = WINDOW_GRANULES * IMAGES
const LATENCY_MS = 30
const REPETITIONS = 7
/** Requests for other windows that a server has answered before it counts as at work. */
const WARM_UP = 40

/** One way of asking: what it took, and how often the bucket was called. */
type Sample = {
  readonly firstMs: number
  readonly wallMs: number
  readonly cpuMs: number
  readonly calls: number
}

const WAYS = {
  peer: 'peer: one granule after the other',
  atWork: 'server at work, listings not remembered',
  ready: 'server just started and asked /readyz, store empty',
  started: 'server just started, store empty',
  again: 'the same request again',
  restarted: 'the same after a restart of the server',
  cliCold: '`swath area`, store empty',
  cliAgain: '`swath area` again',
} as const
type Way = keyof typeof WAYS

/** 121 granules, 1,573 images, 30 ms a call: one at a time, against the pool, cold and remembered. */
export async function benchArea(): Promise<void> {
  const world = await openWorld(GRANULES_OF_WINDOWS, LATENCY_MS)
  try {
    const samples = new Map<Way, Sample[]>()
    await withServer(world, world.freshStore(), async (atWork) => {
      for (let n = 0; n < WARM_UP; n++) await ask(world, atWork, REPETITIONS + n)
      for (let n = 0; n < REPETITIONS; n++) {
        // All ways in turn within each repetition, so that a noisy minute strikes them alike.
        for (const [way, sample] of await repetition(world, atWork, n)) {
          samples.set(way, [...(samples.get(way) ?? []), sample])
        }
      }
    })
    report(samples)
  } finally {
    await world.close()
  }
}

async function repetition(world: World, server: Started, n: number): Promise<[Way, Sample][]> {
  const [first, second, third] = [world.freshStore(), world.freshStore(), world.freshStore()]
  const peer = await counted(world, () => oneAtATime(world, n))
  // The seconds since its last request have cost the server its idle connections; this one is not measured.
  await ask(world, server, REPETITIONS + WARM_UP + n)
  const atWork = await ask(world, server, n)
  const again = await ask(world, server, n)
  const ready = await withServer(world, first, async (fresh) => {
    // What a platform asks before it sends clients; it lists nothing that is remembered.
    await (await fetch(`${fresh.url}/readyz`)).text()
    return ask(world, fresh, n)
  })
  const restarted = await withServer(world, first, (fresh) => ask(world, fresh, n))
  const started = await withServer(world, second, (fresh) => ask(world, fresh, n))
  const cliCold = await counted(world, () => cli(world, third, n))
  const cliAgain = await counted(world, () => cli(world, third, n))
  const samples = { peer, atWork, ready, started, again, restarted, cliCold, cliAgain }
  return Object.entries(samples) as [Way, Sample][]
}

/** What the first system of this kind did, over our own catalog and storage. */
async function oneAtATime(world: World, n: number): Promise<Omit<Sample, 'calls'>> {
  const catalog = sqliteCatalog({ file: world.index, threads: 1 })
  const storage = gcsStorage({
    bucket: BUCKET,
    endpoint: world.bucketUrl,
    anonymous: true,
    deadlineMs: 10_000,
  })
  const { lat1, lng1, lat2, lng2 } = GENERATED_AREA
  const [from, until] = windowOf(n).datetime.split('/').map(parseTime)
  const search = {
    area: areaOfCorners(lat1, lng1, lat2, lng2),
    level: 'L1C',
    time: { from, until },
    cloud: undefined,
    tiles: undefined,
    dedupe: 'latest',
  } as const
  try {
    await catalog.check()
    const cpu = process.cpuUsage()
    const start = performance.now()
    let [links, firstMs] = [0, Number.NaN]
    for (const granule of (await catalog.search(search, { limit: WINDOW_GRANULES })).granules) {
      for await (const page of storage.list(imagePrefix(granule))) {
        for (const entry of page) {
          if (entry.kind !== 'object') continue
          if (parseImageName(entry.key.slice(entry.key.lastIndexOf('/') + 1))) links++
        }
      }
      if (Number.isNaN(firstMs)) firstMs = performance.now() - start
    }
    requireLinks(links)
    const { user, system } = process.cpuUsage(cpu)
    return { firstMs, wallMs: performance.now() - start, cpuMs: (user + system) / 1000 }
  } finally {
    await catalog.close()
  }
}

async function withServer<T>(world: World, store: string, use: (server: Started) => Promise<T>): Promise<T> {
  const server = await world.serve(store)
  try {
    const used = await use(server)
    if (server.complaints() !== '') throw new Error(`The server wrote: ${server.complaints()}`)
    return used
  } finally {
    await server.stop()
  }
}

const ask = (world: World, server: Started, n: number): Promise<Sample> =>
  counted(world, async () => {
    const cpu = cpuOf(server.pid)
    const { firstByteMs, totalMs, links } = await readLinks(server.url + areaPath(windowOf(n)))
    requireLinks(links)
    return { firstMs: firstByteMs, wallMs: totalMs, cpuMs: cpuOf(server.pid) - cpu }
  })

async function cli(world: World, store: string, n: number): Promise<Omit<Sample, 'calls'>> {
  const { datetime, limit } = windowOf(n)
  const { firstByteMs, wallMs, cpuMs, lines } = await runToEnd(
    ['src/main.ts', 'area', ...CORNERS, '--datetime', datetime, '-n', limit, '--format', 'uris'],
    world.env(store),
  )
  requireLinks(lines)
  return { firstMs: firstByteMs, wallMs, cpuMs }
}

async function counted(world: World, run: () => Promise<Omit<Sample, 'calls'>>): Promise<Sample> {
  await world.reset()
  const sample = await run()
  return { ...sample, calls: (await world.stats()).list }
}

function requireLinks(links: number): void {
  if (links !== LINKS) throw new Error(`${links} links came, not ${LINKS}.`)
}

function report(samples: ReadonlyMap<Way, readonly Sample[]>): void {
  const of = (way: Way, field: keyof Sample) => (samples.get(way) ?? []).map((sample) => sample[field])
  heading(`area: ${WINDOW_GRANULES} granules, ${LINKS} images, ${LATENCY_MS} ms a call`)
  table(
    ['', 'first byte ms', 'whole ms', 'CPU ms', 'calls'],
    (Object.keys(WAYS) as Way[]).map((way) => [
      WAYS[way],
      ...(['firstMs', 'wallMs', 'cpuMs', 'calls'] as const).map((field) => spread(of(way, field))),
    ]),
  )
  say(
    `Median (least–most) of ${REPETITIONS} repetitions; CPU of the process that does the work; a server ` +
      `at work has answered ${WARM_UP} requests for other granules, the last of them just now.`,
  )
  const ratios = (way: Way) => of('peer', 'wallMs').map((peer, n) => peer / (of(way, 'wallMs')[n] ?? 0))
  const calls = (way: Way) => Math.max(...of(way, 'calls'))
  const cold = ['atWork', 'ready', 'started'] as const
  targets([
    ...cold.map((way) => ({
      wanted: `${WAYS[way]}: ≥ 20 times faster than one at a time`,
      reached: `${spread(ratios(way), 1)} times`,
      holds: median(ratios(way)) >= 20,
    })),
    ...cold.map((way) => ({
      wanted: `${WAYS[way]}: first byte within 3 calls' latency, ${3 * LATENCY_MS} ms`,
      reached: `${spread(of(way, 'firstMs'))} ms`,
      holds: median(of(way, 'firstMs')) <= 3 * LATENCY_MS,
    })),
    ...(['again', 'restarted'] as const).map((way) => ({
      wanted: `${WAYS[way]}: < 100 ms and no call`,
      reached: `${spread(of(way, 'wallMs'))} ms, ${calls(way)} calls`,
      holds: median(of(way, 'wallMs')) < 100 && calls(way) === 0,
    })),
  ])
}
