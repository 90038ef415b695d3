import type { Context, MiddlewareHandler } from 'hono'
import type { Env } from './env.ts'

/** Header of an answer that tells from memory what the bucket, which is away, may hold otherwise by now. */
export const STALE_HEADER = 'Swath-Stale'

/** Puts it on the answers of a session. What goes stale after an answer has begun cannot be told any more. */
export const tellStale: MiddlewareHandler<Env> = async (c, next) => {
  await next()
  putStale(c)
}

export function putStale(c: Context<Env>): void {
  if (c.var.session.isStale()) c.res.headers.set(STALE_HEADER, 'true')
}
