import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coverOf } from '../../src/ground/cover.ts'
import { areaOfBox, boxesMeet, WORLD } from '../../src/sentinel2/area.ts'
import { footprintOf } from '../../src/sentinel2/footprint.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tileGrid, tilesOf } from '../../src/sentinel2/tiles.ts'
import { toUtm } from '../sentinel2/tile-oracle.ts'
import { partOfBox, ringOfBox, sharedGround, tileNear } from './shapes.ts'

/** Places all over the grid: ordinary, at the antimeridian on both sides, at the ends, where zones are widened. */
const MIDDLES = [
  [12.5, 55.6],
  [179.9, -17],
  [-179.9, 66],
  [179.2, 72.5],
  [20, 79.5],
  [-60, -79],
  [4, 60],
  [0.2, 0.1],
  [150, -35],
] as const

const percent = fc.integer({ min: 0, max: 100 })
const anyAsked = fc
  .record({
    middle: fc.constantFrom(...MIDDLES),
    width: fc.integer({ min: 1, max: 300 }),
    height: fc.integer({ min: 1, max: 250 }),
    pick: fc.nat(1000),
    part: fc.array(percent, { minLength: 4, maxLength: 4 }),
    whole: fc.boolean(),
  })
  .chain(({ middle: [lon, lat], width, height, pick, part, whole }) => {
    const [w, h] = [width / 100, height / 100]
    const area = areaOfBox(lon - w, Math.max(-90, lat - h), lon + w, Math.min(90, lat + h))
    const mgrsTile = tileNear(area.box, pick) ?? ''
    const box = tileBox(mgrsTile)
    if (!box) return fc.constant(undefined)
    return fc.constant({ area, mgrsTile, box: whole ? undefined : partOfBox(box, part) })
  })

describe('the coverage of a box', () => {
  test('is the share of its points that the granule holds, told by PROJ', () => {
    fc.assert(
      fc.property(anyAsked, (asked) => {
        if (!asked) return
        const { area, mgrsTile, box } = asked
        if (isThin(box)) return
        expect(coverOf(area).coverage({ mgrsTile, box })).toBeCloseTo(sampled(area.box, mgrsTile, box), 1.7)
      }),
      { seed: 4, numRuns: 60 },
    )
  })

  test('is the ground that jsts cuts from the footprint which is drawn', () => {
    fc.assert(
      fc.property(anyAsked, (asked) => {
        if (!asked) return
        const { area, mgrsTile, box } = asked
        const footprint = footprintOf({ mgrsTile, box })
        const parts = footprint?.type === 'Polygon' ? [footprint.coordinates] : (footprint?.coordinates ?? [])
        const shared = parts
          .flatMap((part) => [-360, 0, 360].map((turn) => part.map((ring) => ring.map(turnedBy(turn)))))
          .reduce((sum, part) => sum + sharedGround(part, [ringOfBox(area.box)]), 0)
        const ground = sharedGround([ringOfBox(area.box)], [ringOfBox(area.box)])
        expect(coverOf(area).coverage({ mgrsTile, box })).toBeCloseTo(shared / ground, 4)
      }),
      { seed: 5, numRuns: 150 },
    )
  })

  test('cut in two is the sum of its halves', () => {
    fc.assert(
      fc.property(anyAsked, percent, fc.boolean(), (asked, at, upright) => {
        if (!asked) return
        const { area, mgrsTile } = asked
        const own = asked.box ?? tileBox(mgrsTile)
        if (!own || isThin(own)) return
        const [west, south, east, north] = own
        const lon = west + ((east - west) * at) / 100
        const lat = south + ((north - south) * at) / 100
        const halves: Box[] = upright
          ? [
              [west, south, lon, north],
              [lon, south, east, north],
            ]
          : [
              [west, south, east, lat],
              [west, lat, east, north],
            ]
        if (halves.some((half) => isThin(half))) return
        const { coverage } = coverOf(area)
        const whole = coverage({ mgrsTile, box: own })
        const sum = halves.reduce((total, box) => total + coverage({ mgrsTile, box }), 0)
        // A half in which the tile has no ground counts for the whole tile, as it is drawn.
        if (halves.some((box) => isOff(mgrsTile, box))) return
        expect(sum).toBeCloseTo(whole, 8)
        expect(whole >= 0 && whole <= 1).toBe(true)
      }),
      { seed: 6, numRuns: 500 },
    )
  })

  test('is exactly 1 where the granule holds all of it, be it a metre or a country wide', () => {
    for (const side of [1e-5, 1e-3, 0.1, 0.5]) {
      const area = areaOfBox(12.1, 55.2, 12.1 + side, 55.2 + side)
      const { coverage } = coverOf(area)
      expect(coverage({ mgrsTile: '33UUB', box: undefined })).toBe(1)
      expect(coverage({ mgrsTile: '33UUB', box: area.box })).toBe(1)
      const [west, south, east, north] = area.box
      expect(coverage({ mgrsTile: '33UUB', box: [west, south, east - side / 10, north] })).toBeCloseTo(0.9, 5)
    }
  })

  test('is the same however the granule counts its longitudes', () => {
    const area = areaOfBox(179.9, -17, -179.9, -16.5)
    const { coverage, meets } = coverOf(area)
    const box = tileBox('01KAB')
    if (!box) throw new Error('01KAB is a tile')
    const expected = coverage({ mgrsTile: '01KAB', box: undefined })
    expect(expected).toBeGreaterThan(0)
    for (const turn of [-720, -360, 0, 360]) {
      const [west, south, east, north] = box
      const turned: Box = [west + turn, south, east + turn, north]
      expect(coverage({ mgrsTile: '01KAB', box: turned })).toBeCloseTo(expected, 12)
      expect(meets({ mgrsTile: '01KAB', box: turned })).toBe(true)
    }
  })

  test('of the world adds up to the tiles own share, those at the antimeridian too', () => {
    const seam = coverOf({ box: [-180, -90, 180, 90] })
    const turned = coverOf({ box: [0, -90, 360, 90] })
    for (const mgrsTile of ['01KAB', '60XWG', '33UUB', '31NEA']) {
      const expected = turned.coverage({ mgrsTile, box: undefined })
      expect(expected).toBeGreaterThan(1e-6)
      expect(seam.coverage({ mgrsTile, box: undefined })).toBeCloseTo(expected, 12)
      expect(seam.isWithin({ mgrsTile, box: undefined })).toBe(true)
    }
  })

  test('of a tile that is none of the grid is 0', () => {
    const cover = coverOf(WORLD)
    expect(cover.coverage({ mgrsTile: '99ZZZ', box: [0, 0, 1, 1] })).toBe(0)
    expect(cover.isWithin({ mgrsTile: '99ZZZ', box: [0, 0, 1, 1] })).toBe(false)
    expect(cover.touches('99ZZZ')).toBe(false)
    expect(cover.meets({ mgrsTile: '99ZZZ', box: undefined })).toBe(false)
  })
})

describe('the coverage of a point or a line', () => {
  test('is 1 or 0 of a point, the edges of the box included', () => {
    const { coverage } = coverOf(areaOfBox(12.5, 55.5, 12.5, 55.5))
    expect(coverage({ mgrsTile: '33UUB', box: undefined })).toBe(1)
    expect(coverage({ mgrsTile: '33UUB', box: [12.5, 55, 13, 55.5] })).toBe(1)
    expect(coverage({ mgrsTile: '33UUB', box: [12.6, 55, 13, 56] })).toBe(0)
    expect(coverage({ mgrsTile: '33UUC', box: undefined })).toBe(0)
    expect(coverage({ mgrsTile: 'nowhere', box: undefined })).toBe(0)
  })

  test('is the share of the length of a line', () => {
    const along = coverOf(areaOfBox(12, 55.5, 13, 55.5))
    expect(along.coverage({ mgrsTile: '33UUB', box: [12.25, 55, 12.5, 56] })).toBeCloseTo(0.25, 12)
    const up = coverOf(areaOfBox(12.5, 55.3, 12.5, 55.5))
    expect(up.coverage({ mgrsTile: '33UUB', box: [12, 55, 13, 55.45] })).toBeCloseTo(0.75, 12)
    expect(up.isWithin({ mgrsTile: '33UUB', box: undefined })).toBe(false)
    const seam = coverOf(areaOfBox(179.5, -17, -179.5, -17))
    expect(seam.coverage({ mgrsTile: '01KAB', box: [179.75, -18, 180.25, -16] })).toBeCloseTo(0.5, 12)
  })
})

describe('a granule', () => {
  test('meets a box as boxes meet, and by its tile where it has none', () => {
    fc.assert(
      fc.property(anyAsked, (asked) => {
        if (!asked) return
        const { area, mgrsTile, box } = asked
        const cover = coverOf(area)
        expect(cover.meets({ mgrsTile, box })).toBe(box ? boxesMeet(area.box, box) : true)
        expect(cover.touches(mgrsTile)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('lies within an area that holds its footprint, though not all of its box', () => {
    const [west, south, east, north] = tileBox('33UUB') ?? WORLD.box
    const inside = (by: number) =>
      coverOf({ box: [west - by, south - by, east + by, north + by] }).isWithin({
        mgrsTile: '33UUB',
        box: undefined,
      })
    expect(inside(0.001)).toBe(true)
    expect(inside(-0.01)).toBe(false)
    const half = coverOf({ box: [west, south, 12.5, north] })
    expect(half.isWithin({ mgrsTile: '33UUB', box: [west, south, 12.4, north] })).toBe(true)
    expect(half.isWithin({ mgrsTile: '33UUB', box: [west, south, 12.6, north] })).toBe(false)
    expect(half.isWithin({ mgrsTile: '33UUB', box: [west - 1, south - 1, 12.4, north + 1] })).toBe(true)
  })

  test('whose box holds nothing of its tile counts for all of it, as it is drawn', () => {
    const [west, south, east, north] = tileBox('33UUB') ?? WORLD.box
    const cover = coverOf({ box: [west, south, east, north] })
    const whole = cover.coverage({ mgrsTile: '33UUB', box: undefined })
    expect(cover.coverage({ mgrsTile: '33UUB', box: [50, 10, 51, 11] })).toBe(whole)
    expect(cover.coverage({ mgrsTile: '33UUB', box: [12, 55, 12, 55.2] })).toBe(whole)
  })
})

test('a tile is touched by every area that names it', () => {
  for (const box of [WORLD.box, [177, -20, 182, -16], [-180, 60, -170, 75], [8, 54, 13, 58]] as Box[]) {
    const cover = coverOf({ box })
    expect(tilesOf({ box }).filter((tile) => !cover.touches(tile))).toEqual([])
  }
})

const isThin = (box: Box | undefined): boolean =>
  box !== undefined && (box[2] - box[0] < 1e-3 || box[3] - box[1] < 1e-3)

/** Whether a box leaves so little of its tile that the footprint is all of it. */
function isOff(mgrsTile: string, box: Box): boolean {
  const [whole, cut] = [undefined, box].map((own) => JSON.stringify(footprintOf({ mgrsTile, box: own })))
  return whole === cut
}

const turnedBy =
  (turn: number) =>
  ([lon, lat]: readonly [number, number]): [number, number] => [lon + turn, lat]

/** Points even on the globe's ground: even in longitude and in the sine of latitude. */
function sampled([west, south, east, north]: Box, mgrsTile: string, box: Box | undefined): number {
  const grid = tileGrid(mgrsTile)
  if (!grid) return 0
  const steps = 70
  const [low, high] = [south, north].map((lat) => Math.sin((lat * Math.PI) / 180))
  const inTile = (lon: number, lat: number): boolean => {
    const [x, y] = toUtm(grid.epsg, [lon, lat])
    return x >= grid.xmin && x <= grid.xmin + grid.side && y >= grid.ymin && y <= grid.ymin + grid.side
  }
  let held = 0
  for (let i = 0; i < steps; i++) {
    const lon = west + ((east - west) * (i + 0.5)) / steps
    for (let j = 0; j < steps; j++) {
      const lat = (Math.asin((low ?? 0) + (((high ?? 0) - (low ?? 0)) * (j + 0.5)) / steps) * 180) / Math.PI
      if (box && !boxesMeet(box, [lon, lat, lon, lat])) continue
      if (inTile(((((lon + 180) % 360) + 360) % 360) - 180, lat)) held++
    }
  }
  return held / steps ** 2
}
