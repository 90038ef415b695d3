import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import { admission, USUAL_ADMISSION } from '../../src/http/admission.ts'
import { createApp } from '../../src/http/app.ts'
import { usualGate } from '../../src/http/gate.ts'
import { createServer } from '../../src/http/server.ts'
import { rankGranules } from '../../src/rank-colour.ts'
import { openHouse } from '../../src/wire.ts'
import { openManyGranules } from '../cli/many-granules.ts'

/** What a ranking asks for at once; eight are made, and eighty more are twenty seconds of work. */
const AT_ONCE = 32
const COUNT = 4 * AT_ONCE + 2
const CROWD = { 'X-Forwarded-For': '198.51.100.1' }
const OTHER = { 'X-Forwarded-For': '198.51.100.2' }

const problem = z.object({ type: z.string(), detail: z.string() })

/** The days from one to another, counted from the first granule's, of which each has one. */
function datetime(from: number, to: number): string {
  const day = (n: number) => new Date(Date.UTC(2019, 0, 1) + n * 864e5).toISOString()
  return `${day(from)}/${day(to)}`
}

test('who would wait for colours for too long is told so at once; other clients and commands are not', async () => {
  const many = await openManyGranules(COUNT, 0)
  const house = await openHouse(readConfig(many.env))
  const door = admission({ ...USUAL_ADMISSION, trustedProxies: 1 })
  const server = createServer(createApp(house, { ...usualGate(), admission: door }))
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const rank = (from: number, to: number, headers: Record<string, string>) =>
      fetch(`${url}/area?bbox=11,54,15,57&rank=blue&stride=64&bands=B02&datetime=${datetime(from, to)}`, {
        headers,
      })
    const untilWaiting = async (count: number) => {
      while (house.state().colours.waiting < count) await sleep(5)
    }
    many.bucket.setFault(() => ({ kind: 'wait', for: held }))
    const ranked: Promise<Response>[] = []
    for (let n = 0; n < 3; n++) {
      ranked.push(rank(n * AT_ONCE, (n + 1) * AT_ONCE, CROWD))
      await untilWaiting((n + 1) * AT_ONCE - 8)
    }

    const began = performance.now()
    const refused = await rank(3 * AT_ONCE, 4 * AT_ONCE, CROWD)
    expect(refused.status).toBe(503)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(20)
    expect(problem.parse(await refused.json())).toMatchObject({
      type: 'urn:swath:problem:overloaded',
      detail: expect.stringMatching(
        /^What comes before yours \(colours and pictures: \d+\) takes some \d+ s;/,
      ),
    })

    ranked.push(rank(4 * AT_ONCE, COUNT - 1, OTHER))
    const session = house.open()
    const patients = await Promise.all(
      many.granuleIds.slice(3 * AT_ONCE, 4 * AT_ONCE).map((id) => session.catalog.granule(id)),
    )
    const patient = rankGranules(
      session,
      patients.filter((granule) => granule !== undefined),
      { rank: { by: 'share', of: 'blue' }, sampling: { source: 'bands', stride: 64 } },
    )
    await untilWaiting(4 * AT_ONCE - 8)
    release()
    for (const response of await Promise.all(ranked)) expect(response.status).toBe(200)
    expect((await patient).map(({ rank }) => 'reason' in rank)).toEqual(Array(AT_ONCE).fill(false))
    expect((await rank(3 * AT_ONCE, 4 * AT_ONCE, CROWD)).status).toBe(200)
  } finally {
    release()
    server.closeAllConnections()
    server.close()
    await house.close()
    await many.close()
  }
}, 60_000)
