import { Fault, type ParameterError } from '../errors.ts'
import { query } from '../queries.ts'
import type { Level } from '../sentinel2/bands.ts'
import { type Asked, toFault } from './bigquery-faults.ts'
import { bigqueryJobs, type Clients, type JobOptions, type Jobs } from './bigquery-jobs.ts'

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
  /** Milliseconds for a whole query at most: who waits for it is to hear that BigQuery was late. */
  readonly mostMs?: number
  /**
   * Rows of one query that a search reads where the query alone cannot choose among them; 100,000 by default,
   * which is some 50 MB of answers.
   */
  readonly mostRows?: number
}

/** Calls' deadlines that a query has: it is inserted, polled for and its rows are fetched. */
const CALLS_A_QUERY = 6
const OTHER_WAYS =
  'set SWATH_BIGQUERY_TABLE_L2A to a table of it, or use SWATH_CATALOG=bucket or SWATH_CATALOG=sqlite:<file>'

/** The tables of the levels, and the jobs that ask them. */
export type Connection = {
  readonly jobs: Jobs
  /** Undefined of a level that has no table. */
  tableOf(level: Level): string | undefined
  /**
   * Does something with a level's table, failures told as Faults.
   * @throws {Fault} bad-request where the level has no table
   */
  on<T>(level: Level, act: (table: string) => Promise<T>): Promise<T>
  /** A failure of what was asked of a level's table, as a Fault. */
  faultOf(thrown: unknown, level: Level): unknown
}

/**
 * @param totalMs milliseconds of a whole query; six calls' deadlines by default, and mostMs at most
 * @throws {Fault} misconfigured where a table is not named as project.dataset.table, the endpoint is no
 * URL, or no project is there to run the queries in
 */
export function bigqueryConnection(options: BigqueryOptions, totalMs?: number): Connection {
  const tables = { L1C: requireTable(options.table, 'L1C'), L2A: requireTable(options.tableL2A, 'L2A') }
  const jobOptions = jobOptionsOf(options, totalMs ?? usualTotal(options))
  const jobs = bigqueryJobs(clients(options, jobOptions.project), jobOptions)

  const faultOf = (thrown: unknown, level: Level): unknown => {
    const table = tables[level]
    const variable = VARIABLE[level]
    return table === undefined ? thrown : toFault(thrown, { ...jobOptions, table, variable } satisfies Asked)
  }

  return {
    jobs,
    faultOf,
    tableOf: (level) => tables[level],
    async on(level, act) {
      const table = tables[level]
      if (table === undefined) throw withoutLevel(level)
      try {
        return await act(table)
      } catch (thrown) {
        throw faultOf(thrown, level)
      }
    },
  }
}

/** When a row came into the table: a column of the public table, which a table of one's own may lack. */
export const CAME = 'etl_timestamp'
/** What stands in its place where nobody asks for it, or it is not there. */
export const NO_TIME = 'CAST(NULL AS TIMESTAMP)'

/** The statement of `queries/bigquery/<name>.sql`, with what is put into it: names, and no value of an asker. */
export const statement = (
  name: string,
  table: string,
  parts: Readonly<Record<string, string>> = {},
): string =>
  Object.entries(parts).reduce(
    (sql, [part, text]) => sql.replaceAll(`{${part}}`, text),
    query('bigquery', name).replaceAll('{table}', `\`${table}\``),
  )

const usualTotal = ({ deadlineMs, mostMs = Number.POSITIVE_INFINITY }: BigqueryOptions): number =>
  Math.min(deadlineMs * CALLS_A_QUERY, mostMs)

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

function jobOptionsOf(
  { table, project, anonymous, maxBytesBilled, deadlineMs }: BigqueryOptions,
  totalMs: number,
): JobOptions {
  const owner = table.slice(0, table.indexOf('.'))
  // Without credentials nothing is billed, so any project will do for the URLs of a stand-in.
  const payer = project ?? (anonymous ? owner : undefined)
  if (payer !== undefined) return { project: payer, maxBytesBilled, deadlineMs, totalMs }
  const sentence =
    'SWATH_CATALOG=bigquery needs a Google Cloud project that runs its queries and pays for them; ' +
    'set SWATH_GOOGLE_PROJECT or GOOGLE_CLOUD_PROJECT.'
  throw new Fault('misconfigured', sentence)
}

/** Loads and makes the official client at the first call: 100 ms that a start without it should not pay. */
function clients({ endpoint, anonymous }: BigqueryOptions, projectId: string): Clients {
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
  let loading: ReturnType<typeof load> | undefined
  let loaded: Awaited<ReturnType<typeof load>> | undefined
  return {
    connect: async () => {
      loading ??= load()
      loaded = await loading
      return loaded
    },
    renew: (refused) => {
      if (!anonymous && loaded === refused) loading = undefined
      return !anonymous
    },
  }
}
