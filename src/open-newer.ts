import type { Newer } from './catalog/bigquery-newer.ts'
import type { BucketNewer } from './catalog/bucket-newer.ts'
import type { Config } from './config.ts'
import type { CsvRow } from './index-file/csv.ts'
import { bigqueryOptions } from './open-catalog.ts'
import { openStorage } from './open-storage.ts'
import type { Level } from './sentinel2/bands.ts'
import { fairStorage } from './storage/fair.ts'
import { proveArchive } from './storage/proven.ts'

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
