import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { admission, USUAL_ADMISSION } from '../../src/http/admission.ts'
import { createApp } from '../../src/http/app.ts'
import { usualGate } from '../../src/http/gate.ts'
import { createServer } from '../../src/http/server.ts'
import { archiveRow } from '../archive.ts'
import { serveRows } from '../serve.ts'

const CALL_MS = 40
const HEAVY = { 'X-Forwarded-For': '198.51.100.1' }
const MODEST = { 'X-Forwarded-For': '198.51.100.2' }

test('a client with 200 requests that wait delays those of another by a call or two, not by all of its own', async () => {
  const rows = Array.from({ length: 209 }, (_, n) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2020, 0, 1 + n, 10, 20)).toISOString() }),
  )
  const served = await serveRows(rows, { SWATH_LIST_CONCURRENCY: '4' }, CALL_MS)
  const door = admission({ ...USUAL_ADMISSION, trustedProxies: 1 })
  const app = createApp(served.house, { ...usualGate(), admission: door })
  const server = createServer(app)
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const stop = new AbortController()
    const ask = (id: string | null, headers: Record<string, string>) =>
      fetch(`${url}/granules/${id}`, { headers, signal: stop.signal })
    const [modest, heavy] = [rows.slice(0, 9), rows.slice(9)]
    const crowd = heavy.map(({ GRANULE_ID: id }) =>
      ask(id, HEAVY).then(
        (answer) => answer.text(),
        () => '',
      ),
    )
    while (served.house.state().callsWaiting.list < 100) await sleep(5)
    const waits: number[] = []
    for (const { GRANULE_ID: id } of modest) {
      const began = performance.now()
      const answer = await ask(id, MODEST)
      expect(answer.status).toBe(200)
      await answer.text()
      waits.push(performance.now() - began)
    }
    // It was the crowd that it went before.
    expect(served.house.state().callsWaiting.list).toBeGreaterThan(0)
    stop.abort()
    await Promise.all(crowd)
    waits.sort((a, b) => a - b)
    // Its own call, one of those under way before it, and as much again for a busy machine.
    expect(waits[4]).toBeLessThan(4 * CALL_MS)
  } finally {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
    await served.close()
  }
}, 30_000)
