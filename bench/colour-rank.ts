import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import type { Colour, Sampling } from '../src/colour/port.ts'
import { readConfig } from '../src/config.ts'
import { rankGranules } from '../src/rank-colour.ts'
import { areaOfCorners } from '../src/sentinel2/area.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { openHouse } from '../src/wire.ts'
import { GENERATED_AREA } from '../test/stand-ins/generated-objects.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'
import { seeded } from './made-index.ts'
import { cpuOf } from './processes.ts'
import { readLinks } from './reading.ts'
import { areaPath, BUCKET, IMAGES, openWorld, type World } from './world.ts'

const RANKED = 250
const LATENCY_MS = 30
const REPETITIONS = 41
const SAMPLING: Sampling = { source: 'bands', stride: 16 }

const WAYS = {
  'rank=blue': { rank: 'blue' },
  'rank=#1e90ff': { rank: '#1e90ff' },
  'no rank': {},
} as const satisfies Record<string, Readonly<Record<string, string>>>
type Way = keyof typeof WAYS
const WAY_NAMES: readonly Way[] = ['rank=blue', 'rank=#1e90ff', 'no rank']

type Sample = { readonly wallMs: number; readonly firstMs: number; readonly cpuMs: number }

/** A page of 250 granules whose colours and listings are remembered, ranked by a running service. */
export async function benchColourRank(): Promise<void> {
  const world = await openWorld(2 * RANKED, LATENCY_MS)
  try {
    const store = world.freshStore()
    const granules = await newest(world)
    await remember(world, store, granules)
    const samples = await measureServed(world, store)
    const alone = await measureAlone(world, store, granules)
    report(samples, alone)
  } finally {
    await world.close()
  }
}

async function newest({ index }: World): Promise<readonly Granule[]> {
  const catalog = sqliteCatalog({ file: index, threads: 1 })
  const { lat1, lng1, lat2, lng2 } = GENERATED_AREA
  const area = areaOfCorners(lat1, lng1, lat2, lng2)
  const time = { from: undefined, until: undefined }
  const search = { area, level: 'L1C', time, cloud: undefined, tiles: undefined, dedupe: 'latest' } as const
  try {
    return (await catalog.search(search, { limit: RANKED })).granules
  } finally {
    await catalog.close()
  }
}

/** The name under which wire.ts remembers; another one would show itself by reads of the bucket. */
async function remember(world: World, file: string, granules: readonly Granule[]): Promise<void> {
  const store = sqliteStore(file)
  const random = seeded(3)
  try {
    const colours = store.colours(`gs://${BUCKET} at ${world.bucketUrl}`)
    const kept = granules.map((granule) => colours.put(granule, SAMPLING, anyColour(random)))
    const lost = (await Promise.all(kept)).find((why) => why !== undefined)
    if (lost !== undefined) throw new Error(`The store did not take a colour: ${lost}.`)
  } finally {
    store.close()
  }
}

function anyColour(random: () => number): Colour {
  const part = () => 0.02 + 0.3 * random()
  return { red: part(), green: part(), blue: part(), valid: 1, sampled: 687 ** 2 }
}

async function measureServed(world: World, store: string): Promise<ReadonlyMap<Way, readonly Sample[]>> {
  const samples = new Map<Way, Sample[]>()
  const server = await world.serve(store)
  try {
    const ask = async (way: Way): Promise<Sample> => {
      const path = areaPath({ ...WAYS[way], limit: String(RANKED) })
      const cpu = cpuOf(server.pid)
      const { totalMs, firstByteMs, links } = await readLinks(server.url + path)
      if (links !== RANKED * IMAGES) throw new Error(`${links} links came, not ${RANKED * IMAGES}.`)
      return { wallMs: totalMs, firstMs: firstByteMs, cpuMs: cpuOf(server.pid) - cpu }
    }
    // The first one lists, the others make sure that code is compiled.
    for (let n = 0; n < 10; n++) for (const way of WAY_NAMES) await ask(way)
    await world.reset()
    for (let n = 0; n < REPETITIONS; n++) {
      for (const way of WAY_NAMES) samples.set(way, [...(samples.get(way) ?? []), await ask(way)])
    }
    const { list, read } = await world.stats()
    if (list + read > 0) throw new Error(`${list} lists and ${read} reads were made where all is remembered.`)
    return samples
  } finally {
    await server.stop()
  }
}

/** The verb without the catalog, the listings and the answer around it. */
async function measureAlone(world: World, store: string, granules: readonly Granule[]): Promise<number[]> {
  const house = await openHouse(readConfig(world.env(store)))
  const times: number[] = []
  try {
    for (let n = 0; n < 2 * REPETITIONS; n++) {
      const began = performance.now()
      const rank = { by: 'share', of: 'blue' } as const
      const ranked = await rankGranules(house.open(), granules, { rank, sampling: SAMPLING })
      times.push(performance.now() - began)
      if (ranked.some(({ rank }) => 'reason' in rank))
        throw new Error('A granule was ranked without a colour.')
    }
  } finally {
    await house.close()
  }
  return times.slice(REPETITIONS)
}

function report(samples: ReadonlyMap<Way, readonly Sample[]>, alone: readonly number[]): void {
  const of = (way: Way, field: keyof Sample) => (samples.get(way) ?? []).map((sample) => sample[field])
  heading(`colour: a page of ${RANKED} granules, ${RANKED * IMAGES} links, colours and listings remembered`)
  table(
    ['', 'first byte ms', 'whole ms', 'CPU of the server ms'],
    [
      ...[...samples.keys()].map((way) => [
        `\`/area?…&${way}\``,
        ...(['firstMs', 'wallMs', 'cpuMs'] as const).map((field) => spread(of(way, field), 1)),
      ]),
      ['ranking alone, within a process', '', spread(alone, 1), ''],
    ],
  )
  say(
    `Median (least–most) of ${REPETITIONS} requests, one at a time, timed by the client; no call to the bucket.`,
  )
  targets(
    (['rank=blue', 'rank=#1e90ff'] as const).map((way) => ({
      wanted: `${way}: ≤ 50 ms for ${RANKED} granules, the whole answer`,
      reached: `${spread(of(way, 'wallMs'), 1)} ms`,
      holds: median(of(way, 'wallMs')) <= 50,
    })),
  )
}
