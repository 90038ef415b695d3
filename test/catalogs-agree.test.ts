import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Catalog } from '../src/catalog/port.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import { openBigQuery, openBucket, openSqlite } from './catalog/open.ts'
import { anySearch, namesOf, ROWS } from './contracts/catalog.ts'

type Opened = { readonly catalog: Catalog; close(): Promise<void> }
let sqlite: Opened
let bigquery: Opened
let bucket: Opened

beforeAll(async () => {
  ;[sqlite, bigquery, bucket] = await Promise.all([openSqlite(ROWS), openBigQuery(ROWS), openBucket(ROWS)])
})
afterAll(() => Promise.all([sqlite, bigquery, bucket].map((opened) => opened.close())))

test('an index in SQLite and BigQuery give the same pages of any search', async () => {
  await fc.assert(
    fc.asyncProperty(anySearch, async ({ search, limit }) => {
      const [ours, theirs] = await Promise.all(
        [sqlite, bigquery].map(({ catalog }) => catalog.search(search, { limit })),
      )
      expect(namesOf(theirs?.granules ?? [])).toEqual(namesOf(ours?.granules ?? []))
      expect(theirs?.next === undefined).toBe(ours?.next === undefined)
    }),
    { numRuns: 60, seed: 20261121 },
  )
})

test('the bucket gives the same granules, where boxes are those of tiles and times asked for are hours off', async () => {
  await fc.assert(
    fc.asyncProperty(anySearch, async ({ search }) => {
      fc.pre(search.area !== WORLD)
      const [ours, theirs] = await Promise.all(
        [sqlite, bucket].map(({ catalog }) => catalog.search(search, { limit: 1000 })),
      )
      expect(namesOf(theirs?.granules ?? []).sort()).toEqual(namesOf(ours?.granules ?? []).sort())
    }),
    { numRuns: 60, seed: 20261121 },
  )
})
