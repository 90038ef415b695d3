import { describe, expect, test } from 'vitest'
import { bucketCatalog } from '../../src/catalog/bucket.ts'
import { areaOfBox, WORLD } from '../../src/sentinel2/area.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'
import { gcsStorage } from '../../src/storage/gcs.ts'
import { type ArchiveRow, archiveRow, keysOf, LONG_FORM_ROW } from '../archive.ts'
import { catalogContract, searchOf } from '../contracts/catalog.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'
import { openBucket } from './open.ts'

catalogContract('the bucket itself', { cloud: false, box: false }, openBucket)

const NOW = () => Date.UTC(2026, 5, 1) * 1000
const COPENHAGEN = areaOfBox(12.58, 55.66, 12.59, 55.67)

const everyThirdDay = (tile: string, granules: number) =>
  Array.from({ length: granules }, (_, i) =>
    archiveRow({ tile, start: new Date(NOW() / 1000 - i * 3 * 86_400_000).toISOString() }),
  )

/** A decade of one tile. */
const decade = () => serve(everyThirdDay('33UUB', 1200))

/** The catalog over a bucket of the rows' products, and the server that counts its calls. */
async function serve(rows: readonly ArchiveRow[]) {
  const server = await startStorageServer({ objects: rows.flatMap(keysOf).map((key) => [key, 1] as const) })
  const storage = gcsStorage({
    bucket: 'gcp-public-data-sentinel-2',
    endpoint: server.url,
    anonymous: true,
    deadlineMs: 5000,
  })
  return { server, catalog: bucketCatalog(storage, { maxTiles: 100, now: NOW }) }
}

describe('the bucket catalog', () => {
  test.for([
    [1, 1],
    [1, 250],
    [4, 1],
    [4, 250],
    [30, 1],
    [30, 250],
  ] as const)(
    'over %i tiles and for %i granules asks each tile and satellite once, then for names',
    async ([n, limit]) => {
      const area = areaOfBox(8, 54.5, 15.3, 57.8)
      const tiles = tilesOf(area).slice(0, n)
      const rows = tiles.flatMap((tile) => everyThirdDay(tile, Math.ceil(400 / n)))
      const { server, catalog } = await serve(rows)
      try {
        const { granules, next } = await catalog.search(searchOf({ area, tiles }), { limit })
        expect(granules).toHaveLength(limit)
        expect(next).toBeDefined()
        expect(server.stats().list).toBe(4 * n + limit + 1)
      } finally {
        await server.close()
      }
    },
  )

  test('the newest few of a tile do not cost a decade of listings', async () => {
    const { server, catalog } = await decade()
    try {
      const { granules, next } = await catalog.search(searchOf({ area: COPENHAGEN }), { limit: 5 })
      expect(granules.length).toBe(5)
      expect(next).toBeDefined()
      // A slice is a call for each satellite; each granule's name is one more.
      expect(server.stats().list).toBe(4 + 6)
    } finally {
      await server.close()
    }
  })

  test('a tile that holds nothing new is searched back to the beginning in few slices', async () => {
    const { server, catalog } = await decade()
    try {
      const empty = searchOf({ area: areaOfBox(2.2, 42.7, 2.2, 42.7) })
      expect((await catalog.search(empty, { limit: 250 })).granules).toEqual([])
      expect(server.stats().list).toBeLessThanOrEqual(4 * 3)
    } finally {
      await server.close()
    }
  })

  test('an area of too many tiles is refused with the limit, before any call', async () => {
    const { server, catalog } = await decade()
    try {
      await expect(catalog.search(searchOf({ area: WORLD }), { limit: 1 })).rejects.toThrow(
        /touches \d+ tiles; the bucket catalog lists at most 100/,
      )
      expect(server.stats().list).toBe(0)
    } finally {
      await server.close()
    }
  })

  test('a granule of the long form is asked of the products made nearest to it, not of all', async () => {
    const older = Array.from({ length: 100 }, (_, i) => {
      const start = new Date(Date.UTC(2015, 7, 1) + i * 4 * 86_400_000).toISOString()
      return archiveRow({ tile: '51RWP', start, baseline: '02.01' })
    })
    const { server, catalog } = await serve([...older, LONG_FORM_ROW])
    try {
      const found = await catalog.granule(LONG_FORM_ROW.GRANULE_ID ?? '')
      expect(found).toMatchObject({ baseline: '02.01', mgrsTile: '51RWP' })
      expect(server.stats().list).toBeLessThanOrEqual(4 + 8)
      const absent = LONG_FORM_ROW.GRANULE_ID?.replace('_A002617_', '_A002618_') ?? ''
      expect(await catalog.granule(absent)).toBeUndefined()
    } finally {
      await server.close()
    }
  })

  test('a compact granule is the best of all products that carry its name', async () => {
    const made = { tile: '33UUB', start: '2020-01-05T10:00:00Z' }
    const again = archiveRow({ ...made, baseline: '05.00', generation: '2023-01-01T00:00:00Z' })
    const { server, catalog } = await serve([archiveRow(made), again])
    try {
      expect(await catalog.granule(again.GRANULE_ID ?? '')).toMatchObject({ baseline: '05.00' })
    } finally {
      await server.close()
    }
  })

  test('a product that has no granule yet is passed over, and the page is full all the same', async () => {
    const rows = Array.from({ length: 6 }, (_, i) =>
      archiveRow({ tile: '33UUB', start: `2020-01-0${i + 1}T10:00:00Z` }),
    )
    const keys = rows.flatMap((row, i) => (i === 4 ? keysOf(row).slice(0, 2) : keysOf(row)))
    const server = await startStorageServer({ objects: keys.map((key) => [key, 1] as const) })
    const storage = gcsStorage({
      bucket: 'gcp-public-data-sentinel-2',
      endpoint: server.url,
      anonymous: true,
      deadlineMs: 5000,
    })
    try {
      const catalog = bucketCatalog(storage, { maxTiles: 100, now: NOW })
      const { granules } = await catalog.search(searchOf({ area: COPENHAGEN }), { limit: 3 })
      expect(granules.map(({ granuleId }) => granuleId.slice(-15, -7))).toEqual([
        '20200106',
        '20200104',
        '20200103',
      ])
    } finally {
      await server.close()
    }
  })
})
