import { fileURLToPath } from 'node:url'
import { bucketCatalog } from './catalog/bucket.ts'
import type { Catalog } from './catalog/port.ts'
import { sqliteCatalog } from './catalog/sqlite.ts'
import { type Config, isAnonymous } from './config.ts'
import type { House } from './house.ts'
import { fairStorage } from './storage/fair.ts'
import { folderStorage } from './storage/folder.ts'
import type { Storage } from './storage/port.ts'
import { rememberListings } from './storage/remembering.ts'
import { sqliteStore } from './store/sqlite.ts'

const SAMPLE = {
  index: fileURLToPath(new URL('../sample/index.sqlite', import.meta.url)),
  bucket: fileURLToPath(new URL('../sample/bucket', import.meta.url)),
}
/** Tiles that one search of the bucket catalog may list, about the size of Italy. */
const MOST_TILES_TO_LIST = 100

/**
 * Makes everything the configuration names, Google's clients only where it does.
 * @throws {Fault} misconfigured where a file, folder or index is not what it should be
 */
export async function openHouse(config: Config): Promise<House> {
  const shared = await openCatalog(config)
  try {
    const fair = fairStorage(await openStorage(config), {
      list: config.listConcurrency,
      read: config.readConcurrency,
    })
    const store = sqliteStore(config.storeFile)
    const now = () => Date.now() * 1000
    const remembering = rememberListings(store.listings, now)
    return {
      open: () => {
        const storage = remembering.over(fair.lane())
        const catalog = shared ?? bucketCatalog(storage, { maxTiles: MOST_TILES_TO_LIST, now })
        return { catalog, storage, listConcurrency: config.listConcurrency }
      },
      state: () => ({
        catalog: config.catalog.kind,
        storage: config.storage.kind,
        callsInFlight: fair.inFlight(),
        callsWaiting: fair.waiting(),
        listings: { ...remembering.recall(), remembered: store.listings.count() },
      }),
      close: async () => {
        await shared?.close()
        store.close()
      },
    }
  } catch (thrown) {
    await shared?.close()
    throw thrown
  }
}

/** The catalog that all requests share; the bucket's is made for each, over its own lane. */
async function openCatalog(config: Config): Promise<Catalog | undefined> {
  switch (config.catalog.kind) {
    case 'sample':
      return sqliteCatalog({ file: SAMPLE.index, threads: 1 })
    case 'sqlite':
      return sqliteCatalog({ file: config.catalog.file })
    case 'bucket':
      return undefined
    case 'bigquery': {
      const { bigqueryCatalog } = await import('./catalog/bigquery.ts')
      return bigqueryCatalog({
        table: config.bigqueryTable,
        tableL2A: config.bigqueryTableL2A,
        project: config.googleProject,
        endpoint: config.bigqueryEndpoint,
        anonymous: config.anonymous ?? false,
        maxBytesBilled: config.maxBytesBilled,
        deadlineMs: config.deadlineMs,
      })
    }
  }
}

async function openStorage(config: Config): Promise<Storage> {
  const { storage } = config
  switch (storage.kind) {
    case 'sample':
      return folderStorage({ folder: SAMPLE.bucket })
    case 'folder':
      return folderStorage({ folder: storage.folder })
    case 'gcs': {
      const { gcsStorage } = await import('./storage/gcs.ts')
      return gcsStorage({
        bucket: storage.bucket,
        endpoint: config.storageEndpoint,
        anonymous: isAnonymous(config, storage.bucket),
        project: config.googleProject,
        deadlineMs: config.deadlineMs,
      })
    }
  }
}
