import { stepByStep } from '../calls/step-by-step.ts'
import { takeTurns } from '../calls/turns.ts'
import type { Storage } from './port.ts'

/** Calls of each kind. */
export type Calls = { readonly list: number; readonly read: number }

export interface FairStorage {
  /**
   * One asker's view of the storage: made once for each request, and shared by all that request does.
   * @param client whose request it is; one without a client is a client of its own
   */
  lane(client?: string): Storage
  /** Calls under way in all lanes. */
  inFlight(): Calls
  /** Calls of all lanes that wait for a slot. */
  waiting(): Calls
}

/** A request waits for as many lists as may be under way, so that requests are refused long before their lists are. */
const bounds = (what: string) => ({ what, most: 20_000, mostOfOne: 10_000 })

/**
 * Bounds the calls in flight for the whole process, and shares them between clients, and a client's
 * requests, in turn. A slot is
 * held for one page or one read alone, never while the reader of the pages is busy elsewhere.
 * @param bound calls at once of each kind, 1 and up
 * @param waited told of each call how long it waited, milliseconds
 */
export function fairStorage(
  storage: Storage,
  bound: Calls,
  waited?: { readonly list: (ms: number) => void; readonly read: (ms: number) => void },
): FairStorage {
  const lists = takeTurns(bound.list, { ...bounds('lists of the bucket'), waited: waited?.list })
  const reads = takeTurns(bound.read, { ...bounds('reads of the bucket'), waited: waited?.read })
  return {
    lane: (client) => {
      const listLane = lists.lane(client)
      const readLane = reads.lane(client)
      return {
        bucket: storage.bucket,
        list: (prefix, options) =>
          stepByStep(storage.list(prefix, options), (step) => listLane.run(step, options?.signal)),
        read: (key, range, signal) => readLane.run(() => storage.read(key, range, signal), signal),
      }
    },
    inFlight: () => ({ list: lists.inFlight(), read: reads.inFlight() }),
    waiting: () => ({ list: lists.waiting(), read: reads.waiting() }),
  }
}
