import { spawnSync } from 'node:child_process'
import { link, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildIndex } from '../src/build-index.ts'
import { messageOf } from '../src/errors.ts'
import { type ArchiveRow, archiveRow, writeCsv } from '../test/archive.ts'
import type { StorageStats } from '../test/stand-ins/storage-server.ts'
import { type MadeBand, type MadeBands, type MadeName, madeBands } from './colour-bands.ts'
import type { Ask, Image, Took } from './colour-child.ts'
import { heading, say } from './figures.ts'
import { cpuOf, type Started, startServer } from './processes.ts'
import { BUCKET, FLAGS } from './world.ts'

/** The bands a colour is made of, as B04, B03, B02, and the truth about each. */
export const COLOURS = { red: 'B04_10m', green: 'B03_10m', blue: 'B02_10m' } as const satisfies Record<
  string,
  MadeName
>
export const LATENCY_MS = 30
/** Its reflectance carries the offset, as that of all products since 2022. */
export const BASELINE = '05.11'

/** Granules of full size behind a stand-in of its own process; all are hard links to the same three bands. */
export type ColourWorld = {
  /** Names of the granules, each in a product of its own. */
  readonly granules: readonly string[]
  readonly bands: Readonly<Record<MadeName, MadeBand>>
  /** Key of a made band by itself. */
  keyOf(name: MadeName): string
  /** Path of a store that nobody has used yet. */
  freshStore(): string
  env(store: string): Record<string, string>
  /** A fresh process with the house of this world: bench/colour-child.ts. */
  start(store: string, more?: Readonly<Record<string, string>>): Promise<ColourProcess>
  stats(): Promise<StorageStats>
  reset(): Promise<void>
  /** Milliseconds of CPU that the stand-in has used so far. */
  bucketCpuMs(): number
  close(): Promise<void>
}

export type ColourProcess = {
  colour(granule: string, stride: number): Promise<Took>
  /** One file with its tile-part lengths unknown, then known. */
  image(image: Image): Promise<readonly Took[]>
  /** All granules at once, as far as the house allows. */
  all(granules: readonly string[], stride: number): Promise<Took>
  stop(): Promise<void>
}

/** Runs a bench over the made bands; says why where they cannot be had. */
export async function withBands(title: string, use: (bands: MadeBands) => Promise<void>): Promise<void> {
  const bands = await madeBands().catch((thrown: unknown) => {
    if (isInstalled('opj_compress')) throw thrown
    heading(title)
    say(`Left out: ${messageOf(thrown)}.`)
  })
  if (bands) await use(bands)
}

/** Whether a program can be started. */
export const isInstalled = (program: string): boolean => spawnSync(program, ['-h']).error === undefined

/** @param count of granules, 1 and up; they differ by their day */
export async function openColourWorld({ folder, bands }: MadeBands, count: number): Promise<ColourWorld> {
  // Beside the bands, since a hard link cannot leave its file system.
  const root = await mkdtemp(join(dirname(folder), 'bench-bucket-'))
  try {
    const rows = Array.from({ length: count }, (_, n) => rowOf(n))
    const bucket = join(root, 'bucket')
    for (const row of rows) await lay(bucket, row, bands)
    for (const [name, { path }] of Object.entries(bands)) await linkTo(path, join(bucket, keyOf(name)))
    const index = join(root, 'index.sqlite')
    await buildIndex({ from: [await writeCsv(join(root, 'index.csv'), rows)], to: index })
    const server = await startServer([
      'test/stand-ins/storage-main.ts',
      ...['--folder', bucket, '--latency', String(LATENCY_MS), '--max-seconds', '1200'],
    ])
    return worldOf({ root, index, server, bands, granules: rows.map(({ GRANULE_ID }) => GRANULE_ID ?? '') })
  } catch (thrown) {
    await rm(root, { recursive: true, force: true })
    throw thrown
  }
}

type Parts = Pick<ColourWorld, 'granules' | 'bands'> & {
  readonly root: string
  readonly index: string
  readonly server: Started
}

function worldOf({ root, index, server, bands, granules }: Parts): ColourWorld {
  let stores = 0
  const env = (store: string) => ({
    SWATH_CATALOG: `sqlite:${index}`,
    SWATH_STORAGE: `gs://${BUCKET}`,
    SWATH_STORAGE_ENDPOINT: server.url,
    SWATH_STORE: `sqlite:${store}`,
    SWATH_ANONYMOUS: 'true',
  })
  return {
    granules,
    bands,
    keyOf,
    freshStore: () => join(root, `store-${++stores}.sqlite`),
    env,
    start: async (store, more) =>
      processOf(await startServer([...FLAGS, 'bench/colour-child.ts'], { ...env(store), ...more })),
    stats: async () => asStats(await (await fetch(`${server.url}/_stats`)).json()),
    reset: async () => {
      await (await fetch(`${server.url}/_reset`, { method: 'POST' })).text()
    },
    bucketCpuMs: () => cpuOf(server.pid),
    close: async () => {
      await server.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

function processOf(child: Started): ColourProcess {
  const ask = async (what: Ask): Promise<readonly Took[]> => {
    const answer = await fetch(child.url, { method: 'POST', body: JSON.stringify(what) })
    if (answer.status === 200) return asTook(await answer.json())
    throw new Error(`${JSON.stringify(what)} failed: ${await answer.text()}\n${child.complaints()}`)
  }
  const one = async (what: Ask): Promise<Took> => {
    const [took] = await ask(what)
    if (!took) throw new Error(`${JSON.stringify(what)} gave nothing.`)
    return took
  }
  return {
    colour: (granule, stride) => one({ granules: [granule], stride }),
    all: (granules, stride) => one({ granules, stride }),
    image: (image) => ask({ image }),
    stop: child.stop,
  }
}

/** An acquisition every ten days from 2023 on. */
function rowOf(n: number): ArchiveRow {
  const start = new Date(Date.UTC(2023, 0, 3, 10, 23, 11) + n * 10 * 86_400_000)
  return archiveRow({ tile: '33UUB', start: start.toISOString(), orbit: 65, baseline: BASELINE })
}

async function lay(bucket: string, row: ArchiveRow, bands: ColourWorld['bands']): Promise<void> {
  const place = (row.BASE_URL ?? '').replace(`gs://${BUCKET}/`, '')
  const began = place.split('_')[2]
  for (const made of Object.values(COLOURS)) {
    const file = `T${row.MGRS_TILE}_${began}_${made.slice(0, 3)}.jp2`
    await linkTo(bands[made].path, join(bucket, place, 'GRANULE', row.GRANULE_ID ?? '', 'IMG_DATA', file))
  }
}

async function linkTo(path: string, at: string): Promise<void> {
  await mkdir(dirname(at), { recursive: true })
  await link(path, at)
}

const keyOf = (name: string): string => `bands/${name}.jp2`

/** The stand-in writes its own counters. */
const asStats = (json: unknown): StorageStats => json as StorageStats
/** The child writes what it was asked for. */
const asTook = (json: unknown): readonly Took[] => json as readonly Took[]
