import { messageOf } from '../errors.ts'

/** The server answered with a status that is no success. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  /** What the server says of it, cut at 64 KiB; may be empty. */
  readonly body: string
  /** Seconds, 0 and up; undefined where the server names none. */
  readonly retryAfter: number | undefined

  constructor(status: number, body: string, retryAfter: number | undefined) {
    super(`The server answered with status ${status}.`)
    this.status = status
    this.body = body
    this.retryAfter = retryAfter
  }
}

/** The connection failed or ended before the answer was whole. */
export class Broken extends Error {
  override readonly name = 'Broken'
  /** Whether another try may fare better: resets and cut bodies, not a host that is not there. */
  readonly transient: boolean

  constructor(message: string, options: { transient: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.transient = options.transient
  }
}

/** The answer came whole and is not what was asked for. */
export class Nonsense extends Error {
  override readonly name = 'Nonsense'
}

/**
 * One GET, whose body the caller must read or cancel. Redirects are refused: they would carry credentials
 * to a host that nobody configured.
 * @throws {Refused} for any status but 2xx, its body consumed
 * @throws {Broken} where no answer came
 */
export async function get(url: string, headers: Headers, signal: AbortSignal): Promise<Response> {
  const response = await unbroken(() => fetch(url, { headers, signal, redirect: 'manual' }))
  if (response.ok) return response
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'), Date.now())
  throw new Refused(response.status, await readRefusal(response), retryAfter)
}

/**
 * The whole body, of `limit` bytes at most; a longer one is cancelled.
 * @throws {Broken} where it ends before its length or the connection fails
 * @throws {Nonsense} where it is longer
 */
export async function readBody(response: Response, limit: number): Promise<Buffer> {
  const { chunks, length } = await readChunks(response, limit)
  if (length > limit) throw new Nonsense(`The answer is longer than ${limit} bytes.`)
  return Buffer.concat(chunks, length)
}

/** Gives up a body nobody wants, and its connection with it. */
export async function dropBody(response: Response): Promise<void> {
  await unbroken(async () => response.body?.cancel())
}

/**
 * Seconds from now that a Retry-After header asks for, a number or an HTTP date (RFC 9110, 10.2.3); 0 for
 * a date gone by, undefined where it is neither.
 * @param now milliseconds since 1970
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header)
  const date = HTTP_DATE.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}

const HTTP_DATE = /^\s*[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/
const REFUSAL_LIMIT = 64 * 1024

/** What a refusal says is a help, no need: where it cannot be read the status alone must do. */
async function readRefusal(response: Response): Promise<string> {
  try {
    return Buffer.concat((await readChunks(response, REFUSAL_LIMIT)).chunks).toString()
  } catch (thrown) {
    if (thrown instanceof Broken) return ''
    throw thrown
  }
}

async function readChunks(
  response: Response,
  limit: number,
): Promise<{ chunks: Uint8Array[]; length: number }> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (response.body === null) return { chunks, length }
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await unbroken(() => reader.read())
    if (done) return { chunks, length }
    length += value.byteLength
    chunks.push(value)
    if (length <= limit) continue
    await unbroken(() => reader.cancel())
    return { chunks, length }
  }
}

async function unbroken<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (thrown) {
    const code = networkCode(thrown)
    const why = messageOf(thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown)
    throw new Broken(why || code, { transient: TRANSIENT.has(code), cause: thrown })
  }
}

const TRANSIENT: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

/** fetch fails with a bare TypeError, whose cause carries the code of what went wrong on the socket. */
function networkCode(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}
