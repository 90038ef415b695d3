import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildIndex } from '../src/build-index.ts'
import { GENERATED_AREA, generatedObjects } from '../test/stand-ins/generated-objects.ts'
import type { StorageStats } from '../test/stand-ins/storage-server.ts'
import { type Temporary, temporaryFolder } from '../test/temporary.ts'
import { type Started, startServer } from './processes.ts'

/** A made-up archive: its bucket behind a stand-in of its own process, and its index in a file. */
export type World = {
  readonly bucketUrl: string
  readonly index: string
  /** Path of a store that nobody has used yet. */
  freshStore(): string
  /** Environment of a swath that looks at this world. */
  env(store: string, more?: Readonly<Record<string, string>>): Record<string, string>
  serve(store: string, more?: Readonly<Record<string, string>>): Promise<Started>
  stats(): Promise<StorageStats>
  /** Sets the counters of the stand-in back. */
  reset(): Promise<void>
  close(): Promise<void>
}

export const BUCKET = 'gcp-public-data-sentinel-2'
export const IMAGES = 13

/** Flags of Node for the servers that are measured: those of `npm start`, unless BENCH_SERVER_FLAGS names others. */
export const FLAGS = (process.env.BENCH_SERVER_FLAGS ?? '--max-semi-space-size=8 --heap-growing-percent=20')
  .split(' ')
  .filter((flag) => flag !== '')

/**
 * @param granules all of them in AREA
 * @param latencyMs of each call to the bucket
 */
export async function openWorld(granules: number, latencyMs: number): Promise<World> {
  const folder = await temporaryFolder()
  try {
    const index = await indexOf(folder, granules)
    const bucket = await startServer(
      [
        'test/stand-ins/storage-main.ts',
        ...['--generate', `granules=${granules},images=${IMAGES}`],
        ...['--latency', String(latencyMs), '--max-seconds', '1200'],
      ],
      {},
      120_000,
    )
    return worldOf(folder, index, bucket)
  } catch (thrown) {
    await folder.remove()
    throw thrown
  }
}

/** The path of a query for the area that holds all granules. */
export const areaPath = (more: Readonly<Record<string, string>> = {}): string =>
  `/area?${new URLSearchParams({ ...numbersAsText(GENERATED_AREA), format: 'uris', ...more })}`

/** Windows of time that share no granule; each holds WINDOW_GRANULES and a few more. */
export const WINDOWS = 64
export const WINDOW_GRANULES = 121
/** Granules that fill all windows: two of the days that generatedObjects goes round make a window. */
export const GRANULES_OF_WINDOWS = 8192

const DAYS_MS = 22 * 86_400_000
const FIRST_MS = Date.UTC(2017, 6, 1)

/** What asks for a window: `datetime`, and the limit that makes it 121 granules, 1,573 images. */
export function windowOf(n: number): { datetime: string; limit: string } {
  const day = (of: number) => new Date(FIRST_MS + of * DAYS_MS).toISOString()
  return { datetime: `${day(2 * n)}/${day(2 * n + 2)}`, limit: String(WINDOW_GRANULES) }
}

/** What asks for one of the few granules, 0 to 6, that windowOf leaves at the start of a window. */
export function leftOver(window: number, n: number): { datetime: string; limit: string } {
  // The stand-in's day begins at 10:20:21, granules of a day follow by a second, sensing 4 seconds later.
  const second = FIRST_MS + 2 * window * DAYS_MS + (10 * 3600 + 20 * 60 + 25 + n) * 1000
  return { datetime: new Date(second).toISOString(), limit: '1' }
}

/** The corners as `swath area` takes them. */
export const CORNERS = Object.values(GENERATED_AREA).map(String)

function worldOf(folder: Temporary, index: string, bucket: Started): World {
  let stores = 0
  const env = (store: string, more: Readonly<Record<string, string>> = {}) => ({
    SWATH_CATALOG: `sqlite:${index}`,
    SWATH_STORAGE: `gs://${BUCKET}`,
    SWATH_STORAGE_ENDPOINT: bucket.url,
    SWATH_STORE: `sqlite:${store}`,
    SWATH_ANONYMOUS: 'true',
    PORT: '0',
    ...more,
  })
  return {
    bucketUrl: bucket.url,
    index,
    freshStore: () => join(folder.path, `store-${++stores}.sqlite`),
    env,
    serve: (store, more) => startServer([...FLAGS, 'src/main.ts', 'serve'], env(store, more)),
    stats: async () => asStats(await (await fetch(`${bucket.url}/_stats`)).json()),
    reset: async () => {
      await (await fetch(`${bucket.url}/_reset`, { method: 'POST' })).text()
    },
    close: async () => {
      await bucket.stop()
      await folder.remove()
    },
  }
}

async function indexOf(folder: Temporary, granules: number): Promise<string> {
  const { header, rows } = generatedObjects({ granules, images: 1 })
  const csv = join(folder.path, 'index.csv')
  await writeFile(csv, `${[header, ...rows].join('\n')}\n`)
  const index = join(folder.path, 'index.sqlite')
  const { kept } = await buildIndex({ from: [csv], to: index })
  if (kept !== granules) throw new Error(`The index holds ${kept} of the ${granules} granules.`)
  return index
}

const numbersAsText = (numbers: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]))

/** The stand-in writes its own counters. */
const asStats = (json: unknown): StorageStats => json as StorageStats
