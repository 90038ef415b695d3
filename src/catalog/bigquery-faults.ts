import { z } from 'zod'
import { TooLate } from '../calls/attempts.ts'
import { Broken, Nonsense, Refused } from '../calls/http-answer.ts'
import { Fault } from '../errors.ts'

/** What a failure of BigQuery tells: of the official client, of a page of rows, or of the network. */
export type Trouble = {
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined
  /** Google's word for it, `rateLimitExceeded`: cloud.google.com/bigquery/docs/error-messages. */
  readonly reason: string | undefined
  readonly message: string
  /** Seconds. */
  readonly retryAfter: number | undefined
  readonly reset: boolean
}

/** Google's default credentials could not be found, read or turned into a token. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials'
}

/** Where a query went, for the sentences. */
export type Asked = {
  readonly table: string
  /** The variable that names the table. */
  readonly variable: 'SWATH_BIGQUERY_TABLE' | 'SWATH_BIGQUERY_TABLE_L2A'
  readonly project: string
  readonly maxBytesBilled: number
  /** Milliseconds of one call and of a whole query. */
  readonly deadlineMs: number
  readonly totalMs: number
}

const apiError = z.object({
  code: z.union([z.number(), z.string()]).optional(),
  message: z.string().default(''),
  errors: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() })).nullish(),
})
const errorBody = z.object({ error: apiError })

/** Undefined where the thrown is no failure of BigQuery or of the way there, but a bug. */
export function troubleOf(thrown: unknown): Trouble | undefined {
  if (thrown instanceof Broken) {
    const { message, transient: reset } = thrown
    return { status: undefined, reason: undefined, message, retryAfter: undefined, reset }
  }
  if (thrown instanceof Refused) {
    const error = errorBody.safeParse(parseJson(thrown.body)).data?.error
    return { ...said(error), status: thrown.status, retryAfter: thrown.retryAfter, reset: false }
  }
  if (!isOfTheClient(thrown)) return undefined
  const error = apiError.safeParse(thrown)
  if (!error.success) return undefined
  const { code } = error.data
  return {
    ...said(error.data),
    status: typeof code === 'number' ? code : undefined,
    retryAfter: undefined,
    reset: typeof code === 'string' && RESETS.has(code),
  }
}

const RESETS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'])

/** The client throws an ApiError (status as `code`) or, where no answer came, a FetchError. */
const isOfTheClient = (thrown: unknown): thrown is Error =>
  thrown instanceof Error &&
  'code' in thrown &&
  (typeof thrown.code === 'number' ||
    thrown.name === 'FetchError' ||
    /^E(?!RR_)[A-Z_]+$/.test(String(thrown.code)))

const BUSY: ReadonlySet<string> = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'jobRateLimitExceeded',
])
const PASSING: ReadonlySet<string> = new Set(['backendError', 'internalError', 'jobBackendError'])
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

/** Which failures another try may cure. BigQuery says rateLimitExceeded with status 403. */
export function isPassing(thrown: unknown): { notBeforeMs: number } | undefined {
  const trouble = troubleOf(thrown)
  if (!trouble) return undefined
  const { status, reason = '', reset, retryAfter = 0 } = trouble
  const passing = reset || BUSY.has(reason) || PASSING.has(reason) || PASSING_STATUS.has(status ?? 0)
  return passing ? { notBeforeMs: retryAfter * 1000 } : undefined
}

/** Whether the job may go on after this failure: an answer of 4xx means that it never ran or has ended. */
export function mayStillRun(thrown: unknown): boolean {
  if (thrown instanceof NoCredentials) return false
  const status = troubleOf(thrown)?.status
  return status === undefined || status >= 500 || status === 429
}

const SHAPE = 'granule_id, mgrs_tile, sensing_time as TIMESTAMP, base_url, source_url and the others'

/** Every failure of BigQuery in the house's terms; what is none of them is a bug and passes as it is. */
export function toFault(thrown: unknown, asked: Asked): unknown {
  if (thrown instanceof Fault) return thrown
  const { table, variable, project } = asked
  const failed = (how: string, retryAfter?: number) =>
    new Fault('upstream-failed', `BigQuery did not answer about the table ${table}: ${how}`, {
      cause: thrown,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  if (thrown instanceof TooLate) return tooLate(asked, thrown)
  if (thrown instanceof NoCredentials)
    return failed(`no credentials could be had (${thrown.message}). ${ACCESS}`)
  if (thrown instanceof Nonsense) return failed(`the answer makes no sense. ${thrown.message} ${STRANGE}`)
  const trouble = troubleOf(thrown)
  if (!trouble) return thrown
  const { status, reason = '', message, retryAfter } = trouble
  if (reason === 'bytesBilledLimitExceeded') return overBudget(message, asked, thrown)
  if (status === 429 || BUSY.has(reason) || reason === 'quotaExceeded') {
    const sentence =
      `BigQuery takes no more queries of the project ${project} at the moment (${message}); ` +
      'try again later, or raise the quota of the project.'
    return new Fault('upstream-busy', sentence, { cause: thrown, retryAfter })
  }
  if (status === 401 || status === 403 || reason === 'accessDenied') {
    return failed(`access was denied to the project ${project} or to the table (${message}). ${ACCESS}`)
  }
  if (status === 404 || reason === 'notFound') {
    const sentence =
      `BigQuery knows no table ${table}, or no project ${project} (${message}); ` +
      `correct ${variable} (project.dataset.table) or SWATH_GOOGLE_PROJECT.`
    return new Fault('misconfigured', sentence, { cause: thrown })
  }
  if (reason === 'invalidQuery') {
    const sentence = `The table ${table} has not the columns of the archive's index: ${SHAPE} (${message}); correct ${variable}.`
    return new Fault('misconfigured', sentence, { cause: thrown })
  }
  if (status === undefined && reason === '') return failed(`the connection failed (${message}). Try again.`)
  const told = [status === undefined ? reason : `status ${status}`, message].filter((part) => part !== '')
  const wayOut = isPassing(thrown) ? ['Try again.'] : []
  return failed([...told.map((part) => `${part}.`), ...wayOut].join(' '), retryAfter)
}

const STRANGE =
  'Try again; if it stays so, something else answers at its address (SWATH_BIGQUERY_ENDPOINT, a proxy).'

const ACCESS =
  'Log in with `gcloud auth application-default login` or point GOOGLE_APPLICATION_CREDENTIALS at a key file ' +
  'of an account that may run jobs in the project of SWATH_GOOGLE_PROJECT; SWATH_ANONYMOUS=true does not do here.'

function tooLate({ table, deadlineMs, totalMs }: Asked, cause: TooLate) {
  const sentence =
    `BigQuery was not done with the table ${table} in time (${deadlineMs} ms for a call, ${totalMs} ms for a ` +
    'query); the query was cancelled. Try again, or allow more by SWATH_DEADLINE_MS.'
  return new Fault('upstream-late', sentence, { cause })
}

/** The message reads: Query exceeded limit for bytes billed: 1000000. 10485760 or higher required. */
function overBudget(message: string, { table, maxBytesBilled }: Asked, cause: unknown) {
  const needed = /(\d+) or higher required/.exec(message)?.[1]
  const bytes = needed === undefined ? 'more' : `${needed} bytes`
  const sentence =
    `The query of the table ${table} would be billed for ${bytes}, over the limit of ${maxBytesBilled} bytes; ` +
    'it was not run. Raise SWATH_MAX_BYTES_BILLED, or use SWATH_CATALOG=sqlite:<file>, which costs nothing.'
  return new Fault('over-budget', sentence, { cause })
}

function said(error: z.infer<typeof apiError> | undefined) {
  const first = error?.errors?.[0]
  return { reason: first?.reason, message: (first?.message ?? error?.message ?? '').replace(/\.?\s*$/, '') }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
