import { describe, expect, test } from 'vitest'
import { bucketCatalog } from '../../src/catalog/bucket.ts'
import type { Search } from '../../src/catalog/port.ts'
import { coverOf } from '../../src/ground/cover.ts'
import { type Area, areaOfBox, WORLD } from '../../src/sentinel2/area.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'
import { type ArchiveRow, archiveRow, keysOf, LONG_FORM_ROW } from '../archive.ts'
import { catalogContract, searchOf } from '../contracts/catalog.ts'
import { openBucket } from './open.ts'
import { everyThirdDay, NOW, serveBucket } from './served-bucket.ts'

catalogContract('the bucket itself', { cloud: false, box: false }, openBucket)

const COPENHAGEN = areaOfBox(12.58, 55.66, 12.59, 55.67)

/** A decade of one tile. */
const decade = () => serve(everyThirdDay('33UUB', 1200))

/** The catalog over a bucket of the rows' products, and the server that counts its calls. */
const serve = (rows: readonly ArchiveRow[]) => serveKeys(rows.flatMap(keysOf))

async function serveKeys(keys: readonly string[]) {
  const { server, storage } = await serveBucket(keys)
  return { server, catalog: bucketCatalog(storage, { maxTiles: 100, now: NOW }) }
}

describe('the bucket catalog', () => {
  test.for([
    [1, 1],
    [1, 250],
    [4, 1],
    [4, 250],
    [30, 1],
    [30, 250],
  ] as const)(
    'over %i tiles and for %i granules asks each tile and satellite once, then for names',
    async ([n, limit]) => {
      const area = areaOfBox(8, 54.5, 15.3, 57.8)
      const tiles = tilesOf(area).slice(0, n)
      const rows = tiles.flatMap((tile) => everyThirdDay(tile, Math.ceil(400 / n)))
      const { server, catalog } = await serve(rows)
      try {
        const { granules, next } = await catalog.search(searchOf({ area, tiles }), { limit })
        expect(granules).toHaveLength(limit)
        expect(next).toBeDefined()
        expect(server.stats().list).toBe(4 * n + limit + 1)
      } finally {
        await server.close()
      }
    },
  )

  test('the newest few of a tile do not cost a decade of listings', async () => {
    const { server, catalog } = await decade()
    try {
      const { granules, next } = await catalog.search(searchOf({ area: COPENHAGEN }), { limit: 5 })
      expect(granules.length).toBe(5)
      expect(next).toBeDefined()
      // A slice is a call for each satellite; each granule's name is one more.
      expect(server.stats().list).toBe(4 + 6)
    } finally {
      await server.close()
    }
  })

  test('a tile that holds nothing new is searched back to the beginning in few slices', async () => {
    const { server, catalog } = await decade()
    try {
      const empty = searchOf({ area: areaOfBox(2.2, 42.7, 2.2, 42.7) })
      expect((await catalog.search(empty, { limit: 250 })).granules).toEqual([])
      expect(server.stats().list).toBeLessThanOrEqual(4 * 3)
    } finally {
      await server.close()
    }
  })

  test('an area of too many tiles is refused with the limit, before any call', async () => {
    const { server, catalog } = await decade()
    try {
      await expect(catalog.search(searchOf({ area: WORLD }), { limit: 1 })).rejects.toThrow(
        /touches \d+ tiles; the bucket catalog lists at most 100/,
      )
      expect(server.stats().list).toBe(0)
    } finally {
      await server.close()
    }
  })

  /** The lower left half of the box of Zealand. */
  const TRIANGLE: Area = {
    box: [11, 54.9, 13, 56],
    shape: [
      [
        [
          [11, 54.9],
          [13, 54.9],
          [11, 56],
          [11, 54.9],
        ],
      ],
    ],
  }

  test('a shape, a relation or a coverage drops tiles before any call, since a tile stands for its granules', async () => {
    const all = tilesOf(TRIANGLE)
    const { server, catalog } = await serve(all.flatMap((tile) => everyThirdDay(tile, 2)))
    const cover = coverOf(TRIANGLE)
    const ground = (mgrsTile: string) => ({ mgrsTile, box: undefined })
    const cases: readonly [Partial<Search>, (tile: string) => boolean][] = [
      [{}, (tile) => cover.meets(ground(tile))],
      [{ minCoverage: 0.1 }, (tile) => cover.coverage(ground(tile)) >= 0.1],
      [{ relation: 'contains' }, (tile) => cover.coverage(ground(tile)) === 1],
      [{ relation: 'within' }, (tile) => cover.isWithin(ground(tile))],
    ]
    try {
      for (const [asked, matches] of cases) {
        const wanted = all.filter(matches)
        expect(wanted.length).toBeLessThan(all.length)
        const before = server.stats().list
        const search = searchOf({ area: TRIANGLE, ...asked })
        const { granules, coverage } = await catalog.search(search, { limit: 1000, coverage: true })
        expect(new Set(granules.map(({ mgrsTile }) => mgrsTile))).toEqual(new Set(wanted))
        expect(coverage).toEqual(granules.map(({ mgrsTile }) => cover.coverage(ground(mgrsTile))))
        if (wanted.length === 0) expect(server.stats().list).toBe(before)
      }
    } finally {
      await server.close()
    }
  })

  test('what no name tells is refused, all of it at once, with the way out and before any call', async () => {
    const { server, catalog } = await decade()
    const sampling = { source: 'preview' } as const
    const asked: Partial<Search> = {
      cloud: { min: 0, max: 20 },
      since: 0,
      best: 'tile',
      sort: 'cloud',
      colours: { sampling, which: 'known', where: [{ of: 'valid', is: '>', than: 0.5 }], rank: undefined },
    }
    try {
      const asking = () => catalog.search(searchOf({ area: COPENHAGEN, ...asked }), { limit: 1 })
      const errors = ['cloud', 'since', 'best', 'sort', 'where'].map((parameter) => ({ parameter }))
      await expect(asking()).rejects.toMatchObject({ code: 'bad-request', errors })
      await expect(asking()).rejects.toThrow(/bucket catalog.*swath index build.*SWATH_CATALOG=sqlite:<file>/)
      for (const sort of ['datetime', 'coverage'] as const) {
        const one = catalog.search(searchOf({ area: COPENHAGEN, sort }), { limit: 1 })
        await expect(one).rejects.toMatchObject({ code: 'bad-request', errors: [{ parameter: 'sort' }] })
      }
      const newest = searchOf({ area: COPENHAGEN, sort: '-datetime', relation: 'intersects' })
      expect(server.stats().list).toBe(0)
      expect((await catalog.search(newest, { limit: 1 })).granules).toHaveLength(1)
    } finally {
      await server.close()
    }
  })

  test('a granule of the long form is asked of the products made nearest to it, not of all', async () => {
    const older = Array.from({ length: 100 }, (_, i) => {
      const start = new Date(Date.UTC(2015, 7, 1) + i * 4 * 86_400_000).toISOString()
      return archiveRow({ tile: '51RWP', start, baseline: '02.01' })
    })
    const { server, catalog } = await serve([...older, LONG_FORM_ROW])
    try {
      const found = await catalog.granule(LONG_FORM_ROW.GRANULE_ID ?? '')
      expect(found).toMatchObject({ baseline: '02.01', mgrsTile: '51RWP' })
      expect(server.stats().list).toBeLessThanOrEqual(4 + 8)
      const absent = LONG_FORM_ROW.GRANULE_ID?.replace('_A002617_', '_A002618_') ?? ''
      expect(await catalog.granule(absent)).toBeUndefined()
    } finally {
      await server.close()
    }
  })

  test('a compact granule is the best of all products that carry its name', async () => {
    const made = { tile: '33UUB', start: '2020-01-05T10:00:00Z' }
    const again = archiveRow({ ...made, baseline: '05.00', generation: '2023-01-01T00:00:00Z' })
    const { server, catalog } = await serve([archiveRow(made), again])
    try {
      expect(await catalog.granule(again.GRANULE_ID ?? '')).toMatchObject({ baseline: '05.00' })
    } finally {
      await server.close()
    }
  })

  test('a product that has no granule yet is passed over, and the page is full all the same', async () => {
    const rows = Array.from({ length: 6 }, (_, i) =>
      archiveRow({ tile: '33UUB', start: `2020-01-0${i + 1}T10:00:00Z` }),
    )
    const keys = rows.flatMap((row, i) => (i === 4 ? keysOf(row).slice(0, 2) : keysOf(row)))
    const { server, catalog } = await serveKeys(keys)
    try {
      const { granules } = await catalog.search(searchOf({ area: COPENHAGEN }), { limit: 3 })
      expect(granules.map(({ granuleId }) => granuleId.slice(-15, -7))).toEqual([
        '20200106',
        '20200104',
        '20200103',
      ])
    } finally {
      await server.close()
    }
  })
})
