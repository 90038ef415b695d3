import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Catalog, Cursor, Search } from '../src/catalog/port.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import { openBigQuery, openBucket, openSqlite } from './catalog/open.ts'
import {
  anyArea,
  anyFilter,
  anyLimit,
  anySearch,
  BOXED_ROWS,
  isSensedAlike,
  namesOf,
  ROWS,
  searchOf,
} from './contracts/catalog.ts'

type Opened = { readonly catalog: Catalog; close(): Promise<void> }

const ALL_ROWS = [...ROWS, ...BOXED_ROWS]
const PAGES = 4
const anyCloud = fc.option(
  fc.record({ min: fc.constantFrom(0, 5, 10, 30), max: fc.constantFrom(30, 50, 87, 100) }),
  { nil: undefined },
)

let index: Opened
let bigquery: Opened
let indexOfBucket: Opened
let bucket: Opened

beforeAll(async () => {
  ;[index, bigquery, indexOfBucket, bucket] = await Promise.all([
    openSqlite(ALL_ROWS),
    openBigQuery(ALL_ROWS),
    openSqlite(ROWS),
    openBucket(ROWS),
  ])
})
afterAll(() => Promise.all([index, bigquery, indexOfBucket, bucket].map((opened) => opened?.close())))

test('an index in SQLite and BigQuery give the same pages of any search, one after the other', async () => {
  let turned = 0
  let clouded = 0
  await fc.assert(
    fc.asyncProperty(anySearch, anyCloud, async ({ search, limit }, cloud) => {
      const asked = { ...search, cloud }
      const [ours, theirs] = await Promise.all(
        [index, bigquery].map(({ catalog }) => firstPages(catalog, asked, limit)),
      )
      expect(theirs).toEqual(ours)
      turned += (ours?.length ?? 0) > 1 ? 1 : 0
      clouded += cloud && ours?.[0]?.length ? 1 : 0
    }),
    { numRuns: 60, seed: 20261121 },
  )
  expect(turned).toBeGreaterThan(10)
  expect(clouded).toBeGreaterThan(10)
})

test('an index in SQLite and BigQuery give the same pages of shapes, shares, orders and choices', async () => {
  let found = 0
  await fc.assert(
    fc.asyncProperty(anyArea, anyFilter, anyLimit, async (area, filter, limit) => {
      const asked = searchOf({ ...filter, area })
      const [ours, theirs] = await Promise.all(
        [index, bigquery].map(({ catalog }) => firstPages(catalog, asked, limit)),
      )
      expect(theirs).toEqual(ours)
      found += ours?.[0]?.length ? 1 : 0
    }),
    { numRuns: 60, seed: 20261121 },
  )
  expect(found).toBeGreaterThan(10)
})

test('the bucket gives the same granules in the same order, where times asked for are hours off', async () => {
  let ordered = 0
  await fc.assert(
    fc.asyncProperty(anySearch, async ({ search }) => {
      fc.pre(search.area !== WORLD)
      const [ours = [], theirs = []] = await Promise.all(
        [indexOfBucket, bucket].map(
          async ({ catalog }) => (await catalog.search(search, { limit: 1000 })).granules,
        ),
      )
      expect(namesOf(theirs).sort()).toEqual(namesOf(ours).sort())
      // The bucket knows the datatake's start and no sensing time, so that its order may differ elsewhere.
      expect(namesOf(theirs.filter(isSensedAlike))).toEqual(namesOf(ours.filter(isSensedAlike)))
      ordered += theirs.filter(isSensedAlike).length > 1 ? 1 : 0
    }),
    { numRuns: 100, seed: 20261121 },
  )
  expect(ordered).toBeGreaterThan(20)
})

/** The names on each of the first pages; an empty one at the end where there are more. */
async function firstPages(catalog: Catalog, search: Search, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  let after: Cursor | undefined
  for (let i = 0; i < PAGES; i++) {
    const page = await catalog.search(search, { limit, after })
    pages.push(namesOf(page.granules))
    after = page.next
    if (!after) return pages
  }
  return [...pages, []]
}
