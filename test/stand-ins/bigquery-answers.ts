import { setTimeout as sleep } from 'node:timers/promises'
import { QueryError } from './bigquery-dialect.ts'
import type { Job } from './bigquery-jobs.ts'
import { INDEX_COLUMNS, type Tables } from './bigquery-tables.ts'

/** What a call answers, as the REST API writes it. */
export type Answer = { readonly status: number; readonly body: unknown }

/** jobs.getQueryResults: waits for the job up to timeoutMs, then gives a page of its rows. */
export async function results(
  job: Job,
  project: string,
  location: string,
  query: URLSearchParams,
): Promise<Answer> {
  job.polls++
  if (job.outcome === undefined)
    await Promise.race([job.done, sleep(Number(query.get('timeoutMs') ?? 10_000))])
  const { outcome } = job
  const jobReference = { projectId: project, jobId: job.id, location }
  if (outcome === undefined) return ok({ jobReference, jobComplete: false })
  if (outcome instanceof QueryError) throw outcome
  const from = Number(query.get('pageToken') ?? query.get('startIndex') ?? 0)
  const to = Math.min(from + Number(query.get('maxResults') ?? 10_000), outcome.rows.length)
  const whole = query.get('formatOptions.useInt64Timestamp') === 'true'
  const rows = outcome.rows.slice(from, to).map((row) => ({
    f: row.map((text, i) => ({ v: whole ? text : inSeconds(text, outcome.fields[i]?.type) })),
  }))
  return ok({
    jobReference,
    jobComplete: true,
    schema: { fields: outcome.fields },
    totalRows: String(outcome.rows.length),
    totalBytesProcessed: String(job.bytesProcessed),
    rows,
    ...(to < outcome.rows.length ? { pageToken: String(to) } : {}),
  })
}

/** Without useInt64Timestamp a timestamp is a float of seconds, which drops the last microseconds. */
const inSeconds = (text: string | null, type: string | undefined) =>
  text !== null && type === 'TIMESTAMP' ? (Number(text) / 1e6).toExponential() : text

export function jobResource(
  { id, request, outcome, bytesProcessed }: Job,
  project: string,
  location: string,
) {
  const failed =
    outcome instanceof QueryError ? { errorResult: { reason: outcome.reason, message: outcome.message } } : {}
  return {
    kind: 'bigquery#job',
    jobReference: { projectId: project, jobId: id, location },
    configuration: request.configuration,
    status: { state: outcome === undefined ? 'RUNNING' : 'DONE', ...failed },
    statistics: { totalBytesProcessed: String(bytesProcessed) },
  }
}

export function tableResource(tables: Tables, name: string): Answer {
  const about = tables.about(name)
  if (!about) throw new QueryError(404, 'notFound', `Not found: Table ${name}`)
  const fields = about.columns.map((column) => ({
    name: column,
    type: INDEX_COLUMNS[column],
    mode: 'NULLABLE',
  }))
  const { rows, bytes, clustering } = about
  return ok({
    kind: 'bigquery#table',
    id: name,
    schema: { fields },
    ...(clustering ? { clustering: { fields: clustering } } : {}),
    numRows: String(rows),
    numBytes: String(bytes),
  })
}

/** Of jobs.query, what getQueryResults takes as its parameters. */
export function bodyOptions(body: unknown): [string, string][] {
  const options = typeof body === 'object' && body !== null ? Object.entries(body) : []
  return options.flatMap(([name, value]): [string, string][] => {
    if (name === 'formatOptions' && value.useInt64Timestamp)
      return [['formatOptions.useInt64Timestamp', 'true']]
    return name === 'maxResults' || name === 'timeoutMs' ? [[name, String(value)]] : []
  })
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const notFound = (): Answer => errorAnswer(new QueryError(404, 'notFound', 'Not Found'))
export const refusal = ({ status, reason }: { status: number; reason: string }): Answer =>
  errorAnswer(new QueryError(status, reason, `The stand-in refuses: ${reason}`))

export function errorAnswer(thrown: unknown): Answer {
  const error = thrown instanceof QueryError ? thrown : new QueryError(400, 'invalid', String(thrown))
  const { status, reason, message } = error
  return {
    status,
    body: { error: { code: status, message, errors: [{ reason, message, domain: 'global' }] } },
  }
}
