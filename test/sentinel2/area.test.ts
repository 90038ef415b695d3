import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Area,
  areaOfBox,
  areaOfCorners,
  boxesMeet,
  WORLD,
  wrappedBox,
} from '../../src/sentinel2/area.ts'
import type { Box } from '../../src/sentinel2/granule.ts'

const COPENHAGEN: Box = [12.58467, 55.660797, 12.5896, 55.663369]

/** Corners as people write them, to six decimals. */
const anyLongitude = fc.integer({ min: -180e6, max: 180e6 }).map((micro) => micro / 1e6)
const anyLatitude = fc.integer({ min: -90e6, max: 90e6 }).map((micro) => micro / 1e6)
const anyCorners = fc.tuple(anyLatitude, anyLongitude, anyLatitude, anyLongitude)

/** Any box, of whole degrees so that edges often touch, and up to once round the globe. */
const anyBox: fc.Arbitrary<Box> = fc
  .tuple(fc.integer({ min: -180, max: 179 }), fc.integer({ min: 0, max: 360 }), fc.nat(10), fc.nat(10))
  .map(([west, width, south, height]) => [west, south, west + width, south + height])

describe('an area of two corners', () => {
  const [west, south, east, north] = COPENHAGEN

  test('is the same whichever two opposite corners are given', () => {
    const expected = { box: COPENHAGEN }
    expect(areaOfCorners(south, east, north, west)).toEqual(expected)
    expect(areaOfCorners(south, west, north, east)).toEqual(expected)
    expect(areaOfCorners(north, east, south, west)).toEqual(expected)
    expect(areaOfCorners(north, west, south, east)).toEqual(expected)
  })

  test('does not depend on the order of its corners', () => {
    fc.assert(
      fc.property(anyCorners, ([lat1, lng1, lat2, lng2]) => {
        const area = areaOfCorners(lat1, lng1, lat2, lng2)
        expect(areaOfCorners(lat2, lng2, lat1, lng1)).toEqual(area)
        expect(areaOfCorners(lat1, lng2, lat2, lng1)).toEqual(area)
      }),
    )
  })

  test('is the smaller of the two boxes', () => {
    fc.assert(
      fc.property(anyCorners, ([lat1, lng1, lat2, lng2]) => {
        fc.pre(Math.abs(lng1 - lng2) < 360)
        const { box } = areaOfCorners(lat1, lng1, lat2, lng2)
        expect(box[2] - box[0]).toBeLessThanOrEqual(180)
        for (const lng of [lng1, lng2]) expect(boxesMeet(nearly(box), [lng, lat1, lng, lat1])).toBe(true)
      }),
    )
  })

  test('more than 180° apart crosses the antimeridian', () => {
    expect(areaOfCorners(-20, 177, -16, -178).box).toEqual([177, -20, 182, -16])
    expect(areaOfCorners(-16, -178, -20, 177).box).toEqual([177, -20, 182, -16])
    expect(areaOfCorners(0, -90.5, 1, 90).box).toEqual([90, 0, 269.5, 1])
  })

  test('exactly 180° apart does not cross it', () => {
    expect(areaOfCorners(0, -90, 1, 90).box).toEqual([-90, 0, 90, 1])
    expect(areaOfCorners(0, 0, 1, 180).box).toEqual([0, 0, 180, 1])
    expect(areaOfCorners(0, 0, 1, -180).box).toEqual([-180, 0, 0, 1])
  })

  test('at -180 and 180 holds all longitudes', () => {
    expect(areaOfCorners(-90, -180, 90, 180)).toEqual(WORLD)
    expect(areaOfCorners(90, 180, -90, -180)).toEqual(WORLD)
  })

  test('one of which lies on the antimeridian counts it from the nearer side', () => {
    expect(areaOfCorners(0, 180, 1, -170).box).toEqual([-180, 0, -170, 1])
    expect(areaOfCorners(0, -180, 1, 170).box).toEqual([170, 0, 180, 1])
  })

  test('may be of zero size', () => {
    expect(areaOfCorners(1, 2, 1, 2).box).toEqual([2, 1, 2, 1])
    expect(areaOfCorners(0, 180, 0, 180).box).toEqual([-180, 0, -180, 0])
    expect(areaOfCorners(90, 0, 90, 0).box).toEqual([0, 90, 0, 90])
    expect(areaOfCorners(-90, 10, -90, 20).box).toEqual([10, -90, 20, -90])
  })
})

describe('an area of a box', () => {
  test('keeps its edges to the last digit where it does not cross the antimeridian', () => {
    fc.assert(
      fc.property(anyCorners, ([south, west, north, east]) => {
        fc.pre(west <= east && west < 180)
        expect(areaOfBox(west, south, east, north).box).toEqual([west, south, east, north])
      }),
    )
  })

  test('crosses the antimeridian where west is east of east', () => {
    expect(areaOfBox(177, -20, -178, -16).box).toEqual([177, -20, 182, -16])
    expect(areaOfBox(179.5, -50, 179, -48).box).toEqual([179.5, -50, 539, -48])
    expect(areaOfBox(180, 0, -180, 1).box).toEqual([-180, 0, -180, 1])
  })

  test('starts in [-180, 180) and is at most once round the globe', () => {
    fc.assert(
      fc.property(anyCorners, ([south, west, north, east]) => {
        const { box } = areaOfBox(west, south, east, north)
        expect(box[0] >= -180 && box[0] < 180 && box[0] <= box[2] && box[2] <= box[0] + 360).toBe(true)
      }),
    )
  })

  test('is written as it was given', () => {
    fc.assert(
      fc.property(anyCorners, ([south, west, north, east]) => {
        fc.pre(west < 180 && east > -180)
        expect(wrappedBox(areaOfBox(west, south, east, north).box)).toEqual([west, south, east, north])
      }),
    )
  })

  test('is understood again as it is written', () => {
    fc.assert(
      fc.property(anyCorners, ([lat1, lng1, lat2, lng2]) => {
        const area = areaOfCorners(lat1, lng1, lat2, lng2)
        const [west, south, east, north] = wrappedBox(area.box)
        const again = areaOfBox(west, south, east, north)
        area.box.forEach((edge, i) => {
          expect(Math.abs((again.box[i] ?? 0) - edge)).toBeLessThan(1e-9)
        })
      }),
    )
  })
})

describe('two boxes', () => {
  test('meet where an edge or a corner touches', () => {
    expect(boxesMeet([0, 0, 1, 1], [1, 1, 2, 2])).toBe(true)
    expect(boxesMeet([0, 0, 1, 1], [1.000001, 0, 2, 1])).toBe(false)
    expect(boxesMeet([0, 0, 1, 1], [0, 1.000001, 1, 2])).toBe(false)
  })

  test('meet across the antimeridian, however each counts it', () => {
    expect(boxesMeet([177, -20, 182, -16], [-180, -18, -178, -17])).toBe(true)
    expect(boxesMeet([177, -20, 182, -16], [-177.9, -18, -177, -17])).toBe(false)
    expect(boxesMeet([170, 0, 180, 1], [-180, 0, -170, 1])).toBe(true)
    expect(boxesMeet([179.5, 0, 539, 1], [177, 0, 178, 1])).toBe(true)
    expect(boxesMeet([179.5, 0, 539, 1], [-183, 0, -182, 1])).toBe(true)
    expect(boxesMeet([179.5, 0, 539, 1], [179.1, 0, 179.4, 1])).toBe(false)
  })

  test('meet in either order', () => {
    fc.assert(fc.property(anyBox, anyBox, (a, b) => boxesMeet(a, b) === boxesMeet(b, a)))
  })

  test('meet just the same when one is turned by whole rounds', () => {
    const turns = fc.integer({ min: -3, max: 3 })
    fc.assert(
      fc.property(anyBox, anyBox, turns, (a, b, turn) => {
        expect(boxesMeet(a, turned(b, turn * 360))).toBe(boxesMeet(a, b))
        expect(boxesMeet(turned(a, turn * 360), b)).toBe(boxesMeet(a, b))
      }),
    )
  })

  test('meet exactly where a meridian lies in both', () => {
    fc.assert(
      fc.property(anyBox, anyBox, (a, b) => {
        const shared = meridiansOf(a).some((lon) => meridiansOf(b).includes(lon))
        expect(boxesMeet(a, b)).toBe(shared && a[1] <= b[3] && b[1] <= a[3])
      }),
    )
  })

  test('meet the world and themselves', () => {
    fc.assert(
      fc.property(anyBox, (box) => {
        expect(boxesMeet(box, box)).toBe(true)
        expect(boxesMeet(WORLD.box, box)).toBe(true)
      }),
    )
  })
})

const turned = ([west, south, east, north]: Box, by: number): Box => [west + by, south, east + by, north]

/** Whole degrees of a box of whole degrees, 0 to 359. */
const meridiansOf = ([west, , east]: Box): number[] =>
  Array.from({ length: east - west + 1 }, (_, i) => (((west + i) % 360) + 360) % 360)

const nearly = ([west, south, east, north]: Area['box']): Box => [west - 1e-9, south, east + 1e-9, north]
