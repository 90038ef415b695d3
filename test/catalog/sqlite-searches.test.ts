import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import type { Search } from '../../src/catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from '../../src/catalog/sqlite.ts'
import { coverOf } from '../../src/ground/cover.ts'
import { areaOfBox } from '../../src/sentinel2/area.ts'
import type { Granule } from '../../src/sentinel2/granule.ts'
import { writeCsv } from '../archive.ts'
import {
  anyArea,
  anyFilter,
  anyLimit,
  BOXED_ROWS,
  namesOf,
  pages,
  ROWS,
  searchOf,
} from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { searchAll } from './sqlite-oracle.ts'

let folder: Temporary
let catalog: SqliteCatalog
let granules: Granule[]

beforeAll(async () => {
  folder = await temporaryFolder()
  const file = join(folder.path, 'index.sqlite')
  await buildIndex({
    from: [await writeCsv(join(folder.path, 'index.csv'), [...ROWS, ...BOXED_ROWS])],
    to: file,
  })
  catalog = sqliteCatalog({ file, threads: 1 })
  const area = areaOfBox(-180, -90, 180, 90)
  const levels = ['L1C', 'L2A'] as const
  const all = levels.map((level) =>
    catalog.search(searchOf({ area, level, dedupe: 'none' }), { limit: 10_000 }),
  )
  granules = (await Promise.all(all)).flatMap(({ granules }) => granules)
})
afterAll(async () => {
  await catalog?.close()
  await folder?.remove()
})

describe('any search of an index', () => {
  test('finds what looking at every granule finds, in the same order', async () => {
    const found = { some: 0, ordered: 0 }
    await fc.assert(
      fc.asyncProperty(anyArea, anyFilter, async (area, filter) => {
        const search = searchOf({ ...filter, area })
        const { granules: ours } = await catalog.search(search, { limit: 10_000 })
        expect(namesOf(ours)).toEqual(namesOf(searchAll(granules, search)))
        found.some += ours.length > 0 ? 1 : 0
        found.ordered += ours.length > 2 ? 1 : 0
      }),
      { numRuns: 400, seed: 20261121 },
    )
    expect(found.some).toBeGreaterThan(80)
    expect(found.ordered).toBeGreaterThan(50)
  })

  test('gives in pages what it gives in one', async () => {
    await fc.assert(
      fc.asyncProperty(anyArea, anyFilter, anyLimit, async (area, filter, limit) => {
        const search = searchOf({ ...filter, area })
        expect(namesOf(await pages(catalog, search, limit))).toEqual(namesOf(searchAll(granules, search)))
      }),
      { numRuns: 250, seed: 20261122 },
    )
  })

  test('counts what it finds: in all, by month, by tile and by cloud', async () => {
    await fc.assert(
      fc.asyncProperty(anyArea, anyFilter, async (area, filter) => {
        const search = searchOf({ ...filter, area })
        const all = searchAll(granules, search)
        const [extent, summary] = [await catalog.extent(search), await catalog.summary(search)]
        expect(extent?.granules).toBe(all.length)
        expect(extent?.bytes).toBe(all.reduce((sum, { totalSize = 0 }) => sum + totalSize, 0))
        expect(summary).toEqual(summaryOf(all))
      }),
      { numRuns: 200, seed: 20261123 },
    )
  })

  test('tells of each granule how much of the area it covers', async () => {
    await fc.assert(
      fc.asyncProperty(anyArea, anyFilter, async (area, filter) => {
        const search = searchOf({ ...filter, area })
        const { granules: found, coverage } = await catalog.search(search, { limit: 20, coverage: true })
        const cover = coverOf(area)
        expect(coverage).toEqual(found.map((granule) => cover.coverage(granule)))
      }),
      { numRuns: 100, seed: 20261124 },
    )
    expect((await catalog.search(searchOf({}), { limit: 1 })).coverage).toBeUndefined()
  })
})

describe('what came into an index since a time', () => {
  test('is what came with a batch of that time or later', async () => {
    const own = await temporaryFolder()
    try {
      const file = join(own.path, 'index.sqlite')
      await buildIndex({ from: [await writeCsv(join(own.path, 'index.csv'), ROWS)], to: file })
      const db = new DatabaseSync(file)
      const built = Number(db.prepare('SELECT came_at FROM batch').get()?.came_at)
      db.exec(`INSERT INTO batch VALUES (1, ${built + 1000}, '[]'), (2, ${built + 2000}, '[]')`)
      db.exec('UPDATE granule SET batch = 1 WHERE cloud = 12; UPDATE granule SET batch = 2 WHERE cloud = 15')
      db.close()
      const served = sqliteCatalog({ file, threads: 1 })
      const cloudsSince = async (since: number) => {
        const { granules } = await served.search(searchOf({ since }), { limit: 1000 })
        return new Set(granules.map(({ cloudCover }) => cloudCover))
      }
      expect((await cloudsSince(built)).size).toBeGreaterThan(10)
      expect(await cloudsSince(built + 1)).toEqual(new Set([12, 15]))
      expect(await cloudsSince(built + 1000)).toEqual(new Set([12, 15]))
      expect(await cloudsSince(built + 1001)).toEqual(new Set([15]))
      expect(await cloudsSince(built + 2001)).toEqual(new Set())
      expect(await served.extent(searchOf({ since: built + 1001 }))).toMatchObject({ granules: 1 })
      await served.close()
    } finally {
      await own.remove()
    }
  })
})

describe('a token', () => {
  test('of another order is refused', async () => {
    const search = (sort: Search['sort']) => searchOf({ sort })
    const { next } = await catalog.search(search('cloud'), { limit: 1 })
    for (const sort of [undefined, 'datetime', 'coverage'] as const) {
      await expect(catalog.search(search(sort), { limit: 1, after: next })).rejects.toMatchObject({
        code: 'bad-request',
        errors: [{ parameter: 'token' }],
      })
    }
    expect((await catalog.search(search('cloud'), { limit: 1, after: next })).granules).toHaveLength(1)
  })
})

/** Months, tiles and ten percents of granules, counted one by one. */
function summaryOf(granules: readonly Granule[]) {
  const known = (group: readonly Granule[]) => group.flatMap(({ cloudCover }) => cloudCover ?? [])
  const leastOf = (group: readonly Granule[]) =>
    known(group).length === 0 ? undefined : Math.min(...known(group))
  const grouped = (keyOf: (granule: Granule) => string) =>
    Object.entries(Object.groupBy(granules, keyOf))
      .map(([key, group = []]) => ({ key, granules: group.length, leastCloud: leastOf(group) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  const tens = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]
  const clouds = [
    ...tens.map((from) => ({
      from,
      to: from + 10,
      granules: known(granules).filter(
        (cloud) => cloud >= from && (cloud < from + 10 || (from === 90 && cloud === 100)),
      ).length,
    })),
    { from: null, to: null, granules: granules.length - known(granules).length },
  ]
  return {
    granules: granules.length,
    months: grouped(({ sensingTime }) => new Date(sensingTime / 1000).toISOString().slice(0, 7)).map(
      ({ key, ...rest }) => ({ month: key, ...rest }),
    ),
    tiles: grouped(({ mgrsTile }) => mgrsTile).map(({ key, ...rest }) => ({ mgrsTile: key, ...rest })),
    clouds: clouds.filter(({ granules }) => granules > 0),
  }
}
