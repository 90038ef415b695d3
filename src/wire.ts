import { circuitBreaker } from './calls/breaker.ts'
import { twoClocks } from './calls/two-clocks.ts'
import { bucketCatalog } from './catalog/bucket.ts'
import { decodeThreads } from './colour/sampler.ts'
import { granuleColours } from './colour-of.ts'
import type { Config } from './config.ts'
import { granulePreviews } from './draw-preview.ts'
import { areaThread } from './ground/area-thread.ts'
import type { House } from './house.ts'
import { openCatalog } from './open-catalog.ts'
import { openStorage, storageName } from './open-storage.ts'
import { standingOf } from './seeing/house-standing.ts'
import type { LogOutput } from './seeing/log-line.ts'
import { noticeTo } from './seeing/notice.ts'
import { openSeeing, type SeeingOptions } from './seeing/open-seeing.ts'
import type { LogForm, Watch } from './seeing/port.ts'
import {
  during,
  watchedCatalog,
  watchedColours,
  watchedLayouts,
  watchedListings,
  watchedStorage,
} from './seeing/watched.ts'
import { fairStorage } from './storage/fair.ts'
import { guardedStorage, refusingStorage } from './storage/guarded.ts'
import { proveArchive } from './storage/proven.ts'
import { rememberListings } from './storage/remembering.ts'
import { sqliteMerge } from './store/merge.ts'
import type { Listings, Store, StoreMerge } from './store/port.ts'
import { sqliteStore } from './store/sqlite.ts'

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
    const store = openStoreOf(config, noticeTo(seeingOptions(config, log).log))
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
    const clocks = twoClocks()
    const remembering = rememberListings(listingsOf(config, store, watch), clocks.earlier)
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
        const unseen =
          shared?.lane(client) ?? bucketCatalog(storage, { maxTiles: MOST_TILES_TO_LIST, now: clocks.later })
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

/**
 * The listings of the configured bucket by its whole name. A folder's own lists cost nothing, and its files
 * may change: they are not remembered.
 */
function listingsOf(config: Config, store: Store, watch: Watch): Listings | undefined {
  if (config.storage.kind !== 'gcs') return undefined
  return watchedListings(store.listings(storageName(config)), watch)
}

/**
 * What is remembered, without the rest of the house.
 * @param tell told a sentence when it cannot be written, and when it can be again
 * @throws {Fault} misconfigured where the file cannot be used
 */
export const openStoreOf = (config: Config, tell?: (sentence: string) => void): Store =>
  sqliteStore(config.storeFile, { tell })

/** Puts stores together; opens nothing before it is asked to. */
export const storeMerge: StoreMerge = sqliteMerge
