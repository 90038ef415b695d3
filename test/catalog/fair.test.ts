import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fairCatalog } from '../../src/catalog/fair.ts'
import { failsWith } from '../contracts/storage.ts'
import { openBigQueryOver } from '../stand-ins/open-bigquery.ts'

const ID = 'L1C_T33UUB_A017537_20200715T102602'

test("a client's many questions to BigQuery run some at a time, and another client's comes in between", async () => {
  const { catalog, server, close } = await openBigQueryOver([], { server: { latencyMs: 20 } })
  try {
    const fair = fairCatalog(catalog, 2)
    const log: string[] = []
    const stop = new AbortController()
    const crowd = Array.from({ length: 20 }, () => fair.lane('heavy').granule(ID, stop.signal))
    const others = Promise.allSettled(crowd.map((asked) => asked.then(() => log.push('heavy'))))
    await sleep(5)
    expect([fair.inFlight(), fair.waiting()]).toEqual([2, 18])
    await fair
      .lane('modest')
      .granule(ID)
      .then(() => log.push('modest'))
    expect(log.indexOf('modest')).toBeLessThan(5)
    stop.abort()
    await others
    expect(fair.waiting()).toBe(0)
    expect(server.jobs().length).toBeLessThan(15)
  } finally {
    await close()
  }
}, 20_000)

test('a question beyond what may wait is refused, and an asker who leaves makes room', async () => {
  const { catalog, server, close } = await openBigQueryOver([])
  server.setFault({ kind: 'hang', at: 'insert' })
  const stop = new AbortController()
  try {
    const fair = fairCatalog(catalog, 1)
    const asked = Array.from({ length: 101 }, () => fair.lane('heavy').granule(ID, stop.signal))
    const left = Promise.allSettled(asked)
    const fault = await failsWith('too-many', () => fair.lane('heavy').granule(ID))
    expect(fault.message).toMatch(/^100 questions to the catalog of yours/)
    stop.abort()
    await left
    expect(fair.waiting()).toBe(0)
  } finally {
    stop.abort()
    server.setFault(undefined)
    await close()
  }
}, 20_000)
