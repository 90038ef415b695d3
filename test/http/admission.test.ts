import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type AdmissionOptions, admission, USUAL_ADMISSION } from '../../src/http/admission.ts'
import { readApiKeys } from '../../src/http/api-keys.ts'
import { createApp } from '../../src/http/app.ts'
import { usualGate } from '../../src/http/gate.ts'
import { createServer } from '../../src/http/server.ts'
import { archiveRow } from '../archive.ts'
import { type Served, serveRows } from '../serve.ts'

const ROWS = [archiveRow({ tile: '33UUB', start: '2020-07-15T10:26:02Z' })]
const AREA = '/area?bbox=12,54,13,55'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The service behind a gate of these bounds, whose bucket answers when it is told to. */
async function guarded(options: Partial<AdmissionOptions>, deadlineMs = 60_000, isStopping = () => false) {
  const served: Served = await serveRows(ROWS)
  closing.push(served.close)
  const door = admission({ ...USUAL_ADMISSION, ...options })
  const app = createApp(served.house, { ...usualGate(), admission: door, deadlineMs, isStopping })
  const server = createServer(app, { deadlineMs })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  served.bucket.setFault(() => ({ kind: 'wait', for: gate }))
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers })
  const underWay = async (count: number) => {
    while (door.state().inFlight !== count) await sleep(5)
  }
  return { ask, open, door, port, served, underWay }
}

test('a client beyond its bound is told 429 and when to come again, another one is served', async () => {
  const { ask, open, door, underWay } = await guarded({ mostOfOne: 2, trustedProxies: 1 })
  const mine = { 'X-Forwarded-For': '198.51.100.1' }
  const first = [ask(AREA, mine), ask(AREA, mine)]
  await underWay(2)
  const refused = await ask(AREA, mine)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2'])
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
  expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  expect(await refused.json()).toMatchObject({
    type: 'urn:swath:problem:too-many',
    detail: expect.stringMatching(/^2 requests of yours/),
  })
  const other = ask(AREA, { 'X-Forwarded-For': '198.51.100.2' })
  await underWay(3)
  open()
  for (const answer of await Promise.all([...first, other])) {
    expect(answer.status).toBe(200)
    await answer.text()
  }
  await underWay(0)
  expect(door.state()).toEqual({ inFlight: 0, clients: 0, refusedOfOne: 1, refusedOfAll: 0 })
  expect((await ask(AREA, mine)).status).toBe(200)
})

test('beyond the bound of all everybody is told 503, on /stac in its own form; what tells of the service answers', async () => {
  const { ask, open, underWay } = await guarded({ most: 1, trustedProxies: 1 })
  const first = ask(AREA, { 'X-Forwarded-For': '198.51.100.1' })
  await underWay(1)
  const refused = await ask(AREA, { 'X-Forwarded-For': '198.51.100.2' })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
  const ofStac = await ask('/stac/collections')
  expect([ofStac.status, ofStac.headers.get('retry-after')]).toEqual([503, '2'])
  expect(await ofStac.json()).toEqual({
    code: 'ServiceUnavailable',
    description: expect.stringMatching(/^1 request under way/),
  })
  expect((await ask('/healthz')).status).toBe(200)
  const ready = ask('/readyz')
  open()
  expect((await ready).status).toBe(200)
  expect((await first).status).toBe(200)
})

test('the last tenth of the bound is kept for clients that ask for little', async () => {
  const { ask, open, door, underWay } = await guarded({ most: 20, trustedProxies: 1 })
  const heavy = { 'X-Forwarded-For': '198.51.100.1' }
  const first = Array.from({ length: 18 }, () => ask(AREA, heavy))
  await underWay(18)
  expect((await ask(AREA, heavy)).status).toBe(503)
  const others = [2, 3].map((n) => ask(AREA, { 'X-Forwarded-For': `198.51.100.${n}` }))
  await underWay(20)
  expect((await ask(AREA, { 'X-Forwarded-For': '198.51.100.4' })).status).toBe(503)
  expect(door.state()).toMatchObject({ inFlight: 20, clients: 3, refusedOfAll: 2 })
  open()
  const statuses = (await Promise.all([...first, ...others])).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200]))
})

test('who hangs up makes room', async () => {
  const { open, port, underWay } = await guarded({})
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${AREA} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await underWay(1)
  socket.destroy()
  await underWay(0)
  open()
})

test('an unknown key is told 401, as STAC tells it there, and takes no place', async () => {
  const hash = createHash('sha256').update('secret').digest('hex')
  const { ask, open, door } = await guarded({ keys: readApiKeys(`alice=${hash}`) })
  open()
  const refused = await ask(AREA, { 'X-Api-Key': 'wrong' })
  expect([refused.status, await refused.json()]).toEqual([401, expect.objectContaining({ status: 401 })])
  expect(refused.headers.get('www-authenticate')).toBe('Bearer')
  expect(await (await ask('/stac', { 'X-Api-Key': 'wrong' })).json()).toMatchObject({ code: 'Unauthorized' })
  expect((await ask(AREA, { 'X-Api-Key': 'secret' })).status).toBe(200)
  expect(door.state().refusedOfOne).toBe(0)
})

test('an answer that has not begun by its deadline is 503, and what was done for it ends', async () => {
  const { ask, served, underWay } = await guarded({}, 1000)
  const began = performance.now()
  const late = await ask(AREA)
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '5'])
  expect(performance.now() - began).toBeLessThan(5000)
  expect(await late.json()).toMatchObject({ detail: expect.stringMatching(/had not begun after 1000 ms/) })
  await underWay(0)
  while (served.bucket.stats().inFlight > 0) await sleep(5)
  expect(served.house.state().callsInFlight).toEqual({ list: 0, read: 0 })
})

test('a service that is stopping says so at /readyz, and goes on with what it is asked', async () => {
  const { ask, open } = await guarded({}, 60_000, () => true)
  open()
  const ready = await ask('/readyz')
  expect([ready.status, await ready.json()]).toEqual([
    503,
    expect.objectContaining({ detail: 'The service is stopping; ask another one.' }),
  ])
  expect((await ask('/healthz')).status).toBe(200)
  expect((await ask(AREA)).status).toBe(200)
})
