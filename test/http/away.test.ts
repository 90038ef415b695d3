import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { archiveRow } from '../archive.ts'
import { type Served, serveRows } from '../serve.ts'

/** Granules of an old product and of one whose files may still arrive. */
const OLD = archiveRow({ tile: '33UUB', start: '2020-07-15T10:26:02Z' })
const FRESH = archiveRow({ tile: '33UUB', start: new Date(Date.now() - 86_400_000).toISOString() })
/** Of a granule of the stand-in. */
const IMAGES = 3
const AREA = '/area?bbox=12,54,13,55'

let served: Served | undefined
afterEach(async () => {
  await served?.close()
  served = undefined
})

test('where the bucket is away what was listed before is served, said to be stale, and /readyz tells', async () => {
  served = await serveRows([OLD, FRESH])
  const { url, bucket } = served
  const before = await fetch(url + AREA)
  expect(before.headers.get('swath-stale')).toBe(null)
  const listed = await before.json()
  expect(listed).toHaveLength(2 * IMAGES)
  await sleep(50)
  bucket.setFault(() => ({ kind: 'status', status: 503 }))
  const away = await fetch(url + AREA)
  expect([away.status, away.headers.get('swath-stale')]).toEqual([200, 'true'])
  expect(await away.json()).toEqual(listed)
  const ready = await fetch(`${url}/readyz`)
  expect(ready.status).toBe(502)
  expect(await ready.json()).toMatchObject({ detail: expect.stringMatching(/served all the same, 1 so far/) })
  bucket.setFault(undefined)
  const back = await fetch(url + AREA)
  expect(back.headers.get('swath-stale')).toBe(null)
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ listings: { stale: 1 } })
}, 20_000)

test('a storm of 503s costs hardly more calls than there are askers, and an open breaker answers at once', async () => {
  const rows = Array.from({ length: 100 }, (_, n) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2020, 0, 1 + n, 10, 20)).toISOString() }),
  )
  served = await serveRows(rows, { SWATH_LIST_CONCURRENCY: '8' })
  const { url, bucket, house } = served
  bucket.setFault(() => ({ kind: 'status', status: 503 }))
  for (let n = 0; n < 40 && house.state().upstreams.storage.state === 'closed'; n++) {
    expect([502, 503]).toContain((await fetch(url + AREA)).status)
  }
  expect(house.state().upstreams.storage).toMatchObject({ opened: 1 })
  const calls = bucket.stats().list
  const began = performance.now()
  const refused = await fetch(url + AREA)
  expect(performance.now() - began).toBeLessThan(500)
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({
    detail: expect.stringMatching(/^Cloud Storage failed so often .*status 503/),
  })
  expect(bucket.stats().list).toBe(calls)

  bucket.setFault(undefined)
  for (let n = 0; n < 100 && house.state().upstreams.storage.state !== 'closed'; n++) {
    await sleep(50)
    await (await fetch(`${url}/readyz`)).text()
  }
  expect(await (await fetch(url + AREA)).json()).toHaveLength(100 * IMAGES)
}, 30_000)

test('a bucket that hangs is given up on, and those who come next do not wait for it', async () => {
  const days = Array.from({ length: 12 }, (_, n) => `2020-03-${10 + n}`)
  const rows = days.map((day) => archiveRow({ tile: '33UUB', start: `${day}T10:20:00Z` }))
  const deadlineMs = 2000
  served = await serveRows(rows, { SWATH_DEADLINE_MS: String(deadlineMs) })
  const { url, bucket, house } = served
  bucket.setFault(() => ({ kind: 'hang' }))
  const askEach = () =>
    Promise.all(
      days.map(async (day) => {
        const { status } = await fetch(`${url}${AREA}&datetime=${day}`)
        return { status, at: performance.now() }
      }),
    )
  for (const { status } of await askEach()) expect(status).toBe(504)
  expect(house.state().upstreams.storage).toMatchObject({ state: 'open', opened: 1 })
  const began = performance.now()
  const next = await askEach()
  // One of them may find out whether it is back, and waits for that.
  const refused = next.filter(({ status }) => status === 503)
  expect(refused.length).toBeGreaterThanOrEqual(11)
  expect(Math.max(...refused.map(({ at }) => at - began))).toBeLessThan(deadlineMs)
}, 30_000)
