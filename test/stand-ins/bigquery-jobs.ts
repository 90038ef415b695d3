import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { QueryError, queryParameter, type Result, refusalOf, runQuery, tablesIn } from './bigquery-dialect.ts'
import type { Tables } from './bigquery-tables.ts'

/** What an observer may know of a job. */
export type SeenJob = {
  readonly id: string
  readonly query: string
  readonly dryRun: boolean
  readonly state: 'RUNNING' | 'DONE'
  readonly cancelled: boolean
  /** Times that its rows were asked for. */
  readonly polls: number
  readonly bytesProcessed: number
  readonly maximumBytesBilled: number | undefined
  /** By name, as they were sent. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** How a job itself fares, whatever the calls about it do. */
export type JobTrouble =
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'fail'; readonly status: number; readonly reason: string; readonly message: string }

const bytes = z.union([z.string(), z.number()]).transform(Number)
const queryForm = z.object({
  query: z.string(),
  useLegacySql: z.literal(false),
  queryParameters: z.array(queryParameter).default([]),
  maximumBytesBilled: bytes.optional(),
})
export const jobForm = z.object({
  jobReference: z.object({ jobId: z.string().optional() }).optional(),
  configuration: z.object({
    query: queryForm,
    dryRun: z.boolean().default(false),
    jobTimeoutMs: bytes.optional(),
  }),
})
export type JobRequest = z.infer<typeof jobForm>

export type Job = {
  readonly id: string
  readonly request: JobRequest
  readonly bytesProcessed: number
  outcome: Result | QueryError | undefined
  polls: number
  cancelled: boolean
  readonly done: Promise<void>
}

export type JobStore = ReturnType<typeof jobStore>

/** Jobs that run their query in DuckDB, one connection each. */
export function jobStore(tables: Tables) {
  const jobs: Job[] = []
  const stop = new AbortController()
  let count = 0

  async function withConnection<T>(act: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await tables.database.connect()
    try {
      return await act(connection)
    } finally {
      connection.closeSync()
    }
  }

  /** @throws {QueryError} for a dry run that fails and for an id that is taken */
  async function insert(request: JobRequest, trouble: JobTrouble | undefined): Promise<Job> {
    const { query, dryRun } = request.configuration
    const id = request.jobReference?.jobId ?? `job_${++count}`
    if (!dryRun && find(id)) throw new QueryError(409, 'duplicate', `Already Exists: Job ${id}`)
    const bytesProcessed = tablesIn(query.query).reduce(
      (sum, name) => sum + tables.bytesRead(name, query.query),
      0,
    )
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const job: Job = { id, request, bytesProcessed, outcome: undefined, polls: 0, cancelled: false, done }
    const tooMuch = dryRun ? undefined : overLimit(job)
    // What is run shows by itself what is wrong with it; to look before costs as much as to run it.
    const refusal = missingTable(query.query) ?? (dryRun || tooMuch ? await refuse(query) : undefined)
    if (dryRun && refusal) throw refusal
    jobs.push(job)
    if (dryRun) job.outcome = { fields: [], rows: [] }
    else if (refusal ?? tooMuch) job.outcome = refusal ?? tooMuch
    else void run(job, trouble).then(resolve)
    if (job.outcome !== undefined) resolve()
    return job
  }

  function missingTable(sql: string): QueryError | undefined {
    const missing = tablesIn(sql).find((name) => !tables.about(name))
    if (missing === undefined) return undefined
    const name = missing.replace('.', ':')
    return new QueryError(404, 'notFound', `Not found: Table ${name} was not found in location US`)
  }

  const refuse = ({ query, queryParameters }: Query) =>
    withConnection((connection) => refusalOf(connection, query, queryParameters))

  async function run(job: Job, trouble: JobTrouble | undefined): Promise<void> {
    const { query, queryParameters } = job.request.configuration.query
    if (trouble?.kind === 'fail') {
      job.outcome = new QueryError(trouble.status, trouble.reason, trouble.message)
      return
    }
    if (trouble?.kind === 'slow')
      await sleep(trouble.ms, undefined, { signal: stop.signal, ref: false }).catch(() => {})
    if (stop.signal.aborted || job.outcome !== undefined) return
    const outcome = await withConnection((connection) => runQuery(connection, query, queryParameters)).catch(
      asRefusal,
    )
    job.outcome ??= outcome
  }

  function cancel(job: Job): void {
    job.cancelled = true
    job.outcome ??= new QueryError(400, 'stopped', 'Job execution was cancelled: User requested cancellation')
  }

  const find = (id: string): Job | undefined => jobs.find((job) => job.id === id)

  return {
    insert,
    cancel,
    find,
    seen: (): SeenJob[] => jobs.map(seen),
    stop: () => stop.abort(),
  }
}

type Query = z.infer<typeof queryForm>
type Connection = Awaited<ReturnType<Tables['database']['connect']>>

function asRefusal(thrown: unknown): QueryError {
  if (thrown instanceof QueryError) return thrown
  throw thrown
}

function overLimit({ bytesProcessed, request }: Job): QueryError | undefined {
  const limit = request.configuration.query.maximumBytesBilled
  if (limit === undefined || bytesProcessed <= limit) return undefined
  const message = `Query exceeded limit for bytes billed: ${limit}. ${bytesProcessed} or higher required.`
  return new QueryError(400, 'bytesBilledLimitExceeded', message)
}

function seen({ id, request, bytesProcessed, outcome, polls, cancelled }: Job): SeenJob {
  const { query, dryRun } = request.configuration
  const parameters = query.queryParameters.map(({ name, parameterValue: { value, arrayValues } }) => [
    name,
    arrayValues ? arrayValues.map((each) => each.value) : value,
  ])
  return {
    id,
    query: query.query,
    dryRun,
    state: outcome === undefined ? 'RUNNING' : 'DONE',
    cancelled,
    polls,
    bytesProcessed,
    maximumBytesBilled: query.maximumBytesBilled,
    parameters: Object.fromEntries(parameters),
  }
}
