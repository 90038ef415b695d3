import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { StacItem } from '../../../src/http/stac/documents.ts'
import { archiveRow } from '../../archive.ts'
import { type Served, serveRows } from '../../serve.ts'
import { failureOf, idsOf, pageOf, ROWS } from './stac-client.ts'
import { faultsOf } from './validate.ts'

const linked = z.looseObject({
  links: z.array(z.looseObject({ rel: z.string(), href: z.string(), type: z.string().optional() })),
})

let served: Served
let root: string
beforeAll(async () => {
  served = await serveRows(ROWS)
  root = `${served.url}/stac`
})
afterAll(() => served.close())

const ask = (path: string, init: RequestInit = {}) => fetch(root + path, init)

/** What the schemas are to judge, whatever it is. */
const documentOf = async (path: string) =>
  z.custom<Parameters<typeof faultsOf>[0]>().parse(await (await ask(path)).json())

describe('the API', () => {
  test('can be walked by its links from the landing page to every item, each of the type it is linked as', async () => {
    const seen = new Set<string>()
    const waiting = [{ href: root, type: 'application/json' }]
    const types = ['application/json', 'application/geo+json', 'application/schema+json']
    for (let at = waiting.pop(); at; at = waiting.pop()) {
      const { href, type } = at
      if (seen.has(href)) continue
      seen.add(href)
      const response = await fetch(href)
      expect([href, response.status]).toEqual([href, 200])
      expect(response.headers.get('content-type')).toBe(type)
      const body: unknown = await response.json()
      const links = linked.safeParse(body).data?.links ?? []
      for (const link of links) {
        if (link.href.startsWith(root) && types.includes(link.type ?? '') && link.method !== 'POST') {
          waiting.push({ href: link.href, type: link.type ?? '' })
        }
      }
      const items = z.looseObject({ features: z.array(linked) }).safeParse(body).data?.features ?? []
      for (const { links } of items) {
        const self = links.find(({ rel }) => rel === 'self')
        expect(self?.type).toBe('application/geo+json')
        waiting.push({ href: self?.href ?? '', type: 'application/geo+json' })
      }
    }
    const items = [...seen].filter((href) => /\/items\/[^?]+$/.test(href))
    const all = idsOf([await pageOf({ href: `${root}/search?limit=10000&dedupe=none` })])
    expect(items.length).toBe(all.length)
  })

  test('answers catalogs, collections and items that the schemas of STAC find nothing wrong with', async () => {
    const documents = [await documentOf(''), await documentOf('/collections/sentinel-2-l1c')]
    const { features } = await pageOf({ href: `${root}/search?limit=5&bbox=12,55,14,56.5` })
    for (const { collection, id } of features) {
      documents.push(await documentOf(`/collections/${collection}/items/${id}`))
    }
    const { features: found } = z
      .object({ features: z.array(z.custom<StacItem>()) })
      .parse(await (await ask('/search?limit=100&bbox=12,55,14,56.5')).json())
    for (const document of [...documents, ...found]) expect(await faultsOf(document)).toEqual([])
  })

  test('answers the same with a slash at the end', async () => {
    for (const path of ['', '/collections', '/collections/sentinel-2-l1c/items']) {
      const [with_, without] = await Promise.all([ask(`${path}/`), ask(path)])
      expect(with_.status).toBe(200)
      expect(await with_.json()).toEqual(await without.json())
    }
  })

  test('sends who looks for its description to the OpenAPI document', async () => {
    const response = await ask('/api', { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([307, `${served.url}/openapi.json`])
  })

  test.for([
    '/collections/landsat-8',
    '/collections/landsat-8/items',
    '/collections/landsat-8/queryables',
    '/collections/sentinel-2-l1c/items/none',
    '/collections/sentinel-2-l1c/items/S2A_MSIL1C_20300101T100000_N0206_R001_T33UUB_20300101T120000',
    '/nothing',
    '/collections/sentinel-2-l1c/nothing',
  ])('%s is not there', async (path) => {
    const { status, code, description } = await failureOf(ask(path))
    expect([status, code]).toEqual([404, 'NotFound'])
    expect(description).toMatch(/^There is n.*\.$/)
  })

  test.for([
    ['', 'POST', 'GET, HEAD'],
    ['/conformance', 'PUT', 'GET, HEAD'],
    ['/collections', 'DELETE', 'GET, HEAD'],
    ['/collections/sentinel-2-l1c/items', 'POST', 'GET, HEAD'],
    ['/collections/sentinel-2-l1c/items/x', 'PATCH', 'GET, HEAD'],
    ['/search', 'PUT', 'GET, HEAD, POST'],
  ] as const)('%s does not take %s', async ([path, method, allowed]) => {
    const response = await ask(path, { method })
    expect(response.headers.get('allow')).toBe(allowed)
    expect(await failureOf(Promise.resolve(response))).toMatchObject({
      status: 405,
      code: 'MethodNotAllowed',
    })
  })

  test.for(['', '/collections', '/search', '/collections/sentinel-2-l1c/items', '/queryables'])(
    '%s has a head',
    async (path) => {
      const [head, whole] = await Promise.all([ask(path, { method: 'HEAD' }), ask(path)])
      expect([head.status, await head.text()]).toEqual([200, ''])
      expect(head.headers.get('content-type')).toBe(whole.headers.get('content-type'))
      await whole.text()
    },
  )

  test('documents take no parameters', async () => {
    for (const path of ['', '/conformance', '/queryables']) {
      const { status, description } = await failureOf(ask(`${path}?limit=3`))
      expect(status).toBe(400)
      expect(description).toContain('limit')
    }
  })

  test('gives collections in pages where a limit is told', async () => {
    const page = z.looseObject({
      collections: z.array(z.looseObject({ id: z.string() })),
      links: z.array(z.looseObject({ rel: z.string(), href: z.string() })),
    })
    const read = async (href: string) => {
      const { collections, links } = page.parse(await (await fetch(href)).json())
      return { ids: collections.map(({ id }) => id), next: links.find(({ rel }) => rel === 'next')?.href }
    }
    const both = ['sentinel-2-l1c', 'sentinel-2-l2a']
    for (const asked of ['', '?limit=2', '?limit=10', '?limit=1000000', '?token=sentinel-2-l1c']) {
      expect(await read(`${root}/collections${asked}`)).toEqual({ ids: both, next: undefined })
    }
    const first = await read(`${root}/collections?limit=1`)
    expect(first.ids).toEqual(both.slice(0, 1))
    expect(await read(first.next ?? '')).toEqual({ ids: both.slice(1), next: undefined })
    for (const wrong of ['limit=0', 'limit=x', 'token=landsat', 'page=2', 'limit=1&limit=2']) {
      const { status, code, description } = await failureOf(ask(`/collections?${wrong}`))
      expect([status, code]).toEqual([400, 'InvalidParameterValue'])
      expect(description).toContain(wrong.split('=')[0])
    }
  })

  test('links to https where a proxy ends TLS', async () => {
    const response = await ask('', { headers: { 'x-forwarded-proto': 'https' } })
    const { links } = linked.parse(await response.json())
    expect(links.every(({ href }) => href.startsWith('https:'))).toBe(true)
  })

  test('may be asked from pages of other origins, by POST too', async () => {
    const headers = { origin: 'https://example.org', 'access-control-request-method': 'POST' }
    const response = await ask('/search', { method: 'OPTIONS', headers })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    const exposed = (await ask('/search')).headers.get('access-control-expose-headers') ?? ''
    for (const header of ['Link', 'ETag', 'Retry-After']) expect(exposed.split(',')).toContain(header)
  })
})

describe('an item', () => {
  const L1C = '/collections/sentinel-2-l1c/items'

  test('lists the images that the archive holds', async () => {
    const [first] = (await pageOf({ href: `${root}${L1C}?limit=1` })).features
    const response = await ask(`${L1C}/${first?.id}`)
    const { assets, properties } = z
      .looseObject({
        assets: z.record(z.string(), z.looseObject({ href: z.string() })),
        properties: z.looseObject({}),
      })
      .parse(await response.json())
    expect(properties['swath:assets']).toBe('listed')
    const images = Object.values(assets).filter(({ href }) => href.endsWith('.jp2'))
    expect(images.length).toBe(3)
  })

  test('of a product that another has superseded is there, and of the long form', async () => {
    const all = idsOf([await pageOf({ href: `${root}${L1C}?limit=1000&dedupe=none` })])
    for (const id of all) {
      const response = await ask(`${L1C}/${id}`)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ id, collection: 'sentinel-2-l1c' })
    }
  })

  test('is in its own collection alone', async () => {
    const [id] = idsOf([await pageOf({ href: `${root}${L1C}?limit=1` })])
    expect((await failureOf(ask(`/collections/sentinel-2-l2a/items/${id}`))).status).toBe(404)
  })
})

describe('an index of one level', () => {
  test('has one collection, and is searched without naming it', async () => {
    const one = await serveRows([archiveRow({ tile: '33UUB', start: '2021-01-01T10:00:00Z' })])
    try {
      const stac = `${one.url}/stac`
      const { collections } = (await (await fetch(`${stac}/collections`)).json()) as {
        collections: { id: string }[]
      }
      expect(collections.map(({ id }) => id)).toEqual(['sentinel-2-l1c'])
      expect((await pageOf({ href: `${stac}/search` })).numberReturned).toBe(1)
      expect((await pageOf({ href: `${stac}/search?collections=sentinel-2-l2a` })).features).toEqual([])
      expect((await failureOf(fetch(`${stac}/collections/sentinel-2-l2a`))).description).toBe(
        'There is no collection sentinel-2-l2a here; there is sentinel-2-l1c.',
      )
    } finally {
      await one.close()
    }
  })
})
