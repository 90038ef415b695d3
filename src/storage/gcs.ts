import { z } from 'zod'
import { TooLate, withAttempts } from '../calls/attempts.ts'
import { type Answer, Broken, dropBody, get, Nonsense, Refused, readBody } from '../calls/http-answer.ts'
import { retryBudget } from '../calls/retry-budget.ts'
import { Fault, messageOf } from '../errors.ts'
import { canBeKey, canStartKey, compareKeys, offsetPastFolder } from './keys.ts'
import type { ByteRange, Entry, ListOptions, Storage } from './port.ts'
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
  const credentials = options.anonymous ? async () => new Headers() : googleCredentials(options.project)

  const budget = retryBudget()

  const call = async <T>(
    what: Call,
    url: string,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
    take: (answer: Answer) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withAttempts({ deadlineMs, signal, budget }, isWorthRetrying, async (attempt) => {
        const headers = await credentials(url)
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
        call({ kind: 'list', prefix }, `${objects}?${query}`, undefined, listOptions.signal, readPage),
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

type Page = { readonly entries: readonly Entry[]; readonly next: string | undefined }

async function* pages(
  prefix: string,
  { delimiter, startOffset, endOffset }: ListOptions,
  fetchPage: (query: URLSearchParams) => Promise<Page>,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const offset = (text: string) => (delimiter === undefined ? text : offsetPastFolder(text, prefix))
  const start = offset(startOffset ?? '')
  const end = endOffset === undefined ? undefined : offset(endOffset)
  if (!canStartKey(prefix) || (end !== undefined && compareKeys(start, end) >= 0)) return
  const query = new URLSearchParams({ fields: FIELDS, maxResults: '1000', prefix })
  if (delimiter !== undefined) query.set('delimiter', delimiter)
  if (start !== '') query.set('startOffset', start)
  if (end !== undefined) query.set('endOffset', end)
  for (;;) {
    const { entries, next } = await fetchPage(query)
    yield entries
    if (next === undefined) return
    if (next === query.get('pageToken')) {
      throw new Fault(
        'upstream-failed',
        `Cloud Storage gives the same page of ${prefix} over and over; try again.`,
      )
    }
    query.set('pageToken', next)
  }
}

const FIELDS = 'items(name,size),prefixes,nextPageToken'
/** A page of 1000 is about 250 KB; names can be 1024 bytes long, and JSON may escape each of them. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024

const pageForm = z.object({
  items: z.array(z.object({ name: z.string().min(1), size: z.string().regex(/^\d+$/) })).default([]),
  prefixes: z.array(z.string().endsWith('/')).default([]),
  nextPageToken: z.string().min(1).optional(),
})

async function readPage(answer: Answer): Promise<Page> {
  const text = (await readBody(answer, MAX_PAGE_BYTES)).toString()
  const page = pageForm.safeParse(parseJson(text))
  if (!page.success) throw new Nonsense('The answer is no page of a listing.', { cause: page.error })
  const { items, prefixes, nextPageToken } = page.data
  const objects: Entry[] = items.map(({ name, size }) => ({ kind: 'object', key: name, size: Number(size) }))
  if (prefixes.length === 0) return { entries: objects, next: nextPageToken }
  const folders: Entry[] = prefixes.map((folder) => ({ kind: 'folder', prefix: folder }))
  const entries = [...objects, ...folders].sort((a, b) => compareKeys(nameOf(a), nameOf(b)))
  return { entries, next: nextPageToken }
}

const nameOf = (entry: Entry): string => (entry.kind === 'object' ? entry.key : entry.prefix)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Nonsense('The answer is no JSON.', { cause })
  }
}

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

/** The headers of Google's default credentials; the client is loaded at the first call and kept. */
function googleCredentials(project: string | undefined): (url: string) => Promise<Headers> {
  const load = async () => {
    const { Storage } = await import('@google-cloud/storage')
    // Lists and reads name no project; without one the client looks for it, for seconds off Google's machines.
    return new Storage({ projectId: project ?? 'unnamed' }).authClient
  }
  let loaded: ReturnType<typeof load> | undefined
  return async (url) => {
    loaded ??= load()
    const client = await loaded
    try {
      return new Headers(await client.getRequestHeaders(url))
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
  if (thrown instanceof Nonsense) return failed(`the answer makes no sense. ${thrown.message}`)
  if (!(thrown instanceof Refused)) return thrown
  const { status, retryAfter } = thrown
  if (isBusy(thrown)) {
    const sentence = `Cloud Storage takes no more calls for the bucket ${bucket} at the moment; try again later.`
    return new Fault('upstream-busy', sentence, { cause: thrown, retryAfter: retryAfter ?? BUSY_SECONDS })
  }
  if (status === 401 || status === 403) return failed(`access was denied (status ${status}). ${ACCESS}`)
  if (call.kind === 'read' && status === 404) return noSuchObject(bucket, call.key, thrown)
  if (call.kind === 'read' && status === 416) return pastTheEnd(call.key, call.range, thrown)
  if (status === 404) {
    const sentence = `There is no bucket ${bucket}; correct SWATH_STORAGE, which names it as gs://<bucket>.`
    return new Fault('misconfigured', sentence, { cause: thrown })
  }
  return failed(`it answered with status ${status}. ${serverMessage(thrown.body)}`.trim(), retryAfter)
}

/** What to tell the asker of a busy server that names no time itself. */
const BUSY_SECONDS = 5

const errorForm = z.object({ error: z.object({ message: z.string() }) })

/** The sentence in Google's JSON error body; empty where there is none. */
function serverMessage(body: string): string {
  try {
    return errorForm.safeParse(JSON.parse(body)).data?.error.message ?? ''
  } catch {
    return ''
  }
}
