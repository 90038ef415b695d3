import type { Breaker } from '../calls/breaker.ts'
import { takeTurns } from '../calls/turns.ts'
import type { Catalog } from './port.ts'

export interface FairCatalog {
  /** One asker's view; its close does nothing. @param client as of Turns.lane */
  lane(client?: string): Catalog
  inFlight(): number
  waiting(): number
}

export type FairOptions = {
  /** Told of each question how long it waited, milliseconds. */
  readonly waited?: (ms: number) => void
  /** That of the catalog: what it would refuse does not wait for its turn. */
  readonly breaker?: Breaker
}

/** Questions that wait for a catalog: each takes seconds of it, so more would wait for minutes. */
const BOUNDS = { what: 'questions to the catalog', most: 1000, mostOfOne: 100 }

/** Bounds the questions under way to a catalog whose answers are somebody else's work, and shares them in turn. */
export function fairCatalog(
  catalog: Catalog,
  atOnce: number,
  { waited, breaker }: FairOptions = {},
): FairCatalog {
  const turns = takeTurns(atOnce, { ...BOUNDS, waited })
  return {
    lane: (client) => {
      const lane = turns.lane(client)
      const run = async <T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
        breaker?.refuse()
        return lane.run(ask, signal)
      }
      return {
        search: (search, options) => run(() => catalog.search(search, options), options.signal),
        granule: (id, signal) => run(() => catalog.granule(id, signal), signal),
        extent: (search, signal) => run(() => catalog.extent(search, signal), signal),
        summary: (search, signal) => run(() => catalog.summary(search, signal), signal),
        placesIn: (place, level, signal) => run(() => catalog.placesIn(place, level, signal), signal),
        freshness: () => catalog.freshness(),
        cost: (search, signal) => run(() => catalog.cost(search, signal), signal),
        check: (signal) => run(() => catalog.check(signal), signal),
        close: async () => {},
      }
    },
    inFlight: turns.inFlight,
    waiting: turns.waiting,
  }
}
