import { once } from 'node:events'
import { connect } from 'node:net'
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
