import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ring } from '../../src/sentinel2/area.ts'
import { dataBox, type Footprint, footprintOf, tileOutline } from '../../src/sentinel2/footprint.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { type TileGrid, tileBox, tileGrid } from '../../src/sentinel2/tiles.ts'
import { realData } from '../real-data.ts'
import { readTileOracle, toUtm } from './tile-oracle.ts'

const SIDE = 109_800
/** Near the antimeridian, at the ends of the grid, on the equator, in the widened zones. */
const TILES = [
  '33UUB',
  '01KAB',
  '60XWG',
  '01CCV',
  '60XWG',
  '33XWJ',
  '32VKM',
  '31NEA',
  '60CWA',
  '01XDA',
  '29UNU',
]

describe('the footprint of a tile', () => {
  test.for(TILES)('%s is a proper polygon of its size', (tile) => {
    checkFootprint(tile)
  })

  const csv = realData('tiles', 's2_tiles.csv')
  if (csv) {
    const { tiles } = readTileOracle(csv)
    test('is a proper polygon of its size all over the globe', () => {
      for (let i = 0; i < tiles.length; i += 47) checkFootprint(tiles[i]?.name ?? '')
    })
  }

  test('is cut in two at the antimeridian, and in one piece elsewhere', () => {
    expect(footprintOf({ mgrsTile: '01KAB', box: undefined })?.type).toBe('MultiPolygon')
    expect(footprintOf({ mgrsTile: '60XWG', box: undefined })?.type).toBe('MultiPolygon')
    expect(footprintOf({ mgrsTile: '33UUB', box: undefined })?.type).toBe('Polygon')
    expect(footprintOf({ mgrsTile: '60KYD', box: undefined })?.type).toBe('Polygon')
    for (const tile of ['01KAB', '60XWG']) {
      const rings = ringsOf(footprintOf({ mgrsTile: tile, box: undefined }))
      const sides = rings.map((ring) => new Set(ring.map(([lon]) => lon > 0)))
      expect(sides.map((side) => side.size)).toEqual([1, 1])
      expect(rings.every((ring) => ring.some(([lon]) => Math.abs(lon) === 180))).toBe(true)
    }
  })

  test('has edges that bend as those of the UTM square do', () => {
    const outline = tileOutline(gridOf('33XWJ'))
    const bottom = outline.slice(0, 17)
    const [west, east] = [bottom[0], bottom[16]]
    const middle = bottom[8]
    expect(Math.abs(((west?.[1] ?? 0) + (east?.[1] ?? 0)) / 2 - (middle?.[1] ?? 0))).toBeGreaterThan(0.01)
  })

  test('is absent where the name is no tile', () => {
    expect(footprintOf({ mgrsTile: '00XXX', box: undefined })).toBeUndefined()
    expect(footprintOf({ mgrsTile: '', box: [1, 2, 3, 4] })).toBeUndefined()
  })
})

describe('the footprint of a granule', () => {
  test('is its tile cut to the box of its valid data', () => {
    const box: Box = [11.9, 55, 12.1, 55.2]
    const [ring = []] = ringsOf(footprintOf({ mgrsTile: '33UUB', box }))
    expect(boxOf(ring)).toEqual(box)
    expect(areaOf(ring)).toBeCloseTo(0.2 * 0.2, 9)
    expect(areaOf(ring)).toBeGreaterThan(0)
  })

  test('stays inside tile and box, whichever part of the tile holds data', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.constantFrom(...TILES),
        fc.tuple(share, share, share, share),
        (mgrsTile, [a, b, c, d]) => {
          const [west, south, east, north] = boxOfTile(mgrsTile)
          const at = (low: number, high: number, by: number) => low + (high - low) * by
          const box: Box = [
            at(west, east, Math.min(a, b)),
            at(south, north, Math.min(c, d)),
            at(west, east, Math.max(a, b)),
            at(south, north, Math.max(c, d)),
          ]
          const whole = sumOf(ringsOf(footprintOf({ mgrsTile, box: undefined })).map(areaOf))
          const rings = ringsOf(footprintOf({ mgrsTile, box }))
          for (const ring of rings) checkRing(ring)
          expect(sumOf(rings.map(areaOf))).toBeLessThanOrEqual(whole + 1e-5)
        },
      ),
    )
  })

  test('crosses the antimeridian with its box', () => {
    const box: Box = [179.9, -17, 180.1, -16.5]
    const rings = ringsOf(footprintOf({ mgrsTile: '01KAB', box }))
    expect(rings.map(boxOf).toSorted((a, b) => a[0] - b[0])).toEqual([
      [-180, -17, -179.9, -16.5],
      [179.9, -17, 180, -16.5],
    ])
  })

  test('finds its box on whichever side of the antimeridian it is counted', () => {
    const east = footprintOf({ mgrsTile: '01KAB', box: [-180, -17, -179.9, -16.5] })
    const same = footprintOf({ mgrsTile: '01KAB', box: [180, -17, 180.1, -16.5] })
    expect(east).toEqual(same)
    expect(ringsOf(east).map(boxOf)).toEqual([[-180, -17, -179.9, -16.5]])
  })

  test('is the whole tile where the box lies beside it or has no size', () => {
    const whole = footprintOf({ mgrsTile: '33UUB', box: undefined })
    expect(footprintOf({ mgrsTile: '33UUB', box: [50, 10, 51, 11] })).toEqual(whole)
    expect(footprintOf({ mgrsTile: '33UUB', box: [12, 55.1, 12, 55.1] })).toEqual(whole)
    expect(footprintOf({ mgrsTile: '33UUB', box: [12, 55, 12, 55.2] })).toEqual(whole)
  })
})

describe('the box of the valid data', () => {
  test('is that of the row, in the order west, south, east, north', () => {
    expect(dataBox({ west: 11.9, south: 55, east: 12.1, north: 55.2 }, '33UUB')).toEqual([
      11.9, 55, 12.1, 55.2,
    ])
  })

  test('is absent where an edge is', () => {
    for (const edge of ['west', 'south', 'east', 'north'] as const) {
      const edges = { west: 11.9, south: 55, east: 12.1, north: 55.2 }
      expect(dataBox({ ...edges, [edge]: null }, '33UUB'), edge).toBeUndefined()
    }
  })

  test('crosses the antimeridian where its west is east of its east', () => {
    expect(dataBox({ west: 179.9, south: -17, east: -179.5, north: -16.5 }, '01KAB')).toEqual([
      179.9, -17, 180.5, -16.5,
    ])
  })

  test('whose west is a hair east of its east says nothing of its longitudes', () => {
    const [west, , east] = boxOfTile('33UUB')
    const hair = { west: 12.2, south: 55, east: 12.1999, north: 55.2 }
    expect(dataBox(hair, '33UUB')).toEqual([west, 55, east, 55.2])
    expect(dataBox(hair, 'nowhere')).toBeUndefined()
    expect(dataBox({ ...hair, west: 90, east: -90 }, '33UUB')).toEqual([90, 55, 270, 55.2])
  })

  test('that was cut wrongly at the antimeridian says nothing of its longitudes', () => {
    const edges = { west: -179.7, south: 73, east: 180, north: 73.5 }
    const cut = dataBox(edges, '60XWG')
    const [west, , east] = boxOfTile('60XWG')
    expect(cut).toEqual([west, 73, east, 73.5])
    expect(dataBox(edges, 'nowhere')).toBeUndefined()
    const rings = ringsOf(footprintOf({ mgrsTile: '60XWG', box: cut }))
    expect(rings).toHaveLength(2)
    for (const ring of rings) {
      checkRing(ring)
      expect(boxOf(ring)[1]).toBeCloseTo(73, 6)
    }
  })
})

function checkFootprint(tile: string): void {
  const rings = ringsOf(footprintOf({ mgrsTile: tile, box: undefined }))
  const { epsg } = gridOf(tile)
  for (const ring of rings) checkRing(ring, tile)
  const ground = sumOf(rings.map((ring) => areaOf(ring.map((position) => toUtm(epsg, position)))))
  expect(Math.abs(ground / SIDE ** 2 - 1), tile).toBeLessThan(0.001)
}

/** RFC 7946, 3.1.6: closed, at least four positions, counterclockwise; within ±180 and ±90 besides. */
function checkRing(ring: Ring, name = ''): void {
  expect(ring.length, name).toBeGreaterThanOrEqual(4)
  expect(ring.at(-1), name).toEqual(ring[0])
  expect(areaOf(ring), name).toBeGreaterThan(0)
  expect(
    ring.every(([lon, lat]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90),
    name,
  ).toBe(true)
  const [west, , east] = boxOf(ring)
  expect(east - west, name).toBeLessThan(40)
}

function ringsOf(footprint: Footprint | undefined): Ring[] {
  if (footprint?.type === 'Polygon') return [...footprint.coordinates]
  return footprint?.coordinates.flat() ?? []
}

/** Of a closed ring by triangles from its first corner; positive if it runs counterclockwise. */
function areaOf(ring: readonly (readonly [number, number])[]): number {
  const [[x0, y0] = [0, 0]] = ring
  return sumOf(
    ring.slice(1).map(([x, y], i) => {
      const [beforeX, beforeY] = ring[i] ?? [x, y]
      return ((beforeX - x0) * (y - y0) - (x - x0) * (beforeY - y0)) / 2
    }),
  )
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0)

function boxOf(ring: Ring): Box {
  const [lons, lats] = [ring.map(([lon]) => lon), ring.map(([, lat]) => lat)]
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}

function gridOf(tile: string): TileGrid {
  const grid = tileGrid(tile)
  if (!grid) throw new Error(`${tile} is no tile`)
  return grid
}

function boxOfTile(tile: string): Box {
  const box = tileBox(tile)
  if (!box) throw new Error(`${tile} is no tile`)
  return box
}
