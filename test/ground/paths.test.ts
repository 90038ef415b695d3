import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coverOf } from '../../src/ground/cover.ts'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import { type Area, isWithoutGround, type Position } from '../../src/sentinel2/area.ts'
import { tileOutline } from '../../src/sentinel2/footprint.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tileGrid, tilesOf } from '../../src/sentinel2/tiles.ts'
import { partOfBox, ringOfBox, tileNear } from './shapes.ts'

const require = createRequire(import.meta.url)
const GeometryFactory = require('jsts/org/locationtech/jts/geom/GeometryFactory.js').default
const Coordinate = require('jsts/org/locationtech/jts/geom/Coordinate.js').default
const RectangleIntersects =
  require('jsts/org/locationtech/jts/operation/predicate/RectangleIntersects.js').default
const factory = new GeometryFactory()

type Line = readonly Position[]

/** Whether a line and a box share a point, as jsts has it. */
function jstsMeets(line: Line, box: Box): boolean {
  const [rectangle, path] = [ringOfBox(box), line].map((positions) =>
    positions.map(([lon, lat]) => new Coordinate(lon, lat)),
  )
  const polygon = factory.createPolygon(factory.createLinearRing(rectangle), [])
  return RectangleIntersects.intersects(polygon, factory.createLineString(path))
}

function areaOf(geometry: object): Area {
  const area = areaOfGeoJson(JSON.stringify(geometry))
  if (typeof area === 'string') throw new Error(area)
  return area
}

const lineArea = (coordinates: Line): Area => areaOf({ type: 'LineString', coordinates })
const faultOf = (geometry: object) => areaOfGeoJson(JSON.stringify(geometry))

const anyMiddle = fc.constantFrom<Position>([12.5, 55.6], [20, 79.5], [-60, -79], [0.2, 0.1], [150, -35])
const anyStep = fc.integer({ min: -150, max: 150 }).map((n) => n / 100)
const anyLine: fc.Arbitrary<Line> = fc
  .tuple(anyMiddle, fc.array(fc.tuple(anyStep, anyStep), { minLength: 2, maxLength: 7 }))
  .map(([[lon, lat], steps]) => steps.map(([x, y]): Position => [lon + x, lat + y]))
  .filter((line) => new Set(line.map(String)).size > 1)
const percent = fc.integer({ min: 0, max: 100 })
const anyPart = fc.array(percent, { minLength: 4, maxLength: 4 })

const RADIANS = Math.PI / 180
const STEPS = 4000

/** Share of a line that keeps to a test, in thousands of great circles. */
function sharedLength(line: Line, holds: (at: Position) => boolean): number {
  let [inside, all] = [0, 0]
  for (const [i, [toLon, toLat]] of line.entries()) {
    const [fromLon, fromLat] = line[i - 1] ?? [toLon, toLat]
    const at = (way: number): Position => [
      fromLon + (toLon - fromLon) * way,
      fromLat + (toLat - fromLat) * way,
    ]
    for (let step = 0; step < STEPS; step++) {
      const length = haversine(at(step / STEPS), at((step + 1) / STEPS))
      all += length
      if (holds(at((step + 0.5) / STEPS))) inside += length
    }
  }
  return inside / all
}

function haversine([lon1, lat1]: Position, [lon2, lat2]: Position): number {
  const [x, y] = [((lon2 - lon1) / 2) * RADIANS, ((lat2 - lat1) / 2) * RADIANS]
  const along = Math.cos(lat1 * RADIANS) * Math.cos(lat2 * RADIANS)
  return 2 * Math.asin(Math.sqrt(Math.sin(y) ** 2 + along * Math.sin(x) ** 2))
}

/** Whether a point lies in an outline: an odd number of its edges lie east of it. */
const isIn = ([lon, lat]: Position, outline: Line): boolean =>
  outline.filter(([x, y], i) => {
    const [xBefore, yBefore] = outline.at(i - 1) ?? [x, y]
    return y > lat !== yBefore > lat && lon < x + ((xBefore - x) * (lat - y)) / (yBefore - y)
  }).length %
    2 ===
  1

const isInBox = ([lon, lat]: Position, [west, south, east, north]: Box): boolean =>
  lon >= west && lon <= east && lat >= south && lat <= north

describe('an area of lines', () => {
  test('meets the boxes that jsts says it meets', () => {
    let met = 0
    fc.assert(
      fc.property(anyLine, fc.nat(1000), anyPart, (line, pick, part) => {
        const area = lineArea(line)
        const mgrsTile = tileNear(area.box, pick)
        const own = mgrsTile && tileBox(mgrsTile)
        if (!own) return
        const box = partOfBox(own, part)
        if (box[0] === box[2] || box[1] === box[3]) return
        const expected = jstsMeets(line, box)
        expect(coverOf(area).meets({ mgrsTile, box })).toBe(expected)
        met += expected ? 1 : 0
      }),
      { seed: 7, numRuns: 400 },
    )
    expect(met).toBeGreaterThan(50)
  })

  test('is covered by as much of its length as many short steps add up to', () => {
    let partly = 0
    fc.assert(
      fc.property(anyLine, fc.nat(1000), anyPart, fc.boolean(), (line, pick, part, whole) => {
        const area = lineArea(line)
        const mgrsTile = tileNear(area.box, pick)
        const [own, grid] = mgrsTile ? [tileBox(mgrsTile), tileGrid(mgrsTile)] : []
        if (!mgrsTile || !own || !grid) return
        const box = whole ? own : partOfBox(own, part)
        // A box that leaves nothing of its tile says nothing: then the footprint is all of it.
        if (box[2] - box[0] < 0.05 || box[3] - box[1] < 0.05) return
        const outline = tileOutline(grid)
        const corners = ringOfBox(box).filter((corner) => isIn(corner, outline))
        if (corners.length < 3) return
        const expected = sharedLength(line, (at) => isIn(at, outline) && isInBox(at, box))
        expect(coverOf(area).coverage({ mgrsTile, box })).toBeCloseTo(expected, 2)
        partly += expected > 0.05 && expected < 0.95 ? 1 : 0
      }),
      { seed: 11, numRuns: 150 },
    )
    expect(partly).toBeGreaterThan(10)
  })

  test('is covered wholly by the tile that holds it, and by no more than its neighbours share', () => {
    const cover = coverOf(
      lineArea([
        [12.6, 55.5],
        [12.9, 55.8],
        [13.2, 55.4],
      ]),
    )
    expect(cover.coverage({ mgrsTile: '33UUB', box: undefined })).toBe(1)
    expect(cover.isWithin({ mgrsTile: '33UUB', box: undefined })).toBe(false)
    expect(cover.coverage({ mgrsTile: '33UVA', box: undefined })).toBe(0)
    // Half of the way east along a parallel is half of its length.
    const level = coverOf(
      lineArea([
        [12.6, 55.5],
        [13.0, 55.5],
      ]),
    )
    expect(level.coverage({ mgrsTile: '33UUB', box: [12.8, 55, 14, 56] })).toBeCloseTo(0.5, 12)
  })

  test('counts what is walked twice twice', () => {
    const cover = coverOf(
      lineArea([
        [12.6, 55.5],
        [12.8, 55.5],
        [12.6, 55.5],
        [12.4, 55.5],
      ]),
    )
    expect(cover.coverage({ mgrsTile: '33UUB', box: [12.6, 55, 14, 56] })).toBeCloseTo(2 / 3, 12)
  })

  test('is the same across the antimeridian however it is counted', () => {
    const ways = [
      {
        type: 'LineString',
        coordinates: [
          [179, -16],
          [181, -17],
        ],
      },
      {
        type: 'LineString',
        coordinates: [
          [-181, -16],
          [-179, -17],
        ],
      },
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [179, -16],
            [180, -16.5],
          ],
          [
            [-180, -16.5],
            [-179, -17],
          ],
        ],
      },
    ].map(areaOf)
    for (const area of ways) {
      expect(area.box).toEqual([179, -17, 181, -16])
      const cover = coverOf(area)
      expect(cover.meets({ mgrsTile: '01KAB', box: [-180, -17, -179, -16] })).toBe(true)
      expect(cover.meets({ mgrsTile: '60KZG', box: [179, -17, 180, -16] })).toBe(true)
      expect(cover.meets({ mgrsTile: '01KAB', box: [-179.4, -16.5, -179, -16] })).toBe(false)
      expect(cover.coverage({ mgrsTile: '01KAB', box: undefined })).toBeCloseTo(
        coverOf(ways[0] ?? area).coverage({ mgrsTile: '01KAB', box: undefined }),
        12,
      )
    }
    const sum = ['01KAB', '60KZG'].map((mgrsTile) =>
      coverOf(ways[0] ?? { box: [0, 0, 0, 0] }).coverage({
        mgrsTile,
        box: mgrsTile === '01KAB' ? [-180, -18, -178, -15] : [178, -18, 180, -15],
      }),
    )
    expect(Math.max(...sum)).toBeLessThanOrEqual(0.5)
  })

  test('may go round the globe and over a pole', () => {
    const round = lineArea([
      [-170, 10],
      [-10, 10],
      [150, 10],
      [300, 10],
    ])
    expect(round.box).toEqual([-180, 10, 180, 10])
    expect(tilesOf(round).filter((tile) => coverOf(round).touches(tile)).length).toBeGreaterThan(300)
    const north = coverOf(
      lineArea([
        [15, 80],
        [15, 90],
      ]),
    )
    // Of ten degrees of a meridian, what the tile spans of it.
    const [, south = 0, , end = 0] = tileBox('33XWJ') ?? []
    expect(north.coverage({ mgrsTile: '33XWJ', box: undefined })).toBeCloseTo(
      Math.max(0, end - Math.max(80, south)) / 10,
      2,
    )
  })
})

describe('an area of points', () => {
  const area = areaOf({
    type: 'MultiPoint',
    coordinates: [
      [12.6, 55.5],
      [13.2, 55.6],
      [40, 10],
      [12.6, 55.5],
    ],
  })

  test('is met where one of them lies, and covered by their share', () => {
    const cover = coverOf(area)
    const own: Box = [12.6, 55, 13, 56]
    expect(cover.meets({ mgrsTile: '33UUB', box: own })).toBe(true)
    expect(cover.meets({ mgrsTile: '33UUB', box: [12.7, 55, 13, 56] })).toBe(false)
    expect(cover.coverage({ mgrsTile: '33UUB', box: undefined })).toBeCloseTo(2 / 3, 12)
    expect(cover.coverage({ mgrsTile: '33UUB', box: own })).toBeCloseTo(1 / 3, 12)
    expect(cover.coverage({ mgrsTile: '33UVA', box: undefined })).toBe(0)
    expect(cover.isWithin({ mgrsTile: '33UUB', box: own })).toBe(false)
  })

  test('on both sides of the antimeridian is a narrow one', () => {
    const both = areaOf({
      type: 'MultiPoint',
      coordinates: [
        [179.9, -16.5],
        [-179.9, -16.5],
        [180, -16.5],
      ],
    })
    expect(both.box[0]).toBeCloseTo(179.9, 9)
    expect(both.box[2]).toBeCloseTo(180.1, 9)
    expect(coverOf(both).meets({ mgrsTile: '01KAB', box: [-180, -17, -179.95, -16] })).toBe(true)
    expect(coverOf(both).coverage({ mgrsTile: '01KAB', box: [-179.95, -17, -179, -16] })).toBeCloseTo(
      1 / 3,
      9,
    )
  })

  test('that are all the same is that point', () => {
    const one = {
      type: 'MultiPoint',
      coordinates: [
        [180, 5],
        [-180, 5],
      ],
    }
    expect(areaOf(one)).toEqual({ box: [-180, 5, -180, 5] })
    const features = [12, 12].map((lon) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [lon, 5] },
    }))
    expect(areaOf({ type: 'FeatureCollection', features })).toEqual({ box: [12, 5, 12, 5] })
  })

  test('at the poles meets nothing that there is', () => {
    const poles = areaOf({
      type: 'MultiPoint',
      coordinates: [
        [0, 90],
        [10, -90],
      ],
    })
    const cover = coverOf(poles)
    expect(tilesOf(poles).filter((tile) => cover.touches(tile))).toEqual([])
  })
})

test('shapes that hold ground are told from those that hold none', () => {
  expect(isWithoutGround([[ringOfBox([0, 0, 1, 1])]])).toBe(false)
  expect(
    isWithoutGround(
      lineArea([
        [0, 0],
        [1, 1],
        [2, 0],
      ]).shape ?? [],
    ),
  ).toBe(true)
})

test.for([
  [{ type: 'LineString', coordinates: [[1, 2]] }, /^has a line without length, coordinates:/],
  [
    {
      type: 'LineString',
      coordinates: [
        [1, 2],
        [1, 2],
      ],
    },
    /^has a line without length/,
  ],
  [{ type: 'LineString', coordinates: [] }, /^has no coordinates: coordinates is empty$/],
  [{ type: 'LineString', coordinates: 5 }, /^has no list of positions at coordinates: it is a number$/],
  [
    {
      type: 'LineString',
      coordinates: [
        [1, 2],
        [1, 95],
      ],
    },
    /^has a latitude beyond ±90 at coordinates\[1\]/,
  ],
  [
    {
      type: 'LineString',
      coordinates: [
        [-170, 2],
        [170, 2],
      ],
    },
    /^has an edge from longitude -170 to 170 in/,
  ],
  [
    {
      type: 'MultiLineString',
      coordinates: [
        [
          [1, 2],
          [3, 4],
        ],
        [],
      ],
    },
    /^has no coordinates: coordinates\[1\] is empty$/,
  ],
  [{ type: 'MultiPoint', coordinates: [[1, 2], [3]] }, /^has a position of one number at coordinates\[1\]$/],
  [
    { type: 'MultiPoint', coordinates: Array.from({ length: 50_001 }, (_, i) => [i / 1000, 0]) },
    /^has 50,001 positions; at most 50,000 are taken/,
  ],
] as const)('%j is told what is wrong with it', ([geometry, message]) => {
  expect(faultOf(geometry)).toMatch(message)
})
