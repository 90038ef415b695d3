import { randomUUID } from 'node:crypto'
import type { BigQuery } from '@google-cloud/bigquery'
import { z } from 'zod'
import { TooLate, withAttempts } from '../calls/attempts.ts'
import { get, Nonsense, readBody } from '../calls/http-answer.ts'
import { messageOf } from '../errors.ts'
import { formatTime } from '../sentinel2/time.ts'
import { isPassing, mayStillRun, NoCredentials, troubleOf } from './bigquery-faults.ts'
import type { Row } from './bigquery-rows.ts'

/** Values of a query's parameters by name; of TIMESTAMP parameters, microseconds. */
export type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>

export type JobOptions = {
  readonly project: string
  readonly maxBytesBilled: number
  /** Milliseconds for one call, its retries included. */
  readonly deadlineMs: number
  /** Milliseconds for a query, from its start to its last row. */
  readonly totalMs: number
}

export type Jobs = {
  /** All rows of a query; its job is cancelled where the asker leaves or the time is up. */
  run(sql: string, values: Values, signal?: AbortSignal): Promise<readonly Row[]>
  /** Bytes that a query would read; runs nothing. */
  dryRun(sql: string, values: Values, signal?: AbortSignal): Promise<number>
  /** Waits until every cancellation under way is through. */
  close(): Promise<void>
}

/**
 * Runs queries as jobs of the official client. That client has neither deadlines nor signals, so each of
 * its calls is given up on from outside, and the rows, which are most of the work, come by calls of our own
 * with its credentials.
 */
export function bigqueryJobs(connect: () => Promise<BigQuery>, options: JobOptions): Jobs {
  const { project, maxBytesBilled, deadlineMs, totalMs } = options
  const cancellations = new Set<Promise<void>>()
  const limits = (signal: AbortSignal | undefined) => ({ deadlineMs, signal })

  async function create(job: Job, sql: string, values: Values, signal: AbortSignal): Promise<void> {
    const query = { ...bind(sql, values), maximumBytesBilled: String(maxBytesBilled) }
    const configuration = { query, jobTimeoutMs: String(totalMs) }
    let tries = 0
    await withAttempts(limits(signal), isPassing, async () => {
      tries++
      const client = await connect()
      job.created = insert(client, {
        jobReference: { projectId: project, jobId: job.id },
        configuration,
      }).then(
        ({ jobReference }) => {
          job.location = jobReference?.location
        },
        (thrown: unknown) => {
          // A try before this one came through although its answer did not.
          if (tries === 1 || troubleOf(thrown)?.status !== 409) throw thrown
        },
      )
      await job.created
    })
  }

  async function page(job: Job, token: string | undefined, signal: AbortSignal): Promise<Answer> {
    return withAttempts(limits(signal), isPassing, async (attempt) => {
      const client = await connect()
      const query = new URLSearchParams({
        'formatOptions.useInt64Timestamp': 'true',
        maxResults: String(ROWS_A_PAGE),
        timeoutMs: String(Math.ceil(deadlineMs / 2)),
      })
      if (job.location !== undefined) query.set('location', job.location)
      if (token !== undefined) query.set('pageToken', token)
      const url = `${client.baseUrl}/projects/${encodeURIComponent(project)}/queries/${job.id}?${query}`
      const headers = await authorized(client, url)
      const answer = answerForm.safeParse(
        parseJson((await readBody(await get(url, headers, attempt), MAX_PAGE_BYTES)).toString()),
      )
      if (!answer.success) throw new Nonsense('It is no page of rows.', { cause: answer.error })
      return answer.data
    })
  }

  async function rowsOf(job: Job, signal: AbortSignal): Promise<Row[]> {
    const rows: Row[] = []
    for (let token: string | undefined; ; ) {
      const answer = await page(job, token, signal)
      if (!answer.jobComplete) continue
      const names = answer.schema?.fields.map(({ name }) => name) ?? []
      for (const { f } of answer.rows)
        rows.push(Object.fromEntries(names.map((name, i) => [name, f[i]?.v ?? null])))
      if (answer.pageToken === undefined) return rows
      if (answer.pageToken === token) throw new Nonsense('The same page comes over and over.')
      token = answer.pageToken
    }
  }

  /** An insert still on its way is waited for, as there is nothing to cancel before it has come through. */
  async function cancel(job: Job): Promise<void> {
    const client = await connect()
    await settled(job.created, deadlineMs)
    await settled(
      client.job(job.id, job.location === undefined ? {} : { location: job.location }).cancel(),
      deadlineMs,
    )
  }

  function cancelLater(job: Job): void {
    const cancellation = cancel(job).finally(() => cancellations.delete(cancellation))
    cancellations.add(cancellation)
  }

  return {
    run: (sql, values, signal) =>
      within(totalMs, signal, async (both) => {
        const job: Job = { id: `swath_${randomUUID()}`, location: undefined, created: undefined }
        try {
          await create(job, sql, values, both)
          return await rowsOf(job, both)
        } catch (thrown) {
          if (job.created !== undefined && mayStillRun(thrown)) cancelLater(job)
          throw thrown
        }
      }),

    dryRun: (sql, values, signal) =>
      withAttempts(limits(signal), isPassing, async () => {
        const configuration = { query: bind(sql, values), dryRun: true }
        const { statistics } = await insert(await connect(), { configuration })
        if (statistics === undefined) throw new Nonsense('A dry run tells no totalBytesProcessed.')
        return Number(statistics.totalBytesProcessed)
      }),

    close: async () => void (await Promise.all(cancellations)),
  }
}

type Job = { readonly id: string; location: string | undefined; created: Promise<void> | undefined }

const ROWS_A_PAGE = 5000
/** BigQuery cuts a page at 20 MB or before. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024

const answerForm = z.object({
  jobComplete: z.boolean(),
  schema: z.object({ fields: z.array(z.object({ name: z.string() })) }).optional(),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.string().nullable() })) })).default([]),
  pageToken: z.string().min(1).optional(),
})
type Answer = z.infer<typeof answerForm>

const insertedForm = z.object({
  jobReference: z.object({ location: z.string().optional() }).optional(),
  statistics: z.object({ totalBytesProcessed: z.string().regex(/^\d+$/) }).optional(),
})

/** jobs.insert, not through createQueryJob: that ends the process where an answer is not what it expects. */
async function insert(client: BigQuery, json: object): Promise<z.infer<typeof insertedForm>> {
  await authorized(client, client.baseUrl)
  const answer = await new Promise<unknown>((resolve, reject) => {
    client.request({ method: 'POST', uri: '/jobs', json }, (failure: unknown, body: unknown) =>
      failure ? reject(asNonsense(failure)) : resolve(body),
    )
  })
  const inserted = insertedForm.safeParse(answer)
  if (!inserted.success) throw new Nonsense('It is no job.', { cause: inserted.error })
  return inserted.data
}

/** Google's headers for a call, a token among them; without this the client calls on where it finds none. */
async function authorized(client: BigQuery, url: string): Promise<Headers> {
  try {
    return new Headers(await client.authClient.getRequestHeaders(url))
  } catch (cause) {
    throw new NoCredentials(messageOf(cause), { cause })
  }
}

/** Where the client cannot read an answer of 2xx as JSON, it fails with the parser's error. */
const asNonsense = (failure: unknown): unknown =>
  failure instanceof SyntaxError ? new Nonsense('It is no JSON.', { cause: failure }) : failure

/**
 * A query and its parameters in the terms of the REST API (jobs, QueryParameter), the types from the header
 * of the query's file: a line `-- @name TYPE` for each parameter.
 */
function bind(sql: string, values: Values) {
  const queryParameters = [...sql.matchAll(/^-- @(\w+) +(?:ARRAY<(\w+)>|(\w+))/gm)].map(
    ([, name = '', item, scalar]) => {
      const value = values[name]
      if (value === undefined) throw new Error(`The query's parameter @${name} has no value.`)
      const parameterType =
        item === undefined ? { type: scalar } : { type: 'ARRAY', arrayType: { type: item } }
      const parameterValue = Array.isArray(value)
        ? { arrayValues: value.map((each: string) => ({ value: each })) }
        : { value: scalar === 'TIMESTAMP' ? formatTime(Number(value)) : String(value) }
      return { name, parameterType, parameterValue }
    },
  )
  return { query: sql, useLegacySql: false, parameterMode: 'NAMED', queryParameters }
}

/** Aborts when the caller leaves, with the caller's reason, and when the time is up, with TooLate. */
async function within<T>(
  ms: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), ms)
  const onLeave = () => left.abort(caller?.reason)
  const left = new AbortController()
  caller?.addEventListener('abort', onLeave, { once: true })
  if (caller?.aborted) onLeave()
  try {
    return await work(AbortSignal.any([left.signal, late.signal]))
  } catch (thrown) {
    if (late.signal.aborted && !left.signal.aborted)
      throw new TooLate('The query took too long.', { cause: thrown })
    throw thrown
  } finally {
    clearTimeout(timer)
    caller?.removeEventListener('abort', onLeave)
  }
}

/** Waits for a promise to end in whatever way, some time at most: nobody is left who would ask how. */
async function settled(promise: Promise<unknown> | undefined, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([Promise.allSettled([promise]), patience])
  clearTimeout(timer)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new Nonsense('It is no JSON.', { cause })
  }
}
