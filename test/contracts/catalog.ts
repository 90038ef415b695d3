import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMPARINGS, conditionTest } from '../../src/catalog/condition.ts'
import {
  BESTS,
  type Catalog,
  type Condition,
  type Cursor,
  type Field,
  isByRank,
  RELATIONS,
  type Search,
  SORTS,
  type Value,
} from '../../src/catalog/port.ts'
import { coverOf } from '../../src/ground/cover.ts'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import { type Area, areaOfBox, type Ring, WORLD } from '../../src/sentinel2/area.ts'
import { LEVELS, type Level } from '../../src/sentinel2/bands.ts'
import { compareGranules, type Granule } from '../../src/sentinel2/granule.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { type ArchiveRow, archiveRow, LONG_FORM_ROW, type Making } from '../archive.ts'

/** What a catalog can know; what it cannot is refused or absent. */
export type Knows = {
  readonly cloud: boolean
  readonly box: boolean
  /** Whether it gives any order, and the best of each tile; as it knows clouds unless told otherwise. */
  readonly orders?: boolean
}

export type OpenCatalog = (
  rows: readonly ArchiveRow[],
) => Promise<{ readonly catalog: Catalog; close(): Promise<void> }>

const COPENHAGEN = areaOfBox(12.58, 55.66, 12.59, 55.67)
/** A triangle whose box is met by granules that it does not meet. */
const SHAPE: Area = {
  box: [11.2, 54.2, 15.2, 56.2],
  shape: [
    [
      [
        [11.2, 54.2],
        [15.2, 54.2],
        [15.2, 56.2],
        [11.2, 54.2],
      ],
    ],
  ],
}
const LATITUDE = { south: 54.95, north: 55.9 }

/** The archive that every catalog of the contract is opened over. */
export const ROWS: readonly ArchiveRow[] = [
  ...Array.from({ length: 30 }, (_, i) =>
    archiveRow({ tile: '33UUB', start: day(i), orbit: 22 + (i % 3), cloud: i * 3, generation: day(i, 20) }),
  ),
  ...Array.from({ length: 12 }, (_, i) => archiveRow({ tile: '33UVB', start: day(i), orbit: 22 + (i % 3) })),
  // Equal sensing and generation times on two tiles and in two products.
  archiveRow({ tile: '32UPG', start: day(3), satellite: 'S2B', orbit: 65 }),
  archiveRow({ tile: '32UPF', start: day(3), satellite: 'S2B', orbit: 65 }),
  archiveRow({ tile: '33UUB', start: day(3), satellite: 'S2B', orbit: 65 }),
  // One acquisition three times; its newest processing was sensed, by its own account, a minute earlier.
  archiveRow({ tile: '33UUB', start: day(40), baseline: '04.00', cloud: 5, sensedAfter: 100 }),
  archiveRow({
    tile: '33UUB',
    start: day(40),
    baseline: '05.11',
    cloud: 60,
    sensedAfter: 40,
    generation: day(400),
  }),
  archiveRow({
    tile: '33UUB',
    start: day(40),
    baseline: '05.00',
    cloud: 50,
    sensedAfter: 40,
    generation: day(500),
  }),
  // One product that holds its tile in two pieces, sensed one after the other, and its older processing.
  ...inTwoPieces({ tile: '33UUB', start: day(44), baseline: '05.00', generation: day(300) }),
  ...inTwoPieces({ tile: '33UUB', start: day(44) }),
  // Equal times on one tile, whose places and names are in opposite orders.
  archiveRow({ tile: '33UUB', start: day(46), satellite: 'S2A', orbit: 65 }),
  archiveRow({ tile: '33UUB', start: day(46), satellite: 'S2B', orbit: 10 }),
  // Both sides of the antimeridian, the poles' rim, the other level, the long form.
  archiveRow({ tile: '01KAB', start: day(5), orbit: 29, placeIn: 'source_url' }),
  archiveRow({ tile: '60KYD', start: day(5), orbit: 29, satellite: 'S2B' }),
  archiveRow({ tile: '33XWJ', start: day(6), orbit: 25 }),
  archiveRow({ tile: '33UUB', start: day(7), level: 'L2A', baseline: '05.10' }),
  archiveRow({ tile: '33UUB', start: day(8), level: 'L2A', baseline: '05.10', placeIn: 'source_url' }),
  LONG_FORM_ROW,
]

/** Whether no processing of the granule's acquisition, as ROWS have it, tells another sensing time. */
export const isSensedAlike = ({ place }: Granule): boolean => !/_MSIL1C_201902(10|14)T/.test(place)

/** Rows that only a catalog with boxes and cloud covers can tell apart. */
export const BOXED_ROWS: readonly ArchiveRow[] = [
  archiveRow({ tile: '33UUB', start: day(50), cloud: null, box: [11.9, 55, 12.1, 55.2] }),
  archiveRow({ tile: '33UUB', start: day(51), cloud: 20, box: [null, null, null, null] }),
  archiveRow({ tile: '60KYD', start: day(52), cloud: 30, box: [-179.9, -19.8, 180, -18.97] }),
  archiveRow({ tile: '01KAB', start: day(53), cloud: 40, box: [179.9, -17, -179.9, -16.5] }),
  archiveRow({ tile: '33UUB', start: day(54), placeIn: 'nowhere' }),
  // No box of anything, since its west lies a hair east of its east.
  archiveRow({ tile: '33UUB', start: day(56), cloud: 50, box: [12.2, 55, 12.1999, 55.9] }),
  // A processing that has no place must not displace one that has.
  archiveRow({ tile: '33UUB', start: day(55), baseline: '02.06' }),
  archiveRow({ tile: '33UUB', start: day(55), baseline: '05.00', generation: day(600), placeIn: 'nowhere' }),
]

/** The suite that every catalog passes. */
export function catalogContract(name: string, knows: Knows, open: OpenCatalog): void {
  describe(`${name} as a catalog`, () => {
    let catalog: Catalog
    let close: (() => Promise<void>) | undefined
    beforeAll(async () => {
      const opened = await open(knows.box ? [...ROWS, ...BOXED_ROWS] : ROWS)
      catalog = opened.catalog
      close = opened.close
    })
    afterAll(() => close?.())

    const ask = (asked: Partial<Search>, limit = 1000) => catalog.search(searchOf(asked), { limit })

    test('granules of a place come newest first, in a total order', async () => {
      const { granules, next } = await ask({})
      expect(granules.length).toBeGreaterThan(30)
      expect(next).toBeUndefined()
      expect(granules).toEqual(granules.toSorted(compareGranules))
      expect(granules.every(({ mgrsTile, level }) => mgrsTile === '33UUB' && level === 'L1C')).toBe(true)
    })

    test.for([1, 2, 7, 100])('the union of pages of %i is the unpaged answer', async (limit) => {
      for (const dedupe of ['latest', 'none'] as const) {
        const search = { area: areaOfBox(8, 54, 16, 57), dedupe }
        const whole = await ask(search)
        expect(namesOf(await pages(catalog, searchOf(search), limit))).toEqual(namesOf(whole.granules))
      }
    })

    test('a page says that there is more only where there is', async () => {
      const { granules } = await ask({})
      expect((await ask({}, granules.length)).next).toBeUndefined()
      expect((await ask({}, granules.length - 1)).next).toBeDefined()
    })

    test('of one acquisition the highest baseline comes, compared by its numbers', async () => {
      const { granules } = await ask({ time: from(day(40, -1), day(40, 1)) })
      expect(granules.map(({ baseline }) => baseline)).toEqual(['05.11'])
      const all = await ask({ time: from(day(40, -1), day(40, 1)), dedupe: 'none' })
      expect(all.granules.map(({ baseline }) => baseline).sort()).toEqual(['04.00', '05.00', '05.11'])
    })

    test('all granules of the best product come, where it holds a tile in several pieces', async () => {
      const time = from(day(44, -1), day(44, 1))
      const latest = (await ask({ time })).granules
      expect(latest.map(({ baseline }) => baseline)).toEqual(['05.00', '05.00'])
      expect(new Set(latest.map(({ place }) => place)).size).toBe(1)
      expect(new Set(latest.map(({ granuleId }) => granuleId)).size).toBe(2)
      expect((await ask({ time, dedupe: 'none' })).granules.length).toBe(4)
    })

    test('granules of equal times and tile come by place, then by name', async () => {
      const { granules } = await ask({ time: from(day(46, -1), day(46, 1)) })
      const names = granules.map(({ granuleId, place }) => [place.slice(14, 17), granuleId.slice(12, 18)])
      expect(names).toEqual([
        ['S2B', '001010'],
        ['S2A', '001065'],
      ])
    })

    test('both ends of the time asked for are included', async () => {
      const { granules } = await ask({ time: from(day(9, -1), day(12, 1)) })
      const [newest, oldest] = [granules.at(0)?.sensingTime, granules.at(-1)?.sensingTime]
      const exact = await ask({ time: { from: oldest, until: newest } })
      expect(namesOf(exact.granules)).toEqual(namesOf(granules))
      expect(granules.length).toBe(4)
    })

    test('only the named tiles are searched', async () => {
      const { granules } = await ask({ area: areaOfBox(8, 54, 16, 57), tiles: ['33UVB'] })
      expect(new Set(granules.map(({ mgrsTile }) => mgrsTile))).toEqual(new Set(['33UVB']))
      expect((await ask({ tiles: ['01KAB'] })).granules).toEqual([])
    })

    test('an area across the antimeridian finds the tiles of both its sides', async () => {
      const { granules } = await ask({ area: areaOfBox(179, -20, -179, -16) })
      expect(new Set(granules.map(({ mgrsTile }) => mgrsTile))).toEqual(new Set(['01KAB', '60KYD']))
    })

    test('an area round a pole, past all tiles, is empty, and one over the rim is not', async () => {
      expect((await ask({ area: areaOfBox(-180, 85, 180, 90) })).granules).toEqual([])
      expect((await ask({ area: areaOfBox(14, 78, 17, 90) })).granules.length).toBe(1)
    })

    test('the other level has granules of its own', async () => {
      const { granules } = await ask({ level: 'L2A' })
      expect(granules.map(({ level }) => level)).toEqual(['L2A', 'L2A'])
      expect(granules.every(({ place }) => place.startsWith('L2/tiles/33/U/UB/'))).toBe(true)
    })

    test('a granule of the long form is found in its area and by its name', async () => {
      const { granules } = await ask({ area: areaOfBox(123.2, 30.3, 123.3, 30.4) })
      expect(namesOf(granules)).toEqual([nameOf(LONG_FORM_ROW)])
      const named = await catalog.granule(LONG_FORM_ROW.GRANULE_ID ?? '')
      expect(named?.place).toBe(nameOf(LONG_FORM_ROW).split(' ')[1])
    })

    test('a granule is found by its name, and one that is not there is absent', async () => {
      const [first] = (await ask({})).granules
      expect(await catalog.granule(first?.granuleId ?? '')).toEqual(first)
      expect(await catalog.granule('L1C_T33UUB_A000001_20190101T000000')).toBeUndefined()
      expect(await catalog.granule("'; DROP TABLE granule; --")).toBeUndefined()
    })

    test('a cursor of another kind is refused', async () => {
      const nonsense: Cursor = ['what', 'is', 'this']
      await expect(catalog.search(searchOf({}), { limit: 1, after: nonsense })).rejects.toMatchObject({
        code: 'bad-request',
      })
    })

    test('a page tells where each granule stands: the page behind it goes on from there', async () => {
      const search = searchOf({ area: areaOfBox(8, 54, 16, 57) })
      const whole = namesOf((await catalog.search(search, { limit: 1000 })).granules)
      const { granules, positionOf } = await catalog.search(search, { limit: 9 })
      for (const i of granules.keys()) {
        const { after } = positionOf(i)
        const behind = await catalog.search(search, { limit: 3, after })
        expect(namesOf(behind.granules)).toEqual(whole.slice(i + 1, i + 4))
      }
    })

    test('a condition finds those that meet it, as they come without it', async () => {
      const area = areaOfBox(8, 54, 16, 57)
      const all = await Promise.all(
        (['latest', 'none'] as const).map(async (dedupe) => ({ dedupe, ...(await ask({ area, dedupe })) })),
      )
      let some = 0
      await fc.assert(
        fc.asyncProperty(
          knows.cloud ? anyCondition : conditionOn(TOLD_BY_NAMES),
          fc.constantFrom(...all),
          async (only, { dedupe, granules }) => {
            const met = namesOf(granules.filter(conditionTest(only)))
            expect(namesOf((await ask({ area, dedupe, only })).granules)).toEqual(met)
            some += met.length > 0 && met.length < granules.length ? 1 : 0
          },
        ),
        { numRuns: 60, seed: 20261121 },
      )
      expect(some).toBeGreaterThan(15)
    })

    test('pages of what meets a condition make up the whole', async () => {
      const asked = searchOf({ area: areaOfBox(8, 54, 16, 57), dedupe: 'none' })
      for (const only of [
        { of: 'relativeOrbit', oneOf: [23, 65] },
        { not: { of: 'granuleId', like: '%T33UUB%' } },
      ] as const) {
        const { granules } = await catalog.search({ ...asked, only }, { limit: 1000 })
        expect(granules.length).toBeGreaterThan(3)
        expect(namesOf(await pages(catalog, { ...asked, only }, 2))).toEqual(namesOf(granules))
      }
    })

    test('an asker who has left is not answered', async () => {
      const signal = AbortSignal.abort()
      await expect(catalog.search(searchOf({}), { limit: 10, signal })).rejects.toMatchObject({
        code: 'cancelled',
      })
    })

    test('an asker who leaves while a search is under way is told so, and the others are answered', async () => {
      const search = searchOf({ area: areaOfBox(8, 54, 16, 57) })
      const leaving = new AbortController()
      const left = catalog.search(search, { limit: 10, signal: leaving.signal })
      const stays = catalog.search(search, { limit: 10 })
      await Promise.resolve()
      leaving.abort()
      await expect(left).rejects.toMatchObject({ code: 'cancelled' })
      expect((await stays).granules.length).toBe(10)
    })

    test('a check asks something real and passes', async () => {
      await expect(catalog.check()).resolves.toBeUndefined()
    })

    test('where granules of a level lie is told step by step, down to their tiles, or not at all', async () => {
      const told = async (level: Level) => {
        const zones = await catalog.placesIn('', level)
        const down = (places: readonly string[] = []) =>
          Promise.all(places.map((place) => catalog.placesIn(place, level)))
        const bands = (await down(zones)).flatMap((some = []) => some)
        const tiles = (await down(bands)).flatMap((some = []) => some)
        return zones && { zones, bands, tiles }
      }
      for (const level of LEVELS) {
        const { granules } = await ask({ area: WORLD, level, tiles: NAMED_TILES, dedupe: 'none' })
        const tiles = [...new Set(granules.map(({ mgrsTile }) => mgrsTile))].sort()
        const cut = (length: number) => [...new Set(tiles.map((tile) => tile.slice(0, length)))]
        const all = { zones: cut(2), bands: cut(3), tiles }
        expect([undefined, all]).toContainEqual(await told(level))
      }
    })

    test('a shape finds what its own ground meets, of what the box round it finds', async () => {
      const { granules } = await ask({ area: { box: SHAPE.box }, dedupe: 'none' })
      const cover = coverOf(SHAPE)
      const met = granules.filter((granule) => cover.meets(granule))
      expect(met.length).toBeGreaterThan(10)
      expect(met.length).toBeLessThan(granules.length)
      expect(namesOf((await ask({ area: SHAPE, dedupe: 'none' })).granules)).toEqual(namesOf(met))
    })

    test.for([
      ['a box', areaOfBox(11, 54.9, 16, 56.1)],
      ['a small box', areaOfBox(12.9, 55.1, 13.1, 55.3)],
      ['a shape', SHAPE],
      ['a line', areaOfText('{"type":"LineString","coordinates":[[12.2,54.8],[13.4,55.4],[12.9,55.9]]}')],
      ['points', areaOfText('{"type":"MultiPoint","coordinates":[[12.6,55.2],[14.2,55.3],[9.9,54.6]]}')],
    ] as const)(
      'granules that cover %s, lie in it or cover a share of it are told apart',
      async ([, area]) => {
        const { granules } = await ask({ area })
        const cover = coverOf(area)
        const shareOf = (granule: Granule) => cover.coverage(granule)
        const found = async (asked: Partial<Search>) => namesOf((await ask({ area, ...asked })).granules)
        const covering = (share: number) => namesOf(granules.filter((granule) => shareOf(granule) >= share))
        const met = granules.filter((granule) => cover.meets(granule))
        expect(namesOf(met)).toEqual(namesOf(granules))
        expect(met.length).toBeGreaterThan(0)
        expect(await found({ relation: 'contains' })).toEqual(covering(1 - 1e-9))
        for (const minCoverage of [1e-6, 0.1, 0.4])
          expect(await found({ minCoverage })).toEqual(covering(minCoverage))
        const within = namesOf(granules.filter((granule) => cover.isWithin(granule)))
        expect(await found({ relation: 'within' })).toEqual(within)
      },
    )

    test('a page tells how much of the area each granule covers, where that is asked for', async () => {
      const search = searchOf({ area: SHAPE })
      const { granules, coverage } = await catalog.search(search, { limit: 20, coverage: true })
      const cover = coverOf(SHAPE)
      expect(coverage).toHaveLength(20)
      for (const [i, granule] of granules.entries())
        expect(coverage?.[i]).toBeCloseTo(cover.coverage(granule), 6)
      expect((await catalog.search(search, { limit: 20 })).coverage).toBeUndefined()
    })

    if (knows.orders ?? knows.cloud) {
      const area = areaOfBox(8, 54, 16, 57)
      const cloudOf = ({ cloudCover = 101 }: Granule) => cloudCover

      test('oldest first is the exact reverse of newest first', async () => {
        const { granules } = await ask({ area, dedupe: 'none' })
        const oldest = await ask({ area, dedupe: 'none', sort: 'datetime' })
        expect(namesOf(oldest.granules)).toEqual(namesOf(granules.toReversed()))
      })

      test('the least clouded come first, unknown clouds last, equals newest first', async () => {
        const { granules } = await ask({ area, dedupe: 'none' })
        const clearest = await ask({ area, dedupe: 'none', sort: 'cloud' })
        const expected = granules.toSorted((a, b) => cloudOf(a) - cloudOf(b) || compareGranules(a, b))
        expect(namesOf(clearest.granules)).toEqual(namesOf(expected))
      })

      test('the most clouded come first where that is asked for, unknown clouds last, equals newest first', async () => {
        const { granules } = await ask({ area, dedupe: 'none' })
        const clearnessOf = ({ cloudCover }: Granule) => (cloudCover === undefined ? 101 : -cloudCover)
        const cloudiest = await ask({ area, dedupe: 'none', sort: '-cloud' })
        const expected = granules.toSorted((a, b) => clearnessOf(a) - clearnessOf(b) || compareGranules(a, b))
        expect(namesOf(cloudiest.granules)).toEqual(namesOf(expected))
      })

      test('those that cover least come first where that is asked for, equals newest first', async () => {
        const { granules } = await ask({ area: SHAPE })
        const cover = coverOf(SHAPE)
        const least = await ask({ area: SHAPE, sort: '-coverage' })
        const expected = granules.toSorted(
          (a, b) => cover.coverage(a) - cover.coverage(b) || compareGranules(a, b),
        )
        expect(namesOf(least.granules)).toEqual(namesOf(expected))
      })

      test('those that cover most come first, equals newest first', async () => {
        const { granules } = await ask({ area: SHAPE })
        const cover = coverOf(SHAPE)
        const most = await ask({ area: SHAPE, sort: 'coverage' })
        const expected = granules.toSorted(
          (a, b) => cover.coverage(b) - cover.coverage(a) || compareGranules(a, b),
        )
        expect(namesOf(most.granules)).toEqual(namesOf(expected))
      })

      test.for(BESTS)('the best of each %s is the least clouded, then the newest', async (best) => {
        // Until then all granules of a tile cover as much.
        const time = { from: undefined, until: parseTime(day(49)) }
        const { granules } = await ask({ area, time })
        const groupOf = ({ mgrsTile, sensingTime }: Granule) =>
          best === 'tile' ? mgrsTile : `${mgrsTile} ${new Date(sensingTime / 1000).getUTCMonth()}`
        const groups = Object.values(Object.groupBy(granules, groupOf)).flatMap((group = []) =>
          group.toSorted((a, b) => cloudOf(a) - cloudOf(b) || compareGranules(a, b)).slice(0, 1),
        )
        const found = await ask({ area, best, time })
        expect(namesOf(found.granules)).toEqual(namesOf(groups.toSorted(compareGranules)))
      })

      test.for(SORTS.filter((sort) => !isByRank(sort)))('pages by %s make up the whole', async (sort) => {
        for (const best of [undefined, 'tile,month'] as const) {
          const search = searchOf({ area, sort, best })
          const { granules } = await catalog.search(search, { limit: 1000 })
          expect(namesOf(await pages(catalog, search, 4))).toEqual(namesOf(granules))
        }
      })
    } else {
      test('an order or a choice that it cannot make is refused with a sentence', async () => {
        for (const [parameter, asked] of [
          ['sort', { sort: 'datetime' }],
          ['sort', { sort: 'cloud' }],
          ['sort', { sort: '-coverage' }],
          ['best', { best: 'tile' }],
          ['since', { since: 0 }],
        ] as const) {
          await expect(ask(asked)).rejects.toMatchObject({ code: 'bad-request', errors: [{ parameter }] })
        }
      })
    }

    if (knows.cloud) {
      test('cloud cover is filtered with both ends included, after one product was chosen', async () => {
        const { granules } = await ask({ cloud: { min: 9, max: 15 }, time: from(day(0), day(29, 23)) })
        expect(granules.map(({ cloudCover }) => cloudCover).sort()).toEqual([10, 12, 15, 9])
        const reprocessed = await ask({ cloud: { min: 0, max: 20 }, time: from(day(40, -1), day(40, 1)) })
        expect(reprocessed.granules).toEqual([])
      })

      test('a granule of unknown cloud cover matches no cloud filter', async () => {
        const area = areaOfBox(12, 55.1, 12, 55.1)
        const time = from(day(50, -1), day(50, 1))
        expect((await ask({ area, time })).granules.length).toBe(1)
        expect((await ask({ area, time, cloud: { min: 0, max: 100 } })).granules).toEqual([])
      })
    } else {
      test('a condition on what it does not know is refused with a sentence', async () => {
        const only: Condition = {
          not: {
            or: [
              { of: 'level', oneOf: [] },
              { of: 'cloudCover', isUnknown: true },
            ],
          },
        }
        await expect(ask({ only })).rejects.toMatchObject({
          code: 'bad-request',
          message: expect.stringContaining('cloud cover'),
          errors: [{ parameter: 'filter' }],
        })
      })

      test('a cloud filter is refused with a sentence', async () => {
        await expect(ask({ cloud: { min: 0, max: 20 } })).rejects.toMatchObject({
          code: 'bad-request',
          errors: [{ parameter: 'cloud' }],
        })
      })
    }

    if (knows.box) {
      test('the valid data decides, not the tile', async () => {
        const time = from(day(50, -1), day(50, 1))
        expect((await ask({ area: areaOfBox(12, 55.1, 12, 55.1), time })).granules.length).toBe(1)
        expect((await ask({ time })).granules).toEqual([])
      })

      test('a granule without a box is found by its tile', async () => {
        const { granules } = await ask({ time: from(day(51, -1), day(51, 1)) })
        expect(granules.map(({ box }) => box)).toEqual([undefined])
      })

      test('a box that was cut wrongly at the antimeridian counts for its latitudes alone', async () => {
        const time = from(day(52, -1), day(52, 1))
        expect((await ask({ area: areaOfBox(179.2, -19.5, 179.3, -19.4), time })).granules.length).toBe(1)
        expect((await ask({ area: areaOfBox(10, -19.5, 11, -19.4), time })).granules).toEqual([])
      })

      test('a box whose west is east of its east crosses the antimeridian', async () => {
        const time = from(day(53, -1), day(53, 1))
        expect((await ask({ area: areaOfBox(-180, -16.8, -179.95, -16.7), time })).granules.length).toBe(1)
        expect((await ask({ area: areaOfBox(-179.85, -16.8, -179.8, -16.7), time })).granules).toEqual([])
      })

      test('a box that is wider than half the globe once it is unwrapped counts for its latitudes alone', async () => {
        const time = from(day(56, -1), day(56, 1))
        const found = async (lon: number, lat: number) =>
          (await ask({ area: areaOfBox(lon, lat, lon, lat), time })).granules
        expect((await found(13, 55.5)).map(({ mgrsTile }) => mgrsTile)).toEqual(['33UUB'])
        const [west = 0, , east = 0] = (await found(12.2, 55.5))[0]?.box ?? []
        expect(east - west).toBeGreaterThan(1)
        expect(east - west).toBeLessThan(2)
        expect(await found(13, 55.95)).toEqual([])
      })

      test('a row without a place is left out and displaces no other', async () => {
        expect((await ask({ time: from(day(54, -1), day(54, 1)) })).granules).toEqual([])
        const { granules } = await ask({ time: from(day(55, -1), day(55, 1)) })
        expect(granules.map(({ baseline }) => baseline)).toEqual(['02.06'])
      })
    }
  })
}

/** Two rows of one product, the second sensed twenty seconds after the first. */
function inTwoPieces(making: Making): ArchiveRow[] {
  const [first, later] = [6, 26].map((sensedAfter) => archiveRow({ ...making, sensedAfter }))
  return [first, later].flatMap((row) => row ?? [])
}

/** Of all rows; the world of the bucket is too large to be listed whole. */
const NAMED_TILES = [...new Set(ROWS.flatMap(({ MGRS_TILE }) => MGRS_TILE ?? []))]
const TILES = ['33UUB', '33UVB', '32UPG', '01KAB', '60KYD', '33XWJ']

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })

const anyBox: fc.Arbitrary<Area> = fc.oneof(
  fc.constant(COPENHAGEN),
  fc.constant(WORLD),
  fc
    .tuple(between(10, 15), between(0, 2))
    .map(([west, width]) => areaOfBox(west, LATITUDE.south, west + width, LATITUDE.north)),
  fc
    .tuple(between(176, 180), between(0, 4))
    .map(([west, width]) =>
      areaOfBox(west, -20, west + width > 180 ? west + width - 360 : west + width, -16),
    ),
)

/** Triangles and kites near Copenhagen, and either side of the antimeridian. */
const anyShape: fc.Arbitrary<Area> = fc
  .tuple(
    fc.constantFrom([12.5, 55.5] as const, [180, -18] as const, [15.5, 78.5] as const),
    fc.tuple(between(0.05, 1.5), between(0.05, 1.5), between(0.05, 1.5), between(0, 1.5)),
  )
  .map(([[lon, lat], [west, south, east, north]]) => {
    const ring: Ring = [
      [lon - west, lat],
      [lon, lat - south],
      [lon + east, lat],
      [lon, lat + north],
      [lon - west, lat],
    ]
    return { box: [lon - west, lat - south, lon + east, lat + north], shape: [[ring]] }
  })

/** Small boxes and points that a granule may hold, boxes, shapes, lines and scattered points. */
export const anyArea: fc.Arbitrary<Area> = fc.oneof(
  anyBox,
  anyShape,
  fc
    .tuple(between(11.5, 13.5), between(55, 56), fc.constantFrom(0, 0.01, 0.3))
    .map(([lon, lat, width]) => areaOfBox(lon, lat, lon + width, lat + width / 2)),
  fc
    .tuple(
      fc.constantFrom('LineString', 'MultiPoint'),
      fc.uniqueArray(fc.tuple(between(11.5, 13.5), between(55, 56)), {
        minLength: 2,
        maxLength: 5,
        selector: String,
      }),
    )
    .map(([type, coordinates]) => areaOfText(JSON.stringify({ type, coordinates }))),
)

function areaOfText(text: string): Area {
  const area = areaOfGeoJson(text)
  if (typeof area === 'string') throw new Error(`${text} ${area}`)
  return area
}

export const anyLimit = fc.integer({ min: 1, max: 15 })

export const anyDays = fc
  .option(fc.tuple(fc.nat(60), fc.nat(60)), { nil: undefined, freq: 2 })
  .map((days) =>
    days
      ? from(day(Math.min(...days), -6), day(Math.max(...days), 6))
      : { from: undefined, until: undefined },
  )

/** One of the values, or more often none, so that searches which ask for much find something. */
const optional = <T>(...values: T[]) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  )

/** What conditions are tried with of each field: what rows tell, and what none does. */
const TRIED = {
  granuleId: ROWS.flatMap(({ GRANULE_ID }) => GRANULE_ID ?? []).slice(0, 12),
  productId: ROWS.flatMap(({ PRODUCT_ID }) => PRODUCT_ID ?? []).slice(20, 50),
  level: ['L1C', 'L2A'],
  mgrsTile: TILES,
  sensingTime: [5, 12, 20, 44].map((n) => parseTime(day(n)) ?? 0),
  generationTime: [3, 15, 44, 300].map((n) => parseTime(day(n, 12)) ?? 0),
  baseline: ['02.01', '02.06', '04.00', '05.00', '05.11'],
  datatake: ['GS2A_20190104T100000_001022_N02.06', 'GS2B', 'GS2A_2019'],
  cloudCover: [0, 9, 10, 33.3, 60],
  satellite: ['S2A', 'S2B', 'S2C'],
  relativeOrbit: [10, 22, 23, 24, 65],
  absoluteOrbit: [1022, 1023, 1065, 2617],
} as const satisfies Record<Field, readonly Value[]>
/** But for the times, which names tell only to the second. */
const TOLD_BY_NAMES: readonly Field[] = [
  'granuleId',
  'productId',
  'level',
  'mgrsTile',
  'baseline',
  'satellite',
  'relativeOrbit',
  'absoluteOrbit',
]
const LIKE = ['%33UU_%', 'S2B\\_%', '%N02%', '%\\_A00102_\\_%', '0_.0%', 'L1C']

/** Conditions on some of the fields, a few deep. */
function conditionOn(fields: readonly Field[]): fc.Arbitrary<Condition> {
  const leaf = fc.constantFrom(...fields).chain((of): fc.Arbitrary<Condition> => {
    const value: fc.Arbitrary<Value> = fc.constantFrom<Value>(...TRIED[of])
    return fc.oneof(
      fc.record({ of: fc.constant(of), is: fc.constantFrom(...COMPARINGS), than: value }),
      fc.record({ of: fc.constant(of), oneOf: fc.array(value, { maxLength: 3 }) }),
      fc.record({ of: fc.constant(of), from: value, to: value }),
      fc.record({ of: fc.constant(of), isUnknown: fc.constant(true as const) }),
      ...(typeof TRIED[of][0] === 'string'
        ? [fc.record({ of: fc.constant(of), like: fc.constantFrom(...LIKE) })]
        : []),
    )
  })
  return fc.letrec<{ tree: Condition }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      { weight: 3, arbitrary: leaf },
      { weight: 1, arbitrary: fc.record({ and: fc.array(tie('tree'), { maxLength: 2 }) }) },
      { weight: 2, arbitrary: fc.record({ or: fc.array(tie('tree'), { maxLength: 3 }) }) },
      { weight: 1, arbitrary: fc.record({ not: tie('tree') }) },
    ),
  })).tree
}

export const anyCondition = conditionOn(Object.keys(TRIED) as Field[])

/** Whatever a search can ask for beside its area, but for colours and batches. */
export const anyFilter: fc.Arbitrary<Partial<Search>> = fc.record({
  level: fc.constantFrom('L1C' as const, 'L1C' as const, 'L1C' as const, 'L2A' as const),
  dedupe: fc.constantFrom('latest' as const, 'none' as const),
  tiles: optional(TILES.slice(0, 2), TILES.slice(1, 4), TILES.slice(3)),
  time: anyDays,
  cloud: optional({ min: 0, max: 30 }, { min: 10, max: 50 }, { min: 5, max: 100 }),
  relation: optional(...RELATIONS),
  minCoverage: optional(0.001, 0.1, 0.5, 1),
  best: optional(...BESTS),
  sort: optional(...SORTS.filter((sort) => !isByRank(sort))),
  only: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: anyCondition }),
})

/** Random searches over ROWS and BOXED_ROWS, for comparing catalogs with one another. */
export const anySearch = fc
  .record({
    area: anyBox,
    level: fc.constantFrom('L1C' as const, 'L1C' as const, 'L1C' as const, 'L2A' as const),
    dedupe: fc.constantFrom('latest' as const, 'none' as const),
    tiles: fc.option(fc.subarray(TILES, { minLength: 2 }), { nil: undefined }),
    time: anyDays,
    limit: anyLimit,
  })
  .map(({ limit, ...asked }) => ({ search: searchOf(asked), limit }))

export function searchOf(asked: Partial<Search>): Search {
  const area: Area = COPENHAGEN
  const time = { from: undefined, until: undefined }
  return { area, level: 'L1C', time, cloud: undefined, tiles: undefined, dedupe: 'latest', ...asked }
}

/** All granules of a search, page by page. */
export async function pages(catalog: Catalog, search: Search, limit: number): Promise<Granule[]> {
  const all: Granule[] = []
  let after: Cursor | undefined
  do {
    const page = await catalog.search(search, { limit, after })
    expect(page.granules.length).toBeLessThanOrEqual(limit)
    if (after) expect(page.granules.length).toBeGreaterThan(0)
    all.push(...page.granules)
    after = page.next
  } while (after)
  return all
}

export const namesOf = (granules: readonly Granule[]): string[] =>
  granules.map(({ granuleId, place }) => `${granuleId} ${place}`)

const nameOf = (row: ArchiveRow): string =>
  `${row.GRANULE_ID} ${row.BASE_URL?.replace('gs://gcp-public-data-sentinel-2/', '')}`

const from = (start: string, end: string) => ({ from: parseTime(start), until: parseTime(end) })

/** A day of the contract's archive at ten o'clock, or hours from it. */
function day(n: number, hours = 0): string {
  return new Date(Date.UTC(2019, 0, 1 + n, 10 + hours)).toISOString()
}
