import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { archiveRow, keysOf, writeCsv } from '../archive.ts'
import { type StorageServer, startStorageServer } from '../stand-ins/storage-server.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { comesTrue, killServices, type Service, serve, storeIn } from './home.ts'

const DAY = 864e5
const YEAR = 365 * DAY
const HOUR = 36e5
/**
 * Ages of the products in days; what is older than a week is settled. The service tells the least in tenths of a day:
 * 0.6, and 0.5 an hour before.
 */
const NEWEST = 0.57
const AGES = [NEWEST, 1, 2, 3, 5, 9, 20, 40, 80, 160, 320, 640]
const SETTLED = AGES.filter((days) => days > 7).length
const LATENCY_MS = 40
const LIST = '/area?bbox=11,54,15,57&format=uris'

let folder: Temporary
let bucket: StorageServer
let service: Service
beforeEach(async () => {
  folder = await temporaryFolder()
  const rows = AGES.map((days) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.now() - days * DAY).toISOString() }),
  )
  const index = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: index })
  bucket = await startStorageServer({
    objects: rows.flatMap(keysOf).map((key) => [key, 1000] as const),
    latencyMs: LATENCY_MS,
  })
  setClock(0)
  service = await serve({
    NODE_OPTIONS: `--import=${new URL('./home-clock-set.ts', import.meta.url).href}`,
    CLOCK_OFFSET_FILE: join(folder.path, 'offset'),
    SWATH_CATALOG: `sqlite:${index}`,
    SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
    SWATH_STORAGE_ENDPOINT: bucket.url,
    SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    SWATH_DEADLINE_MS: '2000',
    SWATH_REQUEST_DEADLINE_MS: '4000',
  })
})
afterEach(async () => {
  await killServices()
  await bucket.close()
  await folder.remove()
})

const setClock = (ms: number) => writeFileSync(join(folder.path, 'offset'), String(ms))

/** The clock that the service itself sees, off by so many milliseconds, give or take an hour. */
async function clockStands(ms: number): Promise<boolean> {
  const age = (await service.ready()).index?.levels.L1C?.age_days ?? Number.NaN
  const wanted = Math.max(0, Math.round((NEWEST + ms / DAY) * 10) / 10)
  return Math.abs(age - wanted) < 0.02
}

/** Of the listings that are remembered, those for good. */
function settledListings(): number {
  const db = new DatabaseSync(join(folder.path, 'store.sqlite'), { timeout: 2000 })
  const row = db.prepare("SELECT count(*) AS n FROM listing WHERE listed NOT LIKE '%last'").get()
  db.close()
  return Number(row?.n)
}

describe('a clock that is set while the service runs', () => {
  test.for([
    ['forward a year', YEAR],
    ['back a year', -YEAR],
    ['back an hour', -HOUR],
  ] as const)(
    'hurts no request, and what is remembered stays right: %s',
    { timeout: 120_000 },
    async ([, jump]) => {
      const wanted = await service.ask(LIST)
      expect(wanted?.status).toBe(200)
      const page = await fetch(`${service.url}${LIST}&limit=4`)
      const link = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
      const before = await service.ready()
      expect(await clockStands(0)).toBe(true)
      // Under way while the clock is set.
      const asked = Array.from({ length: 12 }, async (_, i) => {
        await sleep(i * 10)
        const began = performance.now()
        const answer = await service.ask(LIST)
        return { answer, ms: performance.now() - began }
      })
      await sleep(60)
      setClock(jump)
      for (const { answer, ms } of await Promise.all(asked)) {
        expect(answer).toEqual(wanted)
        expect(ms).toBeLessThan(3000)
      }
      expect(await clockStands(jump)).toBe(true)
      expect(await service.ask(LIST)).toEqual(wanted)
      expect((await fetch(link)).status).toBe(200)
      const after = await service.ready()
      expect(after.upstreams.storage).toEqual({ state: 'closed', opened: 0 })
      expect(after.index?.levels.L1C?.age_days).toBeGreaterThanOrEqual(0)
      // Remembered ones are answered from memory all the while, and young ones asked for again.
      expect(after.listings.hits - before.listings.hits).toBeGreaterThanOrEqual(13 * SETTLED)
      expect(after.listings.misses).toBeGreaterThan(before.listings.misses)
      expect(settledListings()).toBe(SETTLED)
      const metrics = (await service.ask('/metrics'))?.text ?? ''
      expect(metrics.split('\n').filter((line) => /^[a-z].* -/.test(line))).toEqual([])
      setClock(0)
      expect(await clockStands(0)).toBe(true)
      expect(await service.ask(LIST)).toEqual(wanted)
      expect(settledListings()).toBe(SETTLED)
      expect((await service.stop()).stderr).toBe('')
      expect(storeIn(join(folder.path, 'store.sqlite')).integrity).toBe('ok')
    },
  )

  test('does not keep an upstream that is back from being asked', async () => {
    // Young ones alone, so that every request asks.
    const path = `${LIST}&datetime=${new Date(Date.now() - 6 * DAY).toISOString()}/..&limit=1`
    bucket.setFault(() => ({ kind: 'status', status: 503 }))
    expect(
      await comesTrue(async () => {
        await service.ask(path)
        return /^swath_upstream_open\S* 1$/m.test((await service.ask('/metrics'))?.text ?? '')
      }),
    ).toBe(true)
    setClock(-YEAR)
    bucket.reset()
    const began = performance.now()
    expect(await comesTrue(async () => (await service.ask(path))?.status === 200)).toBe(true)
    // It stays open for some seconds by any clock.
    expect(performance.now() - began).toBeLessThan(5000)
  }, 120_000)

  test('does not make a refusal of the bucket last a year', async () => {
    setClock(-YEAR)
    expect(await comesTrue(() => clockStands(-YEAR))).toBe(true)
    let refused = 0
    bucket.setFault(({ kind }) =>
      kind === 'list' && refused++ < 1
        ? { kind: 'status', status: 429, retryAfter: new Date(Date.now() + 1000).toUTCString() }
        : undefined,
    )
    const began = performance.now()
    const answer = await service.ask(`${LIST}&limit=1`)
    expect([answer?.status, refused > 1]).toEqual([200, true])
    expect(performance.now() - began).toBeLessThan(3000)
  }, 120_000)
})
