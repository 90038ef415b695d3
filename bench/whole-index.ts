import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { heading, median, quantile, say, type Target, table, targets } from './figures.ts'
import { askAll } from './many-clients.ts'
import { cities } from './places.ts'
import { openPostGis } from './postgis.ts'
import { startServer } from './processes.ts'
import { inChild, type Told } from './whole-index-child.ts'
import { CLIENTS, comparePeers, SECONDS } from './whole-index-peers.ts'

const run = promisify(execFile)
/** Made once for each number of rows, and kept. */
const FOLDER = fileURLToPath(new URL('../.swath/bench-index/', import.meta.url))
const ORDINARY = 4e6
/** PostgreSQL loads some 100,000 rows a second and takes 730 bytes for each: of more rows a part. */
const MOST_FOR_POSTGIS = 4e6

/** The index at the archive's size: how it is built, asked and written out, and peers on the same rows. */
export async function benchWholeIndex(rows: number = ORDINARY): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  const csv = await generated(rows)
  const index = join(FOLDER, 'index.sqlite')
  const parquet = join(FOLDER, 'index.parquet')
  try {
    const built = await inChild('build', csv, index)
    const cold = await coldStarts(index)
    const asked = await inChild('ask', index)
    const crowd = await inChild('clients', index, String(CLIENTS), String(SECONDS))
    const http = await overHttp(index)
    const ndjson = await exported(index, join(FOLDER, 'index.ndjson'))
    const written = await exported(index, parquet)
    const million = built.kept / 1e6

    heading(`index: ${built.kept.toLocaleString('en')} granules of ${rows.toLocaleString('en')} rows`)
    const bytes = (await stat(index)).size
    table(
      ['', 's', 'CPU s', 'peak MB', 'MB', 'a million rows'],
      [
        [
          '`swath index build` from csv.gz',
          built.seconds.toFixed(1),
          built.cpuSeconds.toFixed(1),
          built.peakMB.toFixed(0),
          (bytes / 1e6).toFixed(0),
          `${(built.seconds / (rows / 1e6)).toFixed(2)} s, ${(bytes / 1e6 / million).toFixed(1)} MB`,
        ],
        ['`swath index export` to NDJSON', ...exportRow(ndjson, million)],
        ['`swath index export` to GeoParquet', ...exportRow(written, million)],
      ],
    )
    const postgis = await openPostGis(csv, Math.min(rows, MOST_FOR_POSTGIS))
    try {
      await comparePeers({ csv, parquet, asked, crowd, http, postgis })
    } finally {
      await postgis?.close()
    }
    const p = (name: 'city' | 'denmark' | 'europe') =>
      `${quantile(asked[name], 0.5).toFixed(2)} and ${quantile(asked[name], 0.99).toFixed(2)} ms`
    const holds = (name: 'city' | 'denmark' | 'europe', p50: number, p99: number) =>
      quantile(asked[name], 0.5) <= p50 && quantile(asked[name], 0.99) <= p99
    say(
      `First query of a fresh process, the file's pages dropped from the system's cache before: opened after ` +
        `${cold.map(({ openedMs }) => openedMs.toFixed(0)).join(', ')} ms, answered after ` +
        `${cold.map(({ answeredMs }) => answeredMs.toFixed(0)).join(', ')} ms ` +
        `(${cold.map(({ sinceStartMs }) => sinceStartMs.toFixed(0)).join(', ')} ms after the start of the process).`,
    )
    const summary = quantile(asked.summary, 0.5)
    const coldMs = median(cold.map(({ answeredMs }) => answeredMs))
    targets([
      target('build: ≤ 4 s a million rows', built.seconds / (rows / 1e6), 4, 's'),
      target('build: ≤ 2 GB at the peak', built.peakMB, 2000, 'MB'),
      target('file: ≤ 80 MB a million rows', bytes / 1e6 / million, 80, 'MB'),
      { wanted: 'city: p50 ≤ 0.3, p99 ≤ 1 ms', reached: p('city'), holds: holds('city', 0.3, 1) },
      { wanted: 'Denmark: p50 ≤ 0.5, p99 ≤ 2 ms', reached: p('denmark'), holds: holds('denmark', 0.5, 2) },
      { wanted: 'Europe: p50 ≤ 5, p99 ≤ 15 ms', reached: p('europe'), holds: holds('europe', 5, 15) },
      target('summary of Denmark: ≤ 30 ms', summary, 30, 'ms'),
      atLeast(`${CLIENTS} clients, random cities: ≥ 5,000 queries a second`, crowd.queriesASecond, 5000),
      target('first query after a cold start: ≤ 60 ms', coldMs, 60, 'ms'),
      atLeast('NDJSON: ≥ 200,000 granules a second', built.kept / ndjson.seconds, 200_000),
    ])
  } finally {
    for (const name of ['index.sqlite', 'index.ndjson', 'index.parquet'])
      await rm(join(FOLDER, name), { force: true })
  }
}

type Written = {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMB: number
  readonly bytes: number
}

const exportRow = ({ seconds, cpuSeconds, peakMB, bytes }: Written, million: number): string[] => [
  seconds.toFixed(1),
  cpuSeconds.toFixed(1),
  peakMB.toFixed(0),
  (bytes / 1e6).toFixed(0),
  `${Math.round((million * 1e6) / seconds).toLocaleString('en')} granules/s, ${(bytes / 1e6 / million).toFixed(0)} MB`,
]

const target = (wanted: string, reached: number, most: number, unit: string): Target => ({
  wanted,
  reached: `${reached.toFixed(reached < 10 ? 2 : 0)} ${unit}`,
  holds: reached <= most,
})

const atLeast = (wanted: string, reached: number, least: number): Target => ({
  wanted,
  reached: Math.round(reached).toLocaleString('en'),
  holds: reached >= least,
})

async function generated(rows: number): Promise<string> {
  const csv = join(FOLDER, `archive-${rows}.csv.gz`)
  if (existsSync(csv)) return csv
  const draft = `${csv}.${process.pid}`
  await run(process.execPath, ['bench/archive-csv.ts', '--rows', String(rows), '--to', draft, '--gzip'])
  await rename(draft, csv)
  return csv
}

/** Each with the file's pages dropped from the cache, which dd can for a file alone. */
async function coldStarts(index: string): Promise<Told['cold'][]> {
  const told: Told['cold'][] = []
  for (let n = 0; n < 7; n++) {
    await run('dd', [`of=${index}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'])
    told.push(await inChild('cold', index))
  }
  return told
}

async function exported(index: string, to: string): Promise<Written> {
  const script =
    "const start = performance.now(); process.on('exit', () => { const u = process.resourceUsage(); " +
    'console.log(JSON.stringify([(performance.now() - start) / 1000, (u.userCPUTime + u.systemCPUTime) / 1e6, u.maxRSS])) })'
  const { stdout } = await run(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(script)}`,
    'src/main.ts',
    'index',
    'export',
    index,
    '--to',
    to,
  ])
  const [seconds = Number.NaN, cpuSeconds = Number.NaN, kB = Number.NaN] = JSON.parse(stdout) as number[]
  return { seconds, cpuSeconds, peakMB: (kB * 1024) / 1e6, bytes: (await stat(to)).size }
}

/** Random cities through the service, counted by the catalog and told as an estimate: nothing is listed for it. */
async function overHttp(index: string): Promise<Told['clients']> {
  const bucket = join(FOLDER, 'empty')
  await mkdir(bucket, { recursive: true })
  const server = await startServer(
    ['--max-semi-space-size=8', '--heap-growing-percent=20', 'src/main.ts', 'serve'],
    {
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: `folder:${bucket}`,
      SWATH_STORE: `sqlite:${join(FOLDER, 'store.sqlite')}`,
      PORT: '0',
    },
  )
  try {
    const city = cities(5)
    const degrees = () => city().map((n) => n.toFixed(4))
    return await askAll(CLIENTS, SECONDS, () => `${server.url}/estimate?bbox=${degrees().join(',')}`)
  } finally {
    await server.stop()
  }
}
