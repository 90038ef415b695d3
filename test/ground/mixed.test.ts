import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAreaQuery } from '../../src/area-query.ts'
import { coverOf } from '../../src/ground/cover.ts'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import type { Area } from '../../src/sentinel2/area.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tilesOf } from '../../src/sentinel2/tiles.ts'
import { partOfBox, ringOfBox, tileNear } from './shapes.ts'

function areaOf(...geometries: readonly object[]): Area {
  const area = areaOfGeoJson(JSON.stringify({ type: 'GeometryCollection', geometries }))
  if (typeof area === 'string') throw new Error(area)
  return area
}

const box = (...edges: Box) => ({ type: 'Polygon', coordinates: [ringOfBox(edges)] })
const point = (lon: number, lat: number) => ({ type: 'Point', coordinates: [lon, lat] })
const line = (...coordinates: readonly (readonly [number, number])[]) => ({ type: 'LineString', coordinates })

const TILE = '33UUB'
const whole = { mgrsTile: TILE, box: undefined }
const own = (...edges: Box) => ({ mgrsTile: TILE, box: edges })

const step = fc.integer({ min: -150, max: 150 }).map((n) => n / 100)
const anyPoint = fc.tuple(step, step).map(([x, y]) => point(12.5 + x, 55.6 + y))
const anyLine = fc
  .tuple(step, step, step, step)
  .filter(([x, y, x2, y2]) => x !== x2 || y !== y2)
  .map(([x, y, x2, y2]) => line([12.5 + x, 55.6 + y], [12.5 + x2, 55.6 + y2]))
const anyBox = fc
  .tuple(step, step, fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 }))
  .map(([x, y, w, h]) => box(12.5 + x, 55.6 + y, 12.5 + x + w / 100, 55.6 + y + h / 100))
const percent = fc.integer({ min: 0, max: 100 })

describe('an area of ground, lines and points', () => {
  test('is met where any of its parts is, and nowhere else', () => {
    const seen = { met: 0, missed: 0 }
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyPoint, anyLine, anyBox), { minLength: 2, maxLength: 5 }),
        fc.nat(1000),
        fc.array(percent, { minLength: 4, maxLength: 4 }),
        (parts, pick, share) => {
          const area = areaOf(...parts)
          const mgrsTile = tileNear(area.box, pick)
          const square = mgrsTile && tileBox(mgrsTile)
          if (!square) return
          const granule = { mgrsTile, box: partOfBox(square, share) }
          const expected = parts.some((part) => coverOf(areaOf(part)).meets(granule))
          expect(coverOf(area).meets(granule)).toBe(expected)
          seen[expected ? 'met' : 'missed']++
        },
      ),
      { seed: 5, numRuns: 400 },
    )
    expect(Math.min(seen.met, seen.missed)).toBeGreaterThan(40)
  })

  test('is covered by the share of its ground, whatever lines and points lie beside it', () => {
    const field = box(12.6, 55.4, 12.8, 55.6)
    const alone = coverOf(areaOf(field))
    const beside = coverOf(areaOf(point(12.5, 55.5), field, line([20, 10], [21, 11]), point(-40, 3)))
    for (const granule of [own(12.7, 55, 13, 56), own(12.6, 55.5, 13, 56), own(12.9, 55, 13, 56)]) {
      expect(beside.coverage(granule)).toBeCloseTo(alone.coverage(granule), 12)
    }
    expect(alone.coverage(own(12.7, 55, 13, 56))).toBeCloseTo(0.5, 2)
  })

  test('is covered wholly by what covers all of its parts alone', () => {
    const field = box(12.6, 55.4, 12.8, 55.6)
    const path = line([12.5, 55.3], [12.9, 55.3])
    const granule = own(12.4, 55.2, 13, 55.8)
    expect(coverOf(areaOf(field, path, point(12.9, 55.7))).coverage(granule)).toBe(1)
    for (const left of [point(12.3, 55.5), point(40, 10), line([12.5, 55.3], [13.1, 55.3])]) {
      const share = coverOf(areaOf(field, path, left)).coverage(granule)
      expect(share).toBeLessThan(1)
      expect(share).toBeGreaterThan(0.99999)
    }
  })

  test('holds what lies in its ground', () => {
    const cover = coverOf(areaOf(box(12.6, 55.4, 12.8, 55.6), line([12.7, 55.5], [20, 60])))
    expect(cover.isWithin(own(12.65, 55.45, 12.7, 55.5))).toBe(true)
    expect(cover.isWithin(own(12.65, 55.45, 12.9, 55.5))).toBe(false)
    expect(cover.isWithin(whole)).toBe(false)
  })

  test('lies on both sides of the antimeridian as one', () => {
    const area = areaOf(box(179, -17, 179.9, -16), point(-179.5, -16.5), line([-180, -16.2], [-179.4, -16.2]))
    expect(area.box[0]).toBe(179)
    expect(area.box[2]).toBeCloseTo(180.6, 9)
    const cover = coverOf(area)
    expect(cover.meets({ mgrsTile: '01KAB', box: [-179.6, -16.6, -179.45, -16.4] })).toBe(true)
    expect(cover.meets({ mgrsTile: '01KAB', box: [-179.3, -16.6, -179.2, -16.4] })).toBe(false)
    expect(cover.meets({ mgrsTile: '60KZG', box: [179.2, -16.6, 179.3, -16.4] })).toBe(true)
  })

  test('may go round the globe', () => {
    const area = areaOf(line([-180, 10], [-60, 10], [60, 10], [180, 10]), box(170, -5, 190, 5), point(0, 50))
    expect(area.box).toEqual([-180, -5, 180, 50])
    const cover = coverOf(area)
    expect(cover.meets({ mgrsTile: '01NAA', box: [-178, -1, -177, 1] })).toBe(true)
    expect(tilesOf(area).filter((tile) => cover.touches(tile)).length).toBeGreaterThan(300)
  })
})

test('granules are looked for within an area that has ground, and within no other', () => {
  const asked = (...geometries: readonly object[]) =>
    parseAreaQuery(
      { intersects: JSON.stringify({ type: 'GeometryCollection', geometries }), relation: 'within' },
      'box',
    )
  expect(asked(box(12, 55, 13, 56), point(1, 2)).search.relation).toBe('within')
  expect(() => asked(line([12, 55], [13, 55]), point(1, 2))).toThrow(
    /relation is within, and no granule lies within points or lines/,
  )
})

describe('an area of lines and points', () => {
  const area = areaOf(line([12.6, 55.5], [13, 55.5]), point(12.8, 55.2))

  test('is covered by the share of the length of its lines', () => {
    const cover = coverOf(area)
    expect(cover.coverage(own(12.8, 55.3, 14, 56))).toBeCloseTo(0.5, 12)
    expect(cover.coverage(own(12.7, 55.1, 12.9, 55.3))).toBe(0)
    expect(cover.isWithin(whole)).toBe(false)
  })

  test('is covered wholly with its points alone', () => {
    const cover = coverOf(area)
    expect(cover.coverage(whole)).toBe(1)
    const share = cover.coverage(own(12.5, 55.3, 14, 56))
    expect(share).toBeLessThan(1)
    expect(share).toBeGreaterThan(0.99999)
  })
})
