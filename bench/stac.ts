import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildIndex } from '../src/build-index.ts'
import { heading, quantile, say, table, targets } from './figures.ts'
import { EUROPE } from './made-index.ts'
import { askAll } from './many-clients.ts'
import { cities } from './places.ts'
import { countLines, cpuOf, memoryOf, type Started, startServer } from './processes.ts'
import { FLAGS } from './world.ts'

const run = promisify(execFile)
const FOLDER = fileURLToPath(new URL('../.swath/bench-stac/', import.meta.url))
/** The bench of whole indexes makes the same file. */
const ARCHIVES = fileURLToPath(new URL('../.swath/bench-index/', import.meta.url))
const ROWS = 4e6
const LIMIT = 100
const SECONDS = 10
const CLIENTS = 32
/** Items that are read of an endless list, and repetitions of it and of tables. */
const LINES = 40_000
const REPETITIONS = 3
const TABLE_ROWS = 10_000

/** The STAC API over the index at a tenth of the archive's size: searches, lists without end, and tables. */
export async function benchStac(): Promise<void> {
  await mkdir(join(FOLDER, 'empty'), { recursive: true })
  const index = join(FOLDER, 'index.sqlite')
  try {
    const { kept } = await buildIndex({ from: [await archive()], to: index })
    const server = await startServer([...FLAGS, 'src/main.ts', 'serve'], {
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: `folder:${join(FOLDER, 'empty')}`,
      SWATH_STORE: `sqlite:${join(FOLDER, 'store.sqlite')}`,
      PORT: '0',
    })
    try {
      heading(`stac: ${kept.toLocaleString('en')} granules, one server`)
      await measure(server)
    } finally {
      await server.stop()
    }
  } finally {
    await rm(FOLDER, { recursive: true, force: true })
  }
}

async function archive(): Promise<string> {
  const csv = join(ARCHIVES, `archive-${ROWS}.csv.gz`)
  if (existsSync(csv)) return csv
  await mkdir(ARCHIVES, { recursive: true })
  const draft = `${csv}.${process.pid}`
  await run(process.execPath, ['bench/archive-csv.ts', '--rows', String(ROWS), '--to', draft, '--gzip'])
  await rename(draft, csv)
  return csv
}

async function measure(server: Started): Promise<void> {
  const city = cities(7)
  const degrees = () =>
    city()
      .map((n) => n.toFixed(4))
      .join(',')
  const page = () => `${server.url}/stac/search?limit=${LIMIT}&bbox=${degrees()}`
  const bytes = (await (await fetch(page())).arrayBuffer()).byteLength
  const alone = await askPages(1, page, server.pid)
  const crowd = await askPages(CLIENTS, page, server.pid)
  const lines = await repeated(() => readLines(`${server.url}/stac/search?format=ndjson`, server.pid))
  const europe = `${server.url}/stac/search?format=ndjson&bbox=${EUROPE.join(',')}`
  const ofEurope = best(await repeated(() => readLines(europe, server.pid)))
  const tables = await repeated(() => readTable(`${server.url}/stac/search?format=parquet`, server.pid))

  table(
    [
      `search of ${LIMIT} items, ${(bytes / 1e6).toFixed(1)} MB`,
      'searches a second',
      'p50 ms',
      'p99 ms',
      'CPU of the server, ms a search',
    ],
    [
      ['one client', ...pagesRow(alone)],
      [`${CLIENTS} clients`, ...pagesRow(crowd)],
    ],
  )
  const read = best(lines)
  const made = best(tables)
  console.log()
  table(
    ['', 'items a second', 'CPU of the server, μs an item', 'bytes an item'],
    [
      [`NDJSON of Europe, ${LINES.toLocaleString('en')} items`, ...rowOf(ofEurope)],
      [`NDJSON of the world, ${LINES.toLocaleString('en')} items`, ...rowOf(read)],
      [`GeoParquet, ${TABLE_ROWS.toLocaleString('en')} items`, ...rowOf(made)],
      ['STAC over GeoParquet on Lambda, published', '1,465', '–', '–'],
      ['STAC over pgstac, published', '645', '–', '–'],
      ['DuckDB on local Parquet, published', '30,500', '–', '–'],
    ],
  )
  say(
    `The best of ${REPETITIONS}; the items of a list come newest first. ` +
      `Peak memory of the server ${memoryOf(server.pid).peak.toFixed(0)} MB.`,
  )
  targets([
    {
      wanted: `search of ${LIMIT} items, ${CLIENTS} clients: p50 ≤ 10, p99 ≤ 40 ms`,
      reached: `${timesOf(crowd)}; one client ${timesOf(alone)}`,
      holds: crowd.p50 <= 10 && crowd.p99 <= 40,
    },
    {
      wanted: 'NDJSON, of Europe and of the world: ≥ 20,000 items a second',
      reached: [ofEurope, read].map(({ itemsASecond }) => rounded(itemsASecond)).join(' and '),
      holds: Math.min(ofEurope.itemsASecond, read.itemsASecond) >= 20_000,
    },
  ])
}

type Asked = Awaited<ReturnType<typeof askAll>> & { readonly cpuMs: number }

/** Each client asks again as soon as it has its answer; CPU is shared out among all that was asked. */
async function askPages(clients: number, page: () => string, pid: number): Promise<Asked> {
  let asked = 0
  const cpu = cpuOf(pid)
  const times = await askAll(clients, SECONDS, () => {
    asked++
    return page()
  })
  return { ...times, cpuMs: (cpuOf(pid) - cpu) / asked }
}

const pagesRow = ({ queriesASecond, p50, p99, cpuMs }: Asked): string[] => [
  queriesASecond.toFixed(0),
  p50.toFixed(1),
  p99.toFixed(1),
  cpuMs.toFixed(1),
]

type Taken = { readonly itemsASecond: number; readonly cpuMicros: number; readonly bytes: number }

const rounded = (n: number): string => Math.round(n).toLocaleString('en')

const timesOf = ({ p50, p99 }: { readonly p50: number; readonly p99: number }): string =>
  `${p50.toFixed(1)} and ${p99.toFixed(1)} ms`

const rowOf = ({ itemsASecond, cpuMicros, bytes }: Taken): string[] => [
  rounded(itemsASecond),
  cpuMicros.toFixed(0),
  bytes.toFixed(0),
]

async function repeated(measured: () => Promise<Taken>): Promise<Taken[]> {
  const all: Taken[] = []
  for (let n = 0; n < REPETITIONS; n++) all.push(await measured())
  return all
}

function best(all: readonly Taken[]): Taken {
  const most = quantile(
    all.map(({ itemsASecond }) => itemsASecond),
    1,
  )
  const found = all.find(({ itemsASecond }) => itemsASecond === most)
  if (!found) throw new Error('Nothing was measured.')
  return found
}

/** Reads the first items of a list and leaves. */
async function readLines(url: string, pid: number): Promise<Taken> {
  const leaving = new AbortController()
  const cpu = cpuOf(pid)
  const start = performance.now()
  const { body } = await answered(url, leaving.signal)
  let [items, bytes] = [0, 0]
  for await (const piece of body ?? []) {
    items += countLines(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    bytes += piece.byteLength
    if (items >= LINES) break
  }
  const seconds = (performance.now() - start) / 1000
  const micros = (cpuOf(pid) - cpu) * 1000
  leaving.abort()
  if (items < LINES) throw new Error(`${url} ended after ${items} items.`)
  return { itemsASecond: items / seconds, cpuMicros: micros / items, bytes: bytes / items }
}

async function readTable(url: string, pid: number): Promise<Taken> {
  const cpu = cpuOf(pid)
  const start = performance.now()
  const response = await answered(`${url}&limit=${TABLE_ROWS}`)
  const { byteLength } = await response.arrayBuffer()
  const seconds = (performance.now() - start) / 1000
  const micros = (cpuOf(pid) - cpu) * 1000
  return {
    itemsASecond: TABLE_ROWS / seconds,
    cpuMicros: micros / TABLE_ROWS,
    bytes: byteLength / TABLE_ROWS,
  }
}

async function answered(url: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, signal ? { signal } : {})
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}.`)
  return response
}
