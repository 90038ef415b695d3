import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Seeing } from '../seeing/port.ts'
import type { Env } from './env.ts'

/** What to name to whoever runs the service when something went wrong. */
export const REQUEST_ID_HEADER = 'X-Request-Id'

/** Follows each request to the end of its answer; it stands before all else, so that nothing goes unseen. */
export const seeRequests =
  ({ request }: Seeing): MiddlewareHandler<Env> =>
  async (c, next) => {
    // A test may hand a request over without a socket.
    const incoming = c.env?.incoming
    const socket = incoming?.socket
    const seen = request({
      method: c.req.method,
      url: incoming?.url ?? c.req.path,
      protocol: `HTTP/${incoming?.httpVersion ?? '1.1'}`,
      remoteIp: socket?.remoteAddress,
      header: (name) => (incoming ? incoming.headers[name]?.toString() : c.req.header(name)),
    })
    c.set('seen', seen)
    c.header(REQUEST_ID_HEADER, seen.id)
    if (socket) {
      const { outgoing } = c.env
      const before = socket.bytesWritten
      outgoing.once('close', () => {
        const bytes = socket.bytesWritten - before
        seen.ended({ whole: outgoing.writableFinished, bytes, refusedWith: c.env.refusedWith?.() })
      })
    }
    try {
      await next()
    } catch (thrown) {
      // Hono hands errors to its own handler and lets all else that may be thrown through.
      seen.answered({ route: routeOf(c), status: 500, thrown })
      throw thrown
    }
    seen.answered({ route: routeOf(c), status: c.res.status, thrown: c.error })
    if (!socket) seen.ended({ whole: true, bytes: 0 })
  }

/** The pattern of the route that answered; of none of ours `other`, so that what strangers ask adds no labels. */
function routeOf(c: Context<Env>): string {
  const path = routePath(c)
  return path === '' || path === '*' || path === '/*' ? 'other' : path
}
