import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { createApp } from '../../src/http/app.ts'
import type { Env } from '../../src/http/env.ts'
import { seeRequests } from '../../src/http/seen.ts'
import { createServer } from '../../src/http/server.ts'
import { openHouse } from '../../src/wire.ts'
import { sampleOf, scrapeOf } from '../seeing/scrape.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

/* What node:http refuses before our own code hears of it is told as all else is, and counted where all else is. */

let folder: Temporary
let house: House
let server: Server
let url = ''
const lines: string[] = []
beforeAll(async () => {
  folder = await temporaryFolder()
  const config = readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` })
  house = await openHouse(config, { log: { out: { write: (line) => lines.push(line) }, form: 'failures' } })
  const { refused } = house.seeing
  server = createServer(createApp(house), { headersMs: 200, requestMs: 500, lookMs: 50, refused })
  url = await listening(server)
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await house.close()
  await folder.remove()
})

async function listening(one: Server): Promise<string> {
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  const address = one.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

/** All that comes back until the connection ends. */
async function told(of: string, ...pieces: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(of).port), '127.0.0.1')
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await once(socket, 'data')
    socket.write(piece)
  }
  const chunks = await socket.toArray().catch(() => [])
  return Buffer.concat(chunks).toString()
}

const POST = 'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

describe('a request that the server refuses by itself', () => {
  test.each([
    ['is no HTTP', 'HELLO\r\n\r\n', 400, 'other'],
    ['has headers that are too long', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'other'],
    [
      'names an impossible Host',
      'GET /area HTTP/1.1\r\nHost: a b@c\r\nConnection: close\r\n\r\n',
      400,
      'other',
    ],
    ['never ends its headers', 'GET /area HTTP/1.1\r\nHost:', 408, 'other'],
    ['never ends its body', `${POST}Content-Length: 100\r\n\r\nhalf`, 408, '/area'],
    [
      'has endless extensions of a chunk',
      `${POST}Transfer-Encoding: chunked\r\n\r\n4;${'x'.repeat(20_000)}\r\nhalf\r\n`,
      413,
      '/area',
    ],
  ])('because it %s is counted once', async (_, bytes, status, route) => {
    const before = await scrapeOf(url)
    const answer = await told(url, bytes)
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain('application/problem+json')
    await sleep(50)
    const after = await scrapeOf(url)
    const grew = (labels: Record<string, string>) =>
      sampleOf(after, 'swath_http_requests_total', labels) -
      sampleOf(before, 'swath_http_requests_total', labels)
    const method = route === 'other' ? 'other' : 'POST'
    expect(grew({ route, method, status: String(status) })).toBe(1)
    expect([grew({ route, status: '499' }), grew({ route, status: '500' })]).toEqual([0, 0])
    expect(sampleOf(after, 'swath_http_cut_total', { route })).toBe(0)
    expect(sampleOf(after, 'swath_http_in_flight')).toBe(1)
  })

  test('is in no answer that has begun before its request ended: that one is cut', async () => {
    const slow = new Hono<Env>().post('/', (c) =>
      c.newResponse(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('begun')),
          pull: () => sleep(60_000, undefined, { ref: false }),
        }),
      ),
    )
    const refused: number[] = []
    const one = createServer(slow, { refused: (status) => refused.push(status) })
    const at = await listening(one)
    const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    const answer = await told(at, chunked, 'HELLO\r\n\r\n')
    one.close()
    expect([answer, refused]).toEqual([expect.not.stringContaining('HTTP/1.1 400'), []])
  })

  test('comes behind the answers to those before it, however late', async () => {
    const slow = new Hono<Env>().get('/:ms', async (c) => {
      await sleep(Number(c.req.param('ms')))
      return c.text(c.req.param('ms'))
    })
    const refused: number[] = []
    const one = createServer(slow, { refused: (status) => refused.push(status) })
    const at = await listening(one)
    const get = (ms: number) => `GET /${ms} HTTP/1.1\r\nHost: x\r\n\r\n`
    const answer = await told(at, `${get(200)}${get(10)}HELLO\r\n\r\n${get(1)}`)
    one.close()
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(answer.indexOf('\r\n\r\n200')).toBeLessThan(answer.indexOf('\r\n\r\n10'))
    expect(refused).toEqual([400])
  })

  test.each([
    ['that stalls', 'half', 408, 500],
    ['that is broken', 'HELLO\r\n\r\n', 400, 200],
  ])('lets the answers before a body %s come to their end', async (_, body, status, ms) => {
    const slow = new Hono<Env>()
      .get('/late', async (c) => {
        await sleep(ms)
        return c.text('late')
      })
      .get('/begun', (c) => c.body(ReadableStream.from(piecesOver(ms))))
      .post('/', async (c) => c.text(await c.req.text()))
    const refused: number[] = []
    const one = createServer(slow, {
      headersMs: 100,
      requestMs: 200,
      lookMs: 20,
      refused: (told) => refused.push(told),
    })
    const at = await listening(one)
    const head = 'HTTP/1.1\r\nHost: x\r\n'
    for (const before of ['/late', '/begun']) {
      const asked = `GET ${before} ${head}\r\nPOST / ${head}Transfer-Encoding: chunked\r\n\r\n`
      const answer = await told(at, `${asked}${status === 408 ? '9\r\n' : ''}${body}`)
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', `HTTP/1.1 ${status}`])
      expect(answer).toContain(before === '/late' ? '\r\n\r\nlate' : 'second')
    }
    one.close()
    expect(refused).toEqual([])
  })

  test('reaches one who is still sending when it is said, and who never ends is cut', async () => {
    const one = createServer(new Hono<Env>())
    const at = await listening(one)
    try {
      const head = 'GET / HTTP/1.1\r\nHost: x\r\nX-Long: '
      for (const bytes of [100_000, 1_000_000, 4_000_000]) {
        const socket = connect(Number(new URL(at).port), '127.0.0.1')
        socket.write(`${head}${'x'.repeat(bytes)}\r\n\r\n`)
        const chunks = await socket.toArray()
        expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 431 .*POST \/area/s)
      }
      const endless = connect({ port: Number(new URL(at).port), host: '127.0.0.1', allowHalfOpen: true })
      endless.on('error', () => {})
      let sent = 0
      const piece = 'x'.repeat(65_536)
      const more = () => {
        while (!endless.destroyed && endless.write(piece)) sent += piece.length
      }
      endless.on('drain', more).resume()
      endless.write(head, more)
      // It is reset, which once() would throw.
      await new Promise((closed) => endless.once('close', closed))
      // What fits into the buffers of both sockets comes on top of what is thrown away.
      expect(sent).toBeLessThan(64 * 2 ** 20)
      const silent = connect({ port: Number(new URL(at).port), host: '127.0.0.1', allowHalfOpen: true })
      silent.on('error', () => {}).resume()
      const began = performance.now()
      silent.write('HELLO\r\n\r\n')
      await once(silent, 'end')
      while ((await connectionsOf(one)) > 0 && performance.now() - began < 5000) await sleep(20)
      expect(await connectionsOf(one)).toBe(0)
      silent.destroy()
    } finally {
      one.closeAllConnections()
      one.close()
    }
  }, 20_000)
})

async function* piecesOver(ms: number): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('first')
  await sleep(ms)
  yield new TextEncoder().encode('second')
}

const connectionsOf = (one: Server): Promise<number> =>
  new Promise((resolve) => one.getConnections((_, count) => resolve(count)))

test('what is thrown and is no error ends its request all the same, and is written down', async () => {
  const odd = new Hono<Env>()
  odd.use(seeRequests(house.seeing)).get('/odd', () => Promise.reject('planted'))
  const one = createServer(odd)
  const at = await listening(one)
  const response = await fetch(`${at}/odd`)
  expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('planted')])
  await sleep(50)
  one.closeAllConnections()
  one.close()
  expect(sampleOf(await scrapeOf(url), 'swath_http_in_flight')).toBe(1)
  expect(lines.join('')).toMatch(/ GET \/odd 500 .*\n {2}planted\n/)
})
