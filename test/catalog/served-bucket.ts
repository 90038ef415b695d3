import { gcsStorage } from '../../src/storage/gcs.ts'
import type { Storage } from '../../src/storage/port.ts'
import { type ArchiveRow, archiveRow } from '../archive.ts'
import { type StorageServer, startStorageServer } from '../stand-ins/storage-server.ts'

/** The day on which these tests look at their buckets, microseconds since 1970. */
export const NOW = () => Date.UTC(2026, 5, 1) * 1000

const DAY_MS = 86_400_000

/** Products of one tile, the newest first, of now and every third day before. */
export const everyThirdDay = (tile: string, products: number): ArchiveRow[] =>
  Array.from({ length: products }, (_, i) =>
    archiveRow({ tile, start: new Date(NOW() / 1000 - i * 3 * DAY_MS).toISOString() }),
  )

/** A server that holds an object of a byte by each key and counts its calls, and the storage over it. */
export async function serveBucket(
  keys: readonly string[],
): Promise<{ readonly server: StorageServer; readonly storage: Storage }> {
  const server = await startStorageServer({ objects: keys.map((key) => [key, 1] as const) })
  const storage = gcsStorage({
    bucket: 'gcp-public-data-sentinel-2',
    endpoint: server.url,
    anonymous: true,
    deadlineMs: 5000,
  })
  return { server, storage }
}
