import { z } from 'zod'
import { TooLate, type Verdict, withAttempts } from '../calls/attempts.ts'
import { type Answer, Broken, dropBody, get, Nonsense, Refused, readBody } from '../calls/http-answer.ts'
import { retryBudget } from '../calls/retry-budget.ts'
import { Fault, messageOf } from '../errors.ts'
import { pages, readPage } from './gcs-pages.ts'
import { canBeKey } from './keys.ts'
import type { ByteRange, Storage } from './port.ts'
import { noSuchObject, pastTheEnd, requireRange } from './range.ts'

export type GcsOptions = {
  readonly bucket: string
  /** Base URL without a path; Google's where there is none. */
  readonly endpoint?: string
  /** Send no credentials, and look none up. */
  readonly anonymous: boolean
  readonly project?: string
  /** Milliseconds for one page or one read, retries included. */
  readonly deadlineMs: number
}

/**
 * A bucket of Google Cloud Storage, over the JSON API. Lists and ranged reads are calls of our own, as the
 * official client knows neither deadlines nor signals; that client gives the credentials.
 * @throws {Fault} misconfigured where the endpoint is no URL
 */
export function gcsStorage(options: GcsOptions): Storage {
  const { bucket, deadlineMs } = options
  const objects = `${baseUrl(options.endpoint)}/storage/v1/b/${encodeURIComponent(bucket)}/o`
  const credentials = options.anonymous ? withoutCredentials : googleCredentials(options.project)
  const budget = retryBudget()

  const call = async <T>(
    what: Call,
    url: string,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
    take: (answer: Answer) => Promise<T>,
  ): Promise<T> => {
    let shown: Credentials | undefined
    let renewed = false
    // A token may be refused before its time: it was taken back, or a clock is wrong. One new one is tried.
    const verdict: Verdict = (thrown) => {
      const isTokenRefused = thrown instanceof Refused && thrown.status === 401
      if (!isTokenRefused || renewed || !shown?.renew) return isWorthRetrying(thrown)
      shown.renew()
      renewed = true
      return { notBeforeMs: 0 }
    }
    try {
      return await withAttempts({ deadlineMs, signal, budget }, verdict, async (attempt) => {
        shown = await credentials(url)
        const { headers } = shown
        if (range !== undefined) headers.set('range', `bytes=${range.first}-${range.last}`)
        return take(await get(url, headers, attempt))
      })
    } catch (thrown) {
      throw toFault(thrown, what, options)
    }
  }

  return {
    bucket,
    list: (prefix, listOptions = {}) =>
      pages(prefix, listOptions, (query) =>
        call({ kind: 'list', prefix }, `${objects}?${query}`, undefined, listOptions.signal, (answer) =>
          readPage(answer, prefix),
        ),
      ),
    read: async (key, range, signal) => {
      requireRange(range)
      if (!canBeKey(key)) throw noSuchObject(bucket, key)
      const url = `${objects}/${encodeURIComponent(key)}?alt=media`
      return call({ kind: 'read', key, range }, url, range, signal, (answer) => readRange(answer, range))
    },
  }
}

type Call =
  | { readonly kind: 'list'; readonly prefix: string }
  | { readonly kind: 'read'; readonly key: string; readonly range: ByteRange }

async function readRange(answer: Answer, range: ByteRange): Promise<Uint8Array> {
  const { status } = answer
  const length = status === 206 ? promisedLength(answer.header('content-range'), range) : undefined
  if (length === undefined) {
    dropBody(answer)
    throw new Nonsense(`A range was asked for, and the answer (status ${status}) holds another.`)
  }
  const bytes = await readBody(answer, length)
  if (bytes.byteLength < length) throw new Broken('The answer was cut short.', { transient: true })
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Bytes that a Content-Range (RFC 9110, 14.4) announces; undefined where it is not the range asked for. */
function promisedLength(header: string | undefined, { first, last }: ByteRange): number | undefined {
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header ?? '') ?? []
  const end = Math.min(last, Number(total) - 1)
  return Number(from) === first && Number(to) === end ? end - first + 1 : undefined
}

/** What a call is let in by. */
type Credentials = {
  readonly headers: Headers
  /** Has the next call ask for a token anew, unless another one did; undefined where there is none to be had. */
  readonly renew?: () => void
}

const withoutCredentials = async (): Promise<Credentials> => ({ headers: new Headers() })

/** The headers of Google's default credentials; the client is loaded at the first call and kept. */
function googleCredentials(project: string | undefined): (url: string) => Promise<Credentials> {
  const load = async () => {
    const { Storage } = await import('@google-cloud/storage')
    // Lists and reads name no project; without one the client looks for it, for seconds off Google's machines.
    return new Storage({ projectId: project ?? 'unnamed' }).authClient
  }
  let loaded: ReturnType<typeof load> | undefined
  return async (url) => {
    loaded ??= load()
    const asked = loaded
    const client = await asked
    const renew = () => {
      if (loaded === asked) loaded = undefined
    }
    try {
      return { headers: new Headers(await client.getRequestHeaders(url)), renew }
    } catch (cause) {
      throw new NoCredentials(messageOf(cause), { cause })
    }
  }
}

class NoCredentials extends Error {
  override readonly name = 'NoCredentials'
}

function baseUrl(endpoint = 'https://storage.googleapis.com'): string {
  if (/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) return endpoint.replace(/\/+$/, '')
  const sentence = `The storage endpoint ${endpoint} is no http or https URL; correct SWATH_STORAGE_ENDPOINT.`
  throw new Fault('misconfigured', sentence)
}

const isBusy = ({ status, body }: Refused): boolean =>
  status === 429 || (status === 403 && /rateLimitExceeded/i.test(body))

function isWorthRetrying(thrown: unknown): { notBeforeMs: number } | undefined {
  if (thrown instanceof Broken) return thrown.transient ? { notBeforeMs: 0 } : undefined
  if (!(thrown instanceof Refused)) return undefined
  const worth = thrown.status === 408 || thrown.status >= 500 || isBusy(thrown)
  return worth ? { notBeforeMs: (thrown.retryAfter ?? 0) * 1000 } : undefined
}

const ACCESS =
  'For a public bucket set SWATH_ANONYMOUS=true; for another one log in with ' +
  '`gcloud auth application-default login` or point GOOGLE_APPLICATION_CREDENTIALS at a key file that may read it.'

/** Every failure of Cloud Storage in the house's terms; what is none of them is a bug and passes as it is. */
function toFault(thrown: unknown, call: Call, { bucket, deadlineMs }: GcsOptions): unknown {
  const subject =
    call.kind === 'list' ? `listing ${JSON.stringify(call.prefix)} of` : `reading ${call.key} of`
  const failed = (how: string, retryAfter?: number) =>
    new Fault('upstream-failed', `Cloud Storage failed at ${subject} the bucket ${bucket}: ${how}`, {
      cause: thrown,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  if (thrown instanceof TooLate) {
    const sentence =
      `Cloud Storage was not done with ${subject} the bucket ${bucket} within ${deadlineMs} ms; ` +
      'try again, or allow more by SWATH_DEADLINE_MS.'
    return new Fault('upstream-late', sentence, { cause: thrown })
  }
  if (thrown instanceof NoCredentials)
    return failed(`no credentials could be had (${thrown.message}). ${ACCESS}`)
  if (thrown instanceof Broken) return failed(`the connection broke (${thrown.message}). Try again.`)
  if (thrown instanceof Nonsense) return failed(`the answer makes no sense. ${thrown.message} ${STRANGE}`)
  if (!(thrown instanceof Refused)) return thrown
  const { status, retryAfter } = thrown
  if (isBusy(thrown)) {
    const sentence = `Cloud Storage takes no more calls for the bucket ${bucket} at the moment; try again later.`
    return new Fault('upstream-busy', sentence, { cause: thrown, retryAfter })
  }
  if (status === 401 || status === 403) return failed(`access was denied (status ${status}). ${ACCESS}`)
  if (call.kind === 'read' && status === 404) return noSuchObject(bucket, call.key, thrown)
  if (call.kind === 'read' && status === 416) return pastTheEnd(call.key, call.range, thrown)
  if (status === 404) {
    const sentence = `There is no bucket ${bucket}; correct SWATH_STORAGE, which names it as gs://<bucket>.`
    return new Fault('misconfigured', sentence, { cause: thrown })
  }
  const said = serverMessage(thrown.body)
  const how = `it answered with status ${status}. ${said}`.trim()
  return failed(status >= 500 ? `${how} Try again later.` : how, retryAfter)
}

const STRANGE =
  'Try again; if it stays so, something else answers at its address (SWATH_STORAGE_ENDPOINT, a proxy).'

const errorForm = z.object({ error: z.object({ message: z.string() }) })

/** The sentence in Google's JSON error body; empty where there is none. */
function serverMessage(body: string): string {
  try {
    return errorForm.safeParse(JSON.parse(body)).data?.error.message ?? ''
  } catch {
    return ''
  }
}
