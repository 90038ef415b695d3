import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { bucketCatalog } from '../src/catalog/bucket.ts'
import type { Catalog } from '../src/catalog/port.ts'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { listArea } from '../src/list-area.ts'
import { areaOfBox } from '../src/sentinel2/area.ts'
import { parseImageName } from '../src/sentinel2/names.ts'
import { folderStorage } from '../src/storage/folder.ts'
import { namesOf, searchOf } from './contracts/catalog.ts'
import { realData } from './real-data.ts'
import { openBigQueryOver } from './stand-ins/open-bigquery.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const bucket = realData('bucket')
const csv = realData('index', 'index.csv')
const csvL2A = realData('index', 'L2.index.csv')

/** Boxes inside the real products. */
const AROUND = {
  '31TDH': areaOfBox(1.9, 42.5, 2.6, 43.2),
  '32TNM': areaOfBox(9.1, 41.6, 9.8, 42.3),
  '29UNU': areaOfBox(-8.5, 52.5, -8.4, 52.6),
} as const

describe.runIf(bucket && csv && csvL2A)('the real products', () => {
  const storage = folderStorage({ folder: bucket ?? '' })
  const catalogs: Record<string, Catalog> = {}
  let folder: Temporary
  let bigquery: Awaited<ReturnType<typeof openBigQueryOver>>

  beforeAll(async () => {
    folder = await temporaryFolder()
    const to = join(folder.path, 'index.sqlite')
    const report = await buildIndex({ from: [csv ?? '', csvL2A ?? ''], to })
    expect(report).toMatchObject({ rows: 5, kept: 5, exceptions: 1, rejected: [] })
    bigquery = await openBigQueryOver([csv ?? ''], { l2a: [csvL2A ?? ''] })
    catalogs.sqlite = sqliteCatalog({ file: to, threads: 1 })
    catalogs.bigquery = bigquery.catalog
    catalogs.bucket = bucketCatalog(storage, { maxTiles: 10, now: () => Date.UTC(2026, 0, 1) * 1000 })
  })
  afterAll(async () => {
    await catalogs.sqlite?.close()
    await bigquery?.close()
    await folder?.remove()
  })

  const keysOf = async (catalog: Catalog | undefined, tile: keyof typeof AROUND, level: 'L1C' | 'L2A') => {
    if (!catalog) throw new Error('The catalog is not open.')
    const session = { catalog, storage, listConcurrency: 4 }
    const page = await listArea(session, searchOf({ area: AROUND[tile], level }), { limit: 100 })
    const keys: string[] = []
    for await (const { images } of page.granules) keys.push(...images.map(({ key }) => key))
    return keys
  }

  /** What lies in the folder, by walking it. */
  const onDisk = (tile: string) =>
    readdirSync(bucket ?? '', { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && entry.parentPath.includes('/IMG_DATA') && entry.parentPath.includes(tile),
      )
      .map((entry) => join(entry.parentPath, entry.name).slice((bucket ?? '').length + 1))
      .sort()

  test.for(['sqlite', 'bigquery', 'bucket'])('give exactly the images on disk, by %s', async (name) => {
    expect(await keysOf(catalogs[name], '31TDH', 'L1C')).toEqual(onDisk('31TDH'))
    expect(onDisk('31TDH').length).toBe(1)
    expect(await keysOf(catalogs[name], '32TNM', 'L1C')).toEqual(onDisk('32TNM'))
    const l2a = await keysOf(catalogs[name], '29UNU', 'L2A')
    expect(l2a).toEqual(onDisk('29UNU'))
    expect(l2a.length).toBe(18)
    expect(l2a.every((key) => parseImageName(key.slice(key.lastIndexOf('/') + 1)))).toBe(true)
  })

  test('come out as the same granules of all three catalogs', async () => {
    for (const [tile, level] of [
      ['31TDH', 'L1C'],
      ['32TNM', 'L1C'],
      ['29UNU', 'L2A'],
    ] as const) {
      const search = searchOf({ area: AROUND[tile], level })
      const found = await Promise.all(
        Object.values(catalogs).map((catalog) => catalog.search(search, { limit: 9 })),
      )
      expect(new Set(found.map(({ granules }) => namesOf(granules).join())).size).toBe(1)
      expect(found.every(({ granules }) => granules.length === 1)).toBe(true)
    }
  })

  test('the two verbatim rows of the archive come out as granules', async () => {
    for (const name of ['sqlite', 'bigquery']) {
      const old = await catalogs[name]?.search(searchOf({ area: areaOfBox(123.5, 30.4, 123.6, 30.5) }), {
        limit: 9,
      })
      expect(old?.granules).toMatchObject([
        { mgrsTile: '51RWP', totalSize: undefined, baseline: '02.01', cloudCover: 33 },
      ])
      const next = await catalogs[name]?.search(searchOf({ area: areaOfBox(24.65, 41.2, 24.7, 41.3) }), {
        limit: 9,
      })
      expect(next?.granules).toMatchObject([
        { granuleId: 'L1C_T35TLF_A008527_20170208T092143', totalSize: 30544232 },
      ])
    }
  })
})
