import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Env } from './env.ts'

export type AnyOrigin = {
  /** Methods that a path takes. */
  readonly methodsOf: (path: string) => string[]
  /** Headers that a page of another origin may read. */
  readonly exposed: readonly string[]
}

/**
 * Lets pages of any origin ask (Fetch Standard, CORS protocol). Hono's own puts its headers on an answer that is
 * not there yet, so that every body is copied into a second one; it is left what browsers ask beforehand.
 */
export function letAnyOrigin({ methodsOf, exposed }: AnyOrigin): MiddlewareHandler<Env> {
  const exposeHeaders = [...exposed]
  const beforehand = cors({ origin: '*', allowMethods: (_, { req }) => methodsOf(req.path), exposeHeaders })
  return (c, next) => {
    if (c.req.method === 'OPTIONS') return beforehand(c, next)
    c.header('Access-Control-Allow-Origin', '*')
    c.header('Access-Control-Expose-Headers', exposeHeaders.join(','))
    return next()
  }
}
