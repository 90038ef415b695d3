import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { buildIndex } from '../src/build-index.ts'
import type { Catalog, Search } from '../src/catalog/port.ts'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { areaOfBox } from '../src/sentinel2/area.ts'
import type { Box } from '../src/sentinel2/granule.ts'
import { quantile } from './figures.ts'
import { DENMARK, EUROPE } from './made-index.ts'
import { cities } from './places.ts'

/*
 * One measurement of bench/whole-index.ts in a process of its own: a name and its arguments on the command line,
 * the figures as JSON on stdout.
 */

export const LIMIT = 100
const run = promisify(execFile)

export type Built = {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Resident set, 10^6 bytes. */
  readonly peakMB: number
  /** Granules. */
  readonly kept: number
}
/** Milliseconds of each question. */
export type Asked = Readonly<Record<'city' | 'denmark' | 'europe' | 'summary', readonly number[]>>
export type Crowd = {
  readonly queriesASecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}
/** From the making of the catalog, and of the process. */
export type Cold = { readonly openedMs: number; readonly answeredMs: number; readonly sinceStartMs: number }

/** What each measurement tells. */
export type Told = {
  build: Built
  ask: Asked
  clients: Crowd
  cold: Cold
  'duckdb-parquet': Omit<Asked, 'summary'>
  /** Milliseconds of a city, asked once. */
  'duckdb-csv': number
}

const TASKS: { readonly [Name in keyof Told]: (...args: string[]) => Promise<Told[Name]> } = {
  build: async (csv = '', to = '') => {
    const start = performance.now()
    const { kept } = await buildIndex({ from: [csv], to })
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    return {
      seconds: (performance.now() - start) / 1000,
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
      peakMB: (maxRSS * 1024) / 1e6,
      kept,
    }
  },

  ask: async (file = '') => {
    const catalog = sqliteCatalog({ file, threads: 1 })
    try {
      const summary = await times(60, 5, () => () => catalog.summary(searchOf(DENMARK)))
      return { ...(await asked((box) => first(catalog, box))), summary }
    } finally {
      await catalog.close()
    }
  },

  clients: async (file = '', clients = '128', seconds = '10') => {
    const catalog = sqliteCatalog({ file })
    const city = cities(4)
    const took: number[] = []
    const warm = performance.now() + 2000
    const end = warm + Number(seconds) * 1000
    const ask = async () => {
      const lane = catalog.lane()
      while (performance.now() < end) {
        const asked = performance.now()
        await first(lane, city())
        if (asked > warm) took.push(performance.now() - asked)
      }
    }
    await Promise.all(Array.from({ length: Number(clients) }, ask))
    await catalog.close()
    return {
      queriesASecond: took.length / Number(seconds),
      p50: quantile(took, 0.5),
      p99: quantile(took, 0.99),
    }
  },

  cold: async (file = '') => {
    const start = performance.now()
    const catalog = sqliteCatalog({ file, threads: 1 })
    const openedMs = performance.now() - start
    await first(catalog, cities(Date.now() % 1000)())
    const answeredMs = performance.now() - start
    const sinceStartMs = performance.now()
    await catalog.close()
    return { openedMs, answeredMs, sinceStartMs }
  },

  'duckdb-parquet': async (parquet = '') => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    return asked(
      async ([west, south, east, north]) =>
        (
          await connection.runAndReadAll(
            `SELECT granule_id FROM '${parquet}' WHERE level = 'L1C' AND bbox.ymin <= ${north} AND bbox.ymax >= ${south}
               AND bbox.xmin <= ${east} AND bbox.xmax >= ${west}
             ORDER BY sensing_time DESC, generation_time DESC LIMIT ${LIMIT}`,
          )
        ).getRows().length,
      0.1,
    )
  },

  'duckdb-csv': async (csv = '') => {
    const [west, south, east, north] = cities(4)()
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    const start = performance.now()
    await connection.runAndReadAll(
      `SELECT GRANULE_ID FROM read_csv('${csv}', header = true, all_varchar = true)
       WHERE TRY_CAST(SOUTH_LAT AS DOUBLE) <= ${north} AND TRY_CAST(NORTH_LAT AS DOUBLE) >= ${south}
         AND TRY_CAST(WEST_LON AS DOUBLE) <= ${east} AND TRY_CAST(EAST_LON AS DOUBLE) >= ${west}
       ORDER BY SENSING_TIME DESC LIMIT ${LIMIT}`,
    )
    return performance.now() - start
  },
}

async function asked(ask: (box: Box) => Promise<unknown>, share = 1): Promise<Omit<Asked, 'summary'>> {
  const city = cities(3)
  const count = (n: number) => Math.max(5, Math.round(n * share))
  return {
    city: await times(count(2000), count(200), () => {
      const box = city()
      return () => ask(box)
    }),
    denmark: await times(count(500), count(50), () => () => ask(DENMARK)),
    europe: await times(count(200), count(20), () => () => ask(EUROPE)),
  }
}

/** Milliseconds of each ask; the first ones only warm up. */
async function times(count: number, warm: number, make: () => () => Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  for (let n = -warm; n < count; n++) {
    const ask = make()
    const start = performance.now()
    await ask()
    if (n >= 0) took.push(performance.now() - start)
  }
  return took
}

const first = (catalog: Catalog, box: Box) => catalog.search(searchOf(box), { limit: LIMIT })

const searchOf = ([west, south, east, north]: Box): Search => ({
  area: areaOfBox(west, south, east, north),
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: undefined,
  dedupe: 'latest',
})

/** Makes a measurement in a process of its own. @throws where that fails */
export async function inChild<Name extends keyof Told>(name: Name, ...args: string[]): Promise<Told[Name]> {
  const { stdout } = await run(process.execPath, [fileURLToPath(import.meta.url), name, ...args], {
    maxBuffer: 1 << 28,
  })
  return JSON.parse(stdout) as Told[Name]
}

const isTask = (name: string | undefined): name is keyof Told => name !== undefined && name in TASKS

if (import.meta.main) {
  // As src/main.ts does: threads find their compiled code in it, too.
  enableCompileCache()
  const [name, ...args] = process.argv.slice(2)
  if (!isTask(name)) throw new Error(`There is no measurement ${name}.`)
  const told = JSON.stringify(await TASKS[name](...args))
  await pipeline([told], createWriteStream('', { fd: 1 }))
  process.exit(0)
}
