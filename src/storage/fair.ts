import { type Lane, takeTurns } from '../calls/turns.ts'
import type { Entry, ListOptions, Storage } from './port.ts'

/** Calls of each kind. */
export type Calls = { readonly list: number; readonly read: number }

export interface FairStorage {
  /** One asker's view of the storage: made once for each request, and shared by all that request does. */
  lane(): Storage
  /** Calls under way in all lanes. */
  inFlight(): Calls
  /** Calls of all lanes that wait for a slot. */
  waiting(): Calls
}

/**
 * Bounds the calls in flight for the whole process, and shares them between requests in turn. A slot is
 * held for one page or one read alone, never while the reader of the pages is busy elsewhere.
 * @param bound calls at once of each kind, 1 and up
 */
export function fairStorage(storage: Storage, bound: Calls): FairStorage {
  const lists = takeTurns(bound.list)
  const reads = takeTurns(bound.read)
  return {
    lane: () => {
      const listLane = lists.lane()
      const readLane = reads.lane()
      return {
        bucket: storage.bucket,
        list: (prefix, options) => pagesInTurn(storage, listLane, prefix, options),
        read: (key, range, signal) => readLane.run(() => storage.read(key, range, signal), signal),
      }
    },
    inFlight: () => ({ list: lists.inFlight(), read: reads.inFlight() }),
    waiting: () => ({ list: lists.waiting(), read: reads.waiting() }),
  }
}

async function* pagesInTurn(
  storage: Storage,
  lane: Lane,
  prefix: string,
  options: ListOptions | undefined,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const steps = storage.list(prefix, options)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await lane.run(() => steps.next(), options?.signal)
      if (step.done) return
      yield step.value
    }
  } finally {
    await steps.return?.()
  }
}
