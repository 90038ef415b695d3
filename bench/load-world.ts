import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildIndex } from '../src/build-index.ts'
import { generatedObjects } from '../test/stand-ins/generated-objects.ts'
import { temporaryFolder } from '../test/temporary.ts'
import { type Started, startServer } from './processes.ts'
import {
  areaPath,
  BUCKET,
  GRANULES_OF_WINDOWS,
  IMAGES,
  leftOver,
  WINDOW_GRANULES,
  windowOf,
} from './world.ts'

/** A service under load, its made-up archive, and what there is to ask for. */
export type LoadWorld = {
  readonly store: string
  /** A service as `npm start` runs it, behind one trusted proxy: clients are told apart by X-Forwarded-For. */
  serve(more?: Readonly<Record<string, string>>, flags?: readonly string[]): Promise<Started>
  /** Lists that the bucket has been asked for so far. */
  lists(): Promise<number>
  close(): Promise<void>
}

/** Clients of each crowd, and the milliseconds of one call to the bucket. */
export const CLIENTS = { remembered: 1000, cold: 200, rank: 64 } as const
export const LATENCY_MS = 30

/** Asked for again and again, so that it is remembered: the links of a large answer, and of a small one. */
export const LARGE_LINKS = WINDOW_GRANULES * IMAGES
export const SMALL_LINKS = IMAGES
export const largePath = (): string => areaPath(windowOf(0))
export const smallPath = (): string => areaPath(leftOver(0, 0))

const WAKERS = 16
const FIRST_MS = Date.UTC(2017, 6, 1, 10, 20, 25)
const DAY_MS = 22 * 86_400_000
/** Of the 128 days of the made-up archive, with 64 granules each: 0 and 1 are remembered, the others asked for once. */
const COLD_DAYS = { first: 2, count: 62 } as const
const RANK_DAYS = { first: 64, count: 64 } as const
const A_DAY = 64
/** Granules of one cold request, and of one rank. */
export const COLD_GRANULES = 8
export const RANK_GRANULES = 4
/** Strides that one reduction serves, but whose colours are remembered apart. */
const STRIDES = { first: 16, count: 16 } as const

/** Granules that nobody has asked for yet, or not for long. @param n 0 and up */
export function coldPath(n: number): string {
  return areaPath(slice(COLD_DAYS, COLD_GRANULES, n))
}

/** Granules whose colours are not known, in order of them. @param n 0 and up; 16,384 differ */
export function rankPath(n: number): string {
  const round = Math.floor(n / (RANK_DAYS.count * (A_DAY / RANK_GRANULES)))
  const stride = String(STRIDES.first + (round % STRIDES.count))
  return areaPath({ ...slice(RANK_DAYS, RANK_GRANULES, n), rank: 'blue', stride, format: 'ndjson' })
}

/** Requests that follow each other lie days apart. */
function slice(days: { first: number; count: number }, size: number, n: number): { datetime: string } {
  const day = days.first + (n % days.count)
  const second = size * (Math.floor(n / days.count) % (A_DAY / size))
  const time = (at: number) => new Date(FIRST_MS + day * DAY_MS + at * 1000).toISOString()
  return { datetime: `${time(second)}/${time(second + size - 1)}` }
}

/** Flags of Node in `npm start`. */
export function startFlags(): string[] {
  const file = new URL('../package.json', import.meta.url)
  const { scripts }: { scripts: { start?: string } } = JSON.parse(readFileSync(file, 'utf8'))
  return (scripts.start ?? '').split(' ').filter((word) => word.startsWith('--'))
}

/** @param bands files of B02, B03 and B04, for granules that can be decoded; undefined: none can */
export async function openLoadWorld(latencyMs: number, bands?: readonly string[]): Promise<LoadWorld> {
  const folder = await temporaryFolder()
  try {
    const { header, rows } = generatedObjects({ granules: GRANULES_OF_WINDOWS, images: 1 })
    const csv = join(folder.path, 'index.csv')
    await writeFile(csv, `${[header, ...rows].join('\n')}\n`)
    const index = join(folder.path, 'index.sqlite')
    await buildIndex({ from: [csv], to: index })
    const images = bands ? ['--bands', bands.join(',')] : []
    const asked = ['--granules', String(GRANULES_OF_WINDOWS), '--latency', String(latencyMs), ...images]
    const bucket = await startServer(['bench/load-bucket.ts', ...asked], {}, 120_000)
    const store = join(folder.path, 'store.sqlite')
    const env = {
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: `gs://${BUCKET}`,
      SWATH_STORAGE_ENDPOINT: bucket.url,
      SWATH_STORE: `sqlite:${store}`,
      SWATH_ANONYMOUS: 'true',
      SWATH_TRUSTED_PROXIES: '1',
      PORT: '0',
    }
    return {
      store,
      serve: (more = {}, flags = []) =>
        startServer([...startFlags(), ...flags, 'src/main.ts', 'serve'], { ...env, ...more }),
      lists: async () => listsOf(await (await fetch(`${bucket.url}/_stats`)).json()),
      close: async () => {
        await bucket.stop()
        await folder.remove()
      },
    }
  } catch (thrown) {
    await folder.remove()
    throw thrown
  }
}

/** Asks once for what is then remembered. @throws where it is not whole */
export async function remember(url: string): Promise<void> {
  for (const [path, links] of [
    [largePath(), LARGE_LINKS],
    [smallPath(), SMALL_LINKS],
  ] as const) {
    const lines = (await (await fetch(url + path)).text()).split('\n').length - 1
    if (lines !== links) throw new Error(`${path} gave ${lines} links, not ${links}.`)
  }
}

/** Starts the threads that a service starts when they are first needed, and leaves no connection open. */
export async function wake(url: string): Promise<void> {
  const headers = { Connection: 'close' }
  const asked = Array.from({ length: WAKERS }, (_, n) => fetch(url + rankPath(n), { headers }))
  await Promise.all(asked.map(async (answer) => (await answer).arrayBuffer()))
}

/** The stand-in writes its own counters. */
const listsOf = (json: unknown): number => (json as { list: number }).list
