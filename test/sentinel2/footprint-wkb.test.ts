import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WORLD } from '../../src/sentinel2/area.ts'
import { type Footprint, footprintOf } from '../../src/sentinel2/footprint.ts'
import { footprintMaker } from '../../src/sentinel2/footprint-wkb.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tilesOf } from '../../src/sentinel2/tiles.ts'
import { readWkb } from '../wkb.ts'

const TILES = tilesOf(WORLD)
const EDGES = ['01KAB', '60KYD', '01CCV', '60XWP', '01WCN', '60WWU'].filter((tile) => tileBox(tile))

/** A box about a tile: part of it, all of it, or none, to whole microdegrees as an index keeps them. */
const arbitraryGround = fc
  .tuple(
    fc.oneof(fc.constantFrom(...TILES), fc.constantFrom(...EDGES)),
    fc.tuple(...[0, 1, 2, 3].map(() => fc.double({ min: -0.3, max: 1.3, noNaN: true }))),
    fc.constantFrom(-360, 0, 360),
  )
  .map(([mgrsTile, shares, turn]) => {
    const [west, south, east, north] = tileBox(mgrsTile) ?? [0, 0, 0, 0]
    const [a = 0, b = 0, c = 0, d = 0] = shares
    const lons = [west + (east - west) * Math.min(a, c), west + (east - west) * Math.max(a, c)]
    const lats = [south + (north - south) * Math.min(b, d), south + (north - south) * Math.max(b, d)]
    const box = [(lons[0] ?? 0) + turn, lats[0] ?? 0, (lons[1] ?? 0) + turn, lats[1] ?? 0]
    return { mgrsTile, box: box.map((edge) => Math.round(edge * 1e6) / 1e6) as unknown as Box }
  })

const positionsOf = ({ type, coordinates }: Footprint) =>
  (type === 'Polygon' ? [coordinates] : coordinates).flat(2)

describe('a footprint in bytes', () => {
  test('is the footprint to the bit, wherever the box lies', () => {
    const make = footprintMaker()
    const seen = new Set<string>()
    fc.assert(
      fc.property(arbitraryGround, (ground) => {
        const expected = footprintOf(ground)
        const made = make(ground)
        if (!expected || !made) throw new Error('no footprint')
        seen.add(made.type)
        expect(readWkb(made.wkb)).toEqual(expected)
        expect(made.type).toBe(expected.type)
        const [lons, lats] = [0, 1].map((i) => positionsOf(expected).map((position) => position[i] ?? 0))
        const ends = (values: readonly number[] = []) => [Math.min(...values), Math.max(...values)] as const
        const [[west, east], [south, north]] = [ends(lons), ends(lats)]
        expect(made.bounds).toEqual([west, south, east, north])
      }),
      { numRuns: 1500, seed: 7 },
    )
    expect([...seen].sort()).toEqual(['MultiPolygon', 'Polygon'])
  })

  test('is that of the whole tile where there is no box, and none where there is no such tile', () => {
    const make = footprintMaker()
    for (const mgrsTile of ['33UUB', '01KAB']) {
      const whole = make({ mgrsTile, box: undefined })
      expect(readWkb(whole?.wkb ?? new Uint8Array())).toEqual(footprintOf({ mgrsTile, box: undefined }))
    }
    expect(make({ mgrsTile: '99ZZZ', box: undefined })).toBeUndefined()
  })

  test('stays what it was while many others are made', () => {
    const make = footprintMaker()
    const [west = 0, south = 0, east = 0, north = 0] = tileBox('33UUB') ?? []
    const boxes = Array.from(
      { length: 3000 },
      (_, i): Box => [west, south, west + (east - west) * ((i + 1) / 3001), north],
    )
    const made = boxes.map((box) => make({ mgrsTile: '33UUB', box }))
    for (const i of [0, 1, 1499, 2999]) {
      expect(readWkb(made[i]?.wkb ?? new Uint8Array())).toEqual(
        footprintOf({ mgrsTile: '33UUB', box: boxes[i] }),
      )
    }
  })
})
