import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BreakerState, circuitBreaker } from './calls/breaker.ts'
import type { BigqueryOptions } from './catalog/bigquery-connection.ts'
import type { Newer } from './catalog/bigquery-newer.ts'
import { bucketCatalog } from './catalog/bucket.ts'
import type { BucketNewer } from './catalog/bucket-newer.ts'
import { fairCatalog } from './catalog/fair.ts'
import { guardedCatalog } from './catalog/guarded.ts'
import type { Catalog } from './catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from './catalog/sqlite.ts'
import { METHOD } from './colour/port.ts'
import { decodeThreads } from './colour/sampler.ts'
import { granuleColours } from './colour-of.ts'
import { type Config, isAnonymous } from './config.ts'
import { granulePreviews } from './draw-preview.ts'
import { areaThread } from './ground/area-thread.ts'
import type { House } from './house.ts'
import type { CsvRow } from './index-file/csv.ts'
import { standingOf } from './seeing/house-standing.ts'
import type { LogOutput } from './seeing/log-line.ts'
import { openSeeing, type SeeingOptions } from './seeing/open-seeing.ts'
import type { LogForm, Waited, Watch } from './seeing/port.ts'
import {
  during,
  watchedCatalog,
  watchedColours,
  watchedLayouts,
  watchedListings,
  watchedStorage,
} from './seeing/watched.ts'
import { areaOfBox } from './sentinel2/area.ts'
import type { Level } from './sentinel2/bands.ts'
import { tilesOf } from './sentinel2/tiles.ts'
import { fairStorage } from './storage/fair.ts'
import { folderStorage } from './storage/folder.ts'
import { openRoot } from './storage/folder-root.ts'
import { guardedStorage, refusingStorage } from './storage/guarded.ts'
import type { Storage } from './storage/port.ts'
import { proveArchive } from './storage/proven.ts'
import { rememberListings } from './storage/remembering.ts'
import { sqliteMerge } from './store/merge.ts'
import type { Listings, Store, StoreMerge } from './store/port.ts'
import { sqliteStore } from './store/sqlite.ts'

const SAMPLE = {
  index: fileURLToPath(new URL('../sample/index.sqlite', import.meta.url)),
  bucket: fileURLToPath(new URL('../sample/bucket', import.meta.url)),
}
/** Tiles that one search of the bucket catalog may list: a box of some 700 by 700 km. */
const MOST_TILES_TO_LIST = 100
/** Each holds some megabytes, and a few keep both the network and the decode threads busy. */
export const COLOURS_AT_ONCE = 8

export type HouseOptions = {
  /** Colours made at once in the whole process, 1 and up. */
  readonly coloursAtOnce?: number
  /** Failures that keep calls from an upstream for a while; Infinity: who is alone goes on asking. */
  readonly breaksAt?: number
  /** Where the log goes, and its form where the configuration names none; to stderr, failures alone, by itself. */
  readonly log?: { readonly out: LogOutput; readonly form: LogForm }
}
/** Half of the threads that Node also reads files with; a picture takes some ten milliseconds of one. */
const PREVIEWS_AT_ONCE = 2
/** Of BigQuery: what a project may run at once is some hundred. */
const QUERIES_AT_ONCE = 32
/** Some two hundred previews of a granule's own size. */
const PREVIEWS_KEPT = 32 * 2 ** 20

/**
 * Makes everything the configuration names, Google's clients only where it does.
 * @throws {Fault} misconfigured where a file, folder or index is not what it should be
 */
export async function openHouse(
  config: Config,
  { coloursAtOnce = COLOURS_AT_ONCE, breaksAt, log }: HouseOptions = {},
): Promise<House> {
  const { seeing, watch, waited, readFrom, close: closeSeeing } = await openSeeing(seeingOptions(config, log))
  const shared = await openCatalog(config, waited('catalog')).catch(async (thrown: unknown) => {
    await closeSeeing()
    throw thrown
  })
  try {
    const breaker = circuitBreaker('Cloud Storage', { breaksAt })
    const fair = fairStorage(
      guardedStorage(watchedStorage(await openStorage(config), config.storage.kind, watch), breaker),
      { list: config.listConcurrency, read: config.readConcurrency },
      { list: waited('list'), read: waited('read') },
    )
    const store = openStoreOf(config)
    const sampler = decodeThreads({
      threads: config.decodeThreads,
      waited: waited('decode'),
      during: (want, job) => during(watch, 'decode', want, job()),
    })
    const stored = storageName(config)
    const colours = granuleColours({
      colours: watchedColours(store.colours(stored), watch),
      layouts: watchedLayouts(store.layouts(stored), watch),
      sampler,
      atOnce: coloursAtOnce,
      waited: waited('colour'),
    })
    const previews = granulePreviews({
      mostBytes: PREVIEWS_KEPT,
      atOnce: PREVIEWS_AT_ONCE,
      waited: waited('preview'),
      during: (drawing) => during(watch, 'preview', 'drawn', drawing()),
    })
    const now = () => Date.now() * 1000
    const remembering = rememberListings(listingsOf(config, store, watch), now)
    const proven = proveArchive()
    const areas = areaThread()
    readFrom(() =>
      standingOf({
        storage: fair,
        catalog: shared,
        colours,
        previews,
        sampler,
        listings: remembering,
        store,
        breaker,
      }),
    )
    return {
      open: (client) => {
        let stale = false
        const markStale = () => {
          stale = true
        }
        const storage = remembering.over(proven.over(refusingStorage(fair.lane(client), breaker)), markStale)
        const unseen = shared?.lane(client) ?? bucketCatalog(storage, { maxTiles: MOST_TILES_TO_LIST, now })
        const catalog = watchedCatalog(unseen, config.catalog.kind, watch)
        const lane = colours.lane(storage, client)
        const drawPreview = previews.over(lane.pixelsOf, client)
        return {
          catalog,
          storage,
          listConcurrency: config.listConcurrency,
          ...lane,
          drawPreview,
          isStale: () => stale,
        }
      },
      readArea: areas.read,
      baseUrl: config.baseUrl,
      seeing,
      state: () => ({
        catalog: config.catalog.kind,
        storage: config.storage.kind,
        upstreams: { storage: breaker.state(), catalog: shared?.upstream?.() },
        callsInFlight: fair.inFlight(),
        callsWaiting: fair.waiting(),
        listings: remembering.recall(),
        colours: colours.state(),
        previews: previews.state(),
        decoding: sampler.state(),
        store: store.state(),
      }),
      close: async () => {
        await areas.close()
        colours.close()
        await sampler.close()
        await shared?.close()
        store.close()
        await closeSeeing()
      },
    }
  } catch (thrown) {
    await shared?.close()
    await closeSeeing()
    throw thrown
  }
}

function seeingOptions(config: Config, log: HouseOptions['log']): SeeingOptions {
  const { otlpEndpoint, serviceName, traceShare, googleProject: project } = config
  return {
    log: { form: config.log ?? log?.form ?? 'failures', out: log?.out ?? process.stderr, project },
    traces:
      otlpEndpoint === undefined ? undefined : { endpoint: otlpEndpoint, serviceName, share: traceShare },
  }
}

/** What all requests share, in turn; the bucket's catalog is made for each, over its own lane. */
type SharedCatalog = {
  lane(client?: string): Catalog
  inFlight(): number
  waiting(): number
  /** How the service behind it does, where there is one. */
  readonly upstream?: () => BreakerState
  close(): Promise<void>
}

/** Where the rows come from that an index lacks. */
export type NewerRows = {
  /** Google's table of a level. */
  bigquery(level: Level): Promise<Newer>
  /** The granules in the configured bucket that were sensed after the newest known ones of their tiles. */
  bucket(): Promise<(asked: BucketNewer, signal: AbortSignal) => AsyncGenerator<readonly CsvRow[]>>
}

/** What `swath index update` reads beside CSVs; nothing is opened before it is asked for. */
export const openNewer = (config: Config): NewerRows => ({
  bigquery: async (level) => {
    const { bigqueryNewer } = await import('./catalog/bigquery-newer.ts')
    return bigqueryNewer({ ...bigqueryOptions(config), level })
  },
  bucket: async () => {
    const { bucketNewer } = await import('./catalog/bucket-newer.ts')
    const fair = fairStorage(await openStorage(config), {
      list: config.listConcurrency,
      read: config.readConcurrency,
    })
    const storage = proveArchive().over(fair.lane())
    return (asked, signal) => bucketNewer(storage, asked, signal)
  },
})

const bigqueryOptions = (config: Config): BigqueryOptions => ({
  table: config.bigqueryTable,
  tableL2A: config.bigqueryTableL2A,
  project: config.googleProject,
  endpoint: config.bigqueryEndpoint,
  anonymous: config.anonymous ?? false,
  maxBytesBilled: config.maxBytesBilled,
  deadlineMs: config.deadlineMs,
})

async function openCatalog(config: Config, waited: Waited): Promise<SharedCatalog | undefined> {
  // The threads that ask an index find the file by this name, wherever they start.
  const colours = { store: resolve(config.storeFile), storage: storageName(config), method: METHOD }
  switch (config.catalog.kind) {
    case 'sample':
      return warmed(sqliteCatalog({ file: SAMPLE.index, threads: 1, colours, waited }))
    case 'sqlite':
      return warmed(sqliteCatalog({ file: config.catalog.file, colours, waited }))
    case 'bucket':
      return undefined
    case 'bigquery': {
      const { bigqueryCatalog } = await import('./catalog/bigquery.ts')
      const catalog = bigqueryCatalog(bigqueryOptions(config))
      const breaker = circuitBreaker('BigQuery')
      const fair = fairCatalog(guardedCatalog(catalog, breaker), QUERIES_AT_ONCE, { waited, breaker })
      return { ...fair, upstream: breaker.state, close: catalog.close }
    }
  }
}

/** Starts a thread and makes the tile grid, which the first request would wait for. */
async function warmed(catalog: SqliteCatalog): Promise<SharedCatalog> {
  tilesOf(areaOfBox(0, 0, 0, 0))
  await catalog.check()
  return catalog
}

/**
 * The listings of the configured bucket by its whole name. A folder's own lists cost nothing, and its files
 * may change: they are not remembered.
 */
function listingsOf(config: Config, store: Store, watch: Watch): Listings | undefined {
  if (config.storage.kind !== 'gcs') return undefined
  return watchedListings(store.listings(storageName(config)), watch)
}

/** What is remembered is remembered under the whole name of where it comes from. */
function storageName({ storage, storageEndpoint }: Config): string {
  switch (storage.kind) {
    case 'sample':
      return 'sample'
    case 'folder':
      return `folder:${resolve(storage.folder)}`
    case 'gcs':
      return `gs://${storage.bucket}${storageEndpoint ? ` at ${storageEndpoint}` : ''}`
  }
}

/**
 * What is remembered, without the rest of the house.
 * @throws {Fault} misconfigured where the file cannot be used
 */
export const openStoreOf = (config: Config): Store => sqliteStore(config.storeFile)

/** Puts stores together; opens nothing before it is asked to. */
export const storeMerge: StoreMerge = sqliteMerge

async function openStorage(config: Config): Promise<Storage> {
  const { storage } = config
  switch (storage.kind) {
    case 'sample':
      return folderStorage({ folder: SAMPLE.bucket })
    case 'folder':
      await openRoot(storage.folder)
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
