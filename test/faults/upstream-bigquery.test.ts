import { describe, expect, test } from 'vitest'
import type { BigQueryFault } from '../stand-ins/bigquery-server.ts'
import { metric, SLACK_MS, told } from './upstream.ts'
import { AREA, bigquerySetting, cells, pages, SEARCH } from './upstream-bigquery.ts'

/* Faults of BigQuery as the catalog: what is told, and that its jobs end. */

/** Of one call; a query has six times as much. */
const DEADLINE_MS = 700
const ASKING = [AREA, SEARCH, '/readyz'] as const

const { bigquery, serve, url, seenAfter } = bigquerySetting()

const job = (status: number, reason: string): BigQueryFault => ({
  kind: 'fail',
  status,
  reason,
  message: `The job failed: ${reason}`,
})
const NONSENSE = /BigQuery did not answer about the table .*no sense.*[Tt]ry again/
const FAULTS: readonly (readonly [
  name: string,
  fault: BigQueryFault,
  status: number,
  says: RegExp,
  code: string,
])[] = [
  [
    'a job that fails: invalidQuery',
    job(400, 'invalidQuery'),
    503,
    /has not the columns .*correct SWATH_BIGQUERY_TABLE/,
    'misconfigured',
  ],
  [
    'a job that fails: rateLimitExceeded',
    job(403, 'rateLimitExceeded'),
    503,
    /takes no more queries of the project swath-test.*try again later/,
    'upstream-busy',
  ],
  [
    'a job that fails: backendError',
    job(503, 'backendError'),
    502,
    /status 503.*Try again/,
    'upstream-failed',
  ],
  [
    'a job that fails: accessDenied',
    job(403, 'accessDenied'),
    502,
    /access was denied to the project swath-test.*gcloud auth/,
    'upstream-failed',
  ],
  [
    'a job that fails: notFound',
    job(404, 'notFound'),
    503,
    /knows no table .*correct SWATH_BIGQUERY_TABLE/,
    'misconfigured',
  ],
  [
    'a 401',
    { kind: 'refuse', at: 'insert', status: 401, reason: 'required' },
    502,
    /access was denied.*gcloud auth/,
    'upstream-failed',
  ],
  [
    'a reset of every page of rows',
    { kind: 'reset', at: 'results' },
    502,
    /the connection failed.*Try again/,
    'upstream-failed',
  ],
  [
    'pages that are cut',
    { kind: 'cut', at: 'results' },
    502,
    /the connection failed.*Try again/,
    'upstream-failed',
  ],
  ['a page of HTML', { kind: 'nonsense', at: 'results' }, 502, NONSENSE, 'upstream-failed'],
  ['pages of another shape', pages(() => ({ rows: 'none' })), 502, NONSENSE, 'upstream-failed'],
  ['cells that are no text', cells(() => ({ a: 1 })), 502, NONSENSE, 'upstream-failed'],
  [
    'the same page over and over',
    pages((body) => ({ ...body, rows: [], pageToken: 'again' })),
    502,
    NONSENSE,
    'upstream-failed',
  ],
]
const series = (code: string) => `swath_io_errors_total{kind="catalog_search",by="bigquery",code="${code}"}`

describe('BigQuery with', () => {
  test.for(FAULTS)('%s is told of by its name, and forgotten', async ([, fault, status, says, code]) => {
    const [counted, inserted] = [await metric(url(), series(code)), bigquery().calls().length]
    bigquery().setFault(fault)
    for (const path of ASKING) {
      const answer = await told(url() + path)
      expect([path, answer.status]).toEqual([path, status])
      expect(answer.detail).toMatch(says)
      if (status === 503) expect(answer.retryAfter).toBeGreaterThan(0)
    }
    expect(await metric(url(), series(code))).toBe(counted + 2)
    expect(bigquery().calls().length - inserted).toBeLessThanOrEqual(3 * 6)
    await seenAfter()
  })
})

test('a job that is never done is late, is cancelled, and holds up no other one', async () => {
  const slow = await serve({ SWATH_DEADLINE_MS: String(DEADLINE_MS) })
  try {
    const before = bigquery().jobs().length
    bigquery().setFault({ kind: 'slow', ms: 60_000 })
    const answer = await told(slow.url + AREA)
    expect(answer.status).toBe(504)
    expect(answer.detail).toMatch(/was not done with the table .* in time .*cancelled.*SWATH_DEADLINE_MS/)
    expect(answer.ms).toBeLessThan(6 * DEADLINE_MS + SLACK_MS)
    expect((await told(`${slow.url}/readyz`)).status).toBe(504)
    expect(await metric(slow.url, series('upstream-late'))).toBe(1)
    await slow.house.close()
    expect(
      bigquery()
        .jobs()
        .slice(before)
        .map(({ cancelled }) => cancelled),
    ).toEqual([true, true])
  } finally {
    await slow.close()
  }
  await seenAfter()
})

test('a query over the budget is refused before it runs, with what it would bill', async () => {
  const poor = await serve({ SWATH_MAX_BYTES_BILLED: '100' })
  try {
    const before = bigquery().jobs().length
    for (const path of ASKING.slice(0, 2)) {
      const answer = await told(poor.url + path)
      expect([path, answer.status]).toEqual([path, 503])
      expect(answer.detail).toMatch(
        /would be billed for \d+ bytes, over the limit of 100 bytes; it was not run.*SWATH_MAX_BYTES_BILLED/,
      )
    }
    for (const { maximumBytesBilled, polls, state } of bigquery().jobs().slice(before)) {
      expect([maximumBytesBilled, state]).toEqual([100, 'DONE'])
      expect(polls).toBeLessThanOrEqual(1)
    }
    expect(await metric(poor.url, series('over-budget'))).toBe(2)
  } finally {
    await poor.close()
  }
})
