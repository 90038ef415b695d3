import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { admission, USUAL_ADMISSION } from '../../src/http/admission.ts'
import { createApp } from '../../src/http/app.ts'
import { usualGate } from '../../src/http/gate.ts'
import { createServer } from '../../src/http/server.ts'
import { openHouse } from '../../src/wire.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { sampleOf, scrapeOf } from './scrape.ts'

let folder: Temporary
let house: House
beforeAll(async () => {
  folder = await temporaryFolder()
  house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }), {
    log: { out: { write: () => {} }, form: 'off' },
  })
})
afterAll(async () => {
  await house.close()
  await folder.remove()
})

test.each([
  ['its client had its share', { mostOfOne: 1 }, 429, 'one'],
  ['the process had its share', { most: 1 }, 503, 'all'],
] as const)(
  'a request that is refused because %s is told of in a scrape',
  async (_, bounds, status, bound) => {
    const gate = { ...usualGate(), admission: admission({ ...USUAL_ADMISSION, ...bounds }) }
    const server = createServer(createApp(house, gate))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const url = `http://127.0.0.1:${port}`
    // One that is under way for as long as its body does not come.
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\nhalf',
    )
    const of = async (name: string, labels = {}) => sampleOf(await scrapeOf(url), name, labels)
    while ((await of('swath_admission_in_flight')) === 0) await sleep(5)
    expect(await of('swath_admission_clients')).toBe(1)
    expect((await fetch(`${url}/area?bbox=12,55,13,56`)).status).toBe(status)
    for (const one of ['one', 'all']) {
      expect(await of('swath_admission_refused_total', { bound: one })).toBe(one === bound ? 1 : 0)
    }
    socket.destroy()
    while ((await of('swath_admission_in_flight')) > 0) await sleep(5)
    expect(await of('swath_admission_clients')).toBe(0)
    server.closeAllConnections()
    server.close()
  },
)
