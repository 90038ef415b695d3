import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildIndex } from '../../src/build-index.ts'
import { bucketCatalog } from '../../src/catalog/bucket.ts'
import { sqliteCatalog } from '../../src/catalog/sqlite.ts'
import { folderStorage } from '../../src/storage/folder.ts'
import { keysOf, writeCsv } from '../archive.ts'
import type { OpenCatalog } from '../contracts/catalog.ts'
import { openBigQueryOver } from '../stand-ins/open-bigquery.ts'
import { folderOf, temporaryFolder } from '../temporary.ts'

/** A lane of the sqlite catalog over an index that was built from the rows. */
export const openSqlite: OpenCatalog = async (rows) => {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'index.sqlite')
  const csv = await writeCsv(join(folder.path, 'index.csv'), rows)
  await buildIndex({ from: [csv], to: file })
  rmSync(csv)
  const catalog = sqliteCatalog({ file, threads: 1 })
  return {
    catalog: catalog.lane(),
    close: async () => {
      await catalog.close()
      await folder.remove()
    },
  }
}

/** The bucket catalog over a folder that holds the products of the rows. */
export const openBucket: OpenCatalog = async (rows) => {
  const folder = await folderOf(rows.flatMap(keysOf))
  const now = () => Date.UTC(2026, 5, 1) * 1000
  const catalog = bucketCatalog(folderStorage({ folder: folder.path }), { maxTiles: 100_000, now })
  return { catalog, close: folder.remove }
}

/** The BigQuery catalog over a stand-in that holds the rows, L2A in a table of its own. */
export const openBigQuery: OpenCatalog = async (rows) => {
  const folder = await temporaryFolder()
  const isL2A = ({ GRANULE_ID }: (typeof rows)[number]) => GRANULE_ID?.startsWith('L2A') ?? false
  const l1c = await writeCsv(
    join(folder.path, 'l1c.csv'),
    rows.filter((row) => !isL2A(row)),
  )
  const l2a = await writeCsv(join(folder.path, 'l2a.csv'), rows.filter(isL2A))
  const opened = await openBigQueryOver([l1c], { l2a: [l2a] })
  return {
    catalog: opened.catalog,
    close: async () => {
      await opened.close()
      await folder.remove()
    },
  }
}
