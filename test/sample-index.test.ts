import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import { searchOf } from './contracts/catalog.ts'
import { temporaryFolder } from './temporary.ts'

const SAMPLE = join(import.meta.dirname, '../sample')

test('the index of the sample is what its CSV gives', async () => {
  const folder = await temporaryFolder()
  const made = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [join(SAMPLE, 'index.csv')], to: made })
  const catalogs = [join(SAMPLE, 'index.sqlite'), made].map((file) => sqliteCatalog({ file, threads: 1 }))
  try {
    for (const level of ['L1C', 'L2A'] as const) {
      const search = searchOf({ area: WORLD, level, dedupe: 'none' })
      const [kept, fresh] = await Promise.all(
        catalogs.map(async (catalog) => (await catalog.search(search, { limit: 100 })).granules),
      )
      expect(kept).toEqual(fresh)
      expect(kept?.length).toBe(level === 'L1C' ? 10 : 1)
    }
  } finally {
    await Promise.all(catalogs.map((catalog) => catalog.close()))
    await folder.remove()
  }
})
