import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import { WORLD } from '../../src/sentinel2/area.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { groundOfPolygon, ringOfBox } from './shapes.ts'

const polygon = (...coordinates: unknown[]) => ({ type: 'Polygon', coordinates })
const multi = (...coordinates: unknown[]) => ({ type: 'MultiPolygon', coordinates })
const box = (...edges: [number, number, number, number]) => ringOfBox(edges)
const TRIANGLE = [
  [12, 55],
  [13, 55],
  [13, 56],
  [12, 55],
]
const read = (value: unknown) => areaOfGeoJson(typeof value === 'string' ? value : JSON.stringify(value))

function areaOf(value: unknown) {
  const area = read(value)
  if (typeof area === 'string') throw new Error(area)
  return area
}

const groundOf = (value: unknown): number =>
  (areaOf(value).shape ?? [[ringOfBox(areaOf(value).box)]]).reduce(
    (sum, part) => sum + groundOfPolygon(part),
    0,
  )

describe('an area of GeoJSON', () => {
  test('is the same as a polygon, a feature and collections of them', () => {
    const expected = { box: [12, 55, 13, 56], shape: [[TRIANGLE]] }
    const feature = { type: 'Feature', properties: { name: 'x', list: [1, 2] }, geometry: polygon(TRIANGLE) }
    expect(read(polygon(TRIANGLE))).toEqual(expected)
    expect(read(multi([TRIANGLE]))).toEqual(expected)
    expect(read(feature)).toEqual(expected)
    expect(read({ type: 'FeatureCollection', features: [feature] })).toEqual(expected)
    expect(read({ type: 'GeometryCollection', geometries: [multi([TRIANGLE])] })).toEqual(expected)
    expect(read(`\uFEFF ${JSON.stringify(feature)}\n`)).toEqual(expected)
  })

  test('is a box where it is one in longitude and latitude, whatever its positions', () => {
    expect(read(polygon(box(1, 2, 3, 4)))).toEqual({ box: [1, 2, 3, 4] })
    expect(read(polygon(box(1, 2, 3, 4).toReversed()))).toEqual({ box: [1, 2, 3, 4] })
    expect(read(polygon(box(-180, -90, 180, 90)))).toEqual(WORLD)
    expect(read(polygon(box(179, -20, 182, -16)))).toEqual({ box: [179, -20, 182, -16] })
    expect(read(polygon(box(-190, 0, -185, 1)))).toEqual({ box: [170, 0, 175, 1] })
    expect(areaOf(polygon(TRIANGLE)).shape).toBeDefined()
    expect(areaOf(polygon(box(0, 0, 9, 9), box(1, 1, 2, 2))).shape).toHaveLength(1)
  })

  test('may be a point', () => {
    expect(read({ type: 'Point', coordinates: [12, 55, 3] })).toEqual({ box: [12, 55, 12, 55] })
    expect(read({ type: 'Feature', geometry: { type: 'Point', coordinates: [180, 0] } })).toEqual({
      box: [-180, 0, -180, 0],
    })
  })

  test('takes no notice of heights and of positions that are repeated', () => {
    const [a, b, c] = TRIANGLE
    expect(read(polygon([[...(a ?? []), 8], a, b, b, b, c, [...(a ?? []), 9]]))).toEqual(
      read(polygon(TRIANGLE)),
    )
  })

  test('joins parts across the antimeridian, leaving out the widest gap', () => {
    expect(read(multi([box(177, -20, 180, -16)], [box(-180, -20, -178, -16)]))).toEqual({
      box: [177, -20, 182, -16],
    })
    expect(areaOf(multi([TRIANGLE], [TRIANGLE.map(([lon = 0, lat]) => [lon - 100, lat])])).box).toEqual([
      -88, 55, 13, 56,
    ])
    const apart = areaOf(multi([box(170, 0, 175, 1)], [box(-170, 0, -165, 1)], [box(10, 0, 11, 1)]))
    expect(apart.box).toEqual([10, 0, 195, 1])
  })

  test('that leaves no gap goes once round from -180', () => {
    const round = multi([box(0, 0, 130, 10)], [box(120, 20, 250, 30)], [box(-120, 0, 10, 10)])
    expect(areaOf(round).box).toEqual([-180, 0, 180, 30])
    const sine = (lat: number) => Math.sin((lat * Math.PI) / 180)
    expect(groundOf(round)).toBeCloseTo(250 * sine(10) + 130 * (sine(30) - sine(20)), 6)
    expect(
      areaOf(round)
        .shape?.flat(2)
        .every(([lon]) => Math.abs(lon) <= 180),
    ).toBe(true)
  })

  test('counts ground once where parts overlap, touch or lie in each other', () => {
    const ground = (...edges: Box) => groundOfPolygon([ringOfBox(edges)])
    expect(read(multi([box(0, 0, 3, 3)], [box(1, 1, 2, 2)]))).toEqual({ box: [0, 0, 3, 3] })
    expect(read(multi([box(0, 0, 3, 3)], [box(0, 0, 3, 3)]))).toEqual({ box: [0, 0, 3, 3] })
    expect(read(multi([box(0, 0, 3, 3)], [box(3, 0, 5, 3)]))).toEqual({ box: [0, 0, 5, 3] })
    const overlap = {
      type: 'GeometryCollection',
      geometries: [polygon(box(0, 0, 3, 3)), polygon(box(2, 2, 5, 5))],
    }
    expect(groundOf(overlap)).toBeCloseTo(ground(0, 0, 3, 3) + ground(2, 2, 5, 5) - ground(2, 2, 3, 3), 9)
    const island = multi([box(0, 0, 9, 9), box(2, 2, 7, 7)], [box(3, 3, 4, 4)])
    expect(areaOf(island).shape).toHaveLength(2)
    expect(groundOf(island)).toBeCloseTo(ground(0, 0, 9, 9) - ground(2, 2, 7, 7) + ground(3, 3, 4, 4), 9)
  })

  test('starts in [-180, 180) and is at most once round the globe', () => {
    const lon = fc.integer({ min: -350, max: 340 })
    const anyPart = fc.tuple(lon, fc.integer({ min: -80, max: 70 }), fc.integer({ min: 1, max: 170 }))
    fc.assert(
      fc.property(fc.array(anyPart, { minLength: 1, maxLength: 5 }), (parts) => {
        const kept = parts.filter(([west, , width]) => west + width <= 360)
        if (kept.length === 0) return
        const all = kept.map(([west, south, width]) => [box(west, south, west + width, south + 5)])
        const { box: around, shape = [] } = areaOf(multi(...all))
        expect(around[0] >= -180 && around[0] < 180 && around[2] <= around[0] + 360).toBe(true)
        for (const [lon] of shape.flat(2)) expect(lon >= around[0] && lon <= around[2]).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})
