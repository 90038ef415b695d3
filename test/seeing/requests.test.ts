import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { openHouse } from '../../src/wire.ts'
import { archiveRow } from '../archive.ts'
import { type Served, serveHouse, serveRows } from '../serve.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { type Scrape, sampleOf, scrapeOf } from './scrape.ts'

/** As many granules as make a body that takes more than a moment. */
const ROWS = Array.from({ length: 60 }, (_, day) =>
  archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2020, 0, 1 + day, 10)).toISOString() }),
)
const AREA = '/area?bbox=11.8,54.9,14,56&dedupe=none'

let served: Served
beforeAll(async () => {
  served = await serveRows(
    ROWS,
    { SWATH_LIST_CONCURRENCY: '2', SWATH_DEADLINE_MS: '300', SWATH_LOG: 'off' },
    5,
  )
})
afterAll(() => served.close())

/** What grew of a sample while something was done. */
async function growth(
  act: () => Promise<unknown>,
): Promise<(name: string, labels?: Record<string, string>) => number> {
  const before = await scrapeOf(served.url)
  await act()
  // Ends are told of when the socket has taken the last byte.
  await sleep(50)
  const after = await scrapeOf(served.url)
  return (name, labels) => sampleOf(after, name, labels) - sampleOf(before, name, labels)
}

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(served.url + path, { headers })
  return { response, text: await response.text() }
}

describe('a scrape', () => {
  test('counts requests by route, method and status, with their bytes', async () => {
    let length = 0
    const grew = await growth(async () => {
      length = (await get(AREA)).text.length
    })
    const labels = { route: '/area', method: 'GET', status: '200' }
    expect(grew('swath_http_requests_total', labels)).toBe(1)
    expect(grew('swath_http_seconds_count', { route: '/area' })).toBe(1)
    expect(grew('swath_http_first_byte_seconds_sum', { route: '/area' })).toBeLessThan(
      grew('swath_http_seconds_sum', { route: '/area' }),
    )
    expect(grew('swath_http_sent_bytes_total', { route: '/area' })).toBeGreaterThan(length)
    expect(grew('swath_http_in_flight')).toBe(0)
  })

  test('counts each call to the bucket once, and how long calls waited', async () => {
    const calls = served.bucket.stats().list
    const grew = await growth(() => get('/images?lat=55.5&lng=13&datetime=2020-01-05/2020-01-12&bands=B01'))
    expect(grew('swath_io_seconds_count', { kind: 'storage_list', by: 'gcs' })).toBe(
      served.bucket.stats().list - calls,
    )
  })

  test('tells waits, hits, misses and maxima', async () => {
    // Each lists the bucket anew, and two may at once.
    await Promise.all(Array.from({ length: 6 }, () => get('/readyz')))
    const scrape = await scrapeOf(served.url)
    expect(sampleOf(scrape, 'swath_queue_longest_wait_seconds', { queue: 'list' })).toBeGreaterThan(0.001)
    expect(sampleOf(scrape, 'swath_queue_wait_seconds_count', { queue: 'catalog' })).toBeGreaterThan(0)
    expect(sampleOf(scrape, 'swath_io_longest_seconds', { kind: 'storage_list' })).toBeGreaterThan(0.004)
    expect(sampleOf(scrape, 'swath_cache_misses_total', { cache: 'listings' })).toBeGreaterThanOrEqual(60)
    const grew = await growth(() => get(AREA))
    expect(grew('swath_cache_hits_total', { cache: 'listings' })).toBe(60)
    expect(grew('swath_cache_misses_total', { cache: 'listings' })).toBe(0)
  })

  test('counts failures by the code of the fault', async () => {
    served.bucket.setFault(() => ({ kind: 'hang' }))
    const grew = await growth(async () => {
      expect((await get('/readyz')).response.status).toBe(504)
    })
    served.bucket.setFault(undefined)
    const labels = { kind: 'storage_list', by: 'gcs', code: 'upstream-late' }
    expect(grew('swath_io_errors_total', labels)).toBe(1)
    expect(grew('swath_http_requests_total', { route: '/readyz', status: '504' })).toBe(1)
  })

  test('gives the paths of strangers no labels of their own', async () => {
    const names = (scrape: Scrape) => scrape.get('swath_http_requests_total')?.samples.length
    await get('/.env')
    const before = names(await scrapeOf(served.url))
    for (const path of ['/wp-login.php', '/area/x/y', '/granules', '/../etc/passwd']) await get(path)
    await fetch(`${served.url}/nothing`, { method: 'PROPFIND' })
    await fetch(`${served.url}/nothing2`, { method: 'BREW' }).catch(() => {})
    const routes = (await scrapeOf(served.url))
      .get('swath_http_requests_total')
      ?.samples.map(({ labels }) => labels.route)
    expect(routes?.join()).not.toMatch(/wp-login|env|passwd|x\/y|nothing/)
    expect(names(await scrapeOf(served.url))).toBeLessThanOrEqual((before ?? 0) + 3)
  })

  test('names granules by the pattern of their route', async () => {
    const grew = await growth(async () => {
      for (const name of ['one', 'two', 'three']) await get(`/granules/${name}`)
    })
    expect(grew('swath_http_requests_total', { route: '/granules/:granuleId', status: '404' })).toBe(3)
  })

  test('takes no parameters, and is no page to be kept', async () => {
    expect((await get('/metrics?x=1')).response.status).toBe(400)
    const { response } = await get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('tells when the process began and what it is', async () => {
    const scrape = await scrapeOf(served.url)
    expect(sampleOf(scrape, 'process_start_time_seconds')).toBeGreaterThan(Date.now() / 1000 - 600)
    expect(sampleOf(scrape, 'swath_build_info', { node: process.version })).toBe(1)
    expect(sampleOf(scrape, 'process_resident_memory_bytes')).toBeGreaterThan(30e6)
    expect(sampleOf(scrape, 'nodejs_eventloop_lag_max_seconds')).toBeGreaterThanOrEqual(
      sampleOf(scrape, 'nodejs_eventloop_lag_p50_seconds'),
    )
  })
})

describe('an answer that is cut', () => {
  /** Reads some of an answer and hangs up. */
  async function readSome(path: string): Promise<void> {
    const { hostname, port } = new URL(served.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
    await once(socket, 'data')
    socket.destroy()
    await once(socket, 'close')
  }

  test('is counted for the client where it left', async () => {
    const query = '/images?lat=55.5&lng=13&dedupe=none&bands=B02&datetime=2020-01-01/2020-03-01'
    served.bucket.setFault(({ count }) =>
      count % 3 === 0 ? { kind: 'drip', pieces: 3, pauseMs: 30 } : undefined,
    )
    const fresh = await serveRows(ROWS, { SWATH_LIST_CONCURRENCY: '1', SWATH_LOG: 'off' }, 30)
    const shared = served
    served = fresh
    try {
      const grew = await growth(async () => {
        await readSome(query)
        await sleep(200)
      })
      expect(grew('swath_http_cut_total', { route: '/images', by: 'client' })).toBe(1)
      expect(grew('swath_http_cut_total', { route: '/images', by: 'service' })).toBe(0)
    } finally {
      await fresh.close()
      served = shared
      served.bucket.setFault(undefined)
    }
  })

  test('is counted for the service, and logged with its reason, where something failed', async () => {
    const lines: string[] = []
    const folder = await temporaryFolder()
    const house = await openHouse(
      readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }),
      {
        log: { out: { write: (line) => lines.push(line) }, form: 'failures' },
      },
    )
    let lists = 0
    const failing: House = {
      ...house,
      open: (client) => {
        const session = house.open(client)
        const list: typeof session.storage.list = (...of) => {
          return ++lists > 2 ? failingLater() : session.storage.list(...of)
        }
        return { ...session, listConcurrency: 1, storage: { ...session.storage, list } }
      },
    }
    const { url, stop } = await serveHouse(failing)
    const response = await fetch(`${url}/area?bbox=11.8,54.9,14,56`, { headers: { 'x-request-id': 'mine' } })
    await expect(response.text()).rejects.toThrow()
    await sleep(100)
    const scrape = await scrapeOf(url)
    stop()
    await house.close()
    await folder.remove()
    expect(sampleOf(scrape, 'swath_http_cut_total', { route: '/area', by: 'service' })).toBe(1)
    expect(lines.join('')).toMatch(/200 cut by the service .* mine\n {2}TypeError: planted\n/)
  })
})

describe('a request', () => {
  test('is told its id: its own, that of its trace, or a new one', async () => {
    const idOf = async (headers: Record<string, string>) =>
      (await get('/healthz', headers)).response.headers.get('x-request-id')
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await idOf({ 'x-request-id': 'mine-1' })).toBe('mine-1')
    expect(await idOf({ traceparent })).toBe('0af7651916cd43dd8448eb211c80319c')
    expect(await idOf({})).toMatch(/^[\da-f-]{36}$/)
    expect(await idOf({ 'x-request-id': '"><script>' })).toMatch(/^[\da-f-]{36}$/)
  })

  test('is told its id with every kind of answer, and a page of another origin may read it', async () => {
    for (const path of [
      '/area',
      '/nothing',
      '/stac/nothing',
      '/stac/search?limit=1',
      '/granules/x',
      '/',
      '/docs',
    ]) {
      const { response } = await get(path, { 'x-request-id': 'mine-2', origin: 'https://example.org' })
      expect(response.headers.get('x-request-id'), path).toBe('mine-2')
      expect(response.headers.get('access-control-expose-headers')?.toLowerCase(), path).toContain(
        'x-request-id',
      )
    }
  })
})

/** Fails when the answer has long begun. */
const failingLater = () => ({
  [Symbol.asyncIterator]: () => ({
    next: async () => {
      await sleep(100)
      throw new TypeError('planted')
    },
  }),
})

let folder: Temporary
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

test('a bug is logged with its stack and answered without', async () => {
  const lines: string[] = []
  const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }), {
    log: { out: { write: (line) => lines.push(line) }, form: 'json' },
  })
  const broken: House = {
    ...house,
    open: () => {
      throw new TypeError('planted here')
    },
  }
  const { url, stop } = await serveHouse(broken)
  const response = await fetch(`${url}/area?bbox=1,2,3,4`)
  expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('planted')])
  await sleep(50)
  stop()
  await house.close()
  const [line = '{}'] = lines
  expect(JSON.parse(line)).toMatchObject({
    severity: 'ERROR',
    failure: 'bug',
    message: expect.stringMatching(/planted here\n +at /),
  })
})
