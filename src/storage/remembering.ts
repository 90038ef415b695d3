import { unlessLeft } from '../calls/unless-left.ts'
import { BLAMES, cancelled, Fault } from '../errors.ts'
import { folderProduct } from '../sentinel2/granule.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Listings } from '../store/port.ts'
import type { Entry, Storage } from './port.ts'

/** A product's files may still arrive for some days after it was made. */
const SETTLED_AFTER = 7 * 86_400 * 1e6

/**
 * Lists answered from memory, lists asked of the storage, and of these the ones that it failed to answer, and that
 * memory answered with what may have changed since.
 */
export type Recall = { readonly hits: number; readonly misses: number; readonly stale: number }

export interface RememberingStorage {
  /** The same storage, with what is remembered of it in front. @param onStale told of each list that may be stale */
  over(storage: Storage, onStale?: () => void): Storage
  recall(): Recall
}

/** A list under way, for all who ask for it. */
type Flight = { readonly entries: Promise<readonly Entry[]>; readonly leave: () => void; askers: number }

/**
 * Remembers what is listed inside a product's folder, which does not change once the product is complete:
 * a week after it was made, and only where something was there; what is younger is kept for when the storage is
 * away. Askers for the same list share one flight,
 * which ends early only when all of them have left.
 * @param listings undefined for a storage whose lists cost nothing and whose files may change: a folder
 * @param now microseconds since 1970
 */
export function rememberListings(listings: Listings | undefined, now: () => Micros): RememberingStorage {
  const tally = { hits: 0, misses: 0, stale: 0 }
  const flights = new Map<string, Flight>()

  function takeOff(listings: Listings, storage: Storage, prefix: string, delimiter: '/' | undefined): Flight {
    tally.misses++
    const key = prefix + (delimiter ?? '')
    const left = new AbortController()
    const entries = listAll(storage, prefix, delimiter, left.signal)
      .then((found) => {
        if (found.length === 0) return found
        if (isSettled(prefix, now())) listings.put(prefix, delimiter ?? '', found)
        else listings.putLast(prefix, delimiter ?? '', found)
        return found
      })
      .finally(() => flights.delete(key))
    // Each asker hears of a failure; if all have left, nobody has to.
    entries.catch(() => {})
    const flight: Flight = {
      entries,
      askers: 0,
      leave: () => {
        flight.askers--
        if (flight.askers > 0) return
        if (flights.get(key) === flight) flights.delete(key)
        left.abort()
      },
    }
    flights.set(key, flight)
    return flight
  }

  return {
    recall: () => ({ ...tally }),
    over: (storage, onStale) => ({
      bucket: storage.bucket,
      read: storage.read,
      async *list(prefix, options = {}) {
        const { delimiter, startOffset, endOffset, signal } = options
        const sliced = startOffset !== undefined || endOffset !== undefined
        if (!listings || sliced || generationOf(prefix) === undefined) {
          tally.misses++
          yield* storage.list(prefix, options)
          return
        }
        const known = listings.get(prefix, delimiter ?? '')
        if (known) {
          tally.hits++
          yield known
          return
        }
        if (signal?.aborted) throw cancelled(signal.reason)
        const flight =
          flights.get(prefix + (delimiter ?? '')) ?? takeOff(listings, storage, prefix, delimiter)
        flight.askers++
        try {
          yield await unlessLeft(flight.entries, signal)
        } catch (thrown) {
          const last = isAway(thrown) ? listings.last(prefix, delimiter ?? '') : undefined
          if (!last) throw thrown
          tally.stale++
          onStale?.()
          yield last
        } finally {
          flight.leave()
        }
      },
    }),
  }
}

async function listAll(
  storage: Storage,
  prefix: string,
  delimiter: '/' | undefined,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for await (const page of storage.list(prefix, { delimiter, signal })) entries.push(...page)
  return entries
}

const PRODUCT_FOLDER = /^(.+?\.SAFE)\//

/** When the product was made that a prefix lies in. */
function generationOf(prefix: string): Micros | undefined {
  const place = PRODUCT_FOLDER.exec(prefix)?.[1]
  return place === undefined ? undefined : folderProduct(place)?.generation
}

function isSettled(prefix: string, now: Micros): boolean {
  const generation = generationOf(prefix)
  return generation !== undefined && now - generation > SETTLED_AFTER
}

/** Whether it is the storage that failed, and not what was asked of it. */
const isAway = (thrown: unknown): boolean => thrown instanceof Fault && BLAMES[thrown.code] === 'upstream'
