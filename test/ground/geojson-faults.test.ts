import { describe, expect, test } from 'vitest'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import { ringOfBox } from './shapes.ts'

const polygon = (...coordinates: unknown[]) => ({ type: 'Polygon', coordinates })
const box = (...edges: [number, number, number, number]) => ringOfBox(edges)

/** What is asked, and what the answer must say. */
const FAULTS: readonly (readonly [string, unknown, RegExp])[] = [
  ['an empty text', '', /^is not JSON: it is empty; write \{"type":"Polygon"/],
  ['a word', 'Denmark', /^is not JSON: Unexpected token 'D'/],
  [
    'a text cut off',
    '{"type":"Polygon","coordinates":[[[12,55],',
    /^is not JSON: it ends too early, at character 42$/,
  ],
  [
    'a polygon of WKT',
    'POLYGON ((12 55, 13 55, 13 56, 12 55))',
    /^takes GeoJSON, and this looks like WKT; write/,
  ],
  ['one with a height', ' MultiPolygon Z (((12 55 0)))', /^takes GeoJSON, and this looks like WKT/],
  ['one as PostGIS writes it', 'SRID=4326;POINT(12 55)', /^takes GeoJSON, and this looks like WKT/],
  ['a missing comma', '{"type":"Polygon" "coordinates":[]}', /^is not JSON: .*line 1 column 19/],
  ['a number', 5, /^is no GeoJSON: the text is a number, not an object such as/],
  ['a list', [[12, 55]], /^is no GeoJSON: the text is a list/],
  ['no type', { coordinates: [] }, /^is no GeoJSON: the text has no type; write one such as/],
  ['a circle', { type: 'Circle', coordinates: [] }, /^is a Circle: Point, MultiPoint, .* are taken$/],
  [
    'a wrong point among polygons',
    {
      type: 'GeometryCollection',
      geometries: [polygon(box(0, 0, 1, 1)), { type: 'Point', coordinates: [1, 92] }],
    },
    /^has a latitude beyond ±90 at geometries\[1\]\.coordinates, 92/,
  ],
  ['no features', { type: 'FeatureCollection', features: [] }, /^holds nothing: features is empty$/],
  [
    'features that are no list',
    { type: 'FeatureCollection', features: 3 },
    /features is a number, not a list$/,
  ],
  [
    'a feature without geometry',
    { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: null }] },
    /^has a feature without geometry: features\[0\]\.geometry is null$/,
  ],
  [
    'another coordinate system',
    {
      ...polygon(box(0, 0, 1, 1)),
      crs: { type: 'name', properties: { name: 'urn:ogc:def:crs:EPSG::25832' } },
    },
    /^is in urn:ogc:def:crs:EPSG::25832: longitude and latitude of WGS 84 are taken/,
  ],
  ['a coordinate system without name', { ...polygon(box(0, 0, 1, 1)), crs: 4326 }, /without a name/],
  ['no coordinates', { type: 'Polygon' }, /^has no list of rings at coordinates: it is missing$/],
  ['empty coordinates', polygon(), /^has no coordinates: coordinates is empty$/],
  [
    'an empty multipolygon',
    { type: 'MultiPolygon', coordinates: [] },
    /^has no coordinates: coordinates is empty$/,
  ],
  ['an empty ring', polygon(box(0, 0, 1, 1), []), /^has no coordinates: coordinates\[1\] is empty$/],
  [
    'a bracket too few',
    { type: 'Polygon', coordinates: box(0, 0, 1, 1) },
    /^has no position at coordinates\[0\]\[0\]/,
  ],
  [
    'a ring that is none',
    polygon(7),
    /^has no ring at coordinates\[0\]: it is a number, not a list of positions$/,
  ],
  [
    'too few positions',
    polygon([
      [0, 0],
      [1, 1],
      [0, 0],
    ]),
    /^has a ring of 3 positions, coordinates\[0\]: a ring takes at least 4/,
  ],
  [
    'a ring that is not closed',
    polygon(box(12, 55, 13, 56).slice(0, 4)),
    /^has a ring that is not closed, coordinates\[0\]: repeat its first position, \[12, 55\], at its end$/,
  ],
  [
    'a text for a number',
    polygon([
      [0, 0],
      [1, 'a'],
      [1, 1],
      [0, 0],
    ]),
    /^has a string for a number at coordinates\[0\]\[1\]$/,
  ],
  [
    'a position of one number',
    polygon([[0, 0], [1], [1, 1], [0, 0]]),
    /^has a position of one number at coordinates\[0\]\[1\]$/,
  ],
  [
    'an endless number',
    '{"type":"Polygon","coordinates":[[[1,1e999]]]}',
    /^has a number that is not finite at coordinates\[0\]\[0\]$/,
  ],
  [
    'latitude before longitude',
    polygon([
      [55, 112],
      [55, 113],
      [56, 112],
      [55, 112],
    ]),
    /^has a latitude beyond ±90 at coordinates\[0\]\[0\], 112: the order is longitude, latitude$/,
  ],
  [
    'a latitude that is none',
    polygon(box(100, 80, 110, 95)),
    /^has a latitude beyond ±90 at coordinates\[0\]\[2\], 95$/,
  ],
  [
    'a longitude that is none',
    polygon(box(100, 80, 361, 85)),
    /^has a longitude beyond ±360 at coordinates\[0\]\[1\], 361$/,
  ],
  [
    'a point that is none',
    { type: 'Point', coordinates: [55, 112] },
    /^has a latitude beyond ±90 at coordinates/,
  ],
  [
    'an outline that crosses itself',
    polygon([
      [0, 0],
      [10, 10],
      [10, 0],
      [0, 10],
      [0, 0],
    ]),
    /^crosses itself in coordinates, at \[5, 5\]/,
  ],
  [
    'an outline that touches itself',
    {
      type: 'MultiPolygon',
      coordinates: [
        [box(50, 0, 51, 1)],
        [
          [
            [0, 0],
            [4, 0],
            [2, 2],
            [4, 4],
            [0, 4],
            [2, 2],
            [0, 0],
          ],
        ],
      ],
    },
    /^touches itself in coordinates\[1\], at \[2, 2\]/,
  ],
  [
    'an outline that runs back on itself',
    polygon([
      [0, 0],
      [4, 0],
      [4, 4],
      [4, 0],
      [0, 4],
      [0, 0],
    ]),
    /^crosses or touches itself/,
  ],
  [
    'a hole outside',
    polygon(box(0, 0, 9, 9), box(12, 2, 13, 3)),
    /^has a hole outside its outline in coordinates, at \[12, 2\]/,
  ],
  [
    'a hole in a hole',
    polygon(box(0, 0, 9, 9), box(1, 1, 5, 5), box(2, 2, 3, 3)),
    /^has a hole within a hole/,
  ],
  [
    'a hole across the outline',
    polygon(box(0, 0, 9, 9), box(8, 2, 13, 3)),
    /^crosses itself in coordinates, at \[9, /,
  ],
  [
    'a hole that is the outline',
    polygon(box(0, 0, 9, 9), box(0, 0, 9, 9)),
    /^has the same ring twice|^crosses or touches/,
  ],
  [
    'no ground',
    polygon([
      [0, 0],
      [0.1, 0.3],
      [0.2, 0.6],
      [0, 0],
    ]),
    /^has a ring that holds no ground, coordinates\[0\]: its positions lie in a line$/,
  ],
  [
    'one position again and again',
    polygon([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]),
    /^has a ring that holds no ground/,
  ],
  [
    'an edge across the antimeridian',
    polygon(box(-170, 0, 170, 5)),
    /^has an edge from longitude -170 to 170 in coordinates\[0\], .*: cut the area in two at the antimeridian \(RFC 7946 3\.1\.9\), or count/,
  ],
  [
    'a ring round the south pole',
    polygon([
      [0, -70],
      [90, -70],
      [180, -70],
      [-90, -70],
      [0, -70],
    ]),
    /^has a ring round a pole, coordinates\[0\]: .*\[180, -90\] and \[-180, -90\]/,
  ],
  [
    'a ring round the north pole, counted on',
    polygon([0, 90, 180, 270, 360].map((lon) => [lon, 70])),
    /^has a ring round a pole, coordinates\[0\]: .*\[180, 90\]/,
  ],
  [
    'more than once round the globe',
    polygon([
      [-300, 0],
      [-150, 0],
      [0, 0],
      [150, 0],
      [300, 5],
      [150, 5],
      [0, 5],
      [-150, 5],
      [-300, 0],
    ]),
    /^reaches more than once round the globe: its longitudes span 600°/,
  ],
]

describe('GeoJSON is refused with a sentence where it is', () => {
  test.for(FAULTS)('%s', ([, asked, answer]) => {
    expect(areaOfGeoJson(typeof asked === 'string' ? asked : JSON.stringify(asked))).toMatch(answer)
  })

  test('nested beyond all sense', () => {
    let nested: unknown = polygon(box(0, 0, 1, 1))
    for (let i = 0; i < 20; i++) nested = { type: 'GeometryCollection', geometries: [nested] }
    expect(areaOfGeoJson(JSON.stringify(nested))).toMatch(/^is nested more than 8 deep/)
    expect(areaOfGeoJson('['.repeat(1e6))).toMatch(/^is not JSON/)
  })
})

describe('coordinate systems that are longitude and latitude', () => {
  test.for(['urn:ogc:def:crs:OGC:1.3:CRS84', 'EPSG:4326', 'urn:ogc:def:crs:EPSG::4326'])(
    '%s is taken',
    (name) => {
      const crs = { type: 'name', properties: { name } }
      expect(areaOfGeoJson(JSON.stringify({ ...polygon(box(0, 0, 1, 1)), crs }))).toEqual({
        box: [0, 0, 1, 1],
      })
    },
  )
})

describe('too much is refused before it costs much:', () => {
  const circle = (positions: number, digits: number) =>
    Array.from({ length: positions }, (_, i) => {
      const angle = (2 * Math.PI * i) / (positions - 1)
      return [Number((9 * Math.cos(angle)).toFixed(digits)), Number((9 * Math.sin(angle)).toFixed(digits))]
    })

  test.for([0, 12])('a million positions of %i decimals', (digits) => {
    const text = JSON.stringify(polygon(circle(1_000_000, digits)))
    const { answer, ms } = timed(text)
    expect(answer).toMatch(/^has (about )?1,000,000 positions; at most 50,000 are taken: simplify it$/)
    expect(ms).toBeLessThan(1000)
  })

  test('a long text that is no geometry', () => {
    const text = JSON.stringify({
      type: 'Feature',
      properties: 'x'.repeat(1.1e7),
      geometry: polygon(box(0, 0, 1, 1)),
    })
    expect(timed(text).answer).toMatch(/^is 11,000,\d{3} characters long; at most 10,000,000 are taken/)
  })

  test('50,000 positions at random, each edge of which crosses a third of the others', () => {
    const random = Array.from({ length: 49_999 }, (_, i) =>
      [(i * 7919) % 4999, (i * 104_729) % 4987].map((n) => n / 60),
    )
    const { answer, ms } = timed(JSON.stringify(polygon([...random, random[0]])))
    expect(answer).toMatch(/^crosses itself in coordinates, at \[|^is too intricate/)
    expect(ms).toBeLessThan(3000)
  })

  test('a comb whose 12,000 teeth all lie askew beside each other', () => {
    const teeth = Array.from({ length: 12_000 }, (_, i) => i / 1200).flatMap((y) => [
      [0.1, y],
      [10, y + 1e-4],
      [10, y + 6e-4],
      [0.1, y + 5e-4],
    ])
    const askew = [...teeth, [0, 10], [0, 0], [0.1, 0]].map(([x = 0, y = 0]) => [x - y, x + y])
    const { answer, ms } = timed(JSON.stringify(polygon(askew)))
    expect(answer).toMatch(/^is too intricate: .*simplify it$/)
    expect(ms).toBeLessThan(3000)
  })
})

function timed(text: string): { readonly answer: unknown; readonly ms: number } {
  const started = performance.now()
  const answer = areaOfGeoJson(text)
  return { answer, ms: performance.now() - started }
}
