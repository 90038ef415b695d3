import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { archiveRow, keysOf } from '../../archive.ts'
import { type Served, serveRows } from '../../serve.ts'
import { failureOf, idsOf, pageOf } from './stac-client.ts'

const TILE = { tile: '33UUB', start: '2021-03-01T10:00:00Z' }
const older = archiveRow(TILE)
const better = archiveRow({ ...TILE, baseline: '05.00', generation: '2023-05-01T00:00:00Z' })
/** In a folder whose name says nothing, beside a product of the same granule whose folder is as usual. */
const odd = {
  ...older,
  BASE_URL: 'gs://gcp-public-data-sentinel-2/tiles/33/U/UB/strange.SAFE',
  PRODUCT_ID: 'strange',
}

let served: Served
let items: string
beforeAll(async () => {
  const keys = [older, better].flatMap(keysOf)
  const strange = keysOf(older).map((key) => key.replace(`${older.PRODUCT_ID}.SAFE`, 'strange.SAFE'))
  const held = [...keys, ...strange].map((key) => [key, 1000] as const)
  served = await serveRows([older, better, odd], {}, 0, held)
  items = `${served.url}/stac/collections/sentinel-2-l1c/items`
})
afterAll(() => served.close())

const itemAt = async (id: string | null) => {
  const response = await fetch(`${items}/${id}`)
  expect([id, response.status]).toEqual([id, 200])
  return z
    .looseObject({
      id: z.string(),
      assets: z.record(z.string(), z.looseObject({ href: z.string() })),
      links: z.array(z.looseObject({ rel: z.string(), href: z.string() })),
    })
    .parse(await response.json())
}

test('each item is found by its id, with the images and the thumbnail of its own product', async () => {
  expect(older.GRANULE_ID).toBe(better.GRANULE_ID)
  const all = idsOf([await pageOf({ href: `${items}?dedupe=none` })])
  expect(all.sort()).toEqual([older.PRODUCT_ID, better.PRODUCT_ID, odd.GRANULE_ID].sort())
  const folders = [
    [older.PRODUCT_ID, `${older.PRODUCT_ID}.SAFE/`],
    [better.PRODUCT_ID, `${better.PRODUCT_ID}.SAFE/`],
    [odd.GRANULE_ID, 'strange.SAFE/'],
  ] as const
  for (const [id, folder] of folders) {
    const item = await itemAt(id)
    expect(item.id).toBe(id)
    expect(item.assets.blue?.href).toContain(folder)
    expect(item.assets.thumbnail?.href).toBe(`${items}/${id}/thumbnail.webp`)
    expect(idsOf([await pageOf({ href: `${served.url}/stac/search?ids=${id}` })])).toEqual([id])
  }
})

test.for([
  ["s2:product_uri = 'OLDER.SAFE'", 'none'],
  ["id LIKE 'OLDER%'", 'none'],
  ["s2:granule_id = 'GRANULE'", 'none'],
  ["swath:granule_id = 'GRANULE'", 'none'],
  ["s2:processing_baseline < '05.00'", 'none'],
  ["NOT s2:processing_baseline = '05.00'", 'none'],
  ["s2:generation_time < '2023-01-01'", 'none'],
  ["created < '2023-01-01' AND platform = 'sentinel-2a'", 'none'],
  ["updated < '2023-01-01' OR eo:cloud_cover > 100", 'none'],
  ["platform = 'sentinel-2a'", 'latest'],
  ["datetime >= '2021-03-01' AND eo:cloud_cover >= 0", 'latest'],
] as const)('of the filter %s dedupe is %s where it is not told', async ([told, dedupe]) => {
  const filter = told.replace('OLDER', older.PRODUCT_ID ?? '').replace('GRANULE', older.GRANULE_ID ?? '')
  const found = async (more: Readonly<Record<string, string>>) =>
    idsOf([await pageOf({ href: `${items}?${new URLSearchParams({ filter, ...more })}` })])
  const all = await found({ dedupe: 'none' })
  expect(all).toContain(older.PRODUCT_ID)
  const best = await found({ dedupe: 'latest' })
  expect(best).not.toContain(older.PRODUCT_ID)
  expect(await found({})).toEqual(dedupe === 'none' ? all : best)
})

test('a query on the name of a superseded product finds it', async () => {
  const query = JSON.stringify({ 's2:product_uri': { eq: `${older.PRODUCT_ID}.SAFE` } })
  expect(idsOf([await pageOf({ href: `${items}?${new URLSearchParams({ query })}` })])).toEqual([
    older.PRODUCT_ID,
  ])
})

test('a thumbnail is asked of the product it is of', async () => {
  for (const [id, folder] of [
    [older.PRODUCT_ID, older.PRODUCT_ID],
    [better.PRODUCT_ID, better.PRODUCT_ID],
    [odd.GRANULE_ID, 'strange'],
  ] as const) {
    const read: string[] = []
    served.bucket.setFault((asked) => {
      read.push(decodeURIComponent(asked.url))
      return undefined
    })
    await (await fetch(`${items}/${id}/thumbnail.webp`)).text()
    served.bucket.setFault(undefined)
    expect(read.length).toBeGreaterThan(0)
    for (const asked of read) expect(asked).toContain(`/${folder}.SAFE/`)
  }
  expect((await failureOf(fetch(`${items}/none/thumbnail.webp`))).status).toBe(404)
  expect((await failureOf(fetch(`${items}/${older.PRODUCT_ID}/thumbnail.webp?width=1`))).status).toBe(400)
})

test('a product is found by no name that is not its own', async () => {
  for (const id of ['strange', `${older.PRODUCT_ID?.replace('N0206', 'N0299')}`]) {
    expect((await failureOf(fetch(`${items}/${id}`))).status).toBe(404)
    expect((await pageOf({ href: `${served.url}/stac/search?ids=${id}` })).features).toEqual([])
  }
})

test('answers from the catalog tell how fresh it is, of the one level that they are about', async () => {
  const { url } = served
  const told = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${url}/stac${path}`, init)
    await response.text()
    return response.headers.get('swath-index')
  }
  const one = await told('/collections/sentinel-2-l1c/items')
  expect(one).toMatch(/^level="L1C", newest_sensing="2021-03-01T10:00:06.000Z", .*updated="/)
  const whole = await told('/search')
  expect(whole).toMatch(/^updated="[^"]+"$/)
  for (const path of [
    '/search?collections=sentinel-2-l1c',
    '/collections/sentinel-2-l1c/browse',
    '/collections/sentinel-2-l1c/browse/33UUB/2021-03',
    `/collections/sentinel-2-l1c/items/${older.PRODUCT_ID}`,
    '/collections/sentinel-2-l1c/items/none',
  ]) {
    expect([path, await told(path)]).toEqual([path, one])
  }
  const body = JSON.stringify({ collections: ['sentinel-2-l1c'] })
  expect(
    await told('/search', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
  ).toBe(one)
  expect(await told('/conformance')).toBeNull()
})
