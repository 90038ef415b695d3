import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { type SqliteCatalog, sqliteCatalog } from '../../src/catalog/sqlite.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { updateIndex } from '../../src/update-index.ts'
import { type ArchiveRow, archiveRow, writeCsv } from '../archive.ts'
import { pages, searchOf } from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

const ALL = searchOf({ dedupe: 'none' })

let folder: Temporary
let file: string
let catalog: SqliteCatalog
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await csvOf(days(0, 5))], to: file })
  catalog = sqliteCatalog({ file, threads: 2 })
})
afterEach(async () => {
  await catalog.close()
  await folder.remove()
})

const count = async () => (await catalog.search(ALL, { limit: 1000 })).granules.length
const update = async (rows: readonly ArchiveRow[]) => updateIndex({ file, from: [await csvOf(rows)] })

describe('an index that is updated while it is served', () => {
  test('answers with the new rows in every thread, and with tokens that were given before', async () => {
    const { next } = await catalog.search(ALL, { limit: 2 })
    await update(days(5, 3))
    expect(new Set(await Promise.all(Array.from({ length: 8 }, count)))).toEqual(new Set([8]))
    const rest = await catalog.search(ALL, { limit: 10, after: next })
    expect(rest.granules).toHaveLength(3)
    expect(await pages(catalog, ALL, 3)).toHaveLength(8)
  })

  test('tells how fresh it is: at once when opened, and with the next answer after an update', async () => {
    const before = catalog.freshness()
    expect(before?.levels.L1C?.newestSensing).toBe(parseTime('2019-01-05T10:00:06Z'))
    await update(days(5, 3))
    await count()
    const after = catalog.freshness()
    expect(after?.levels.L1C?.newestSensing).toBe(parseTime('2019-01-08T10:00:06Z'))
    expect(after?.levels.L1C?.newestGeneration).toBe(parseTime('2019-01-08T12:00:00Z'))
    expect(after?.updatedAt).toBeGreaterThan(before?.updatedAt ?? 0)
  })

  test('tells each level by its own rows, and until when it has all where that is known', async () => {
    expect(catalog.freshness()?.levels.L2A).toBeUndefined()
    const built = catalog.freshness()?.levels.L1C
    expect(built?.completeUpTo).toBe(built?.newestGeneration)
    const row = archiveRow({ tile: '33UUB', start: '2026-02-01T10:00:00Z', level: 'L2A' })
    const rows = async function* () {
      yield [{ ...row, ETL_TIMESTAMP: null }]
    }
    await updateIndex({ file, from: { name: 'bucket', rows: rows() } })
    await count()
    expect(catalog.freshness()?.levels).toEqual({
      L1C: built,
      L2A: {
        newestSensing: parseTime('2026-02-01T10:00:06Z'),
        newestGeneration: parseTime('2026-02-01T12:00:00Z'),
        completeUpTo: undefined,
      },
    })
  })

  test('serves a level that came with the update', async () => {
    const search = searchOf({ level: 'L2A' })
    await expect(catalog.search(search, { limit: 1 })).rejects.toThrow(/no L2A granules/)
    await update([archiveRow({ tile: '33UUB', start: '2019-02-01T10:00:00Z', level: 'L2A' })])
    expect((await catalog.search(search, { limit: 1 })).granules).toHaveLength(1)
  })

  test('gives nothing of a commit that is not made yet, and rows and freshness of one commit', async () => {
    const writer = new DatabaseSync(file, { timeout: 1000 })
    writer.exec('PRAGMA journal_mode = WAL')
    for (let n = 1; n <= 20; n++) {
      writer.exec('BEGIN')
      writer.exec(
        `UPDATE granule SET cloud = ${n}; UPDATE about SET value = '${4e15 + n}' WHERE name = 'updatedAt'`,
      )
      const seen = await catalog.search(ALL, { limit: 1 })
      expect(seen.granules[0]?.cloudCover).toBe(n === 1 ? 10 : n - 1)
      writer.exec('COMMIT')
      const { granules } = await catalog.search(ALL, { limit: 1 })
      expect(granules[0]?.cloudCover).toBe(n)
      expect(catalog.freshness()?.updatedAt).toBe(4e15 + n)
    }
    writer.close()
  })
})

const csvOf = (rows: readonly ArchiveRow[]) => writeCsv(join(folder.path, 'index.csv'), rows)

/** One granule a day over Copenhagen. */
const days = (first: number, n: number): ArchiveRow[] =>
  Array.from({ length: n }, (_, i) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, 1 + first + i, 10)).toISOString() }),
  )
