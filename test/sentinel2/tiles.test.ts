import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Area, areaOfBox, boxesMeet, WORLD } from '../../src/sentinel2/area.ts'
import { tileBox, tileGrid, tilesOf } from '../../src/sentinel2/tiles.ts'
import { realData } from '../real-data.ts'
import { edgeOf, insideOf, type OracleTile, type Point, readTileOracle } from './tile-oracle.ts'

const SEED = 20150623

describe('the grid of tiles', () => {
  // The corners that ESA's kml gives: xmin and ymax.
  test.for([
    ['29UNU', 32629, 499_980, 5_900_040],
    ['22HBD', 32722, 199_980, 5_900_020],
    ['32TLS', 32632, 300_000, 5_200_020],
  ] as const)('%s lies where it does', ([name, epsg, xmin, ymax]) => {
    expect(tileGrid(name)).toMatchObject({ epsg, xmin, ymin: ymax - 109_800, side: 109_800 })
  })

  test.for([
    '',
    '33UU',
    '33UUBB',
    'T33UUB',
    '00UUB',
    '61UUB',
    '33IUB',
    '33OUB',
    '33UIB',
    '33UUW',
    '33uub',
    '33XAA',
  ])('%j is no tile', (name) => {
    expect(tileGrid(name)).toBeUndefined()
    expect(tileBox(name)).toBeUndefined()
    expect(tilesOf(WORLD, [name])).toEqual([])
  })

  test('a box that passes the antimeridian starts east of -180 and ends past 180', () => {
    for (const name of ['01KAB', '60KYD', '01CCV', '60XWG']) {
      const [west = 0, , east = 0] = tileBox(name) ?? []
      expect(west).toBeGreaterThanOrEqual(-180)
      expect(west).toBeLessThan(180)
      expect(east).toBeGreaterThan(west)
    }
    expect(tileBox('01KAB')?.[2]).toBeGreaterThan(180)
  })

  test('the candidates of Copenhagen are few and hold its tiles', () => {
    const tiles = tilesOf(areaOfBox(12.58467, 55.660797, 12.5896, 55.663369))
    expect(tiles).toContain('33UUB')
    expect(tiles.length).toBeLessThanOrEqual(4)
    expect(tiles).toEqual(tiles.toSorted())
  })

  test('of tiles asked for, those that meet the area remain, each once', () => {
    const area = areaOfBox(8, 54, 16, 57)
    expect(tilesOf(area, ['33UVB', '01KAB', '33UUB', '33UVB', 'nonsense'])).toEqual(['33UUB', '33UVB'])
    expect(tilesOf(area, [])).toEqual([])
  })

  test('there are no tiles at the poles', () => {
    expect(tilesOf(areaOfBox(-180, 85, 180, 90))).toEqual([])
    expect(tilesOf(areaOfBox(-180, -90, 180, -84.3))).toEqual([])
  })
})

const csv = realData('tiles', 's2_tiles.csv')
if (csv) {
  const oracle = readTileOracle(csv)

  /** Tiles that hold one of the points by PROJ and are not among the candidates. */
  const missing = (area: Area, points: readonly Point[]): string[] => {
    const candidates = new Set(tilesOf(area))
    const covered = points.filter(([, lat]) => Math.abs(lat) < 85)
    return [...new Set(covered.flatMap(oracle.holding))].filter((name) => !candidates.has(name))
  }
  const pointArea = ([lon, lat]: Point): Area => areaOfBox(lon, lat, lon, lat)

  describe("ESA's list of tiles", () => {
    test('has every tile where the closed form puts it', () => {
      const wrong = oracle.tiles.filter(({ name, epsg, xmin, ymin }) => {
        const grid = tileGrid(name)
        return grid?.epsg !== epsg || grid.xmin !== xmin || grid.ymin !== ymin
      })
      expect(oracle.tiles.length).toBe(56_686)
      expect(wrong).toEqual([])
    })

    test('is all among the candidates of the world, which are an eighth more at most', () => {
      const candidates = new Set(tilesOf(WORLD))
      expect([...oracle.names].filter((name) => !candidates.has(name))).toEqual([])
      expect(candidates.size).toBeLessThan(oracle.names.size * 1.125)
    })

    test('has no tile whose edge leaves the box of the closed form', () => {
      const outside = sampleOf(oracle.tiles, 3000).filter((tile) =>
        edgeOf(tile, 6).some((point) => {
          const box = tileBox(tile.name)
          return !box || !boxesMeet(widened(box), pointArea(point).box)
        }),
      )
      expect(outside.map(({ name }) => name)).toEqual([])
    })
  })

  describe('the candidate tiles of an area', () => {
    test.for([
      ['Copenhagen', [12.45, 55.6, 12.7, 55.75]],
      ['Bergen, where zone 32 is widened', [5, 60.2, 5.6, 60.5]],
      ['Svalbard, where zones 32, 34 and 36 are left out', [9, 76, 34, 81]],
      ['Quito, on the equator', [-78.7, -0.5, -78.3, 0.1]],
      ['Brazil', [-74, -34, -34.7, 5.3]],
      ['Norway', [4, 57.9, 31.2, 71.3]],
      ['Fiji, across the antimeridian', [176.8, -20.7, -178.2, -16]],
      ['Chukotka and Alaska', [160, 60, -140, 72]],
      ['Antarctica', [-180, -90, 180, -60]],
      ['the rim of the Arctic', [-180, 82, 180, 90]],
      ['a line along the antimeridian', [180, -80, 180, 84]],
      ['a line along the equator', [-180, 0, 180, 0]],
      ['a line along a zone edge', [6, -80, 6, 84]],
      ['a line at the end of a latitude band', [-180, 72, 180, 72]],
      ['all but a sliver of the world, from 179.5 on', [179.5, -50, 179, -48]],
    ] as const)('%s are never too few', ([, [west, south, east, north]]) => {
      const area = areaOfBox(west, south, east, north)
      expect(missing(area, gridOver(area, 40))).toEqual([])
    })

    test('are never too few, wherever and however large the area', () => {
      fc.assert(
        fc.property(
          anyArea,
          fc.array(fc.tuple(anyShare, anyShare), { minLength: 20, maxLength: 20 }),
          (area, shares) => {
            expect(
              missing(area, [...gridOver(area, 4), ...shares.map(([x, y]) => within(area, x, y))]),
            ).toEqual([])
          },
        ),
        { numRuns: 300, seed: SEED },
      )
    })

    test('hold every tile for each point inside it and on its edges', () => {
      for (const tile of sampleOf(oracle.tiles, 250)) {
        const inside = [0.002, 0.5, 0.998].flatMap((x) =>
          [0.002, 0.5, 0.998].map((y) => insideOf(tile, x, y)),
        )
        for (const point of [...inside, ...edgeOf(tile, 5)]) {
          expect(tilesOf(pointArea(point)), `${tile.name} at ${point}`).toContain(tile.name)
        }
        expect(missing(pointArea(insideOf(tile, 0.01, 0.01)), [insideOf(tile, 0.01, 0.01)])).toEqual([])
      }
    })

    test('hold the tiles that straddle the equator to the last centimetre of their edges', () => {
      for (const tile of oracle.tiles.filter(({ epsg, ymin }) => epsg === 32633 && ymin < 0)) {
        for (const along of [0.08, 0.0890710382, 0.0890710383, 0.1]) {
          for (const side of [1e-7, 1 - 1e-7]) {
            const point = insideOf(tile, side, along)
            expect(tilesOf(pointArea(point)), `${tile.name} at ${point}`).toContain(tile.name)
          }
        }
      }
    })

    test('all touch the area, by the box that their edges span', () => {
      fc.assert(
        fc.property(anyArea, (area) => {
          const [west, south, east, north] = area.box
          const near: Area = { box: [west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6] }
          for (const name of tilesOf(area))
            expect(boxesMeet(tileBox(name) ?? [0, 0, 0, 0], near.box), name).toBe(true)
        }),
        { numRuns: 100, seed: SEED },
      )
    })

    test('are the same when each of them is asked for by name', () => {
      fc.assert(
        fc.property(anyArea, (area) => {
          const candidates = tilesOf(area)
          expect(tilesOf(area, candidates.toReversed())).toEqual(candidates)
        }),
        { numRuns: 100, seed: SEED },
      )
    })

    test('of a point are at most four to a zone and so few in all', () => {
      fc.assert(
        fc.property(anyLongitude, fc.double({ min: -60, max: 60, noNaN: true }), (lon, lat) => {
          expect(tilesOf(pointArea([lon, lat])).length).toBeLessThanOrEqual(12)
        }),
        { numRuns: 200, seed: SEED },
      )
    })
  })
}

const anyLongitude = fc.double({ min: -180, max: 180, noNaN: true })
const anyLatitude = fc.double({ min: -90, max: 90, noNaN: true })
const anyShare = fc.double({ min: 0, max: 1, noNaN: true })

/** Points, cities, countries and continents; a quarter of them cross the antimeridian, some hold a pole. */
const anyArea: fc.Arbitrary<Area> = fc
  .record({
    west: fc.oneof(anyLongitude, anyLongitude, anyLongitude, fc.double({ min: 170, max: 180, noNaN: true })),
    south: anyLatitude,
    width: fc.constantFrom(0, 0.2, 5, 60),
    height: fc.constantFrom(0, 0.2, 5, 30),
    share: anyShare,
  })
  .map(({ west, south, width, height, share }) => {
    const east = west + width * share
    return areaOfBox(west, south, east > 180 ? east - 360 : east, Math.min(90, south + height * share))
  })

/** Corners, edges and inside of an area. */
const gridOver = (area: Area, steps: number): Point[] =>
  Array.from({ length: steps + 1 }, (_, i) => i / steps).flatMap((x) =>
    Array.from({ length: steps + 1 }, (_, j) => within(area, x, j / steps)),
  )

function within({ box: [west, south, east, north] }: Area, x: number, y: number): Point {
  const lon = west + (east - west) * x
  return [lon > 180 ? lon - 360 : lon, south + (north - south) * y]
}

/** Evenly over the whole list, so over all zones and bands. */
const sampleOf = (tiles: readonly OracleTile[], count: number): OracleTile[] => {
  const step = tiles.length / count
  return Array.from({ length: count }, (_, i) => tiles[Math.floor(i * step)]).filter(
    (tile) => tile !== undefined,
  )
}

/** A micrometre for what two ways of computing may differ. */
const widened = ([west, south, east, north]: readonly [number, number, number, number]) =>
  [west - 1e-9, south - 1e-9, east + 1e-9, north + 1e-9] as const
