import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveRow } from '../archive.ts'
import { type Served, serveRows } from '../serve.ts'

const ROWS = Array.from({ length: 520 }, (_, i) =>
  archiveRow({
    tile: ['33UUB', '33UVB'][i % 2] ?? '33UUB',
    start: new Date(Date.UTC(2019, 0, 1 + Math.floor(i / 2) * 7, 10, 1, i % 60)).toISOString(),
    level: 'L2A',
    orbit: 1 + (i % 7),
    cloud: (i * 37) % 101,
  }),
)

let served: Served
beforeAll(async () => {
  served = await serveRows(ROWS)
})
afterAll(() => served.close())

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
type Asked = {
  readonly accept?: string
  readonly method?: string
  readonly body?: string
  readonly held?: string
}

/** An answer as it comes over the wire; fetch would unpack it. */
async function ask(path: string, { accept, method = 'GET', body, held }: Asked = {}): Promise<Answer> {
  const headers = {
    ...(accept === undefined ? {} : { 'Accept-Encoding': accept }),
    ...(held === undefined ? {} : { 'If-None-Match': held }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  }
  const asking = request(served.url + path, { method, headers }).end(body)
  const [answer] = await once(asking, 'response')
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) }
}

const UNPACK = { gzip: gunzipSync, br: brotliDecompressSync }
const granuleId = async (): Promise<string> => {
  const { body } = await ask('/area?bbox=12,55,13,56&level=L2A&limit=1&format=ndjson')
  return JSON.parse(body.toString().split('\n')[0] ?? '').granule_id
}

describe('an answer that is made as one text', () => {
  test.for([
    '/openapi.json',
    '/docs',
    '/stac',
    '/stac/collections/sentinel-2-l2a',
    '/stac/queryables',
    '/stac/collections/sentinel-2-l2a/browse/33UUB/2019-01',
    '/stac/collections/sentinel-2-l2a/items?limit=20',
    '/stac/search?limit=100',
    '/area/summary?bbox=12,55,15,56&level=L2A',
  ])('%s comes packed as its asker likes', async (path) => {
    const plain = await ask(path)
    expect(plain.status).toBe(200)
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.headers.vary).toMatch(/\bAccept-Encoding\b/)
    for (const coding of ['gzip', 'br'] as const) {
      const { headers, body } = await ask(path, { accept: coding })
      expect(headers['content-encoding']).toBe(coding)
      expect(headers['content-type']).toBe(plain.headers['content-type'])
      expect(headers.vary).toBe(plain.headers.vary)
      expect(headers.etag).toBe(plain.headers.etag)
      expect(headers.link).toBe(plain.headers.link)
      expect(headers['swath-index']).toBe(plain.headers['swath-index'])
      expect(headers['content-length']).toBe(String(body.length))
      expect(body.length).toBeLessThan(plain.body.length / 1.5)
      expect(UNPACK[coding](body).equals(plain.body)).toBe(true)
    }
  })

  test('of a granule comes packed, too', async () => {
    const path = `/granules/${await granuleId()}`
    const [plain, packed] = [await ask(path), await ask(path, { accept: 'gzip' })]
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
  })

  test('of a posted search comes packed, too', async () => {
    const posted = { method: 'POST', body: '{"limit":10}' }
    const [plain, packed] = [
      await ask('/stac/search', posted),
      await ask('/stac/search', { ...posted, accept: 'gzip' }),
    ]
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
  })

  test.for([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *;q=0.1', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip;q=0', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['deflate', undefined],
    ['', undefined],
    ['gzip;q=x', undefined],
  ] as const)('accepted as %j comes as %s', async ([accept, coding]) => {
    const { status, headers } = await ask('/stac', { accept })
    expect([status, headers['content-encoding']]).toEqual([200, coding])
  })

  test.for(['/stac', '/openapi.json', '/docs'])('%s tells a HEAD what a GET would be told', async (path) => {
    for (const accept of ['gzip', 'br', 'identity']) {
      const [got, head] = [await ask(path, { accept }), await ask(path, { accept, method: 'HEAD' })]
      expect(head.body.length).toBe(0)
      for (const name of ['content-encoding', 'content-type', 'vary', 'etag']) {
        expect(head.headers[name]).toBe(got.headers[name])
      }
      if (accept !== 'identity') expect(head.headers['content-length']).toBe(got.headers['content-length'])
    }
  })

  test('that its asker holds, in whatever coding, is not sent again', async () => {
    const { headers } = await ask('/stac/search?limit=3', { accept: 'gzip' })
    for (const accept of ['gzip', 'br', 'identity']) {
      const again = await ask('/stac/search?limit=3', { accept, held: headers.etag })
      expect([again.status, again.body.length]).toEqual([304, 0])
      expect(again.headers['content-encoding']).toBeUndefined()
      expect(again.headers.vary).toMatch(/\bAccept-Encoding\b/)
    }
  })

  test('of less than a kilobyte stays as it is', async () => {
    const { headers, body } = await ask('/stac/search?limit=1&fields=id', { accept: 'gzip' })
    expect(body.length).toBeLessThan(1024)
    expect(headers['content-encoding']).toBeUndefined()
    expect(headers['content-length']).toBe(String(body.length))
    expect(JSON.parse(body.toString()).features).toHaveLength(1)
  })

  test('stays as it is where it tells of a failure', async () => {
    for (const path of ['/stac/none', '/stac/search?limit=x', '/granules/none']) {
      const { status, headers } = await ask(path, { accept: 'gzip' })
      expect(status).toBeGreaterThan(399)
      expect(headers['content-encoding']).toBeUndefined()
    }
  })
})

test.for([
  '/area?bbox=12,55,15,56&level=L2A',
  '/area?bbox=12,55,15,56&level=L2A&format=ndjson',
  '/area?bbox=12,55,15,56&level=L2A&format=geojson',
  '/stac/search?limit=600&dedupe=none',
  '/stac/search?format=ndjson',
  '/healthz',
])('%s, which is written as it is pulled or small, stays as it is', async (path) => {
  const { status, headers } = await ask(path, { accept: 'gzip, br' })
  expect(status).toBe(200)
  expect(headers['content-encoding']).toBeUndefined()
})

test('packing a page of 100 items costs the main thread little', async () => {
  const path = '/stac/search?limit=100'
  const cpuOf = async (accept: string) => {
    await ask(path, { accept })
    const before = [process.threadCpuUsage(), process.cpuUsage()] as const
    const { body } = await ask(path, { accept })
    const [main, all] = [process.threadCpuUsage(before[0]), process.cpuUsage(before[1])]
    return { bytes: body.length, main: ms(main), all: ms(all) }
  }
  const told = []
  for (const accept of ['identity', 'gzip', 'br']) told.push([accept, await cpuOf(accept)] as const)
  for (const [accept, { bytes, main, all }] of told) {
    console.log(
      `A page of 100 items, ${accept}: ${bytes} bytes, ${main} ms of the main thread, ${all} ms in all.`,
    )
  }
  const [[, plain] = ['', { bytes: 0 }], ...packed] = told
  for (const [, { bytes, main }] of packed) {
    expect(bytes).toBeLessThan(plain.bytes / 8)
    expect(main).toBeLessThan(100)
  }
})

const ms = ({ user, system }: { user: number; system: number }): number => Math.round((user + system) / 1000)
