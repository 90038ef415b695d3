import { stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { aboutIndex, batchesOf } from '../../src/index-file/about.ts'
import { archiveRow, writeCsv } from '../archive.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
const index = () => at('index.sqlite')
beforeEach(async () => {
  folder = await temporaryFolder()
  const rows = Array.from({ length: 2000 }, (_, i) =>
    archiveRow({ tile: '33UUB', start: new Date(1.5e12 + i * 3.6e6).toISOString() }),
  )
  await buildIndex({ from: [await writeCsv(at('index.csv'), rows)], to: index() })
})
afterEach(() => folder.remove())

function alter(sql: string): void {
  const db = new DatabaseSync(index())
  db.exec(sql)
  db.close()
}

test('an index tells its build as the first of its batches', () => {
  const { builtAt, updatedAt, rows } = aboutIndex(index())
  expect({ rows, updatedAt }).toEqual({ rows: 2000, updatedAt: builtAt })
  expect(batchesOf(index())).toEqual([{ id: 0, cameAt: builtAt, sources: [at('index.csv')] }])
})

test('what is committed is told while it lies in the log alone, and what is not is not', () => {
  const db = new DatabaseSync(index())
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
  db.exec(
    "UPDATE about SET value = '7' WHERE name = 'tiles'; CREATE TABLE filler AS SELECT randomblob(1000000)",
  )
  expect(aboutIndex(index()).tiles).toBe(7)
  db.exec("BEGIN IMMEDIATE; UPDATE about SET value = '8' WHERE name = 'tiles'")
  expect(aboutIndex(index()).tiles).toBe(7)
  db.exec('COMMIT')
  expect(aboutIndex(index()).tiles).toBe(8)
  db.close()
})

test('an index that is cut short, or of another shape, or tells nothing, is refused', async () => {
  alter("DELETE FROM about WHERE name = 'newestEtl'")
  expect(() => aboutIndex(index())).toThrow(/it does not tell what it holds: newestEtl/)
  alter('ALTER TABLE granule ADD COLUMN more')
  expect(() => aboutIndex(index())).toThrow(
    /its table granule has the columns .*, more, not|has the columns .*,more/,
  )
  await truncate(index(), (await stat(index())).size - 8192)
  expect(() => aboutIndex(index())).toThrow(/cut short|malformed/)
  expect(() => batchesOf(index())).toThrow(/swath index build/)
})
