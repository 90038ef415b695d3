import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveRow } from '../../archive.ts'
import { openDrawnHouse } from '../../drawn-house.ts'
import { type Served, serveHouse, serveRows } from '../../serve.ts'
import { type Item, type ItemPage, idsOf, pageOf, pagesOf, post, ROWS } from './stac-client.ts'

let served: Served
let search: string
beforeAll(async () => {
  served = await serveRows(ROWS)
  search = `${served.url}/stac/search`
})
afterAll(() => served.close())

const found = async (parameters: string): Promise<readonly Item[]> =>
  (await pageOf({ href: `${search}?limit=1000&${parameters}` })).features
const clouds = (items: readonly Item[]) => items.map(({ properties }) => properties['eo:cloud_cover'])
const times = (items: readonly Item[]) => items.map(({ properties }) => properties.datetime)

describe('a search', () => {
  test('is a FeatureCollection of both collections, newest first', async () => {
    const response = await fetch(search)
    expect(response.headers.get('content-type')).toBe('application/geo+json')
    expect(response.headers.get('vary')).toContain('Accept')
    await response.text()
    const items = await found('')
    expect(new Set(items.map(({ collection }) => collection))).toEqual(
      new Set(['sentinel-2-l1c', 'sentinel-2-l2a']),
    )
    expect(times(items)).toEqual(times(items).toSorted().toReversed())
    expect(items.every((item) => item.properties['swath:assets'] === 'promised')).toBe(true)
  })

  test('answers GET and POST alike', async () => {
    const got = await found('bbox=12,55,14,56.5&query={"eo:cloud_cover":{"gte":20}}')
    const body = { bbox: [12, 55, 14, 56.5], query: { 'eo:cloud_cover': { gte: 20 } }, limit: 1000 }
    const posted = await pageOf({ href: search, method: 'POST', body })
    expect(got.length).toBeGreaterThan(3)
    expect(posted.features).toEqual(got)
  })

  test('answers one product of an acquisition, and all of them without dedupe', async () => {
    expect((await found('dedupe=none')).length).toBe(ROWS.length)
    const latest = (await found('')).map(({ id }) => id)
    expect(latest.length).toBe(ROWS.length - 4)
    expect(latest.filter((id) => id.includes('_N0500_')).length).toBe(4)
  })

  test('sorts by time and by clouds, either way, unknown ones last', async () => {
    expect(times(await found('sortby=%2Bdatetime'))).toEqual(times(await found('')).toReversed())
    expect(times(await found('sortby=+properties.datetime'))).toEqual(times(await found('sortby=datetime')))
    const least = clouds(await found('sortby=eo:cloud_cover,-datetime'))
    const known = least.filter((cloud) => cloud !== undefined)
    expect(known.length).toBeLessThan(least.length)
    expect(least.slice(0, known.length)).toEqual(known.toSorted((a, b) => a - b))
    const most = clouds(await found('sortby=-eo:cloud_cover'))
    expect(most.slice(0, known.length)).toEqual(known.toSorted((a, b) => b - a))
  })

  test('tells how much of the area an item covers, and sorts by it', async () => {
    const items = await found('bbox=12,55,16,56.5&sortby=-swath:coverage')
    const shares = items.map(({ properties }) => properties['swath:coverage'] ?? -1)
    expect(shares.length).toBeGreaterThan(10)
    expect(shares.every((share) => share > 0 && share <= 1)).toBe(true)
    expect(shares).toEqual(shares.toSorted((a, b) => b - a))
    expect((await found(''))[0]?.properties['swath:coverage']).toBeUndefined()
  })

  test('filters by CQL2, as text and as JSON, and by query, together', async () => {
    const text = encodeURIComponent("eo:cloud_cover <= 50 AND platform = 'sentinel-2b'")
    const items = await found(`filter=${text}`)
    expect(items.length).toBeGreaterThan(1)
    expect(items.every(({ id }) => id.startsWith('S2B_'))).toBe(true)
    expect(clouds(items).every((cloud) => cloud !== undefined && cloud <= 50)).toBe(true)
    const filter = { op: '<=', args: [{ property: 'eo:cloud_cover' }, 50] }
    const body = { limit: 1000, filter, query: { platform: { eq: 'sentinel-2b' } } }
    expect(idsOf([await pageOf({ href: search, method: 'POST', body })])).toEqual(items.map(({ id }) => id))
  })

  test('filters that contradict each other find nothing', async () => {
    const filter = encodeURIComponent("s2:mgrs_tile = '33UUB' AND s2:mgrs_tile = '33UVB'")
    expect(await found(`filter=${filter}`)).toEqual([])
    expect(await found('query={"eo:cloud_cover":{"lt":5,"gt":50}}')).toEqual([])
  })

  test('counts what matches where that is cheap', async () => {
    const small = await pageOf({ href: `${search}?bbox=12,55,14,56.5&limit=3` })
    expect(small.numberMatched).toBe((await found('bbox=12,55,14,56.5')).length)
    expect((await pageOf({ href: search })).numberMatched).toBeUndefined()
  })
})

describe('fields', () => {
  const BASELINE = [
    'assets',
    'bbox',
    'collection',
    'geometry',
    'id',
    'links',
    'properties',
    'stac_version',
    'type',
  ]

  const one = async (fields: unknown): Promise<Record<string, unknown>> => {
    const response = await post(search, { limit: 1, fields })
    const { features } = (await response.json()) as { features: Record<string, unknown>[] }
    return features[0] ?? {}
  }

  test('that are none leave a valid item of the least members', async () => {
    const item = await one({})
    expect(Object.keys(item).sort()).toEqual(BASELINE)
    expect(Object.keys(item.properties as object)).toEqual(['datetime'])
  })

  test('that are included come alone, with or without properties. before them', async () => {
    const item = await one({ include: ['properties.eo:cloud_cover', 'platform', 'nothing.at.all'] })
    expect(Object.keys(item).sort()).toEqual(['collection', 'id', 'properties', 'type'])
    expect(Object.keys(item.properties as object).sort()).toEqual(['eo:cloud_cover', 'platform'])
  })

  test('that are excluded go from the whole item, members or parts of them', async () => {
    const whole = await one(undefined)
    const item = await one({ exclude: ['geometry', 'properties.datetime', 'assets.visual'] })
    expect(Object.keys(item).sort()).toEqual(
      Object.keys(whole)
        .filter((name) => name !== 'geometry')
        .sort(),
    )
    const { datetime, ...others } = whole.properties as Record<string, unknown>
    expect(datetime).toBeDefined()
    expect(item.properties).toEqual(others)
    const { visual, ...rest } = whole.assets as Record<string, unknown>
    expect(visual).toBeDefined()
    expect(item.assets).toEqual(rest)
  })

  test('that are excluded go from those included, too', async () => {
    const item = await one({ include: ['properties', 'links'], exclude: ['collection', 'properties.gsd'] })
    expect(Object.keys(item).sort()).toEqual(['id', 'links', 'properties', 'type'])
    expect(item.properties).not.toHaveProperty('gsd')
    expect(item.properties).toHaveProperty('platform')
  })

  test('may be a text in an address', async () => {
    const response = await fetch(`${search}?limit=1&fields=id,+platform,-geometry,-links,-assets.red`)
    const { features } = (await response.json()) as { features: Record<string, unknown>[] }
    expect(features[0]).toEqual(
      await one({ include: ['id', 'platform'], exclude: ['geometry', 'links', 'assets.red'] }),
    )
  })
})

describe('an entity tag', () => {
  test('is of the query, and spares the answer', async () => {
    const first = await fetch(`${search}?limit=2`)
    await first.text()
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^W\/".{22}"$/)
    const held = await fetch(`${search}?limit=2`, { headers: { 'if-none-match': `"x", ${tag}` } })
    expect([held.status, await held.text(), held.headers.get('etag')]).toEqual([304, '', tag])
    for (const parameters of [
      'limit=3',
      'limit=2&dedupe=none',
      'limit=2&fields=id',
      'limit=2&datetime=2021-01-01T00:00:00Z/..',
    ]) {
      const other = await fetch(`${search}?${parameters}`, { headers: { 'if-none-match': tag } })
      expect([parameters, other.status]).toEqual([parameters, 200])
      await other.text()
    }
    const same = await fetch(`${search}?sortby=-datetime&limit=2&bbox=-180,-90,180,90&collections=`)
    await same.text()
    expect(same.status).toBe(200)
  })

  test('spares no answer to a POST', async () => {
    const body = { method: 'POST', body: '{"limit":1}' }
    const response = await fetch(search, {
      ...body,
      headers: { 'content-type': 'application/json', 'if-none-match': '*' },
    })
    await response.text()
    expect(response.status).toBe(200)
  })

  test('is not given to what colours decide', async () => {
    const response = await fetch(`${search}?sortby=-swath:share_red`)
    await response.text()
    expect([response.status, response.headers.get('etag')]).toEqual([200, null])
  })
})

describe('a long page', () => {
  test('comes in pieces, holds what short ones hold, and has its length where there are no pieces', async () => {
    const rows = Array.from({ length: 700 }, (_, i) =>
      archiveRow({
        tile: '33UUB',
        start: new Date(Date.UTC(2021, 0, 1, i)).toISOString(),
        orbit: 1 + (i % 7),
      }),
    )
    const long = await serveRows(rows)
    try {
      const address = `${long.url}/stac/search`
      const response = await fetch(`${address}?limit=10000`)
      expect(response.headers.get('content-length')).toBeNull()
      const whole = (await response.json()) as ItemPage
      expect(whole.features.length).toBe(700)
      expect(whole.features).toEqual(
        (await pagesOf({ href: `${address}?limit=100` })).flatMap(({ features }) => features),
      )
      const old = await oldRequest(`${address}?limit=10000`)
      expect(old).toMatch(/^content-length: \d{6,}\r$/im)
      expect(JSON.parse(old.slice(old.indexOf('\r\n\r\n')))).toEqual(whole)
    } finally {
      await long.close()
    }
  })
})

/** All that a server sends to who speaks HTTP/1.0. */
async function oldRequest(address: string): Promise<string> {
  const { hostname, port, pathname, search, host } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${pathname}${search} HTTP/1.0\r\nHost: ${host}\r\n\r\n`)
  return (await Array.fromAsync(socket.setEncoding('utf8'))).join('')
}

describe('the sample', () => {
  test('is found, with the colours that are remembered', async () => {
    const drawn = await openDrawnHouse()
    const sample = await serveHouse(drawn.house)
    try {
      const href = `${sample.url}/stac/search?limit=20`
      const [first] = (await pageOf({ href })).features
      expect(first?.properties['swath:colour']).toBeUndefined()
      const granuleId = String(first?.properties['swath:granule_id'])
      await (await fetch(`${sample.url}/granules/${granuleId}/colour`)).text()
      const again = (await pageOf({ href })).features.find(({ id }) => id === first?.id)
      expect(again?.properties['swath:colour']).toMatch(/^#[0-9a-f]{6}$/)
    } finally {
      sample.stop()
      await drawn.close()
    }
  })
})
