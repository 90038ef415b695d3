import type { BreakerState } from '../calls/breaker.ts'
import type { Sampler } from '../colour/sampler.ts'
import type { GranuleColours } from '../colour-of.ts'
import type { GranulePreviews } from '../draw-preview.ts'
import type { FairStorage } from '../storage/fair.ts'
import type { RememberingStorage } from '../storage/remembering.ts'
import type { Store } from '../store/port.ts'
import type { Standing } from './port.ts'

/** The parts of a house that tell how they do. */
export type Parts = {
  readonly storage: FairStorage
  /** Undefined for a catalog that is made for each request, over the storage. */
  readonly catalog:
    | { inFlight(): number; waiting(): number; replaced?(): number; upstream?(): BreakerState }
    | undefined
  readonly colours: GranuleColours
  readonly previews: GranulePreviews
  readonly sampler: Sampler
  readonly listings: RememberingStorage
  readonly store: Store
  readonly breaker: { state(): BreakerState }
}

/** How they all do now. */
export function standingOf(parts: Parts): Standing {
  const { storage, catalog, colours, previews, sampler, listings, store, breaker } = parts
  const [running, waiting] = [storage.inFlight(), storage.waiting()]
  const [made, drawn, decoding, recall] = [
    colours.state(),
    previews.state(),
    sampler.state(),
    listings.recall(),
  ]
  return {
    queues: {
      list: { running: running.list, waiting: waiting.list },
      read: { running: running.read, waiting: waiting.read },
      colour: { running: made.inFlight, waiting: made.waiting },
      preview: { running: previews.inFlight(), waiting: previews.waiting() },
      decode: { running: decoding.busy, waiting: decoding.waiting },
      catalog: { running: catalog?.inFlight() ?? 0, waiting: catalog?.waiting() ?? 0 },
    },
    caches: {
      listings: recall,
      colours: { hits: made.remembered, misses: made.made + made.failed },
      previews: { hits: drawn.recalled, misses: drawn.drawn + drawn.failed },
    },
    threads: decoding,
    indexThreadsReplaced: catalog?.replaced?.() ?? 0,
    store: store.state(),
    upstreams: { storage: breaker.state(), catalog: catalog?.upstream?.() },
    staleListings: recall.stale,
  }
}
