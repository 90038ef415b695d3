import type { Context, MiddlewareHandler } from 'hono'
import { Fault } from '../errors.ts'
import type { Env } from './env.ts'

/** A name or an address, and a port (RFC 3986, 3.2.2); what else URLs let through has no business in a link. */
const ORIGIN = /^https?:\/\/(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?(?=[/?#]|$)/i

/**
 * Finds out where the service stands for its asker, which links are made of: the configured address, else that of
 * the request. TLS may end at a proxy, which then says so; no other header of a proxy is heeded.
 * @param baseUrl `https://host[:port]`, or undefined
 */
export function findOrigin(baseUrl: string | undefined): MiddlewareHandler<Env> {
  return (c, next) => {
    const [asked] = ORIGIN.exec(c.req.url) ?? []
    if (asked === undefined || hasTwoHosts(c)) {
      throw new Fault('bad-request', 'The Host header names no host; send one name or address, and a port.')
    }
    c.set('origin', baseUrl ?? (cameByTls(c) ? asked.replace(/^http:/, 'https:') : asked))
    return next()
  }
}

/** Whoever stands in front may have gone by the other one (RFC 9112, 3.2); Node drops it without a word. */
function hasTwoHosts(c: Context<Env>): boolean {
  // A test may hand a request over without a socket.
  const { rawHeaders = [] } = c.env?.incoming ?? {}
  return rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length > 1
}

/** Of several proxies in a row the first one is the asker's. */
function cameByTls(c: Context): boolean {
  const [proto] = (c.req.header('X-Forwarded-Proto') ?? '').split(',')
  return proto?.trim().toLowerCase() === 'https'
}

/** The address that was asked for, as it is seen from outside. */
export function addressOf(c: Context<Env>): URL {
  const { pathname, search } = new URL(c.req.url)
  // Set apart, since a path may begin with two slashes, after which a host would stand.
  const address = new URL(c.var.origin)
  address.pathname = pathname
  address.search = search
  return address
}
