import { createServer as createHttpServer, type Server, STATUS_CODES } from 'node:http'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Env } from './env.ts'

export type ServerOptions = {
  /** Milliseconds that an answer has to begin, and its reader to take more of it. */
  readonly deadlineMs?: number
  /** Milliseconds for the headers of a request, for all of it, and between two looks for those who take longer. */
  readonly headersMs?: number
  readonly requestMs?: number
  readonly lookMs?: number
}

/** Bytes of an address and its headers: a polygon of some thousand positions; a longer one is posted. */
const MOST_HEADER_BYTES = 64 * 2 ** 10

const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
const LOOK_MS = 2000
/** Of a connection that nothing is asked on; load balancers keep theirs for less, or open another. */
const KEEP_ALIVE_MS = 65_000
/** A refusal for being late comes before its connection is cut. */
const GRACE_MS = 2000
const DEADLINE_MS = 60_000
/** Open at once; each costs a descriptor and some kilobytes. */
const MOST_CONNECTIONS = 10_000

/** By what node:http says of a request that it could not read; of all else it is the request that is wrong. */
const STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }
const DETAIL: Readonly<Record<number, string>> = {
  400: 'This is no HTTP request.',
  500: 'Something is broken here.',
  408: 'The request did not come to its end in time.',
  431:
    `The address and its headers are longer than ${MOST_HEADER_BYTES / 2 ** 10} KiB. ` +
    'Post a long area instead: POST /area with the GeoJSON as the body, all else in the address.',
}

/**
 * The server of an app, not yet listening. What does not even reach the app is told as problem+json, too; a
 * connection on which nothing moves, in or out, is cut.
 */
export function createServer(
  { fetch }: Hono<Env>,
  {
    deadlineMs = DEADLINE_MS,
    headersMs = HEADERS_MS,
    requestMs = REQUEST_MS,
    lookMs = LOOK_MS,
  }: ServerOptions = {},
): Server {
  const serverOptions = {
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: lookMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
  }
  const server = createHttpServer(serverOptions, getRequestListener(fetch, { errorHandler }))
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = deadlineMs + GRACE_MS
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else socket.end(refusal(STATUS[error.code ?? ''] ?? 400), () => socket.destroy())
  })
  return server
}

/** Of what the adapter cannot make a request of, an impossible Host above all. */
function errorHandler(thrown: unknown): Response {
  const status = thrown instanceof RequestError ? 400 : 500
  if (status === 500) console.error(thrown)
  return new Response(problemOf(status), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Access-Control-Allow-Origin': '*' },
  })
}

const problemOf = (status: number): string =>
  `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail: DETAIL[status] })}\n`

/** A whole answer, as it goes over the wire. */
function refusal(status: number): string {
  const title = STATUS_CODES[status]
  const body = problemOf(status)
  return [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Access-Control-Allow-Origin: *',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
