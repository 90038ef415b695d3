import { randomUUID } from 'node:crypto'
import type { BigQuery } from '@google-cloud/bigquery'
import { TooLate, type Verdict, withAttempts } from '../calls/attempts.ts'
import { Nonsense } from '../calls/http-answer.ts'
import { retryBudget } from '../calls/retry-budget.ts'
import { bind, insertJob, resultPage, type TableFacts, tableFacts, type Values } from './bigquery-calls.ts'
import { isPassing, mayStillRun, troubleOf } from './bigquery-faults.ts'
import type { Row } from './bigquery-rows.ts'

export type JobOptions = {
  readonly project: string
  readonly maxBytesBilled: number
  /** Milliseconds for one call, its retries included. */
  readonly deadlineMs: number
  /** Milliseconds for a query, from its start to its last row; of a stream, to its first. */
  readonly totalMs: number
}

/** The official client, and another one of it. */
export type Clients = {
  connect(): Promise<BigQuery>
  /** Has the next call log in anew, unless another one did since this client; false where there is no login. */
  renew(refused: BigQuery): boolean
}

export type Jobs = {
  /**
   * Hands the rows of a query over as they come, and gives what is made of them. The job is cancelled where
   * the asker leaves, the time is up or `use` has enough before the job is done.
   */
  run<T>(
    sql: string,
    values: Values,
    use: (pages: AsyncIterable<readonly Row[]>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
  /** The rows of a query, a page at a time, for as long as the reader takes. */
  stream(sql: string, values: Values, signal?: AbortSignal): AsyncGenerator<readonly Row[]>
  /** Bytes that a query would read; runs nothing. */
  dryRun(sql: string, values: Values, signal?: AbortSignal): Promise<number>
  /** What a table says of itself, `project.dataset.table`; bills nothing. */
  table(name: string, signal?: AbortSignal): Promise<TableFacts>
  /** Waits until every cancellation under way is through. */
  close(): Promise<void>
}

/**
 * Runs queries as jobs of the official client. That client has neither deadlines nor signals, so each of
 * its calls is given up on from outside, and the rows, which are most of the work, come by calls of our own
 * with its credentials.
 */
export function bigqueryJobs({ connect, renew }: Clients, options: JobOptions): Jobs {
  const { project, maxBytesBilled, deadlineMs, totalMs } = options
  const cancellations = new Set<Promise<void>>()
  const budget = retryBudget()

  /** One call, and again where it is worth it: with another token, once, where the first one was refused. */
  function call<T>(
    signal: AbortSignal | undefined,
    attempt: (client: BigQuery, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let asked: BigQuery | undefined
    let renewed = false
    const verdict: Verdict = (thrown) => {
      if (renewed || !asked || troubleOf(thrown)?.status !== 401) return isPassing(thrown)
      renewed = true
      return renew(asked) ? { notBeforeMs: 0 } : undefined
    }
    return withAttempts({ deadlineMs, signal, budget }, verdict, async (both) => {
      asked = await connect()
      return attempt(asked, both)
    })
  }

  async function create(job: Job, sql: string, values: Values, signal: AbortSignal): Promise<void> {
    const query = { ...bind(sql, values), maximumBytesBilled: String(maxBytesBilled) }
    const configuration = { query, jobTimeoutMs: String(totalMs) }
    let tries = 0
    await call(signal, async (client) => {
      tries++
      job.created = insertJob(client, {
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

  const page = (job: Job, token: string | undefined, signal: AbortSignal | undefined) =>
    call(signal, (client, attempt) => {
      const { id, location } = job
      const timeoutMs = Math.ceil(deadlineMs / 2)
      const asked = { project, job: id, location, token, maxResults: ROWS_A_PAGE, timeoutMs }
      return resultPage(client, asked, attempt)
    })

  /** Starts the job and waits until it is done: gives its first page. */
  async function begin(job: Job, sql: string, values: Values, signal: AbortSignal) {
    await create(job, sql, values, signal)
    for (;;) {
      const answer = await page(job, undefined, signal)
      if (answer.jobComplete) return answer
    }
  }

  async function* rowsOf(
    sql: string,
    values: Values,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Row[]> {
    const job: Job = { id: `swath_${randomUUID()}`, location: undefined, created: undefined }
    let answer: Awaited<ReturnType<typeof begin>>
    try {
      answer = await within(totalMs, signal, (both) => begin(job, sql, values, both))
    } catch (thrown) {
      if (job.created !== undefined && mayStillRun(thrown)) cancelLater(job)
      throw thrown
    }
    const names = answer.schema?.fields.map(({ name }) => name) ?? []
    const tokens = new Set<string>()
    for (let token = answer.pageToken; ; ) {
      yield answer.rows.map(({ f }) => Object.fromEntries(names.map((name, i) => [name, f[i]?.v ?? null])))
      if (token === undefined) return
      if (tokens.has(token)) throw new Nonsense('The same page comes over and over.')
      tokens.add(token)
      answer = await page(job, token, signal)
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
    run: (sql, values, use, signal) =>
      within(totalMs, signal, async (both) => use(rowsOf(sql, values, both))),

    stream: rowsOf,

    dryRun: (sql, values, signal) =>
      call(signal, async (client) => {
        const configuration = { query: bind(sql, values), dryRun: true }
        const { statistics } = await insertJob(client, { configuration })
        if (statistics === undefined) throw new Nonsense('A dry run tells no totalBytesProcessed.')
        return Number(statistics.totalBytesProcessed)
      }),

    table: (name, signal) => call(signal, (client, attempt) => tableFacts(client, name, attempt)),

    close: async () => void (await Promise.all(cancellations)),
  }
}

type Job = { readonly id: string; location: string | undefined; created: Promise<void> | undefined }

const ROWS_A_PAGE = 5000

/** All rows in one list, of a query whose answer is known to be short. */
export async function allRows(pages: AsyncIterable<readonly Row[]>): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
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
