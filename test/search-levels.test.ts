import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Catalog, type Cursor, isByRank, type Search, SORTS } from '../src/catalog/port.ts'
import { type LevelsSearch, searchLevels } from '../src/search-levels.ts'
import { areaOfBox, WORLD } from '../src/sentinel2/area.ts'
import { LEVELS } from '../src/sentinel2/bands.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type ArchiveRow, archiveRow } from './archive.ts'
import { openBigQuery, openBucket, openSqlite } from './catalog/open.ts'
import { searchAll } from './catalog/sqlite-oracle.ts'
import { anyCondition, namesOf } from './contracts/catalog.ts'

/** Products of both levels of every other day, some alone in theirs; the L2A of the first days are missing. */
const ROWS: readonly ArchiveRow[] = ['33UUB', '33UVB', '32UPG'].flatMap((tile, t) =>
  Array.from({ length: 24 }, (_, i) => ({ tile, start: day(i), orbit: 22 + (i % 3) })).flatMap(
    (making, i) => [
      ...(i % 5 === 4 ? [] : [archiveRow({ ...making, cloud: (i * 7 + t) % 40 })]),
      ...(i < 8 || i % 4 === 1
        ? []
        : [
            archiveRow({
              ...making,
              level: 'L2A' as const,
              baseline: '05.00' as const,
              cloud: i % 3 === 0 ? null : (i * 5) % 40,
            }),
          ]),
    ],
  ),
)
const AREA = areaOfBox(11.5, 54.9, 14.5, 56)

let index: { readonly catalog: Catalog; close(): Promise<void> }
let all: Granule[]
beforeAll(async () => {
  index = await openSqlite(ROWS)
  const found = LEVELS.map((level) =>
    index.catalog.search({ ...searchOf({ area: WORLD, dedupe: 'none' }), level }, { limit: 1000 }),
  )
  all = (await Promise.all(found)).flatMap(({ granules }) => granules)
})
afterAll(() => index?.close())

describe('a search of both levels', () => {
  const sorts = SORTS.filter((sort) => !isByRank(sort))

  test.for(sorts.flatMap((sort) => [1, 7, 100].map((limit) => [sort, limit] as const)))(
    'by %s in pages of %i gives all granules of both in one order',
    async ([sort, limit]) => {
      const search = searchOf({ sort })
      const expected = merged(search)
      expect(new Set(expected.map(({ level }) => level)).size).toBe(2)
      expect(expected.length).toBeGreaterThan(80)
      expect(namesOf(await pages(search, () => limit))).toEqual(namesOf(expected))
    },
  )

  test('gives each granule once and in order, whatever is asked for and however long its pages are', async () => {
    let some = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          sort: fc.constantFrom(...sorts),
          dedupe: fc.constantFrom('latest' as const, 'none' as const),
          best: fc.constantFrom(undefined, undefined, 'tile' as const, 'tile,month' as const),
          minCoverage: fc.constantFrom(undefined, 0.2),
          only: fc.option(anyCondition, { nil: undefined }),
        }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        async (asked, limits) => {
          const search = searchOf(asked)
          const expected = namesOf(merged(search))
          expect(namesOf(await pages(search, (page) => limits[page % limits.length] ?? 1))).toEqual(expected)
          some += expected.length > 3 ? 1 : 0
        },
      ),
      { numRuns: 60, seed: 20261121 },
    )
    expect(some).toBeGreaterThan(20)
  })

  test('tells how much of the area each granule covers', async () => {
    const search = searchOf({ sort: 'coverage' })
    const { granules, coverage = [] } = await searchLevels(index.catalog, search, {
      limit: 50,
      coverage: true,
    })
    expect(coverage).toHaveLength(50)
    expect(coverage).toEqual(coverage.toSorted((a, b) => b - a))
    const [first] = granules
    const alone = await index.catalog.search(
      { ...search, level: first?.level ?? 'L1C' },
      { limit: 1, coverage: true },
    )
    expect(alone.coverage?.[0]).toBe(coverage[0])
  })

  test('of one level is that of the catalog', async () => {
    const search = searchOf({ levels: ['L2A'] })
    expect(namesOf(await pages(search, () => 7))).toEqual(namesOf(merged(search)))
  })

  test('refuses a cursor that is not one of its own', async () => {
    const { next } = await index.catalog.search({ ...searchOf({}), level: 'L1C' }, { limit: 3 })
    const broken: Cursor[] = [['nonsense'], ['L1C', 9, 1], ['L1C', -1], next ?? []]
    for (const after of broken) {
      await expect(searchLevels(index.catalog, searchOf({}), { limit: 3, after })).rejects.toMatchObject({
        code: 'bad-request',
        errors: [{ parameter: 'token' }],
      })
    }
  })

  test.for([
    ['an index', openSqlite],
    ['a table of BigQuery', openBigQuery],
  ] as const)(
    'leaves a level out that %s does not hold, but not the only one asked for',
    async ([, open]) => {
      const { catalog, close } = await open(ROWS.filter(({ GRANULE_ID }) => GRANULE_ID?.startsWith('L1C')))
      try {
        const found = await pages(searchOf({}), () => 20, catalog)
        expect(namesOf(found)).toEqual(namesOf(merged(searchOf({ levels: ['L1C'] }))))
        if (open !== openSqlite) return
        await expect(
          searchLevels(catalog, searchOf({ levels: ['L2A'] }), { limit: 3 }),
        ).rejects.toMatchObject({
          code: 'bad-request',
          errors: [{ parameter: 'level' }],
        })
      } finally {
        await close()
      }
    },
  )

  test('is the same in the bucket, whose names tell no clouds', async () => {
    const { catalog, close } = await openBucket(ROWS)
    try {
      const search = searchOf({})
      const found = namesOf(await pages(search, () => 13, catalog))
      expect(found.toSorted()).toEqual(namesOf(merged(search)).toSorted())
    } finally {
      await close()
    }
  })
})

type Plain = Omit<LevelsSearch, 'colours'>

function searchOf(asked: Partial<Plain>): Plain {
  const time = { from: undefined, until: undefined }
  return { area: AREA, levels: LEVELS, time, cloud: undefined, tiles: undefined, dedupe: 'latest', ...asked }
}

/** What a search finds of each level, chosen by itself, in one order. */
function merged({ levels, ...search }: Plain): Granule[] {
  const of = (asked: Omit<Search, 'level'>, level: Search['level'], granules: readonly Granule[]) =>
    searchAll(granules, { ...asked, level })
  const found = levels.flatMap((level) => of(search, level, all))
  const { area, sort, time, tiles, cloud } = search
  const order: Omit<Search, 'level'> = { area, sort, time, tiles, cloud, dedupe: 'none' }
  return of(
    order,
    'L1C',
    found.map((granule) => ({ ...granule, level: 'L1C' as const })),
  ).map(({ place }) => found.find((granule) => granule.place === place) ?? fail(place))
}

function fail(place: string): never {
  throw new Error(`${place} was not found.`)
}

/** All granules, page by page. */
async function pages(
  search: LevelsSearch,
  limitOf: (page: number) => number,
  catalog: Catalog = index.catalog,
): Promise<Granule[]> {
  const found: Granule[] = []
  let after: Cursor | undefined
  for (let page = 0; ; page++) {
    const limit = limitOf(page)
    const { granules, next } = await searchLevels(catalog, search, { limit, after })
    expect(granules.length).toBeLessThanOrEqual(limit)
    if (next) expect(granules).toHaveLength(limit)
    found.push(...granules)
    if (!next) return found
    after = next
  }
}

/** Days of 2019 at ten o'clock. */
function day(n: number): string {
  return new Date(Date.UTC(2019, 3, 1 + 5 * n, 10)).toISOString()
}
