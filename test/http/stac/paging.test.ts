import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serveRows } from '../../serve.ts'
import { failureOf, type ItemPage, idsOf, pageOf, pagesOf, post, type Request, ROWS } from './stac-client.ts'

let served: Served
let search: string
beforeAll(async () => {
  served = await serveRows(ROWS)
  search = `${served.url}/stac/search`
})
afterAll(() => served.close())

const BOX = [12, 55, 16.5, 56.5]
const byDatetime = { sortby: [{ field: 'datetime', direction: 'asc' }] }

/** All but the first within a box: over the world a page costs some twenty milliseconds. */
const ASKED: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { bbox: BOX, dedupe: 'none' },
  { bbox: BOX, ...byDatetime },
  { bbox: BOX, sortby: [{ field: 'properties.eo:cloud_cover', direction: 'asc' }] },
  { bbox: BOX, sortby: [{ field: 'eo:cloud_cover', direction: 'desc' }] },
  { bbox: BOX, sortby: [{ field: 'swath:coverage', direction: 'desc' }] },
  { bbox: BOX, sortby: [{ field: 'swath:coverage', direction: 'asc' }] },
  { bbox: BOX, collections: ['sentinel-2-l2a'] },
  { bbox: [179, -20, -179, -10], dedupe: 'none' },
  { bbox: BOX, datetime: '2021-01-03T00:00:00Z/2021-01-20T00:00:00Z' },
  { bbox: BOX, query: { 'eo:cloud_cover': { lt: 60 } }, dedupe: 'none' },
  { bbox: BOX, filter: { op: 'like', args: [{ property: 'platform' }, '%a'] } },
  { bbox: [-180, -80, 180, 80], filter: { op: 'or', args: [tile('33UUB'), tile('01KAB')] } },
  { bbox: BOX, filter: { op: '>=', args: [{ property: 'sat:relative_orbit' }, 3] }, ...byDatetime },
]

function tile(name: string) {
  return { op: '=', args: [{ property: 's2:mgrs_tile' }, name] }
}

/** The same in an address. */
function address(body: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(body)) params.set(name, textOf(name, value))
  if ('filter' in body) params.set('filter-lang', 'cql2-json')
  return `${search}?${params}`
}

function textOf(name: string, value: unknown): string {
  if (name === 'sortby') {
    const keys = value as readonly { readonly field: string; readonly direction: string }[]
    return keys.map(({ field, direction }) => `${direction === 'desc' ? '-' : '+'}${field}`).join(',')
  }
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value)
}

describe('the pages of a search', () => {
  test.for(ASKED)('of %j are the unpaged list in its order, by GET and by POST', async (asked) => {
    const whole = idsOf([await pageOf({ href: search, method: 'POST', body: { ...asked, limit: 10_000 } })])
    expect(whole.length).toBeGreaterThan(5)
    expect(new Set(whole).size).toBe(whole.length)
    for (const limit of [1, 7, 100]) {
      const got = await pagesOf({ href: address({ ...asked, limit }) })
      expect(idsOf(got)).toEqual(whole)
      expectFull(got, limit)
      const posted = await pagesOf({ href: search, method: 'POST', body: { ...asked, limit } })
      expect(idsOf(posted)).toEqual(whole)
      expectFull(posted, limit)
    }
  })

  test('of one collection are those of its items', async () => {
    const whole = await pageOf({ href: `${search}?collections=sentinel-2-l1c&limit=10000` })
    const items = `${served.url}/stac/collections/sentinel-2-l1c/items?limit=7`
    expect(idsOf(await pagesOf({ href: items }))).toEqual(idsOf([whole]))
  })

  test('hold every granule of the index without dedupe', async () => {
    const all = await pageOf({ href: `${search}?dedupe=none&limit=10000` })
    expect(all.features.length).toBe(ROWS.length)
    expect(all.numberReturned).toBe(ROWS.length)
  })

  test('are the same in the Link header', async () => {
    const first = await fetch(`${search}?limit=50&dedupe=none`)
    const page = (await first.json()) as ItemPage
    const [, href = ''] = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? []
    expect(href).toBe(page.links.find(({ rel }) => rel === 'next')?.href)
    const second = await pageOf({ href })
    expect(second.features.length).toBe(ROWS.length - 50)
    expect((await fetch(href)).headers.get('link')).toBeNull()
  })

  test('of a POST are in no Link header, which could not tell what to post', async () => {
    const first = await post(search, { limit: 50, dedupe: 'none' })
    const { links } = (await first.json()) as ItemPage
    expect(links.find(({ rel }) => rel === 'next')).toMatchObject({ method: 'POST' })
    expect(first.headers.get('link')).toBeNull()
  })

  test('keep their other parameters in the links', async () => {
    const body = { limit: 2, datetime: '2021-01-05T00:00:00Z/..', fields: { include: ['id', 'datetime'] } }
    const page = await pageOf({ href: search, method: 'POST', body })
    const next = page.links.find(({ rel }) => rel === 'next')
    expect(next).toMatchObject({ rel: 'next', method: 'POST', href: search, merge: false, body })
  })

  test('may have another length from page to page', async () => {
    const whole = idsOf([await pageOf({ href: `${search}?limit=10000` })])
    const first = await pageOf({ href: `${search}?limit=3` })
    const next = new URL(nextOf(first).href)
    next.searchParams.set('limit', '10000')
    expect(idsOf([first, await pageOf({ href: next.href })])).toEqual(whole)
  })
})

describe('a token', () => {
  const tokenOf = async (parameters: string) =>
    new URL(nextOf(await pageOf({ href: `${search}?limit=3${parameters}` })).href).searchParams.get(
      'token',
    ) ?? ''

  test.for(['&sortby=datetime', '&bbox=12,55,14,56', '&dedupe=none', '&collections=sentinel-2-l1c'])(
    'of another query than the one with %s is refused',
    async (parameters) => {
      const failure = await failureOf(fetch(`${search}?limit=3${parameters}&token=${await tokenOf('')}`))
      expect(failure.status).toBe(400)
      expect(failure.code).toBe('InvalidParameterValue')
      expect(failure.description).toContain('token belongs to another query')
    },
  )

  test.for([
    [23, 200],
    [24, 200],
    [25, 400],
    // By a clock that is ahead of this one.
    [-2, 200],
    [-25, 400],
  ] as const)('that was given %i hours ago is answered with %i', async ([hours, status]) => {
    const [bound, hour, ...cursor] = JSON.parse(Buffer.from(await tokenOf(''), 'base64url').toString())
    const aged = Buffer.from(JSON.stringify([bound, hour - hours, ...cursor])).toString('base64url')
    const response = await fetch(`${search}?limit=3&token=${aged}`)
    expect(response.status).toBe(status)
    const text = await response.text()
    if (hours === 25) expect(text).toContain('token was given 25 hours ago, and leads on for 24')
  })

  test.for(['x', '', 'WyJhIl0', 'bnVsbA', '%00', 'WzEsMiwzXQ'])('that is %j is refused', async (token) => {
    const failure = await failureOf(fetch(`${search}?limit=3&token=${token}`))
    expect(failure.status).toBe(400)
    expect(failure.description).toContain('token is not one that swath gave')
  })

  test('of a POST stands in its body alone', async () => {
    const token = await tokenOf('')
    const failure = await failureOf(post(`${search}?token=${token}`, { limit: 3 }))
    expect(failure.description).toContain('token stands in the address; the parameters of a POST are members')
  })

  test('of an index that was replaced is refused', async () => {
    const href = nextOf(await pageOf({ href: `${search}?limit=3` })).href
    const other = await serveRows(ROWS.slice(1))
    try {
      const there = new URL(href)
      there.host = new URL(other.url).host
      const failure = await failureOf(fetch(there))
      expect(failure.status).toBe(400)
      expect(failure.description).toMatch(/index/)
    } finally {
      await other.close()
    }
  })
})

function nextOf(page: ItemPage): Request {
  const next = page.links.find(({ rel }) => rel === 'next')
  if (!next) throw new Error('There is no next page.')
  return next
}

/** All pages but the last are full, and the last is not empty. */
function expectFull(pages: readonly ItemPage[], limit: number): void {
  const sizes = pages.map(({ features }) => features.length)
  expect(sizes.slice(0, -1).every((size) => size === limit)).toBe(true)
  expect(sizes.at(-1)).toBeGreaterThan(0)
  expect(pages.map(({ numberReturned }) => numberReturned)).toEqual(sizes)
}
