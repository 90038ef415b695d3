import { once } from 'node:events'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { buildIndex } from '../src/build-index.ts'
import { readConfig } from '../src/config.ts'
import type { House } from '../src/house.ts'
import { createApp } from '../src/http/app.ts'
import { openHouse } from '../src/wire.ts'
import { type ArchiveRow, keysOf, writeCsv } from './archive.ts'
import { type StorageServer, startStorageServer } from './stand-ins/storage-server.ts'
import type { Objects } from './stand-ins/stored-objects.ts'
import { temporaryFolder } from './temporary.ts'

export type Served = {
  readonly url: string
  readonly house: House
  /** The bucket behind it; objects can be made to fail. */
  readonly bucket: StorageServer
  close(): Promise<void>
}

/**
 * The whole service on loopback over an index of the rows and a stand-in for the bucket that holds their
 * products.
 * @param env variables on top of those that name index, bucket and store
 * @param held what the bucket holds; the products of the rows by default
 */
export async function serveRows(
  rows: readonly ArchiveRow[],
  env: Readonly<Record<string, string>> = {},
  latencyMs = 0,
  held: Objects = rows.flatMap(keysOf).map((key) => [key, 1000] as const),
): Promise<Served> {
  const folder = await temporaryFolder()
  const index = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: index })
  const name = env.SWATH_STORAGE?.replace('gs://', '')
  const bucket = await startStorageServer({ objects: held, latencyMs, ...(name ? { bucket: name } : {}) })
  const house = await openHouse(
    readConfig({
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
      SWATH_STORAGE_ENDPOINT: bucket.url,
      SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
      SWATH_DEADLINE_MS: '2000',
      SWATH_ANONYMOUS: 'true',
      ...env,
    }),
  )
  const served = await serveHouse(house)
  return {
    url: served.url,
    house,
    bucket,
    close: async () => {
      served.stop()
      await house.close()
      await bucket.close()
      await folder.remove()
    },
  }
}

/** A house's service on loopback; the house stays its owner's. */
export async function serveHouse(house: House): Promise<{ readonly url: string; stop(): void }> {
  const server = createAdaptorServer({ fetch: createApp(house).fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The service has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    },
  }
}
