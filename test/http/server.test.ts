import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Env } from '../../src/http/env.ts'
import { createServer } from '../../src/http/server.ts'

const app = new Hono<Env>().get('/area', (c) => c.text(String(c.req.query('intersects')?.length)))
const server = createServer(app)
let port = 0
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  port = typeof address === 'object' && address ? address.port : 0
})
afterAll(() => {
  if ('closeAllConnections' in server) server.closeAllConnections()
  server.close()
})

const ask = (length: number) => fetch(`http://127.0.0.1:${port}/area?intersects=${'x'.repeat(length)}`)

test('an address may hold 60,000 characters', async () => {
  const response = await ask(60_000)
  expect([response.status, await response.text()]).toEqual([200, '60000'])
})

test('a longer one is told to post the area', async () => {
  const response = await ask(70_000)
  expect([response.status, response.headers.get('content-type')]).toEqual([431, 'application/problem+json'])
  expect(await response.json()).toMatchObject({ status: 431, detail: expect.stringMatching(/POST \/area/) })
})

test('a thousand headers are read, one more is told so', async () => {
  const askWith = async (count: number) => {
    const socket = connect(port, '127.0.0.1')
    const lines = Array.from({ length: count - 2 }, (_, n) => `a${n}: 1\r\n`)
    socket.write(`GET /area HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('')}\r\n`)
    return (await Array.fromAsync(socket)).join('')
  }
  expect(await askWith(1000)).toMatch(/^HTTP\/1\.1 200 /)
  const refused = await askWith(1001)
  expect(refused).toMatch(/^HTTP\/1\.1 431 /)
  expect(refused).toContain('more than 1,000 headers')
})

test('what is no HTTP is answered with a problem, and the next request is served', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.write('HELLO\r\n\r\n')
  const text = (await Array.fromAsync(socket)).join('')
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(text).toContain('application/problem+json')
  expect((await ask(1)).status).toBe(200)
})

test('who hangs up in the middle of a request harms nobody', async () => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /area HTTP/1.1\r\nHost:')
  socket.resetAndDestroy()
  await once(socket, 'close')
  expect((await ask(1)).status).toBe(200)
})

/** A service of endless answers and of a cut after some milliseconds, and what it has under way. */
async function endless(deadlineMs: number) {
  let [open, pieces] = [0, 0]
  const endless = new Hono<Env>().get('/', (c) => {
    open++
    c.env.outgoing.once('close', () => open--)
    return c.newResponse(
      new ReadableStream(
        {
          pull: (controller) => {
            pieces++
            controller.enqueue(new Uint8Array(65_536))
          },
        },
        { highWaterMark: 0 },
      ),
    )
  })
  const server = createServer(endless, { deadlineMs })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const end = () => {
    socket.destroy()
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
  return { socket, open: () => open, pieces: () => pieces, end }
}

test('a reader who takes nothing any more is cut, and nothing more is made for them', async () => {
  const { socket, open, pieces, end } = await endless(100)
  try {
    socket.pause()
    while (open() === 0) await sleep(5)
    const began = performance.now()
    while (open() > 0 && performance.now() - began < 10_000) await sleep(20)
    expect(open()).toBe(0)
    // What fits into the buffers of both sockets is some megabytes.
    expect(pieces()).toBeLessThan(500)
  } finally {
    end()
  }
}, 20_000)

test('a reader who goes on reading, however slowly, is not cut', async () => {
  const { socket, open, end } = await endless(100)
  try {
    while (open() === 0) await sleep(5)
    for (let n = 0; n < 10; n++) {
      socket.resume()
      await sleep(20)
      socket.pause()
      await sleep(400)
    }
    expect(open()).toBe(1)
  } finally {
    end()
  }
}, 20_000)

/** A service that reads bodies, and is asked by these bytes alone; what it says until it hangs up. */
async function told(bytes: string): Promise<string> {
  const reading = new Hono<Env>().post('/', async (c) => c.text(await c.req.text()))
  // Hono's own handler prints what a body that breaks off throws.
  reading.onError((_, c) => c.body(null, 500))
  const server = createServer(reading, { headersMs: 300, requestMs: 600, lookMs: 50 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1')
  try {
    socket.write(bytes)
    return (await Array.fromAsync(socket)).join('')
  } finally {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
}

test.each([
  ['headers', 'POST / HTTP/1.1\r\nHost: x\r\nX-Slow:'],
  ['a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf'],
])(
  'who does not come to the end of %s is told 408 and cut off',
  async (_, bytes) => {
    const answer = await told(bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(answer).toContain('did not come to its end in time')
  },
  10_000,
)

test.each([
  ['that is none', 'Host: a b@c/d\r\n'],
  ['that is empty', 'Host:\r\n'],
  ['that is missing', ''],
])('a Host %s is told of as a problem', async (_, host) => {
  const answer = await told(`GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(answer).toMatch(/^content-type: application\/problem\+json\r$/im)
  expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im)
  expect(answer).toContain('its Host header cannot be read')
})

test('a whole URL in place of an address needs a Host as well', async () => {
  const answer = await told('GET http://x/ HTTP/1.1\r\nConnection: close\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(await told('GET http://x/ HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /)
})

test('what nobody promises may be expected', async () => {
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n'
  const answer = await told(`${head}Content-Length: 3\r\nConnection: close\r\n\r\nabc`)
  expect([answer.slice(0, 13), answer.slice(-3)]).toEqual(['HTTP/1.1 200 ', 'abc'])
  const broken = await told(`${head}Transfer-Encoding: chunked\r\n\r\nZZZ\r\n`)
  expect(broken.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
  expect(broken).toContain('application/problem+json')
})
