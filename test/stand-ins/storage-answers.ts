import { createReadStream } from 'node:fs'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Answer, Mishap } from './storage-faults.ts'
import { type Bucket, globPattern, listPage, type Stored } from './stored-objects.ts'

/** What a request names. */
export type Target =
  | { readonly kind: 'list'; readonly query: URLSearchParams }
  | { readonly kind: 'read'; readonly key: string; readonly meta: boolean }
  | { readonly kind: 'bucket' }

/** What the API answers to a request, and what it answers where the mishap is in the content. */
export function answer(
  bucket: Bucket,
  name: string,
  target: Target,
  headers: IncomingHttpHeaders,
  mishap: Mishap | undefined,
): Answer {
  if (mishap?.kind === 'status') {
    const { status, reason, retryAfter } = mishap
    const refusal = apiError(status, `The stand-in was told to answer ${status}.`, reason)
    return retryAfter === undefined
      ? refusal
      : { ...refusal, headers: { ...refusal.headers, 'retry-after': retryAfter } }
  }
  if (target.kind === 'bucket') return json(200, { kind: 'storage#bucket', id: name, name, location: 'US' })
  if (target.kind === 'list') return listAnswer(bucket, name, target.query, mishap)
  const stored = bucket.objects.get(target.key)
  if (stored === undefined) return apiError(404, `No such object: ${name}/${target.key}`)
  if (target.meta) return json(200, itemOf(bucket, name, target.key, undefined))
  return media(stored, mishap?.kind === 'ignore-range' ? undefined : headers.range)
}

function listAnswer(
  bucket: Bucket,
  name: string,
  query: URLSearchParams,
  mishap: Mishap | undefined,
): Answer {
  const maxResults = Number(query.get('maxResults') ?? 1000)
  if (!Number.isInteger(maxResults) || maxResults < 1) return apiError(400, 'Invalid maxResults.')
  const matchGlob = globOf(query.get('matchGlob') ?? '')
  if (matchGlob === 'bad') return apiError(400, 'Invalid matchGlob.')
  const [from = '', round = '0'] = (query.get('pageToken') ?? '').split('.')
  const page = listPage(bucket, {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    startOffset: query.get('startOffset') ?? '',
    endOffset: query.get('endOffset') ?? '',
    matchGlob,
    maxResults: mishap?.kind === 'short-page' ? mishap.entries : Math.min(maxResults, 1000),
    from: Buffer.from(from, 'base64url').toString(),
  })
  const fields = fieldsOf(query.get('fields'))
  const body: Record<string, unknown> = {}
  if (fields.has('kind')) body.kind = 'storage#objects'
  if (fields.has('nextPageToken') && page.next !== undefined)
    body.nextPageToken = tokenOf(page.next, Number(round) + 1)
  if (fields.has('prefixes') && page.prefixes.length > 0) body.prefixes = page.prefixes
  if (fields.has('items') && page.items.length > 0) {
    body.items = page.items.map((key) => itemOf(bucket, name, key, fields.get('items')))
  }
  return json(200, body)
}

function globOf(glob: string): RegExp | undefined | 'bad' {
  try {
    return glob === '' ? undefined : globPattern(glob)
  } catch {
    return 'bad'
  }
}

/** The round keeps an empty page's token from being the one that asked for it. */
const tokenOf = (key: string, round: number): string => `${Buffer.from(key).toString('base64url')}.${round}`

function itemOf(bucket: Bucket, name: string, key: string, fields: readonly string[] | undefined): unknown {
  const size = String(bucket.objects.get(key)?.size ?? 0)
  if (fields?.length === 2 && fields.includes('name') && fields.includes('size')) return { name: key, size }
  const all = {
    kind: 'storage#object',
    id: `${name}/${key}/1`,
    name: key,
    bucket: name,
    size,
    contentType: 'application/octet-stream',
    updated: '2020-01-01T00:00:00.000Z',
  }
  return fields === undefined
    ? all
    : Object.fromEntries(Object.entries(all).filter(([of]) => fields.includes(of)))
}

const ALL_FIELDS = 'kind,items,prefixes,nextPageToken'
const parsedFields = new Map<string, ReadonlyMap<string, readonly string[] | undefined>>()

/** Fields of an answer as `items(name,size),prefixes` or `items/name` names them, with those inside each. */
function fieldsOf(text: string | null): ReadonlyMap<string, readonly string[] | undefined> {
  const fields = text === null || text === '*' ? ALL_FIELDS : text
  const known = parsedFields.get(fields)
  if (known !== undefined) return known
  const found = [...fields.matchAll(/([a-zA-Z]+)(?:\(([^)]*)\)|\/([a-zA-Z]+))?/g)]
  const parsed = new Map(found.map(([, of = '', many, one]) => [of, (many ?? one)?.split(',')]))
  parsedFields.set(fields, parsed)
  return parsed
}

function media(stored: Stored, range: string | undefined): Answer {
  const { size } = stored
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? []
  const asked = from !== '' || to !== ''
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  const type = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' }
  if (!asked || (to !== '' && from !== '' && Number(to) < first)) {
    return { status: 200, headers: { ...type, 'content-length': size }, body: bodyOf(stored, 0, size - 1) }
  }
  if (first >= size) {
    const refusal = apiError(416, 'The requested range cannot be satisfied.', 'requestedRangeNotSatisfiable')
    return { ...refusal, headers: { ...refusal.headers, 'content-range': `bytes */${size}` } }
  }
  const length = last - first + 1
  const headers = { ...type, 'content-length': length, 'content-range': `bytes ${first}-${last}/${size}` }
  return { status: 206, headers, body: bodyOf(stored, first, last) }
}

function bodyOf(stored: Stored, first: number, last: number): Answer['body'] {
  if ('bytes' in stored) return stored.bytes.subarray(first, last + 1)
  if (last < first) return ''
  if ('file' in stored) {
    return (response) => pipe(createReadStream(stored.file, { start: first, end: last }), response)
  }
  if (last - first < ZEROS.length) return ZEROS.subarray(0, last - first + 1)
  return (response) => pipe(Readable.from(zeros(last - first + 1)), response)
}

const ZEROS = Buffer.alloc(1 << 16)

function* zeros(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(left, ZEROS.length))
}

function pipe(source: Readable, response: ServerResponse): void {
  source.on('error', () => response.destroy())
  response.on('close', () => source.destroy())
  source.pipe(response)
}

export function json(status: number, body: unknown): Answer {
  const text = JSON.stringify(body)
  const type = 'application/json; charset=UTF-8'
  return { status, headers: { 'content-type': type, 'content-length': Buffer.byteLength(text) }, body: text }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'required',
  403: 'forbidden',
  404: 'notFound',
  429: 'rateLimitExceeded',
}

/** An error body in Google's form. */
export function apiError(code: number, message: string, reason = REASONS[code] ?? 'backendError'): Answer {
  return json(code, { error: { code, message, errors: [{ message, domain: 'global', reason }] } })
}
