import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { Fault, type FaultCode } from '../errors.ts'

/** 499 is nginx's: the client left before the answer, so nobody reads it. */
const STATUS = {
  'bad-request': 400,
  'not-found': 404,
  'no-colour': 404,
  'bad-image': 502,
  misconfigured: 503,
  'area-too-large': 400,
  'upstream-failed': 502,
  'upstream-late': 504,
  'upstream-busy': 503,
  'over-budget': 503,
  'too-many': 429,
  overloaded: 503,
  cancelled: 499,
} as const satisfies Record<FaultCode, number>

/** Seconds after which to try again where the fault does not tell. */
const RETRY_AFTER = 5

/** A failure as application/problem+json (RFC 9457); a bug tells nothing of itself, the log tells it. */
export function problem(c: Context, thrown: unknown): Response {
  const { status, sentence, fault, retryAfter } = failureOf(thrown)
  if (!fault) return plainProblem(c, status, sentence)
  if (retryAfter !== undefined) c.header('Retry-After', String(retryAfter))
  const errors = fault.errors.length > 0 ? { errors: fault.errors } : {}
  const type = `urn:swath:problem:${fault.code}`
  return answer(c, status, { type, title: titleOf(status), status, detail: sentence, ...errors })
}

/** What is told of a failure, in whatever form; `retryAfter` in whole seconds. */
export type Failure = {
  readonly status: number
  readonly sentence: string
  /** Undefined of what HTTP itself refuses, and of a bug. */
  readonly fault: Fault | undefined
  readonly retryAfter: number | undefined
}

/** What is told of anything thrown. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof HTTPException) {
    return { status: thrown.status, sentence: thrown.message, fault: undefined, retryAfter: undefined }
  }
  if (!(thrown instanceof Fault)) {
    return { status: 500, sentence: 'Something is broken here.', fault: undefined, retryAfter: undefined }
  }
  const status = STATUS[thrown.code]
  const retryAfter =
    status === 503 || status === 429 ? Math.ceil(thrown.retryAfter ?? RETRY_AFTER) : undefined
  return { status, sentence: thrown.message, fault: thrown, retryAfter }
}

/** 404 for a path that is none of ours. */
export const noSuchPath = (c: Context): Response =>
  problem(
    c,
    new Fault(
      'not-found',
      `There is nothing at ${c.req.path}. /docs tells what there is: /area, /area/summary, /images, /granules/{granule_id}, /estimate, /stac.`,
    ),
  )

/** 405 for a method that a path does not take. */
export function notAllowed(c: Context, methods: readonly string[]): Response {
  c.header('Allow', methods.join(', '))
  const taken = methods.filter((method) => method !== 'HEAD').join(' and ')
  return plainProblem(c, 405, `${c.req.path} does not take ${c.req.method}; it takes ${taken}.`)
}

/** Of a status that says all there is to say. */
const plainProblem = (c: Context, status: number, detail: string): Response =>
  answer(c, status, { type: 'about:blank', title: titleOf(status), status, detail })

const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Client Closed Request'

function answer(c: Context, status: number, body: object): Response {
  c.header('Content-Type', 'application/problem+json')
  // 499 is no status of Hono's types, but of every log.
  return c.body(`${JSON.stringify(body)}\n`, status as ContentfulStatusCode)
}
