import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Search } from '../../src/catalog/port.ts'
import { WORLD } from '../../src/sentinel2/area.ts'
import { indexRow } from '../stand-ins/bigquery-index-rows.ts'
import type { BigQueryFault } from '../stand-ins/bigquery-server.ts'
import { type OpenBigQuery, type OpenOptions, openBigQueryOver, TABLE } from '../stand-ins/open-bigquery.ts'

const SEARCH: Search = {
  area: WORLD,
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: ['33UUB'],
  dedupe: 'latest',
}

let opened: OpenBigQuery | undefined
const open = async (fault?: BigQueryFault, options?: OpenOptions): Promise<OpenBigQuery> => {
  opened = await openBigQueryOver([indexRow()], options)
  opened.server.setFault(fault)
  return opened
}
afterEach(() => opened?.close())

const search = ({ catalog }: OpenBigQuery, signal?: AbortSignal) =>
  catalog.search(SEARCH, { limit: 10, signal })

describe('a job', () => {
  test('that takes its time is polled for until its rows are there', async () => {
    const one = await open({ kind: 'slow', ms: 1800 }, { catalog: { deadlineMs: 1000 } })
    expect((await search(one)).granules).toHaveLength(1)
    expect(one.server.jobs()[0]?.polls).toBeGreaterThan(2)
    expect(one.server.jobs()[0]?.cancelled).toBe(false)
  })

  test('is cancelled when its asker leaves', async () => {
    const one = await open({ kind: 'slow', ms: 20_000 })
    const asker = new AbortController()
    const asked = search(one, asker.signal)
    setTimeout(() => asker.abort(), 200)
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    await one.catalog.close()
    expect(one.server.jobs().map((job) => job.cancelled)).toEqual([true])
  })

  test('is cancelled when its asker leaves while it is being made', async () => {
    const one = await open({ kind: 'slow', ms: 20_000 }, { server: { latencyMs: 300 } })
    const asker = new AbortController()
    const asked = search(one, asker.signal)
    setTimeout(() => asker.abort(), 150)
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    await one.catalog.close()
    expect(one.server.jobs().map((job) => job.cancelled)).toEqual([true])
  })

  test('is not even made for an asker who has left before', async () => {
    const one = await open()
    await expect(search(one, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
    expect(one.server.calls()).toEqual([])
  })

  test('is cancelled when the time of a query is up', async () => {
    const one = await open({ kind: 'slow', ms: 20_000 }, { catalog: { deadlineMs: 150 } })
    await expect(search(one)).rejects.toMatchObject({ code: 'upstream-late' })
    await one.catalog.close()
    expect(one.server.jobs().map((job) => job.cancelled)).toEqual([true])
  })

  test('is cancelled in the place it runs in, outside the US and the EU', async () => {
    const server = { location: 'europe-north1' }
    const one = await open({ kind: 'slow', ms: 20_000 }, { server, catalog: { deadlineMs: 150 } })
    await expect(search(one)).rejects.toMatchObject({ code: 'upstream-late' })
    await one.catalog.close()
    expect(one.server.jobs().map((job) => job.cancelled)).toEqual([true])
    one.server.setFault(undefined)
    expect((await search(one)).granules).toHaveLength(1)
  })

  test('carries a limit of bytes, and one over it fails before it costs anything', async () => {
    const one = await open(undefined, { catalog: { maxBytesBilled: 100 } })
    await expect(search(one)).rejects.toMatchObject({ code: 'over-budget' })
    await expect(search(one)).rejects.toThrow(
      /billed for \d+ bytes.*limit of 100 bytes.*SWATH_MAX_BYTES_BILLED/,
    )
    expect(one.server.jobs()[0]?.maximumBytesBilled).toBe(100)
    expect(one.server.jobs()[0]?.cancelled).toBe(false)
  })

  test('binds its values: nothing of the asker stands in the query', async () => {
    const one = await open()
    await search(one)
    const [job] = one.server.jobs()
    expect(job?.parameters).toMatchObject({
      tiles: ['33UUB'],
      root: 'tiles/',
      page_rows: '11',
      any_cloud: 'true',
    })
    expect(job?.query).toContain(`FROM \`${TABLE}\``)
    expect(job?.query).not.toContain('33UUB')
  })
})

describe('the cost of a search', () => {
  test('is told by a dry run in bytes and dollars, and no query is run', async () => {
    const one = await open()
    const cost = await one.catalog.cost(SEARCH)
    expect(cost?.bytesBilled).toBeGreaterThan(100)
    expect(cost?.dollars).toBeCloseTo(((cost?.bytesBilled ?? 0) / 2 ** 40) * 6.25, 15)
    expect(one.server.jobs().map((job) => [job.dryRun, job.bytesProcessed])).toEqual([
      [true, cost?.bytesBilled],
    ])
  })

  test('the extent of a search is not known without a bill', async () => {
    const one = await open()
    expect(await one.catalog.extent(SEARCH)).toBeUndefined()
    expect(one.server.calls()).toEqual([])
  })
})

describe('what passes is tried again', () => {
  const cases: readonly [string, BigQueryFault][] = [
    [
      'rateLimitExceeded with 403',
      { kind: 'refuse', at: 'insert', status: 403, reason: 'rateLimitExceeded', times: 2 },
    ],
    ['503 of the insert', { kind: 'refuse', at: 'insert', status: 503, reason: 'backendError', times: 1 }],
    ['503 of the rows', { kind: 'refuse', at: 'results', status: 503, reason: 'backendError', times: 2 }],
    ['429 of the rows', { kind: 'refuse', at: 'results', status: 429, reason: 'x', retryAfter: 0, times: 1 }],
    ['a reset of the insert', { kind: 'reset', at: 'insert', times: 1 }],
    ['a reset of the rows', { kind: 'reset', at: 'results', times: 1 }],
    ['rows cut off half-way', { kind: 'cut', at: 'results', times: 1 }],
  ]
  test.for(cases)('%s', async ([, fault]) => {
    const one = await open(fault)
    expect((await search(one)).granules).toHaveLength(1)
    expect(one.server.jobs()).toHaveLength(1)
  })

  test('an insert whose answer was lost is not made twice', async () => {
    const one = await open({ kind: 'lost', at: 'insert', times: 1 })
    expect((await search(one)).granules).toHaveLength(1)
    expect(one.server.calls().filter((call) => call === 'insert')).toHaveLength(2)
    expect(one.server.jobs()).toHaveLength(1)
  })
})

describe('a failure says what to do', () => {
  const refuse = (at: 'insert' | 'results', status: number, reason: string): BigQueryFault => {
    return { kind: 'refuse', at, status, reason }
  }
  const cases: readonly [string, BigQueryFault, string, RegExp][] = [
    ['403', refuse('insert', 403, 'accessDenied'), 'upstream-failed', /swath-test.*SWATH_GOOGLE_PROJECT/],
    ['401', refuse('insert', 401, 'required'), 'upstream-failed', /gcloud auth application-default login/],
    ['no project', refuse('insert', 404, 'notFound'), 'misconfigured', /SWATH_GOOGLE_PROJECT/],
    ['rate limit', refuse('insert', 403, 'rateLimitExceeded'), 'upstream-busy', /try again later/],
    ['quota', refuse('results', 403, 'quotaExceeded'), 'upstream-busy', /quota/],
    ['429', refuse('results', 429, ''), 'upstream-busy', /try again later/],
    ['500', refuse('results', 500, 'internalError'), 'upstream-failed', /status 500/],
    ['503', refuse('insert', 503, 'backendError'), 'upstream-failed', /status 503/],
    ['reset', { kind: 'reset', at: 'insert' }, 'upstream-failed', /connection failed/],
    ['cut rows', { kind: 'cut', at: 'results' }, 'upstream-failed', /connection failed/],
    ['nonsense for a job', { kind: 'nonsense', at: 'insert' }, 'upstream-failed', /no sense.*no JSON/],
    ['nonsense for rows', { kind: 'nonsense', at: 'results' }, 'upstream-failed', /no sense.*no JSON/],
    [
      'a job that fails',
      { kind: 'fail', status: 400, reason: 'resourcesExceeded', message: 'Resources exceeded' },
      'upstream-failed',
      /Resources exceeded/,
    ],
  ]
  test.for(cases)('%s', async ([, fault, code, sentence]) => {
    const one = await open(fault)
    const failure = await search(one).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code })
    expect(String(failure)).toMatch(sentence)
    expect(String(failure)).toContain(code === 'upstream-busy' ? 'swath-test' : TABLE)
  })

  test.for(['insert', 'results'] as const)('%s that never comes is late', async (at) => {
    const one = await open({ kind: 'hang', at }, { catalog: { deadlineMs: 200 } })
    const start = performance.now()
    await expect(search(one)).rejects.toMatchObject({ code: 'upstream-late' })
    await expect(search(one)).rejects.toThrow(/SWATH_DEADLINE_MS/)
    expect(performance.now() - start).toBeLessThan(1500)
  })

  test('credentials that cannot be read are named, and no call is made without them', async () => {
    const one = await open(undefined, { catalog: { anonymous: false } })
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json')
    const failure = await search(one).catch((thrown: unknown) => thrown)
    vi.unstubAllEnvs()
    expect(failure).toMatchObject({ code: 'upstream-failed' })
    expect(String(failure)).toMatch(
      /no credentials.*\/nowhere\/key\.json.*gcloud auth application-default login/,
    )
    expect(one.server.calls()).toEqual([])
  })

  test('a server that is not there', async () => {
    const one = await open(undefined, { catalog: { endpoint: 'http://127.0.0.1:9' } })
    await expect(search(one)).rejects.toMatchObject({ code: 'upstream-failed' })
  })

  test('a cancel that fails or hangs does not hold up the asker, nor close for long', async () => {
    const slow = await open(
      { kind: 'hang', at: 'cancel' },
      { catalog: { deadlineMs: 200 }, server: { latencyMs: 50 } },
    )
    const asker = new AbortController()
    const asked = search(slow, asker.signal)
    setTimeout(() => asker.abort(), 75)
    const start = performance.now()
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    await slow.catalog.close()
    expect(performance.now() - start).toBeLessThan(1500)
  })

  test('a table that is not there is misconfigured, and named', async () => {
    const one = await open(undefined, { catalog: { table: 'swath-test.index.gone' } })
    for (const asking of [() => search(one), () => one.catalog.cost(SEARCH), () => one.catalog.check()]) {
      await expect(asking()).rejects.toMatchObject({ code: 'misconfigured' })
      await expect(asking()).rejects.toThrow(/swath-test\.index\.gone.*SWATH_BIGQUERY_TABLE/)
    }
  })

  test('a table of another shape is misconfigured, and the column named', async () => {
    opened = await openBigQueryOver({ rows: [], without: ['source_url'] })
    for (const asking of [() => opened && search(opened), () => opened?.catalog.check()]) {
      await expect(asking()).rejects.toMatchObject({ code: 'misconfigured' })
      await expect(asking()).rejects.toThrow(/source_url.*SWATH_BIGQUERY_TABLE/)
    }
  })
})

describe('the check', () => {
  test('runs a query and bills nothing', async () => {
    const one = await open()
    await one.catalog.check()
    expect(one.server.jobs().map((job) => [job.dryRun, job.bytesProcessed > 0])).toEqual([
      [false, false],
      [true, true],
    ])
  })

  test('fails where access is denied', async () => {
    const one = await open({ kind: 'refuse', at: 'insert', status: 403, reason: 'accessDenied' })
    await expect(one.catalog.check()).rejects.toMatchObject({ code: 'upstream-failed' })
  })
})

test('many searches at once leave nothing running', async () => {
  const one = await open(undefined, { server: { latencyMs: 5 } })
  const pages = await Promise.all(Array.from({ length: 20 }, () => search(one)))
  expect(pages.every((page) => page.granules.length === 1)).toBe(true)
  await sleep(10)
  expect(one.server.jobs().every((job) => job.state === 'DONE' && !job.cancelled)).toBe(true)
})
