import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import type { Catalog, Cursor } from '../src/catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from '../src/catalog/sqlite.ts'
import { type Colour, METHOD, SHARES, type Share } from '../src/colour/port.ts'
import { type LevelsSearch, searchLevels } from '../src/search-levels.ts'
import { areaOfBox } from '../src/sentinel2/area.ts'
import { LEVELS, type Level } from '../src/sentinel2/bands.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { archiveRow, writeCsv } from './archive.ts'
import { openBigQuery, openBucket, openSqlite } from './catalog/open.ts'
import { namesOf } from './contracts/catalog.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const STORAGE = 'gs://bucket'
const SAMPLING = { source: 'bands', stride: 16 } as const
/** Both levels of three tiles; of a day several are of the same second. */
const ROWS = ['33UUB', '33UVB', '32UPG'].flatMap((tile) =>
  Array.from({ length: 24 }, (_, i) =>
    archiveRow({
      tile,
      start: new Date(Date.UTC(2019, 3, 1 + Math.floor(i / 2), 10)).toISOString(),
      orbit: 22 + (i % 3),
      level: i % 2 === 0 ? 'L1C' : 'L2A',
    }),
  ),
)

let folder: Temporary
let catalog: SqliteCatalog
/** Newest first, both levels in one. */
let granules: readonly Granule[]
/** Those of two in five are remembered. */
const colours = new Map<string, Colour>()

beforeAll(async () => {
  folder = await temporaryFolder()
  const [file, store] = [join(folder.path, 'index.sqlite'), join(folder.path, 'store.sqlite')]
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), ROWS)], to: file })
  catalog = sqliteCatalog({ file, threads: 1, colours: { store, storage: STORAGE, method: METHOD } })
  granules = (await searchLevels(catalog, searchOf(LEVELS), { limit: 1000 })).granules
  const opened = sqliteStore(store)
  for (const [i, granule] of granules.entries()) {
    if (i % 5 > 1) continue
    // Some are of the same colour, so that time decides.
    const colour = { red: 0.05 + 0.01 * (i % 7), green: 0.1, blue: 0.2, valid: 1, sampled: 100 }
    await opened.colours(STORAGE).put(granule, SAMPLING, colour)
    colours.set(granule.place, colour)
  }
  opened.close()
})
afterAll(async () => {
  await catalog?.close()
  await folder?.remove()
})

describe('an order by remembered colours', () => {
  const asked = SHARES.flatMap((of) => (['rank', '-rank'] as const).map((sort) => [sort, of] as const))

  test.for(asked.flatMap(([sort, of]) => [1, 7, 100].map((limit) => [sort, of, limit] as const)))(
    '%s of %s in pages of %i gives every granule once, those without a colour last and newest first',
    async ([sort, of, limit]) => {
      const found = await pages(searchOf(LEVELS, sort, of), () => limit)
      expect(namesOf(found)).toEqual(namesOf(expected(LEVELS, sort, of)))
      expect(found).toHaveLength(ROWS.length)
    },
  )

  test('is the same whatever the pages and the levels, and tells what each granule covers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...asked),
        fc.constantFrom<(readonly Level[])[]>(LEVELS, ['L1C'], ['L2A']),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        async ([sort, of], levels, limits) => {
          const found = await pages(searchOf(levels, sort, of), (page) => limits[page % limits.length] ?? 1)
          expect(namesOf(found)).toEqual(namesOf(expected(levels, sort, of)))
        },
      ),
      { numRuns: 60, seed: 20261121 },
    )
  })

  test('leaves out what has no colour where colours are compared, too', async () => {
    const search = searchOf(LEVELS, 'rank', 'red')
    const where = [{ of: 'share_red', is: '>', than: 0 }] as const
    const found = await pages({ ...search, colours: { sampling: SAMPLING, rank: RED, where } }, () => 5)
    const known = expected(LEVELS, 'rank', 'red').filter(({ place }) => colours.has(place))
    expect(namesOf(found)).toEqual(namesOf(known))
  })

  test('refuses a cursor of another order, and one that says of no part', async () => {
    const search = searchOf(['L1C'], 'rank', 'red')
    const { next = [] } = await searchLevels(catalog, searchOf(['L1C']), { limit: 3 })
    for (const after of [next, ['L1C', 2, 'both', 1], ['L1C', 3, 'unknown', 'x', 1]]) {
      await expect(searchLevels(catalog, search, { limit: 3, after })).rejects.toMatchObject({
        code: 'bad-request',
        errors: [{ parameter: 'token' }],
      })
    }
  })

  test.for([
    ['an index without a store', openSqlite],
    ['a table of BigQuery', openBigQuery],
    ['the bucket', openBucket],
  ] as const)('is refused by %s, which knows no colours', async ([, open]) => {
    const opened = await open(ROWS)
    try {
      await expect(
        searchLevels(opened.catalog, searchOf(['L1C'], 'rank', 'red'), { limit: 3 }),
      ).rejects.toMatchObject({ code: 'bad-request' })
    } finally {
      await opened.close()
    }
  })
})

const RED = { by: 'share', of: 'red' } as const

function searchOf(levels: readonly Level[], sort?: 'rank' | '-rank', of: Share = 'red'): LevelsSearch {
  return {
    area: areaOfBox(5, 50, 20, 60),
    levels,
    time: { from: undefined, until: undefined },
    cloud: undefined,
    tiles: undefined,
    dedupe: 'none',
    sort,
    colours: sort && { sampling: SAMPLING, where: [], rank: { by: 'share', of } },
  }
}

function expected(levels: readonly Level[], sort: 'rank' | '-rank', of: Share): readonly Granule[] {
  const all = granules.filter(({ level }) => levels.includes(level))
  const share = ({ place }: Granule) => {
    const { red, green, blue } = colours.get(place) ?? { red: 0, green: 0, blue: 0 }
    return { red, green, blue }[of] / (red + green + blue)
  }
  // Sorting keeps the order of equals, which is newest first.
  const known = all
    .filter(({ place }) => colours.has(place))
    .toSorted((a, b) => (sort === 'rank' ? share(b) - share(a) : share(a) - share(b)))
  const unknown = all.filter(({ place }) => !colours.has(place))
  expect(Math.min(known.length, unknown.length)).toBeGreaterThan(10)
  return [...known, ...unknown]
}

/** All granules, page by page; none but the last is short, and none is empty. */
async function pages(
  search: LevelsSearch,
  limitOf: (page: number) => number,
  of: Catalog = catalog,
): Promise<Granule[]> {
  const found: Granule[] = []
  let after: Cursor | undefined
  for (let page = 0; ; page++) {
    const limit = limitOf(page)
    const { granules, coverage, next } = await searchLevels(of, search, { limit, after, coverage: true })
    expect(coverage).toHaveLength(granules.length)
    expect(granules.length).toBeGreaterThan(0)
    if (next) expect(granules).toHaveLength(limit)
    found.push(...granules)
    if (!next) return found
    after = next
  }
}
