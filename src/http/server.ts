import { STATUS_CODES } from 'node:http'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Env } from './env.ts'

/** Bytes of an address and its headers: a polygon of some thousand positions; a longer one is posted. */
const MOST_HEADER_BYTES = 64 * 2 ** 10

/** By what node:http says of a request that it could not read; of all else it is the request that is wrong. */
const STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }
const DETAIL: Readonly<Record<number, string>> = {
  400: 'This is no HTTP request.',
  408: 'The request did not come to its end in time.',
  431:
    `The address and its headers are longer than ${MOST_HEADER_BYTES / 2 ** 10} KiB. ` +
    'Post a long area instead: POST /area with the GeoJSON as the body, all else in the address.',
}

/** The server of an app, not yet listening. What does not even reach the app is told as problem+json, too. */
export function createServer({ fetch }: Hono<Env>): ServerType {
  const serverOptions = { maxHeaderSize: MOST_HEADER_BYTES }
  const server = createAdaptorServer({ fetch, serverOptions })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else socket.end(refusal(STATUS[error.code ?? ''] ?? 400), () => socket.destroy())
  })
  return server
}

/** A whole answer, as it goes over the wire. */
function refusal(status: number): string {
  const title = STATUS_CODES[status]
  const body = `${JSON.stringify({ type: 'about:blank', title, status, detail: DETAIL[status] })}\n`
  return [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Access-Control-Allow-Origin: *',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
