import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SlowService, serveWithin, told } from './slow-service.ts'

/* Whatever is too large, or not what it says it is, byte by byte as no client would send it. */

let service: SlowService
beforeAll(async () => {
  service = await serveWithin({ headersMs: 2000, requestMs: 3000, lookMs: 100 })
})
afterAll(() => service.close())

const GET = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: here\r\n${more}Connection: close\r\n\r\n`
const POST = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nConnection: close\r\n${more}\r\n\r\n`

const lines = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('')
const parameters = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`).join('&')

/** Sends, and expects a whole answer of one of these statuses; then that the next one is served. */
async function expectTold(pieces: Iterable<string | Buffer>, statuses: readonly (number | undefined)[]) {
  const cpu = process.cpuUsage()
  const answer = await told(service.port, pieces)
  const { user, system } = process.cpuUsage(cpu)
  expect(statuses, answer.text.slice(0, 300)).toContain(answer.status)
  expect((user + system) / 1e6, 'seconds of CPU').toBeLessThan(3)
  if (answer.status !== undefined && answer.status >= 400) {
    expect(answer.text).toMatch(/^content-type: application\/(?:problem\+)?json\r$/im)
  }
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  return answer
}

describe('too large', () => {
  test.each([
    ['an address of a megabyte', [GET(`/area?intersects=${'x'.repeat(2 ** 20)}`)], 431],
    ['a header of a megabyte', [GET('/healthz', `X-Long: ${'x'.repeat(2 ** 20)}\r\n`)], 431],
    ['a name of a header of a megabyte', [GET('/healthz', `${'x'.repeat(2 ** 20)}: 1\r\n`)], 431],
    ['a method of a megabyte', [`${'G'.repeat(2 ** 20)} / HTTP/1.1\r\n\r\n`], 400],
    ['10,000 headers', [GET('/healthz', lines(10_000))], 431],
    // Host and Connection are two more.
    ['1,001 short headers, one more than there may be', [GET('/healthz', lines(999))], 431],
    ['1,000 short headers, which have room', [GET('/healthz', lines(998))], 200],
    ['10,000 parameters', [GET(`/area?${parameters(10_000)}`)], 400],
    ['20,000 parameters', [GET(`/area?${parameters(20_000)}`)], 431],
    ['10,000 parameters of STAC', [GET(`/stac/search?${parameters(10_000)}`)], 400],
    ['one parameter 10,000 times', [GET(`/area?${'limit&'.repeat(10_000)}`)], 400],
  ] as const)('%s is answered at once', async (_, pieces, status) => {
    await expectTold(pieces, [status])
  })

  const MEGABYTE = Buffer.alloc(2 ** 20, ' ')
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), MEGABYTE, Buffer.from('\r\n')])
  test.each([
    ['/area', 12],
    ['/area/summary', 12],
    ['/stac/search', 6],
  ])(
    'a body of %s beyond its bound is told 413, whether its length is told or not',
    async (path, megabytes) => {
      const whole = Array.from({ length: megabytes }, () => MEGABYTE)
      const announced = POST(path, `Content-Length: ${megabytes * 2 ** 20}`)
      // Who goes on sending may lose the answer to a reset; who listens first has it.
      await expectTold([announced], [413])
      await expectTold([announced, ...whole], [413, undefined])
      await expectTold(
        [POST(path, 'Transfer-Encoding: chunked'), ...whole.map(() => chunk), '0\r\n\r\n'],
        [413, undefined],
      )
    },
  )

  test('lengths that no body has are told 413 before a byte of them', async () => {
    await expectTold([POST('/area', 'Content-Length: 9007199254740991')], [413])
    await expectTold([POST('/area', `Content-Length: ${'9'.repeat(400)}`)], [400, 413])
  })
})

describe('what is not what it says', () => {
  const CHUNKED = POST('/area', 'Transfer-Encoding: chunked')
  test.each([
    ['a size of a chunk that is no number', [CHUNKED, 'zz\r\n{}\r\n0\r\n\r\n'], [400]],
    ['a chunk that is longer than it says', [CHUNKED, '1\r\n{}\r\n0\r\n\r\n'], [400]],
    ['a size of a chunk beyond all numbers', [CHUNKED, `${'f'.repeat(20)}\r\n{}\r\n`], [400]],
    ['a negative size of a chunk', [CHUNKED, '-1\r\n{}\r\n0\r\n\r\n'], [400]],
    ['extensions of a chunk without an end', [CHUNKED, `2;${'x'.repeat(100_000)}`], [400, 413, 431]],
    ['trailers without an end', [CHUNKED, `2\r\n{}\r\n0\r\n${lines(20_000)}`], [400, 431]],
    [
      'chunks and a length',
      [POST('/area', 'Transfer-Encoding: chunked\r\nContent-Length: 4'), '0\r\n\r\n'],
      [400],
    ],
    ['two lengths', [POST('/area', 'Content-Length: 4\r\nContent-Length: 5'), '{}{}{}'], [400]],
    ['a length that is no number', [POST('/area', 'Content-Length: four'), '{}{}'], [400]],
    [
      'chunks that are not the last coding',
      [POST('/area', 'Transfer-Encoding: chunked, gzip'), '0\r\n\r\n'],
      [400],
    ],
    ['a line that goes on', [GET('/healthz', 'X-A: 1\r\n 2\r\n')], [400]],
    ['lines that end in LF alone', ['GET /healthz HTTP/1.1\nHost: here\n\n'], [400]],
    ['a space before a colon', [GET('/healthz', 'Content-Length : 5\r\n')], [400]],
    ['two hosts', [GET('/healthz', 'Host: there\r\n')], [400]],
    ['no host', ['GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'], [400]],
    ['HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'], [400]],
    ['HTTP/0.9', ['GET /healthz\r\n\r\n'], [400]],
    ['HTTP/9.9', ['GET /healthz HTTP/9.9\r\nHost: here\r\n\r\n'], [400]],
    ['the greeting of TLS', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '\x00'.repeat(500)], [400]],
    ['the greeting of SSH', ['SSH-2.0-OpenSSH_9.6\r\n'], [400]],
    ['zeros', ['\0'.repeat(100_000)], [400]],
  ] as const)('%s is refused', async (_, pieces, statuses) => {
    await expectTold(pieces, statuses)
  })

  test('what stands behind requests is refused once they are answered', async () => {
    const first = 'GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n'
    const { text } = await expectTold([`${first}${first}GARBAGE\0\r\n\r\n`], [200, 400])
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(['200', '200', '400'])
  })

  test('bytes beyond the told length are no part of the body', async () => {
    const body = '{"type":"Point","coordinates":[12.5,55.6]}'
    const { text } = await expectTold(
      [
        POST('/area', `Content-Length: ${body.length}`).replace('Connection: close\r\n', ''),
        `${body}GET /secret`,
      ],
      [200],
    )
    expect(text).not.toContain('/secret')
  })

  test('a hundred requests in one piece are answered in their order', async () => {
    const asked = Array.from(
      { length: 100 },
      (_, i) => `GET /area?nonsense${i} HTTP/1.1\r\nHost: here\r\n\r\n`,
    )
    const { text } = await expectTold([asked.join(''), GET('/healthz')], [400])
    const named = [...text.matchAll(/"parameter":"nonsense(\d+)"/g)].map(([, n]) => Number(n))
    expect(named).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

test('HTTP/1.0 is answered by a whole body and the end of the connection', async () => {
  const { text } = await expectTold(['GET /area?bbox=12,55,13,56 HTTP/1.0\r\n\r\n'], [200, 400])
  expect(text).toMatch(/^content-length: \d+\r$/im)
  expect(text).not.toMatch(/^transfer-encoding/im)
})

test('who asks whether to go on is told so, and answered once the body is there', async () => {
  const body = '{"type":"Point","coordinates":[12.5,55.6]}'
  const { text } = await told(
    service.port,
    [POST('/area', `Expect: 100-continue\r\nContent-Length: ${body.length}`), body],
    50,
  )
  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})

test.each(['a b', '../x', 'a'.repeat(300)])(
  'a Host that names none is refused with the headers of every answer: %s',
  async (host) => {
    const { text } = await told(service.port, [
      `GET /area HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    ])
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toMatch(/^access-control-allow-origin: \*\r$/im)
  },
)

test('a Host that is too long comes through to the app, which guards its refusal', async () => {
  const { text } = await told(service.port, [
    `GET /area HTTP/1.1\r\nHost: ${'a'.repeat(300)}\r\nConnection: close\r\n\r\n`,
  ])
  for (const name of [
    'x-content-type-options',
    'content-security-policy',
    'referrer-policy',
    'x-request-id',
  ]) {
    expect(text.toLowerCase(), name).toContain(`\r\n${name}: `)
  }
})
