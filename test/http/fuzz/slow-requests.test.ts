import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SlowService, serveWithin, told } from './slow-service.ts'

/*
 * Whoever sends slowly, or nothing. The times of the server are shortened by its own options; a start without them
 * gives 10 s for headers and 30 s for a request.
 */

const TIMES = { headersMs: 400, requestMs: 800, lookMs: 50 }
/** Far above what is given, and far below what would be waited for. */
const SOON_MS = 4000

let service: SlowService
beforeAll(async () => {
  service = await serveWithin(TIMES)
  await (await fetch(`${service.url}/area?bbox=12,55,13,56`)).text()
})
afterAll(() => service.close())

function* forEver(first: string, then: string): Generator<string> {
  yield first
  for (;;) yield then
}

describe('who never comes to an end', () => {
  test.each([
    ['headers, a byte at a time', 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a'],
    ['headers, a line at a time', 'GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X-Slow: a\r\n'],
    ['a first line', 'GET /', 'a'],
    ['empty lines before one', '', '\r\n'],
    [
      'a body of a told length',
      'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n',
      ' ',
    ],
    [
      'a body in chunks',
      'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1\r\n \r\n',
    ],
    [
      'a search in chunks',
      'POST /stac/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1\r\n \r\n',
    ],
    [
      'the size of a chunk',
      'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      '0',
    ],
  ])(
    'is told 408 in time and cut: %s',
    async (_, first, then) => {
      const { status, text, tookMs } = await told(service.port, forEver(first, then), 20)
      expect([status, text]).toEqual([408, expect.stringContaining('application/problem+json')])
      expect(text).toMatch(/^connection: close\r$/im)
      expect(tookMs).toBeLessThan(SOON_MS)
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
    },
    20_000,
  )
})

/** So many connections on which nothing is said, or these bytes. */
async function idle(count: number, bytes = ''): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () =>
    connect(service.port, '127.0.0.1').on('error', () => {}),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) socket.write(bytes)
  return sockets
}

const slowest = async (asks: number): Promise<number> => {
  let most = 0
  for (let n = 0; n < asks; n++) {
    const began = performance.now()
    const answer = await fetch(`${service.url}/area?bbox=12,55,13,56&limit=${n + 1}`)
    expect([answer.status, (await answer.text()).length > 0]).toEqual([200, true])
    most = Math.max(most, performance.now() - began)
  }
  return most
}

test.each([
  [500, 'say nothing', ''],
  [500, 'stop within their headers', 'GET /area HTTP/1.1\r\nHost: x\r\nX-'],
  // Of one address, as all are here; the 251st would get 429.
  [
    200,
    'stop within their body',
    'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
])(
  'another client is answered quickly beside %i that %s, and none of those is kept',
  async (count, _, bytes) => {
    const before = await service.connections()
    const sockets = await idle(count, bytes)
    try {
      expect(await slowest(20)).toBeLessThan(2000)
      for (let looks = 0; looks < 200 && (await service.connections()) > before + 2; looks++) await sleep(50)
      expect(await service.connections()).toBeLessThanOrEqual(before + 2)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  },
  30_000,
)
