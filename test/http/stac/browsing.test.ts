import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../../src/config.ts'
import type { StacCatalog } from '../../../src/http/stac/documents.ts'
import { openHouse } from '../../../src/wire.ts'
import { ROWS as CONTRACT_ROWS } from '../../contracts/catalog.ts'
import { type Served, serveHouse, serveRows } from '../../serve.ts'
import { temporaryFolder } from '../../temporary.ts'
import { failureOf, idsOf, pagesOf, ROWS } from './stac-client.ts'
import { faultsOf } from './validate.ts'

const link = z.looseObject({
  rel: z.string(),
  href: z.string(),
  type: z.string().optional(),
  title: z.string(),
})
const told = z.looseObject({
  type: z.string(),
  id: z.string(),
  links: z.array(link.extend({ title: z.string().optional() })),
})

async function documentAt(href: string) {
  const response = await fetch(href)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${href}: ${response.status} ${text}`)
  return { json: JSON.parse(text), type: response.headers.get('content-type') }
}

/** All that the links of child and item lead to. */
async function walk(root: string) {
  const items: string[] = []
  const catalogs: { readonly href: string; readonly json: unknown; readonly children: number }[] = []
  const waiting: { readonly href: string; readonly parent?: string }[] = [{ href: root }]
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    const { json, type } = await documentAt(at.href)
    const { links, ...document } = told.parse(json)
    if (document.type === 'Feature') {
      expect(type).toBe('application/geo+json')
      items.push(document.id)
      continue
    }
    expect(type).toBe('application/json')
    const on = links.filter(({ rel }) => rel === 'child' || rel === 'item')
    for (const { href, title } of on) {
      expect(title).toMatch(/./)
      waiting.push({ href, parent: at.href })
    }
    const linked = (rel: string) => links.filter((one) => one.rel === rel).map(({ href }) => href)
    expect([linked('self'), linked('root')]).toEqual([[at.href], [root]])
    if (at.parent !== undefined) expect(linked('parent')).toEqual([at.parent])
    catalogs.push({ href: at.href, json, children: on.length })
  }
  return { items, catalogs }
}

const allItems = async (root: string) =>
  new Set(idsOf(await pagesOf({ href: `${root}/search?limit=1000&dedupe=none` })))

describe('links of child and item lead from the landing page', () => {
  test('to exactly the items of the sample, by catalogs that the schemas find nothing wrong with', async () => {
    const folder = await temporaryFolder()
    const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${folder.path}/store.sqlite` }))
    const served = await serveHouse(house)
    try {
      const root = `${served.url}/stac`
      const { items, catalogs } = await walk(root)
      expect(new Set(items)).toEqual(await allItems(root))
      expect(items.length).toBe(new Set(items).size)
      expect(items.length).toBeGreaterThan(5)
      for (const { json } of catalogs) expect(await faultsOf(z.custom<StacCatalog>().parse(json))).toEqual([])
    } finally {
      served.stop()
      await house.close()
      await folder.remove()
    }
  })

  test.for([
    ['both levels, the antimeridian and superseded products', ROWS],
    ['products that hold their tile in two pieces, and names of the long form', CONTRACT_ROWS],
  ] as const)('to exactly the items of an index with %s', async ([_, rows]) => {
    const served = await serveRows(rows)
    try {
      const root = `${served.url}/stac`
      const { items, catalogs } = await walk(root)
      expect(new Set(items)).toEqual(await allItems(root))
      expect(items.length).toBe(new Set(items).size)
      // Only what holds something is linked.
      for (const { href, children } of catalogs) expect([href, children > 0]).toEqual([href, true])
    } finally {
      await served.close()
    }
  })
})

describe('a step of the way', () => {
  let served: Served
  let browse: string
  beforeAll(async () => {
    served = await serveRows(ROWS)
    browse = `${served.url}/stac/collections/sentinel-2-l1c/browse`
  })
  afterAll(() => served.close())

  const childrenOf = async (href: string) => {
    const { links } = told.parse((await documentAt(href)).json)
    return links.filter(({ rel }) => rel === 'child').map(({ title }) => title)
  }

  test('names what holds granules of its level alone, and counts the items of months', async () => {
    expect(await childrenOf(browse)).toEqual(['01', '33', '51'])
    expect(await childrenOf(`${browse}/33`)).toEqual(['33U'])
    expect(await childrenOf(`${browse}/33U`)).toEqual(['33UUB', '33UVB'])
    const months = await childrenOf(`${browse}/33UUB`)
    const { links } = told.parse((await documentAt(`${browse}/33UUB/2021-01`)).json)
    const items = links.filter(({ rel }) => rel === 'item')
    expect(months).toContain(`2021-01, ${items.length} items`)
    expect(await childrenOf(`${browse.replace('l1c', 'l2a')}/01K`)).toEqual(['01KAB'])
  })

  test('is told again only when it has changed', async () => {
    const first = await fetch(`${browse}/33U`)
    await first.text()
    const headers = { 'If-None-Match': first.headers.get('etag') ?? '' }
    expect((await fetch(`${browse}/33U`, { headers })).status).toBe(304)
  })

  test.for(['61', '33I', '33u', '33UZZZ', '33UU', '33UUB/2021-13', '33UUB/2021-1', '33U/2021-01', '33UUB/x'])(
    'is not there for %s',
    async (path) => {
      const { status, description } = await failureOf(fetch(`${browse}/${path}`))
      expect([status, description]).toEqual([404, `There is no ${path} to browse in sentinel-2-l1c.`])
    },
  )

  test('that is empty leads nowhere', async () => {
    expect(await childrenOf(`${browse}/12`)).toEqual([])
    expect(await childrenOf(`${browse}/33UUB/2035-01`)).toEqual([])
  })

  test('takes no parameters and no other methods', async () => {
    expect((await failureOf(fetch(`${browse}?limit=1`))).status).toBe(400)
    expect((await failureOf(fetch(browse, { method: 'POST' }))).status).toBe(405)
  })
})

test('the bucket as catalog leads to its items by what it lists, and says what may be empty', async () => {
  const few = ROWS.slice(0, 2)
  const served = await serveRows(few, { SWATH_CATALOG: 'bucket' })
  try {
    const root = `${served.url}/stac/collections/sentinel-2-l1c/browse`
    const tile = (await documentAt(`${root}/33UUB`)).json
    const { links } = told.parse(tile)
    const months = links.filter(({ rel }) => rel === 'child')
    expect(months.length).toBeGreaterThan(120)
    expect(tile.description).toContain('may be empty')
    const zones = told.parse((await documentAt(root)).json).links.filter(({ rel }) => rel === 'child')
    expect(zones.map(({ title }) => title)).toEqual(['33'])
    const there = months.find(({ title }) => title === '2021-01')?.href ?? ''
    const items = told.parse((await documentAt(there)).json).links.filter(({ rel }) => rel === 'item')
    expect(items.length).toBe(1)
  } finally {
    await served.close()
  }
})
