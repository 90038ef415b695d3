import { folderProduct } from '../sentinel2/granule.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Listings } from '../store/port.ts'
import type { Entry, Storage } from './port.ts'

/** A product's files may still arrive for some days after it was made. */
const SETTLED_AFTER = 7 * 86_400 * 1e6

/** Lists answered from memory, asked of the storage, and answers that could not be written down. */
export type Recall = { readonly hits: number; readonly misses: number; readonly unwritten: number }

export interface RememberingStorage {
  /** The same storage, with what is remembered of it in front. */
  over(storage: Storage): Storage
  recall(): Recall
}

/**
 * Remembers what is listed inside a product's folder, which does not change once the product is complete:
 * a week after it was made, and only where something was there. A store that cannot be written costs speed,
 * no answer.
 * @param now microseconds since 1970
 */
export function rememberListings(listings: Listings, now: () => Micros): RememberingStorage {
  const tally = { hits: 0, misses: 0, unwritten: 0 }

  function keep(prefix: string, delimiter: string, entries: readonly Entry[]): void {
    try {
      listings.put(prefix, delimiter, entries)
    } catch {
      tally.unwritten++
    }
  }

  return {
    recall: () => ({ ...tally }),
    over: (storage) => ({
      bucket: storage.bucket,
      read: storage.read,
      async *list(prefix, options = {}) {
        const { delimiter = '', startOffset, endOffset } = options
        if (!isSettled(prefix, now()) || startOffset !== undefined || endOffset !== undefined) {
          yield* storage.list(prefix, options)
          return
        }
        const known = listings.get(prefix, delimiter)
        if (known) {
          tally.hits++
          yield known
          return
        }
        tally.misses++
        const entries: Entry[] = []
        for await (const page of storage.list(prefix, options)) {
          entries.push(...page)
          yield page
        }
        if (entries.length > 0) keep(prefix, delimiter, entries)
      },
    }),
  }
}

const PRODUCT_FOLDER = /^(.+?\.SAFE)\//

function isSettled(prefix: string, now: Micros): boolean {
  const place = PRODUCT_FOLDER.exec(prefix)?.[1]
  const product = place === undefined ? undefined : folderProduct(place)
  return product !== undefined && now - product.generation > SETTLED_AFTER
}
