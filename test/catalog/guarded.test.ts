import { expect, test } from 'vitest'
import { circuitBreaker } from '../../src/calls/breaker.ts'
import { fairCatalog } from '../../src/catalog/fair.ts'
import { guardedCatalog } from '../../src/catalog/guarded.ts'
import { failsWith } from '../contracts/storage.ts'
import { openBigQueryOver } from '../stand-ins/open-bigquery.ts'

const ID = 'L1C_T33UUB_A017537_20200715T102602'

test('a BigQuery that fails is not asked for a while, then by one question, and by all once that is answered', async () => {
  const { catalog, server, close } = await openBigQueryOver([])
  try {
    let now = 0
    const breaker = circuitBreaker('BigQuery', { now: () => now })
    const fair = fairCatalog(guardedCatalog(catalog, breaker), 4, { breaker })
    const ask = () => fair.lane('one').granule(ID)
    server.setFault({ kind: 'refuse', at: 'insert', status: 503, reason: 'backendError' })
    await Promise.all(Array.from({ length: 10 }, () => failsWith('upstream-failed', ask)))
    const inserts = () => server.calls().filter((call) => call === 'insert').length
    const calls = inserts()
    // Ten retries are saved up, a tenth of one comes with each call.
    expect(calls).toBeLessThanOrEqual(10 + 11)
    const fault = await failsWith('upstream-busy', ask)
    expect(fault.message).toMatch(/^BigQuery failed so often .*asked again only in 1 s/)
    expect(inserts()).toBe(calls)
    now += 1000
    server.setFault(undefined)
    expect(await ask()).toBe(undefined)
    expect(breaker.state()).toMatchObject({ state: 'closed', opened: 1 })
  } finally {
    await close()
  }
}, 20_000)

test('what BigQuery does not have to answer is no sign of its health', async () => {
  const { catalog, server, close } = await openBigQueryOver([])
  try {
    const breaker = circuitBreaker('BigQuery', { breaksAt: 1 })
    const guarded = guardedCatalog(catalog, breaker)
    server.setFault({ kind: 'refuse', at: 'insert', status: 503, reason: 'backendError' })
    await failsWith('upstream-failed', () => guarded.granule(ID))
    expect(await guarded.placesIn('', 'L1C')).toBe(undefined)
    expect(breaker.state().state).toBe('open')
  } finally {
    await close()
  }
}, 20_000)
