import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coverOf } from '../../src/ground/cover.ts'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import type { Area, Position } from '../../src/sentinel2/area.ts'
import { tileOutline } from '../../src/sentinel2/footprint.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tileGrid, tilesOf } from '../../src/sentinel2/tiles.ts'
import {
  anyStar,
  closed,
  geoJson,
  groundOfPolygon,
  meetsBox,
  type Polygon,
  partOfBox,
  ringOfBox,
  sharedGround,
  tileNear,
} from './shapes.ts'

const anyMiddle = fc.constantFrom<Position>(
  [12.5, 55.6],
  [20, 79.5],
  [-60, -79],
  [4, 60],
  [0.2, 0.1],
  [150, -35],
)
const percent = fc.integer({ min: 0, max: 100 })
const anyPart = fc.array(percent, { minLength: 4, maxLength: 4 })

describe('the coverage of a polygon', () => {
  test('is the ground that jsts cuts from it', () => {
    fc.assert(
      fc.property(anyStar(anyMiddle, 2), fc.nat(1000), anyPart, fc.boolean(), (star, pick, part, whole) => {
        const area = areaOf([star])
        const mgrsTile = tileNear(area.box, pick) ?? ''
        const [outline, own] = [outlineOf(mgrsTile), tileBox(mgrsTile)]
        if (!outline || !own) return
        const box = whole ? own : partOfBox(own, part)
        if (box[2] - box[0] < 1e-3 || box[3] - box[1] < 1e-3) return
        const cut = [outlineCut(outline, box)]
        if ((cut[0]?.length ?? 0) < 4 || groundOfPolygon(cut) < 1e-9) return
        const expected = sharedGround(star, cut) / groundOfPolygon(star)
        expect(coverOf(area).coverage({ mgrsTile, box })).toBeCloseTo(expected, 6)
      }),
      { seed: 7, numRuns: 200 },
    )
  })

  test('is that of the box, and all other answers too, where it is one', () => {
    const box: Box = [11.7, 54.9, 12.9, 55.8]
    const [west, south, east, north] = box
    const roundabout: Position[] = [
      [west, south],
      [12, south],
      [east, south],
      [east, 55],
      [east, north],
      [west, north],
    ]
    const area = areaOf([[closed(roundabout)]])
    expect(area).toEqual({ box })
    // The same ground told as a shape goes the other way through the code.
    const shape = coverOf({ box, shape: [[ringOfBox(box)]] })
    const plain = coverOf({ box })
    for (const mgrsTile of [...tilesOf({ box }), '33UVC', '31UFV', '33UUG']) {
      const own = tileBox(mgrsTile) ?? box
      for (const part of [
        [0, 100, 0, 100],
        [0, 50, 0, 100],
        [30, 90, 20, 60],
        [99, 100, 0, 1],
      ]) {
        const granule = { mgrsTile, box: partOfBox(own, part) }
        expect(shape.coverage(granule)).toBeCloseTo(plain.coverage(granule), 12)
        expect(shape.meets(granule)).toBe(plain.meets(granule))
        expect(shape.isWithin(granule)).toBe(plain.isWithin(granule))
      }
      expect(shape.touches(mgrsTile)).toBe(plain.touches(mgrsTile))
    }
  })

  test('is 1 of a granule that holds it, however small it is, and 0 of one that lies in its hole', () => {
    for (const size of [1e-5, 1e-3, 0.1, 0.4]) {
      const outline: Position[] = [
        [12.2, 55.2],
        [12.2 + size, 55.2 + size / 3],
        [12.2 + size / 2, 55.2 + size],
      ]
      const { coverage } = coverOf(areaOf([[closed(outline)]]))
      expect(coverage({ mgrsTile: '33UUB', box: undefined })).toBe(1)
      expect(coverage({ mgrsTile: '33UUB', box: [12.2, 55.2, 12.2 + size, 55.2 + size] })).toBe(1)
    }
    const holed = coverOf(areaOf([[ringOfBox([10, 53, 15, 58]), ringOfBox([12.4, 55.2, 13, 55.6])]]))
    const inHole = { mgrsTile: '33UUB', box: [12.5, 55.25, 12.9, 55.5] as Box }
    expect(holed.coverage(inHole)).toBe(0)
    expect(holed.meets(inHole)).toBe(false)
    expect(holed.isWithin(inHole)).toBe(false)
    expect(holed.meets({ mgrsTile: '33UUB', box: [12.5, 55.25, 13, 55.5] })).toBe(true)
    expect(holed.isWithin({ mgrsTile: '33UUB', box: [12, 55, 12.3, 55.5] })).toBe(true)
  })

  test('adds up to what the tiles of a zone hold of it, overlaps counted by jsts', () => {
    const star = fc.sample(anyStar(fc.constant<Position>([15, 50]), 1.5), { seed: 3, numRuns: 1 })[0] ?? []
    const area = areaOf([star])
    const { coverage } = coverOf(area)
    for (const mgrsTile of tilesOf(area)) {
      const outline = outlineOf(mgrsTile) ?? []
      const expected = sharedGround(star, [closed(outline)]) / groundOfPolygon(star)
      expect(coverage({ mgrsTile, box: undefined })).toBeCloseTo(expected, 7)
    }
  })

  test('of a country of islands is what jsts cuts of each, and within are the tiles it holds', () => {
    const area = areaOf(DENMARK)
    const cover = coverOf(area)
    const ground = DENMARK.reduce((sum, part) => sum + groundOfPolygon(part), 0)
    for (const mgrsTile of tilesOf(area)) {
      const outline = [closed(outlineOf(mgrsTile) ?? [])]
      const shared = DENMARK.reduce((sum, part) => sum + sharedGround(part, outline), 0)
      expect(cover.coverage({ mgrsTile, box: undefined })).toBeCloseTo(shared / ground, 7)
      expect(cover.isWithin({ mgrsTile, box: undefined })).toBe(false)
    }
    expect(cover.isWithin({ mgrsTile: '32VNH', box: [9, 55.8, 9.4, 56.2] })).toBe(true)
    expect(cover.isWithin({ mgrsTile: '32VNH', box: [9, 55.8, 12, 56.2] })).toBe(false)
  })

  test('is 1 where the box inside the tile holds all of it, and nowhere else', () => {
    let held = 0
    const inTile: Box = [12.3, 55.2, 12.9, 55.6]
    fc.assert(
      fc.property(anyStar(fc.constant<Position>([12.6, 55.4]), 0.15), anyPart, (star, part) => {
        const box = partOfBox(inTile, part)
        if (box[2] - box[0] < 1e-3 || box[3] - box[1] < 1e-3) return
        const inside = (star[0] ?? []).every(
          ([lon, lat]) => lon >= box[0] && lon <= box[2] && lat >= box[1] && lat <= box[3],
        )
        if (inside) held++
        expect(coverOf(areaOf([star])).coverage({ mgrsTile: '33UUB', box }) === 1).toBe(inside)
      }),
      { seed: 10, numRuns: 500 },
    )
    expect(held).toBeGreaterThan(10)
  })

  test('does not depend on which way its rings run', () => {
    fc.assert(
      fc.property(anyStar(anyMiddle, 2), fc.nat(1000), (star, pick) => {
        const area = areaOf([star])
        const mgrsTile = tileNear(area.box, pick) ?? ''
        const turned = area.shape?.map((polygon) => polygon.map((ring) => ring.toReversed()))
        const expected = coverOf(area).coverage({ mgrsTile, box: undefined })
        expect(coverOf({ ...area, shape: turned }).coverage({ mgrsTile, box: undefined })).toBeCloseTo(
          expected,
          12,
        )
      }),
      { numRuns: 100 },
    )
  })
})

describe('a polygon across the antimeridian', () => {
  const east: Position[] = [
    [178, -18],
    [180, -18.5],
    [180, -15.5],
    [178, -16],
  ]
  const west: Position[] = [
    [-180, -18.5],
    [-179, -17],
    [-180, -15.5],
  ]
  const split = areaOf([[closed(east)], [closed(west)]])
  const counted = areaOf([
    [
      closed([
        [178, -18],
        [180, -18.5],
        [181, -17],
        [180, -15.5],
        [178, -16],
      ]),
    ],
  ])

  test('is one area, whether it is cut there or counts on', () => {
    expect(split.box).toEqual([178, -18.5, 181, -15.5])
    expect(counted.box).toEqual(split.box)
    expect(split.shape).toHaveLength(1)
  })

  test('is covered the same by tiles of both sides, however they count', () => {
    const tiles = tilesOf(split)
    expect(new Set(tiles.map((tile) => tile.slice(0, 2)))).toEqual(new Set(['01', '60']))
    for (const mgrsTile of tiles) {
      const [a, b] = [coverOf(split), coverOf(counted)]
      const share = a.coverage({ mgrsTile, box: undefined })
      expect(b.coverage({ mgrsTile, box: undefined })).toBeCloseTo(share, 12)
      const [w, s, e, n] = tileBox(mgrsTile) ?? split.box
      for (const turn of [-360, 0, 360]) {
        const box: Box = [w + turn, s, e + turn, n]
        expect(a.coverage({ mgrsTile, box })).toBeCloseTo(share, 9)
        expect(a.meets({ mgrsTile, box })).toBe(a.touches(mgrsTile))
      }
    }
  })
})

describe('a polygon and the box of a granule', () => {
  /** On a grid of quarters of a degree, where corners and edges often touch; exact in binary. */
  const quarter = fc.integer({ min: -12, max: 12 }).map((n) => n / 4)
  const anyTriangle = fc.array(fc.tuple(quarter, quarter), { minLength: 3, maxLength: 3 })
  const anyBox = fc
    .tuple(quarter, quarter, fc.nat(8), fc.nat(8))
    .map(([west, south, width, height]): Box => [west, south, west + width / 4, south + height / 4])

  test('meet where jsts says so, edges included', () => {
    let met = 0
    fc.assert(
      fc.property(anyTriangle, anyBox, (corners, box) => {
        const area = areaOfGeoJson(JSON.stringify({ type: 'Polygon', coordinates: [closed(corners)] }))
        if (typeof area === 'string' || box[0] === box[2] || box[1] === box[3]) return
        const expected = meetsBox([closed(corners)], box)
        if (expected) met++
        expect(coverOf(area).meets({ mgrsTile: '31NAA', box })).toBe(expected)
      }),
      { seed: 8, numRuns: 3000 },
    )
    expect(met).toBeGreaterThan(500)
  })

  test('meet in the tile that the box is of, and in one it is not of', () => {
    fc.assert(
      fc.property(anyStar(anyMiddle, 2), fc.nat(1000), anyPart, (star, pick, part) => {
        const area = areaOf([star])
        const mgrsTile = tileNear(area.box, pick) ?? ''
        const own = tileBox(mgrsTile)
        if (!own) return
        const box = partOfBox(own, part)
        if (box[0] === box[2] || box[1] === box[3]) return
        const expected = meetsBox(star, box)
        const cover = coverOf(area)
        expect(cover.meets({ mgrsTile, box })).toBe(expected)
        expect(cover.meets({ mgrsTile: '19HCC', box })).toBe(expected)
        if (expected) expect(cover.touches(mgrsTile)).toBe(true)
      }),
      { seed: 9, numRuns: 400 },
    )
  })
})

test('a polygon of 50,000 positions is answered over all its tiles in a moment', () => {
  const outline = Array.from({ length: 49_999 }, (_, i): Position => {
    const angle = (2 * Math.PI * i) / 49_999
    const far = 1 + 0.1 * Math.sin(40 * angle)
    return [10 + 3 * far * Math.cos(angle), 52 + 2 * far * Math.sin(angle)]
  })
  const text = geoJson([[closed(outline)]])
  const started = performance.now()
  const area = areaOfGeoJson(text)
  if (typeof area === 'string') throw new Error(area)
  const read = performance.now()
  const cover = coverOf(area)
  const tiles = tilesOf(area).filter((tile) => cover.touches(tile))
  const shares = tiles.map((mgrsTile) => cover.coverage({ mgrsTile, box: undefined }))
  const ended = performance.now()
  const times = `${(read - started).toFixed(0)} ms to read, ${(ended - read).toFixed(0)} ms for ${tiles.length} tiles`
  console.log(`A polygon of 50,000 positions: ${times}.`)
  expect(shares.every((share) => share >= 0 && share < 1)).toBe(true)
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(1)
  expect(ended - started).toBeLessThan(5000)
})

/** Its outline as one would draw it from memory. */
const DENMARK: readonly Polygon[] = [
  'Jutland 8.6 54.9 9.4 54.8 9.7 55.2 9.8 55.6 10.3 56.1 10.9 56.4 10.3 56.7 10.5 57.4 10.6 57.7 9.6 57.3 8.3 57 8.1 56 8.1 55.5',
  'Funen 9.8 55.4 10.1 55.1 10.8 55.1 10.7 55.5 10.3 55.6',
  'Zealand 11 55.7 11.2 55.2 12.2 55.1 12.5 55.6 12.6 56.05 12 55.9 11.8 55.7 11.4 55.95',
  'Bornholm 14.7 55.1 15.1 55 15.1 55.15 14.8 55.3',
].map((line) => {
  const numbers = line.split(' ').slice(1).map(Number)
  const outline = numbers.flatMap((lon, i): Position[] => (i % 2 === 0 ? [[lon, numbers[i + 1] ?? 0]] : []))
  return [closed(outline)]
})

function areaOf(polygons: readonly Polygon[]): Area {
  const area = areaOfGeoJson(geoJson(polygons))
  if (typeof area === 'string') throw new Error(area)
  return area
}

function outlineOf(mgrsTile: string): Position[] | undefined {
  const grid = tileGrid(mgrsTile)
  return grid && tileOutline(grid)
}

/** A tile's outline within a box that lies beside it, both told in whole turns of the same round. */
function outlineCut(outline: readonly Position[], [west, south, east, north]: Box) {
  const sides: readonly [axis: 0 | 1, at: number, sign: 1 | -1][] = [
    [0, west, 1],
    [0, east, -1],
    [1, south, 1],
    [1, north, -1],
  ]
  const cut = sides.reduce<Position[]>(
    (points, [axis, at, sign]) =>
      points.flatMap((point, i) => {
        const before = points.at(i - 1) ?? point
        const [here, there] = [(point[axis] - at) * sign, (before[axis] - at) * sign]
        const share = there / (there - here)
        const met: Position = [
          before[0] + (point[0] - before[0]) * share,
          before[1] + (point[1] - before[1]) * share,
        ]
        if (here >= 0) return there >= 0 ? [point] : [met, point]
        return there >= 0 ? [met] : []
      }),
    [...outline],
  )
  return closed(cut)
}
