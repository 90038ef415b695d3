import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Asked } from './asked.ts'
import type { Answer } from './wire.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** What no answer has any business to tell: where code lies, where files lie, what a database says. */
const INNER = [
  ROOT,
  join(tmpdir(), 'swath-test-'),
  'node:internal',
  'node_modules',
  'SQLITE_',
  'file:///',
  '.ts:',
  'at async ',
]
/** On whatever the app answers; what does not reach it, since it is no request, has GUARDS_AT_THE_DOOR. */
const GUARDS = [
  'x-content-type-options',
  'access-control-allow-origin',
  'referrer-policy',
  'content-security-policy',
  'cross-origin-resource-policy',
  'x-request-id',
]
const GUARDS_AT_THE_DOOR = ['x-content-type-options', 'access-control-allow-origin']
/** Of what is no request at all, the server tells. */
const AT_THE_DOOR: readonly number[] = [400, 408, 413, 431]

/** What is wrong with an answer; each begins with words that are the same for the same fault. */
export function complaintsOf(asked: Asked, answer: Answer): readonly string[] {
  const { status, headers } = answer
  const type = headers.get('content-type') ?? ''
  const text = textOf(answer)
  if (text === undefined) return [`packed badly: ${headers.get('content-encoding')}`]
  const found: string[] = []
  const complain = (is: boolean, what: string) => {
    if (is) found.push(what)
  }
  complain(!(status >= 200 && status < 600), `no status: ${status}, or bytes behind the answer`)
  complain(status >= 500 && !isBusy(asked, answer, text), `status ${status}: ${text.slice(0, 300)}`)
  complain([429, 503].includes(status) && !headers.has('retry-after'), `no Retry-After: ${status}`)
  complain(status === 401 && !asked.headers.some(isKey), 'status 401 for who showed no key')
  complain(status === 405 && !headers.has('allow'), 'no Allow on 405')
  complain(
    status >= 300 && status < 400 && status !== 304 && !headers.has('location'),
    `no Location: ${status}`,
  )
  const inner = INNER.find((part) => text.includes(part) && !isGiven(asked, part))
  complain(inner !== undefined, `tells of the inside: ${inner} in ${text.slice(0, 300)}`)
  complain(
    [...headers.keys()].some((name) => name.startsWith('x-planted')),
    'a header was planted',
  )
  const isOfApp = headers.has('x-request-id') || !AT_THE_DOOR.includes(status)
  for (const name of isOfApp ? GUARDS : GUARDS_AT_THE_DOOR)
    complain(!headers.has(name), `no header ${name}: ${status}`)
  if (asked.method === 'HEAD' || status === 204 || status === 304) return found
  if (status >= 400) return [...found, ...failureComplaints(asked, status, type, text)]
  const types = asked.operation?.answers ?? []
  if (!asked.isBent && types.length > 0 && status === 200) {
    complain(!types.some((one) => type.split(';')[0] === one.split(';')[0]), `type not told of: ${type}`)
  }
  if (/^application\/([\w.-]+\+)?json(;|$)/.test(type))
    complain(jsonOf(text) === undefined, `no JSON: ${text.slice(0, 200)}`)
  return found
}

const isKey = (line: string): boolean => /^(?:x-api-key|authorization):/i.test(line)

/** Too much to do is honest while it lasts; how often it may be is for the whole run to say. */
function isBusy({ method }: Asked, { status, headers }: Answer, text: string): boolean {
  if (status !== 503) return false
  // STAC's form tells no more of it than its name, and HEAD nothing.
  if (method === 'HEAD') return true
  const told = jsonOf(text)
  if (typeof told !== 'object' || told === null) return false
  return headers.get('content-type') === 'application/problem+json'
    ? Reflect.get(told, 'type') === 'urn:swath:problem:overloaded'
    : Reflect.get(told, 'code') === 'ServiceUnavailable'
}

/** As URLs are read, which undo no more than the dots. */
const LEADS_UP = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i

/** Problems (RFC 9457), and below /stac what STAC has in their place; a bent path may be either's. */
function failureComplaints(asked: Asked, status: number, type: string, text: string): readonly string[] {
  const told = jsonOf(text)
  const isProblem = type === 'application/problem+json'
  const isStac = type === 'application/json'
  if (typeof told !== 'object' || told === null)
    return [`failure without words: ${status} ${type} ${text.slice(0, 200)}`]
  const mayBeEither = asked.isBent || LEADS_UP.test(asked.path)
  if (!mayBeEither && isStac !== asked.path.startsWith('/stac') && !AT_THE_DOOR.includes(status))
    return [`failure of the other form: ${type}`]
  const has = (name: string, kind: string) => typeof Reflect.get(told, name) === kind
  if (
    isProblem &&
    ['type', 'title', 'detail'].every((name) => has(name, 'string')) &&
    Reflect.get(told, 'status') === status
  ) {
    return []
  }
  return isStac && has('code', 'string') && has('description', 'string')
    ? []
    : [`failure in no form: ${type} ${text.slice(0, 200)}`]
}

/** Whether the asker wrote it, so that an answer may quote it. */
const isGiven = ({ path, query, headers, body }: Asked, part: string): boolean =>
  [decoded(path), ...query.map(decoded), ...headers, body?.bytes.toString() ?? ''].some((text) =>
    text.toLowerCase().includes(part.toLowerCase()),
  )

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The text of a body; that of a picture is gibberish, in which no harm is found. */
function textOf({ headers, body }: Answer): string | undefined {
  const coding = headers.get('content-encoding') ?? 'identity'
  if (coding === 'identity' || body.length === 0) return body.toString()
  try {
    return (coding === 'br' ? brotliDecompressSync : gunzipSync)(body).toString()
  } catch {
    return undefined
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
