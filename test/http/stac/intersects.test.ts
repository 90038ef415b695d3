import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveRows } from '../../serve.ts'
import { failureOf, type ItemPage, pageOf, pagesOf, post, ROWS } from './stac-client.ts'

let served: Served
let search: string
beforeAll(async () => {
  served = await serveRows(ROWS)
  search = `${served.url}/stac/search`
})
afterAll(() => served.close())

const tilesOf = (pages: readonly ItemPage[]) => [
  ...new Set(pages.flatMap(({ features }) => features.map(({ properties }) => properties['s2:mgrs_tile']))),
]

const asked = (intersects: object) => ({
  href: search,
  method: 'POST',
  body: { intersects, dedupe: 'none', limit: 7 },
})

// 33UUB and 33UVB lie side by side from 12° to 15° east, 55° to 56° north; 01KAB across the antimeridian.
test.for([
  ['Point', [12.9, 55.4], ['33UUB']],
  ['Point', [12.9, 40], []],
  [
    'MultiPoint',
    [
      [12.9, 55.4],
      [179.95, -16.5],
    ],
    ['01KAB', '33UUB'],
  ],
  [
    'MultiPoint',
    [
      [12.9, 40],
      [0, 90],
    ],
    [],
  ],
  [
    'LineString',
    [
      [12.9, 55.4],
      [14.6, 55.4],
    ],
    ['33UUB', '33UVB'],
  ],
  [
    'LineString',
    [
      [12.9, 40],
      [12.9, 90],
    ],
    ['33UUB'],
  ],
  [
    'LineString',
    [
      [178, -16.5],
      [182, -16.6],
    ],
    ['01KAB'],
  ],
  [
    'LineString',
    [
      [179, 80],
      [181, 90],
    ],
    [],
  ],
  [
    'MultiLineString',
    [
      [
        [178, -16.5],
        [180, -16.5],
      ],
      [
        [-180, -16.5],
        [-179.5, -16.5],
      ],
    ],
    ['01KAB'],
  ],
  [
    'Polygon',
    [
      [
        [14.6, 55.2],
        [14.9, 55.2],
        [14.9, 55.4],
        [14.6, 55.2],
      ],
    ],
    ['33UVB'],
  ],
  [
    'MultiPolygon',
    [
      [
        [
          [14.6, 55.2],
          [14.9, 55.2],
          [14.9, 55.4],
          [14.6, 55.2],
        ],
      ],
    ],
    ['33UVB'],
  ],
] as const)(
  'a search that intersects a %s of %j finds the items of the tiles it lies in',
  async ([type, coordinates, tiles]) => {
    const geometry = { type, coordinates }
    const pages = await pagesOf(asked(geometry))
    expect(tilesOf(pages).sort()).toEqual(tiles)
    const items = pages.flatMap(({ features }) => features)
    // Granules here cover their tiles, so all of a tile's items are found.
    const { features } = await pageOf({ href: `${search}?dedupe=none&limit=1000` })
    const there = features.filter(({ properties }) =>
      tiles.some((tile) => tile === properties['s2:mgrs_tile']),
    )
    expect(items.map(({ id }) => id)).toEqual(there.map(({ id }) => id))
    for (const { properties } of items) {
      expect(properties['swath:coverage']).toBeGreaterThan(0)
      expect(properties['swath:coverage']).toBeLessThanOrEqual(1)
    }
    const got = await pageOf({
      href: `${search}?dedupe=none&limit=7&intersects=${encodeURIComponent(JSON.stringify(geometry))}`,
    })
    expect(got.features.map(({ id }) => id)).toEqual(pages[0]?.features.map(({ id }) => id))
  },
)

test('items are sorted by how much of a line they cover', async () => {
  const geometry = {
    type: 'LineString',
    coordinates: [
      [13.2, 55.4],
      [14.9, 55.4],
    ],
  }
  const { features } = await pageOf({
    href: search,
    method: 'POST',
    body: {
      intersects: geometry,
      sortby: [{ field: 'properties.swath:coverage', direction: 'desc' }],
      limit: 100,
    },
  })
  const shares = features.map(({ properties }) => properties['swath:coverage'] ?? 0)
  expect(shares).toEqual(shares.toSorted((a, b) => b - a))
  expect(new Set(shares).size).toBeGreaterThan(1)
})

const POINT = { type: 'Point', coordinates: [12.9, 55.4] }
const ACROSS = {
  type: 'LineString',
  coordinates: [
    [179.9, -16.5],
    [180.1, -16.6],
  ],
}
const FIELD = {
  type: 'Polygon',
  coordinates: [
    [
      [14.6, 55.2],
      [14.9, 55.2],
      [14.9, 55.4],
      [14.6, 55.2],
    ],
  ],
}
const collection = (...geometries: readonly object[]) => ({ type: 'GeometryCollection', geometries })
const ALL_THREE = ['01KAB', '33UUB', '33UVB']

test.for([
  [collection(POINT, FIELD), ['33UUB', '33UVB']],
  [collection(FIELD, ACROSS), ['01KAB', '33UVB']],
  [collection(POINT, ACROSS), ['01KAB', '33UUB']],
  [collection(POINT, collection(FIELD, ACROSS)), ALL_THREE],
  [
    {
      type: 'FeatureCollection',
      features: [POINT, FIELD, ACROSS].map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
    },
    ALL_THREE,
  ],
] as const)('a search that intersects the mixed %j finds what any of it meets', async ([mixed, tiles]) => {
  expect(tilesOf(await pagesOf(asked(mixed))).sort()).toEqual(tiles)
})

test('a collection finds the same in a filter, as JSON and as WKT', async () => {
  const mixed = collection(POINT, FIELD, ACROSS)
  const asJson = { op: 's_intersects', args: [{ property: 'geometry' }, mixed] }
  const asText =
    'S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(12.9 55.4), ' +
    'POLYGON((14.6 55.2, 14.9 55.2, 14.9 55.4, 14.6 55.2)), LINESTRING Z (179.9 -16.5 0, 180.1 -16.6 0)))'
  const idsOf = async (body: object) => {
    const pages = await pagesOf({ href: search, method: 'POST', body: { dedupe: 'none', limit: 7, ...body } })
    return pages.flatMap(({ features }) => features.map(({ id }) => id))
  }
  const expected = await idsOf({ intersects: mixed })
  expect(expected.length).toBeGreaterThan(3)
  expect(await idsOf({ filter: asJson })).toEqual(expected)
  expect(await idsOf({ filter: asText })).toEqual(expected)
})

test.for([
  ['GEOMETRYCOLLECTION(BBOX(1,2,3,4))', /holds a GEOMETRYCOLLECTION of other than shapes at letter/],
  ['GEOMETRYCOLLECTION()', /holds a GEOMETRYCOLLECTION of other than shapes at letter/],
  [`${'GEOMETRYCOLLECTION('.repeat(400)}POINT(1 2)${')'.repeat(400)}`, /is nested more than 8 deep/],
] as const)('%s is refused in a filter', async ([wkt, message]) => {
  const { status, description } = await failureOf(post(search, { filter: `S_INTERSECTS(geometry, ${wkt})` }))
  expect(status).toBe(400)
  expect(description).toMatch(message)
})

test('a line of one position is refused with a sentence', async () => {
  const intersects = { type: 'LineString', coordinates: [[12, 55]] }
  const { status, code, description } = await failureOf(post(search, { intersects }))
  expect([status, code]).toEqual([400, 'InvalidParameterValue'])
  expect(description).toMatch(/intersects has a line without length/)
})
