import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Bytes of an address and its headers: a polygon of some thousand positions; a longer one is posted. */
export const MOST_HEADER_BYTES = 64 * 2 ** 10
/** Header fields of one request; node:http has the same bound, unsaid, and the same word for both. */
export const MOST_HEADERS = 1000

/** By what node:http says of a request that it could not read; of all else it is the request that is wrong. */
const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}
const DETAIL: Readonly<Record<number, string>> = {
  400: 'This is no HTTP request.',
  500: 'Something is broken here.',
  408: 'The request did not come to its end in time.',
  413: 'The extensions of the body’s chunks are longer than 16 KiB; send it without them.',
  431:
    `The address and its headers are longer than ${MOST_HEADER_BYTES / 2 ** 10} KiB, ` +
    `or there are more than ${MOST_HEADERS.toLocaleString('en')} headers. ` +
    'Post a long area instead: POST /area with the GeoJSON as the body, all else in the address.',
}
const HEADERS = {
  'Content-Type': 'application/problem+json',
  'Access-Control-Allow-Origin': '*',
  'X-Content-Type-Options': 'nosniff',
}

/** What one who goes on sending gets to read the last answer in: milliseconds, and bytes that are thrown away. */
const LINGER_MS = 1000
const LINGER_BYTES = 8 * 2 ** 20

/** The status of a request that node:http could not read. @param code of its error */
export const statusOf = (code: string | undefined): number => STATUS[code ?? ''] ?? 400

/** Of what the app was not asked, as it answers. @param detail where the status alone does not tell enough */
export const problemAnswer = (status: number, detail?: string): Response =>
  new Response(problemOf(status, detail), { status, headers: HEADERS })

/**
 * Says the last word on a connection. Closed at once, with bytes in it that nobody has read, it would be reset, and
 * the word be lost on its way: they are read, and thrown away, as long as the asker takes to hear it
 * (RFC 9112, 9.6).
 * @returns to be called whenever more has been read
 */
export function endWith(connection: Duplex, status: number): () => void {
  const before = bytesRead(connection)
  connection.end(refusal(status))
  connection.resume()
  const late = setTimeout(() => connection.destroy(), LINGER_MS)
  connection.once('close', () => clearTimeout(late))
  return () => {
    if (bytesRead(connection) - before > LINGER_BYTES) connection.destroy()
  }
}

const bytesRead = (connection: Duplex): number =>
  'bytesRead' in connection && typeof connection.bytesRead === 'number' ? connection.bytesRead : 0

const problemOf = (status: number, detail = DETAIL[status]): string =>
  `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail })}\n`

/** A whole answer, as it goes over the wire. */
function refusal(status: number): string {
  const body = problemOf(status)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
