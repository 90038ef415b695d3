import { describe, expect, test } from 'vitest'
import { bucketCatalog } from '../../src/catalog/bucket.ts'
import { areaOfBox, WORLD } from '../../src/sentinel2/area.ts'
import { gcsStorage } from '../../src/storage/gcs.ts'
import { archiveRow, keysOf } from '../archive.ts'
import { catalogContract, searchOf } from '../contracts/catalog.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'
import { openBucket } from './open.ts'

catalogContract('the bucket itself', { cloud: false, box: false, sensing: false }, openBucket)

const NOW = () => Date.UTC(2026, 5, 1) * 1000
const COPENHAGEN = areaOfBox(12.58, 55.66, 12.59, 55.67)

/** A decade of one tile, a granule every third day, and the calls that a search of it makes. */
async function decade() {
  const rows = Array.from({ length: 1200 }, (_, i) =>
    archiveRow({ tile: '33UUB', start: new Date(NOW() / 1000 - i * 3 * 86_400_000).toISOString() }),
  )
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
  test('the newest few of a tile do not cost a decade of listings', async () => {
    const { server, catalog } = await decade()
    try {
      const { granules, next } = await catalog.search(searchOf({ area: COPENHAGEN }), { limit: 5 })
      expect(granules.length).toBe(5)
      expect(next).toBeDefined()
      // A slice is a call for each satellite that flew; each granule's name is one more.
      expect(server.stats().list).toBeLessThanOrEqual(4 * 2 + 6)
    } finally {
      await server.close()
    }
  })

  test('a tile that holds nothing new is searched back to the beginning in few slices', async () => {
    const { server, catalog } = await decade()
    try {
      const empty = searchOf({ area: areaOfBox(2.2, 42.7, 2.2, 42.7) })
      expect((await catalog.search(empty, { limit: 250 })).granules).toEqual([])
      expect(server.stats().list).toBeLessThan(40)
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
