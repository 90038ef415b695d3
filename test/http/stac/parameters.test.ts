import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serveRows } from '../../serve.ts'
import { failureOf, idsOf, pageOf, post, ROWS } from './stac-client.ts'

let served: Served
let search: string
beforeAll(async () => {
  served = await serveRows(ROWS)
  search = `${served.url}/stac/search`
})
afterAll(() => served.close())

const wrong = async (parameters: string) => failureOf(fetch(`${search}?${parameters}`))
const wrongBody = async (body: unknown) => failureOf(post(search, body))
const found = async (parameters: string) =>
  idsOf([await pageOf({ href: `${search}?limit=1000&${parameters}` })])
const foundBy = async (body: object) =>
  idsOf([await pageOf({ href: search, method: 'POST', body: { limit: 1000, ...body } })])

describe('bbox', () => {
  test('is four numbers, or six whose heights say nothing; text or an array', async () => {
    const four = await found('bbox=12,55,14,56.5')
    expect(four.length).toBeGreaterThan(10)
    expect(await found('bbox=12,55,-100,14,56.5,9000')).toEqual(four)
    expect(await foundBy({ bbox: [12, 55, 14, 56.5] })).toEqual(four)
    expect(await foundBy({ bbox: [12, 55, -100, 14, 56.5, 9000] })).toEqual(four)
  })

  test('crosses the antimeridian where its west lies east of its east', async () => {
    const across = await found('bbox=179.5,-20,-179.5,-10')
    expect(across.length).toBeGreaterThan(5)
    expect(across.every((id) => id.includes('_T01KAB_'))).toBe(true)
  })

  test.for([
    '179.5,-20,-179.5,-10',
    '180,-20,-179.5,-10',
    '179.5,-20,-180,-10',
    '12,-20,-170,60',
    '12,55,14,56.5',
  ])('of %s finds the same in a filter', async (box) => {
    const expected = await found(`bbox=${box}`)
    expect(expected.length).toBeGreaterThan(5)
    expect(await found(`filter=S_INTERSECTS(geometry,BBOX(${box}))`)).toEqual(expected)
    const filter = {
      op: 's_intersects',
      args: [{ property: 'geometry' }, { bbox: box.split(',').map(Number) }],
    }
    expect(await foundBy({ filter })).toEqual(expected)
  })

  test.for(['190,0,-170,5', '170,0,-190,5'])('of %s is refused in a filter', async (box) => {
    const { status, description } = await wrong(`filter=S_INTERSECTS(geometry,BBOX(${box}))`)
    expect([status, description]).toEqual([400, expect.stringContaining('filter ')])
  })

  test.for([
    ['bbox=1,2,3', 'holds 3 numbers'],
    ['bbox=1,2,3,4,5', 'holds 5 numbers'],
    ['bbox=12,56,14,55', 'has its south north of its north'],
    ['bbox=12,56,0,14,55,0', 'has its south north of its north'],
    ['bbox=12,55,14,x', 'is not a number'],
    ['bbox=', 'holds 1 numbers'],
    ['bbox=12,55,14,91', 'has a latitude beyond ±90'],
    ['bbox=12,55,190,56', 'has a longitude beyond ±180'],
    ['bbox=12,55,NaN,56', 'is not a number'],
  ] as const)('that is %s is refused', async ([parameters, clause]) => {
    const { status, code, description } = await wrong(parameters)
    expect([status, code]).toEqual([400, 'InvalidParameterValue'])
    expect(description).toContain(`bbox ${clause}`)
  })

  test.for([[['1', 2, 3, 4]], [{}], [5], [[null, 1, 2, 3]], [[[1], 2, 3, 4]], ['12,55,14,56']] as const)(
    'of JSON that is %j is refused',
    async ([bbox]) => {
      const { status, description } = await wrongBody({ bbox })
      expect(status).toBe(400)
      expect(description).toContain('bbox ')
    },
  )

  test('beside intersects is refused', async () => {
    const intersects = { type: 'Point', coordinates: [13, 55.6] }
    const { status, description } = await wrongBody({ bbox: [12, 55, 14, 56], intersects })
    expect(status).toBe(400)
    expect(description).toContain('bbox stands beside intersects; give one area')
    expect((await wrong(`bbox=12,55,14,56&intersects=${JSON.stringify(intersects)}`)).status).toBe(400)
  })
})

describe('intersects', () => {
  const square = {
    type: 'Polygon',
    coordinates: [
      [
        [12, 55],
        [14, 55],
        [14, 56.5],
        [12, 56.5],
        [12, 55],
      ],
    ],
  }

  test('is GeoJSON: an object in a body, its text in an address', async () => {
    const boxed = await found('bbox=12,55,14,56.5')
    expect(await foundBy({ intersects: square })).toEqual(boxed)
    expect(await found(`intersects=${encodeURIComponent(JSON.stringify(square))}`)).toEqual(boxed)
    expect(await foundBy({ intersects: { type: 'Feature', properties: {}, geometry: square } })).toEqual(
      boxed,
    )
  })

  test('may be a point', async () => {
    const at = await foundBy({ intersects: { type: 'Point', coordinates: [13.5, 55.8] } })
    expect(at.length).toBeGreaterThan(0)
  })

  test.for([
    [{ type: 'Polygon' }],
    ['{'],
    [5],
    [[]],
    [{ type: 'Polygon', coordinates: [[[0, 0]]] }],
  ] as const)('that is %j is refused', async ([intersects]) => {
    const { status, description } = await wrongBody({ intersects })
    expect(status).toBe(400)
    expect(description).toContain('intersects ')
  })

  test('that is nested without end is refused', async () => {
    const body = `{"intersects":${'['.repeat(150_000)}${']'.repeat(150_000)}}`
    const headers = { 'content-type': 'application/json' }
    const { status } = await failureOf(fetch(search, { method: 'POST', headers, body }))
    expect(status).toBe(400)
  })
})

describe('datetime', () => {
  test('is an instant or an interval that may be open at one end, in letters of either case', async () => {
    const upper = await found('datetime=2021-01-05T00:00:00Z/2021-01-08T23:59:59Z')
    expect(upper.length).toBeGreaterThan(3)
    expect(await found('datetime=2021-01-05t00:00:00z/2021-01-08t23:59:59z')).toEqual(upper)
    expect(await found('datetime=2021-01-05T02:00:00%2B02:00/2021-01-08T23:59:59.000000Z')).toEqual(upper)
    const all = await found('')
    expect(
      await found('datetime=2021-01-05T00:00:00.0000000000Z/2021-01-08T23:59:59.000000999999999999Z'),
    ).toEqual(upper)
    const fine =
      "datetime >= '2021-01-05T00:00:00.0000000000Z' AND datetime <= TIMESTAMP('2021-01-08T23:59:59.00000099999999999999999999999999999999999999Z')"
    expect(await found(`filter=${encodeURIComponent(fine)}`)).toEqual(upper)
    const from = await found('datetime=2021-01-05T00:00:00Z/..')
    expect(await found('datetime=2021-01-05T00:00:00Z/')).toEqual(from)
    const until = await found('datetime=../2021-01-04T23:59:59.999Z')
    expect(await found('datetime=/2021-01-04T23:59:59.999Z')).toEqual(until)
    expect([...from, ...until]).toEqual(all)
    const [item] = (await pageOf({ href: `${search}?limit=1` })).features
    expect(await found(`datetime=${item?.properties.datetime}`)).toContain(item?.id)
  })

  test.for([
    '2021-01-05',
    '2021-01-05/2021-01-06',
    '2021-01-05/..',
    '2021-01-05T00:00:00',
    '2021-01-05T00:00:00%2B0100',
    '/',
    '../..',
    '..',
    '',
    '../',
    '2021-01-06T00:00:00Z/2021-01-05T00:00:00Z',
    '2021-01-05T00:00:00Z/2021-01-06T00:00:00Z/2021-01-07T00:00:00Z',
    '2021-02-30T00:00:00Z',
    '2021-01-05T25:00:00Z',
    'yesterday',
  ])('that is %j is refused', async (datetime) => {
    const { status, description } = await wrong(`datetime=${datetime}`)
    expect(status).toBe(400)
    expect(description).toContain('datetime ')
  })

  test('that is no text is refused', async () => {
    expect((await wrongBody({ datetime: 5 })).description).toContain('datetime is not a text')
  })
})

describe('limit', () => {
  test('is a number or its digits, ten by default, and capped at 10,000', async () => {
    expect((await pageOf({ href: search })).numberReturned).toBe(10)
    for (const limit of [3, '3']) {
      expect((await pageOf({ href: search, method: 'POST', body: { limit } })).numberReturned).toBe(3)
    }
    const capped = await pageOf({ href: `${search}?limit=20000&dedupe=none` })
    expect(capped.numberReturned).toBe(ROWS.length)
    expect((await pageOf({ href: `${search}?limit=${'9'.repeat(40)}` })).numberReturned).toBeGreaterThan(10)
  })

  test.for(['0', '-1', 'abc', '', '1.5', '1e3', 'NaN'])('that is %j is refused', async (limit) => {
    const { status, description } = await wrong(`limit=${limit}`)
    expect(status).toBe(400)
    expect(description).toContain('limit is ')
  })

  test.for([0, -1, 1.5, 'abc', true, [], {}])('of JSON that is %j is refused', async (limit) => {
    expect((await wrongBody({ limit })).description).toContain('limit is ')
  })
})

describe('collections and ids', () => {
  test('of no name mean all', async () => {
    const all = await found('')
    expect(await foundBy({ collections: [] })).toEqual(all)
    expect(await foundBy({ ids: [] })).toEqual(all)
    expect(await foundBy({ collections: null, ids: null })).toEqual(all)
    expect(await found('collections=')).toEqual(all)
    expect(await found('collections=sentinel-2-l1c,sentinel-2-l2a')).toEqual(all)
  })

  test('that nobody knows find nothing', async () => {
    const page = await pageOf({ href: `${search}?collections=landsat-8` })
    expect([page.features, page.numberMatched, page.numberReturned]).toEqual([[], 0, 0])
    expect(page.links.map(({ rel }) => rel)).toEqual(['self', 'root'])
    expect(await foundBy({ ids: ['S2A_of_another_world', '../..'] })).toEqual([])
  })

  test('ids find products that others have superseded, and the long form', async () => {
    const all = await found('dedupe=none')
    const some = [all[0], all[20], all.at(-1), all.find((id) => id.startsWith('S2A_OPER'))].filter(
      (id) => id !== undefined,
    )
    expect(new Set(await found(`ids=${some.join(',')}`))).toEqual(new Set(some))
    const superseded = all.filter((id) => !id.includes('_N0500_'))
    expect(await foundBy({ ids: superseded })).toEqual(superseded)
    expect(await foundBy({ ids: superseded, collections: ['sentinel-2-l2a'] })).toEqual(
      superseded.filter((id) => id.includes('L2A')),
    )
  })

  test('ids may be ten thousand letters long', async () => {
    const [id = ''] = await found('')
    const others = Array.from({ length: 170 }, (_, i) =>
      id.replace(/R\d{3}/, `R${String(i).padStart(3, '0')}`),
    )
    const ids = [...others, id].join(',').slice(-10_000)
    expect(ids.length).toBe(10_000)
    expect(await found(`ids=${ids}`)).toEqual([id])
  })

  test.for([[5], ['x', 5].slice(1), [{}], [[5]], [['a', null]]] as const)(
    'that are %j are refused',
    async ([ids]) => {
      expect((await wrongBody({ ids })).description).toContain('ids ')
      expect((await wrongBody({ collections: ids })).description).toContain('collections ')
    },
  )
})

describe('sortby and fields', () => {
  test.for([
    ['sortby=title', 'sortby names "title"; answers are sorted by one of datetime'],
    ['sortby=eo:cloud_cover,swath:coverage', 'sortby has several keys'],
    ['sortby=eo:cloud_cover,id,-datetime', 'sortby names "id"'],
    ['sortby=id', 'sortby names "id"'],
    ['sortby=-datetime,', 'sortby holds an empty name'],
    ['sortby=swath:coverage', 'needs an area'],
    ['fields=,id', 'fields holds an empty'],
    ['filter-crs=EPSG:4326', 'filter-crs is not http://www.opengis.net/def/crs/OGC/1.3/CRS84'],
    ['filter-lang=sql', 'filter-lang is none of cql2-text, cql2-json'],
    ['dedupe=best', 'dedupe is none of latest, none'],
    ['filter=eo:cloud_cover%20%3C', 'filter '],
    ['query=5', 'query '],
    ['sortbye=datetime', 'did you mean sortby?'],
    ['Limit=3', 'did you mean limit?'],
    ['bbox=1,2,3&limit=0&datetime=x', 'bbox holds 3 numbers'],
    ['limit=1&limit=2', 'limit is given 2 times'],
  ] as const)('%s is refused with a sentence', async ([parameters, sentence]) => {
    const { status, code, description } = await wrong(parameters)
    expect([status, code]).toEqual([400, 'InvalidParameterValue'])
    expect(description).toContain(sentence)
  })

  test.for([
    ['-datetime,id', '-datetime'],
    ['-datetime,-id', '-datetime'],
    ['datetime,properties.id', 'datetime'],
    ['eo:cloud_cover,-datetime,+id', 'eo:cloud_cover'],
    ['-eo:cloud_cover,-datetime', '-eo:cloud_cover'],
  ])('sortby=%s is the order of %s', async ([several, alone]) => {
    expect(await found(`sortby=${encodeURIComponent(several ?? '')}`)).toEqual(await found(`sortby=${alone}`))
    const keys = (several ?? '').split(',').map((key) => ({
      field: key.replace(/^[+-]/, ''),
      direction: key.startsWith('-') ? 'desc' : 'asc',
    }))
    const posted = await pageOf({ href: search, method: 'POST', body: { sortby: keys, limit: 1000 } })
    expect(idsOf([posted])).toEqual(await found(`sortby=${alone}`))
  })

  test.for([
    [{ sortby: [{ field: 'datetime', direction: 'up' }] }, 'sortby '],
    [{ sortby: { field: 'datetime' } }, 'sortby '],
    [{ sortby: [null] }, 'sortby '],
    [{ fields: ['id'] }, 'fields '],
    [{ fields: { includes: ['id'] } }, 'fields holds "includes"'],
    [{ fields: { include: [5] } }, 'fields '],
    [{ token: 5 }, 'token is not a text'],
    [{ page: 2 }, 'page is no parameter'],
    [[], 'no JSON object'],
    [5, 'no JSON object'],
  ] as const)('a body of %j is refused with a sentence', async ([body, sentence]) => {
    const { status, description } = await wrongBody(body)
    expect(status).toBe(400)
    expect(description).toContain(sentence)
  })

  test('all that is wrong is named at once', async () => {
    const { description } = await wrong('bbox=1,2,3&limit=0&datetime=x&sortby=y&foo=1')
    for (const name of ['bbox', 'limit', 'datetime', 'sortby', 'foo'])
      expect(description).toContain(`${name} `)
  })
})

describe('a body', () => {
  const posted = (body: string, headers: Record<string, string>) =>
    failureOf(fetch(search, { method: 'POST', headers, body }))
  const json = { 'content-type': 'application/json' }

  test('that is no JSON is a 400, of another type a 415, too large a 413', async () => {
    expect(await posted('{', json)).toMatchObject({ status: 400, code: 'InvalidParameterValue' })
    expect(await posted('{}', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      code: 'UnsupportedMediaType',
    })
    expect(await posted(`{"x":"${'x'.repeat(4 * 2 ** 20)}"}`, json)).toMatchObject({ status: 413 })
  })

  test.for([
    ['many members', `{${Array.from({ length: 150_000 }, (_, i) => `"k${i}":1`).join()}}`],
    ['an endless member', `{"${'ab'.repeat(1.9e6)}":1}`],
    ['an endless sortby', `{"sortby":"${'ab'.repeat(1.9e6)}"}`],
    ['an endless datetime', `{"datetime":"${'ab'.repeat(1.9e6)}"}`],
    ['an endless member of fields', `{"fields":{"${'ab'.repeat(1.9e6)}":1}}`],
  ])('of %s is refused at once, and in few words', async ([, body]) => {
    const begun = performance.now()
    const { status, description } = await posted(body ?? '', json)
    expect(performance.now() - begun).toBeLessThan(2000)
    expect(status).toBe(400)
    expect(description.length).toBeLessThan(1000)
  })

  test('takes parameters, and its address none', async () => {
    const { description } = await failureOf(post(`${search}?limit=3`, {}))
    expect(description).toContain('limit stands in the address')
  })

  test.for([{ headers: json, body: '' }, { headers: json }, {}])(
    'that is empty asks for all: %j',
    async (posted) => {
      const response = await fetch(search, { method: 'POST', ...posted })
      expect(response.status).toBe(200)
      await response.text()
    },
  )

  test('of no type is refused', async () => {
    const body = new Blob(['{}'])
    expect((await failureOf(fetch(search, { method: 'POST', body }))).status).toBe(415)
  })
})
