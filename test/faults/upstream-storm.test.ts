import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { archiveRow } from '../archive.ts'
import { type Served, serveRows } from '../serve.ts'
import { told, wellAgain } from './upstream.ts'

/* How many calls a failing bucket is asked, whoever asks and however often. */

const DAYS = Array.from({ length: 100 }, (_, n) => new Date(Date.UTC(2020, 0, 1 + n, 10, 20)).toISOString())
const rows = DAYS.map((start) => archiveRow({ tile: '33UUB', start }))
const pathOf = (day: string) => `/area?bbox=12,54,13,55&datetime=${day.slice(0, 10)}`

const QUIET = { SWATH_LOG: 'off' }

let served: Served | undefined
afterEach(async () => {
  await served?.close()
  served = undefined
})

test('a hundred askers at once of a bucket that says 503 make a third of a call each, and the open breaker none', async () => {
  served = await serveRows(rows, { SWATH_LIST_CONCURRENCY: '8', SWATH_DEADLINE_MS: '10000', ...QUIET })
  const { url, bucket, house } = served
  bucket.setFault(() => ({ kind: 'status', status: 503 }))
  const answers = await Promise.all(DAYS.map((day) => told(url + pathOf(day))))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.every((status) => status === 502 || status === 503)).toBe(true)
  expect(answers.every(({ status, retryAfter = 0 }) => status === 502 || retryAfter > 0)).toBe(true)
  // Ten failures open it, seven more were under way, a probe or two came later; retries are those of the budget.
  expect(bucket.stats().list).toBeLessThanOrEqual(10 + 7 + 4 + 12)
  expect(house.state().upstreams.storage.opened).toBeGreaterThanOrEqual(1)
  expect((await told(`${url}/readyz`)).status).not.toBe(200)
  bucket.setFault(undefined)
  await wellAgain(url)
  for (const day of DAYS.slice(0, 20)) expect((await told(url + pathOf(day))).status).toBe(200)
})

test('a bucket that says when to come back is asked again then, by one call', async () => {
  served = await serveRows(rows, { SWATH_LIST_CONCURRENCY: '1', SWATH_DEADLINE_MS: '2900', ...QUIET })
  const { url, bucket } = served
  bucket.setFault(() => ({ kind: 'status', status: 429, retryAfter: '3' }))
  const first = await told(url + pathOf(DAYS[0] ?? ''))
  // Three seconds are past the deadline of a call, so none is tried again before.
  expect([first.status, first.retryAfter, bucket.stats().list]).toEqual([503, 3, 1])
  for (const day of DAYS.slice(1, 10)) await told(url + pathOf(day))
  const opened = performance.now()
  expect(bucket.stats().list).toBe(10)
  while (performance.now() - opened < 2500) {
    const spared = await told(url + pathOf(DAYS[11] ?? ''))
    expect(spared.status).toBe(503)
    expect(spared.retryAfter).toBeGreaterThan(0)
    expect(spared.retryAfter).toBeLessThanOrEqual(3)
    await sleep(250)
  }
  expect(bucket.stats().list).toBe(10)
  await sleep(800)
  await Promise.all(DAYS.slice(20, 40).map((day) => told(url + pathOf(day))))
  expect(bucket.stats().list).toBe(11)
})
