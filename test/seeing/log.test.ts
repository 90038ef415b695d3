import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { openLog } from '../../src/seeing/log.ts'
import type { RequestLine } from '../../src/seeing/log-line.ts'
import type { LogForm } from '../../src/seeing/port.ts'
import { withoutSecrets } from '../../src/seeing/secrets.ts'

const ENDED = {
  route: '/area',
  method: 'GET',
  status: 200,
  firstByteMs: 3,
  wholeMs: 12.5,
  bytes: 4096,
  cutBy: undefined,
} as const
type Ended = RequestLine['ended']

type Telling = {
  readonly ended?: Partial<Ended>
  readonly url?: string
  readonly thrown?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly project?: string
}
type Told = { readonly [member: string]: unknown }

/** What a log writes of one request. */
async function written(
  form: LogForm,
  { ended = {}, url = '/area?bbox=1,2,3,4', thrown, headers = {}, project }: Telling = {},
): Promise<string> {
  const lines: string[] = []
  const log = await openLog({ form, out: { write: (line) => lines.push(line) }, project })
  const header = (name: string) => headers[name]
  const trace = headers.traceparent
    ? { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true }
    : undefined
  log({
    asked: { method: 'GET', url, protocol: 'HTTP/1.1', remoteIp: '10.1.2.3', header },
    ended: { ...ENDED, ...ended },
    requestId: 'the-id',
    trace,
    thrown,
  })
  return lines.join('')
}

async function json(telling: Telling = {}): Promise<Told> {
  return JSON.parse(await written('json', telling))
}

describe('a line of JSON', () => {
  test('has the words of Cloud Logging', async () => {
    const line = await json({ headers: { traceparent: 'x', 'user-agent': 'curl/8' }, project: 'mine' })
    expect(line).toMatchObject({
      severity: 'INFO',
      message: 'GET /area 200',
      httpRequest: {
        requestMethod: 'GET',
        requestUrl: '/area?bbox=1,2,3,4',
        status: 200,
        responseSize: '4096',
        userAgent: 'curl/8',
        remoteIp: '10.1.2.3',
        latency: '0.012500s',
        protocol: 'HTTP/1.1',
      },
      route: '/area',
      requestId: 'the-id',
      'logging.googleapis.com/trace': `projects/mine/traces/${'a'.repeat(32)}`,
      'logging.googleapis.com/spanId': 'b'.repeat(16),
      'logging.googleapis.com/trace_sampled': true,
    })
    expect(Date.parse(String(line.time))).toBeGreaterThan(Date.now() - 60_000)
    expect(line).not.toHaveProperty('level')
    expect(line).not.toHaveProperty('pid')
  })

  test.each([
    [200, 'INFO'],
    [304, 'INFO'],
    [400, 'WARNING'],
    [429, 'WARNING'],
    [499, 'INFO'],
    [500, 'ERROR'],
    [503, 'ERROR'],
  ])('of status %d is %s', async (status, severity) => {
    expect(await json({ ended: { status } })).toMatchObject({ severity })
  })

  test('of a probe that found all well is for debugging, and of one that did not is an error', async () => {
    expect(await json({ ended: { route: '/readyz' } })).toMatchObject({ severity: 'DEBUG' })
    expect(await json({ ended: { route: '/readyz', status: 503 } })).toMatchObject({ severity: 'ERROR' })
  })

  test('tells a fault by its code, its sentence and that of its cause', async () => {
    const cause = new Error('connect ECONNREFUSED')
    const thrown = new Fault('upstream-failed', 'The bucket did not answer.', { cause })
    expect(await json({ ended: { status: 502 }, thrown })).toMatchObject({
      failure: 'upstream-failed',
      message: 'GET /area 502: The bucket did not answer.: connect ECONNREFUSED',
    })
  })

  test('tells a bug with its stack', async () => {
    const line = await json({ ended: { status: 500 }, thrown: new TypeError('x is not a function') })
    expect(line).toMatchObject({ severity: 'ERROR', failure: 'bug' })
    expect(line.message).toMatch(/TypeError: x is not a function\n +at /)
  })

  test('tells who cut an answer', async () => {
    expect(await json({ ended: { cutBy: 'service' } })).toMatchObject({ severity: 'ERROR', cutBy: 'service' })
    expect(await json({ ended: { cutBy: 'client' } })).toMatchObject({
      severity: 'INFO',
      message: 'GET /area 200 cut by the client',
    })
  })
})

describe('secrets', () => {
  const SECRET = 'hunter2hunter2'
  test('are in no line, wherever they stand', async () => {
    const url = `/area?bbox=1,2,3,4&key=${SECRET}&access_token=${SECRET}&X-Goog-Signature=${SECRET}&api%5Fkey=${SECRET}`
    const headers = {
      authorization: `Bearer ${SECRET}`,
      cookie: `session=${SECRET}`,
      'x-api-key': SECRET,
      'user-agent': `robot key=${SECRET}`,
    }
    const thrown = new Fault('upstream-failed', `GET https://me:${SECRET}@host/o?key=${SECRET} failed.`, {
      cause: new Error(`Authorization: Bearer ${SECRET}`),
    })
    for (const form of ['json', 'text', 'failures'] as const) {
      const line = await written(form, { url, headers, thrown, ended: { status: 502 } })
      expect(line).toContain('bbox=1,2,3,4')
      expect(line, form).not.toContain(SECRET)
    }
  })

  test('are known by their form, too', () => {
    expect(withoutSecrets(`AIza${'x'.repeat(35)} ya29.a0b-c eyJhbGci.eyJzdWIi.c2ln`)).toBe('*** *** ***')
    expect(withoutSecrets('/area?bbox=1,2,3,4&limit=5')).toBe('/area?bbox=1,2,3,4&limit=5')
  })
})

describe('a line of text', () => {
  test('is short, and says why below', async () => {
    const thrown = new Fault('upstream-late', 'Too late.')
    expect(await written('text')).toMatch(
      /^\d\d:\d\d:\d\d GET \/area\?bbox=1,2,3,4 200 13 ms 4096 B the-id\n$/,
    )
    expect(await written('text', { ended: { status: 504 }, thrown })).toMatch(/the-id\n {2}Too late\.\n$/)
  })

  test('is one line, whatever the client sent', async () => {
    const line = await written('text', { url: '/area?x=\n\u001b[31m' })
    expect(line.split('\n')).toHaveLength(2)
    expect(line).not.toContain('\u001b')
    const thrown = new Fault('bad-request', 'There is no \u001b[2J here.')
    expect(await written('text', { thrown })).not.toContain('\u001b')
  })

  test('is not written for probes, nor where failures alone are wanted, nor where nothing is', async () => {
    expect(await written('text', { ended: { route: '/healthz' } })).toBe('')
    expect(await written('failures')).toBe('')
    expect(await written('failures', { ended: { status: 404 } })).toBe('')
    expect(await written('failures', { ended: { status: 500 } })).not.toBe('')
    expect(await written('failures', { ended: { cutBy: 'service' } })).not.toBe('')
    expect(await written('off', { ended: { status: 500 } })).toBe('')
  })
})
