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

test.for([
  {
    type: 'GeometryCollection',
    geometries: [
      { type: 'Point', coordinates: [12, 55] },
      {
        type: 'LineString',
        coordinates: [
          [12, 55],
          [13, 55],
        ],
      },
    ],
  },
  { type: 'LineString', coordinates: [[12, 55]] },
])('%j is refused with a sentence', async (intersects) => {
  const { status, code, description } = await failureOf(post(search, { intersects }))
  expect([status, code]).toEqual([400, 'InvalidParameterValue'])
  expect(description).toMatch(/intersects (holds a LineString beside a Point|has a line without length)/)
})
