import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { Fault } from '../../errors.ts'
import { failureOf } from '../problem.ts'

/** A failure as STAC and OGC API tell it, `{code, description}`. */
export function stacProblem(c: Context, thrown: unknown): Response {
  const { status, sentence, retryAfter } = failureOf(thrown)
  if (retryAfter !== undefined) c.header('Retry-After', String(retryAfter))
  // What was said of the answer that failed does not hold for this one.
  for (const name of ['ETag', 'Link', 'Content-Length', 'Content-Disposition']) c.header(name, undefined)
  c.header('Content-Type', 'application/json')
  const told = { code: codeOf(status), description: sentence }
  // 499 is no status of Hono's types, but of every log.
  return c.body(`${JSON.stringify(told)}\n`, status as ContentfulStatusCode)
}

/** 405 for a method that a path does not take. */
export function stacNotAllowed(c: Context, methods: readonly string[]): Response {
  c.header('Allow', methods.join(', '))
  const taken = methods.filter((method) => method !== 'HEAD').join(' and ')
  const message = `${c.req.path} does not take ${c.req.method}; it takes ${taken}.`
  return stacProblem(c, new HTTPException(405, { message }))
}

/** 404 for a path that the STAC API does not have. */
export const noSuchStacPath = (c: Context): Response =>
  stacProblem(
    c,
    new Fault('not-found', `There is nothing at ${c.req.path}. /stac names in its links all that there is.`),
  )

/** `NotFound` of 404: its name in HTTP, but for bad requests, whose parameters are what is wrong. */
const codeOf = (status: number): string =>
  status === 400
    ? 'InvalidParameterValue'
    : (STATUS_CODES[status] ?? 'Client Closed Request').replaceAll(/[^A-Za-z]/g, '')
