import { Fault, type ParameterError } from '../errors.ts'
import { query } from '../queries.ts'
import { WORLD } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import { compareProducts, type Granule, LEVEL_ROOT } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import { tilesOf } from '../sentinel2/tiles.ts'
import type { Micros } from '../sentinel2/time.ts'
import { type Asked, toFault } from './bigquery-faults.ts'
import { bigqueryJobs, type JobOptions, type Jobs, type Values } from './bigquery-jobs.ts'
import { positionForm, positionOf, readRow } from './bigquery-rows.ts'
import { readCursor } from './cursor.ts'
import type { Catalog, Cursor, Search } from './port.ts'

export type BigqueryOptions = {
  /** The index of L1C, `project.dataset.table`. */
  readonly table: string
  /** A table of the same columns for L2A; without it L2A is refused. */
  readonly tableL2A?: string
  /** The project that runs the jobs and pays for them. */
  readonly project?: string
  /** Base URL without a path; Google's where there is none. */
  readonly endpoint?: string
  /** Send no credentials, and look none up. */
  readonly anonymous: boolean
  /** Bytes; a query that would bill more fails before it costs anything. */
  readonly maxBytesBilled: number
  /** Milliseconds for one call; a query, which is several, has six times as much. */
  readonly deadlineMs: number
}

/** Calls' deadlines that a query has: it is inserted, polled for and its rows are fetched. */
const CALLS_A_QUERY = 6
const HOUR = 3600 * 1e6
/** Times before and after all sensing that a TIMESTAMP and a Micros can both hold: 1684 and 2255. */
const ALWAYS = { from: -9e15, until: 9e15 } as const
/** On demand, US multi-region, from cloud.google.com/bigquery/pricing. */
const DOLLARS_PER_BYTE = 6.25 / 2 ** 40
const OTHER_WAYS =
  'set SWATH_BIGQUERY_TABLE_L2A to a table of it, or use SWATH_CATALOG=bucket or SWATH_CATALOG=sqlite:<file>'

/**
 * The archive's index as a table of BigQuery.
 * @throws {Fault} misconfigured where a table is not named as project.dataset.table, the endpoint is no
 * URL, or no project is there to run the queries in
 */
export function bigqueryCatalog(options: BigqueryOptions): Catalog {
  const tables = { L1C: requireTable(options.table, 'L1C'), L2A: requireTable(options.tableL2A, 'L2A') }
  const jobOptions = jobOptionsOf(options)
  const jobs = bigqueryJobs(connector(options, jobOptions.project), jobOptions)

  /** Does something with the query of a level's table, failures told as Faults. */
  async function on<T>(level: Level, name: string, act: (jobs: Jobs, sql: string) => Promise<T>): Promise<T> {
    const table = tables[level]
    if (table === undefined) throw withoutLevel(level)
    try {
      return await act(jobs, query('bigquery', name).replaceAll('{table}', `\`${table}\``))
    } catch (thrown) {
      throw toFault(thrown, { ...jobOptions, table, variable: VARIABLE[level] } satisfies Asked)
    }
  }

  return {
    search: (search, { limit, after, signal }) =>
      on(search.level, 'search', async (jobs, sql) => {
        const values = { ...valuesOf(search), ...cursorValues(after), page_rows: limit + 1 }
        if (values.tiles.length === 0) return { granules: [], coverage: undefined, next: undefined }
        const rows = await jobs.run(sql, values, signal)
        const page = rows.slice(0, limit)
        const last = page.at(-1)
        return {
          granules: page.map(readRow).filter((granule) => granule !== undefined),
          coverage: undefined,
          next: rows.length > limit && last ? positionOf(last) : undefined,
        }
      }),

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      // What is no granule's name is not looked for: a scan of the column is billed whatever it finds.
      if (!name) return undefined
      return on(name.level, 'granule', async (jobs, sql) => {
        const rows = await jobs.run(sql, { granule_id: granuleId, tile: name.mgrsTile }, signal)
        return rows
          .map(readRow)
          .filter((granule) => granule?.level === name.level)
          .reduce<Granule | undefined>((a, b) => (a && b && compareProducts(a, b) >= 0 ? a : b), undefined)
      })
    },

    /** Counting would cost a query. */
    extent: async () => undefined,

    summary: async () => undefined,

    freshness: () => undefined,

    cost: (search, signal) =>
      on(search.level, 'search', async (jobs, sql) => {
        const values = { ...valuesOf(search), ...cursorValues(undefined), page_rows: 1 }
        const bytesBilled = values.tiles.length === 0 ? 0 : await jobs.dryRun(sql, values, signal)
        return { bytesBilled, dollars: bytesBilled * DOLLARS_PER_BYTE }
      }),

    async check(signal) {
      await on('L1C', 'alive', (jobs, sql) => jobs.run(sql, {}, signal))
      for (const level of ['L1C', 'L2A'] as const) {
        if (tables[level] === undefined) continue
        const values = { ...valuesOf({ ...EVERYTHING, level }), ...cursorValues(undefined), page_rows: 1 }
        await on(level, 'search', (jobs, sql) => jobs.dryRun(sql, values, signal))
      }
    },

    close: () => jobs.close(),
  }
}

/** All of one tile, for a query that is checked and not run. */
const EVERYTHING: Omit<Search, 'level'> = {
  area: WORLD,
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: ['33UUB'],
  dedupe: 'latest',
}

/**
 * Values of the parameters in queries/bigquery/search.sql but for the cursor's. The tiles of the whole world
 * are about a megabyte of the ten that a request may have: they are sent as they are, so that a row
 * without a box is found by its tile however large the area is.
 */
function valuesOf({ area, level, time, cloud, tiles, dedupe }: Search) {
  const [west, south, east, north] = area.box
  const since = within(time.from ?? ALWAYS.from)
  const until = within(time.until ?? ALWAYS.until)
  return {
    tiles: tilesOf(area, tiles),
    root: LEVEL_ROOT[level],
    early: since - 2 * HOUR,
    late: until + 2 * HOUR,
    since,
    until,
    every_product: dedupe === 'none',
    any_cloud: cloud === undefined,
    cloud_min: cloud?.min ?? 0,
    cloud_max: cloud?.max ?? 0,
    west,
    south,
    east,
    north,
  } satisfies Values
}

const within = (time: Micros): Micros => Math.min(Math.max(time, ALWAYS.from), ALWAYS.until)

function cursorValues(after: Cursor | undefined) {
  const [sensing, generation, tile, place, granule_id] = after
    ? readCursor(positionForm, after)
    : [0, 0, '', '', '']
  return { paged: after !== undefined, sensing, generation, tile, place, granule_id } satisfies Values
}

const VARIABLE = {
  L1C: 'SWATH_BIGQUERY_TABLE',
  L2A: 'SWATH_BIGQUERY_TABLE_L2A',
} as const satisfies Record<Level, string>

/** Projects may carry a domain (`example.com:maps`); the form keeps whatever ends a quoted name out. */
const TABLE = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*\.\w+\.[\w-]+$/i

function requireTable(table: string | undefined, level: Level): string | undefined {
  if (table === undefined || TABLE.test(table)) return table
  const sentence = `${VARIABLE[level]} is ${JSON.stringify(table)}; a table is named as project.dataset.table.`
  throw new Fault('misconfigured', sentence)
}

function withoutLevel(level: Level): Fault {
  const errors: ParameterError[] = [{ parameter: 'level', message: `${level} is not in this catalog` }]
  const sentence = `BigQuery's public index holds L1C alone, not ${level}: ${OTHER_WAYS}.`
  return new Fault('bad-request', sentence, { errors })
}

function jobOptionsOf({
  table,
  project,
  anonymous,
  maxBytesBilled,
  deadlineMs,
}: BigqueryOptions): JobOptions {
  const owner = table.slice(0, table.indexOf('.'))
  // Without credentials nothing is billed, so any project will do for the URLs of a stand-in.
  const payer = project ?? (anonymous ? owner : undefined)
  if (payer !== undefined)
    return { project: payer, maxBytesBilled, deadlineMs, totalMs: deadlineMs * CALLS_A_QUERY }
  const sentence =
    'SWATH_CATALOG=bigquery needs a Google Cloud project that runs its queries and pays for them; ' +
    'set SWATH_GOOGLE_PROJECT or GOOGLE_CLOUD_PROJECT.'
  throw new Fault('misconfigured', sentence)
}

/** Loads and makes the official client at the first call: 100 ms that a start without it should not pay. */
function connector({ endpoint, anonymous }: BigqueryOptions, projectId: string) {
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    const sentence = `The BigQuery endpoint ${endpoint} is no http or https URL; correct SWATH_BIGQUERY_ENDPOINT.`
    throw new Fault('misconfigured', sentence)
  }
  const load = async () => {
    const { BigQuery } = await import('@google-cloud/bigquery')
    const { PassThroughClient } = await import('google-auth-library')
    return new BigQuery({
      projectId,
      retryOptions: { autoRetry: false },
      ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
      ...(anonymous ? { authClient: new PassThroughClient() } : {}),
    })
  }
  let client: ReturnType<typeof load> | undefined
  return () => {
    client ??= load()
    return client
  }
}
