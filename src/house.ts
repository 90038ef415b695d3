import type { BreakerState } from './calls/breaker.ts'
import type { Catalog } from './catalog/port.ts'
import type { SamplerState } from './colour/sampler.ts'
import type { ColourLane, ColourState } from './colour-of.ts'
import type { DrawPreview, PreviewState } from './draw-preview.ts'
import type { ReadArea } from './ground/area-thread.ts'
import type { Seeing } from './seeing/port.ts'
import type { Calls } from './storage/fair.ts'
import type { Storage } from './storage/port.ts'
import type { Recall } from './storage/remembering.ts'
import type { StoreState } from './store/port.ts'

/** What the verbs work with; made by wire.ts, and closed once. */
export interface House {
  /**
   * What is asked for a request of its own: its calls take turns with those of other clients, and with those of
   * its client's other requests.
   * @param client who asks; without it, a client of its own
   */
  open(client?: string): Session
  /** Reads an area that is GeoJSON; long ones keep nobody else waiting. */
  readonly readArea: ReadArea
  /** The address that links carry, `https://host[:port]`; undefined: that of each request. */
  readonly baseUrl: string | undefined
  /** Requests as they are seen: metrics, log and traces. */
  readonly seeing: Seeing
  /** What goes on now and what was remembered. */
  state(): {
    readonly catalog: string
    readonly storage: string
    /** Whether they are asked: a storage that is a folder always is, a catalog that is a file has none. */
    readonly upstreams: { readonly storage: BreakerState; readonly catalog: BreakerState | undefined }
    readonly callsInFlight: Calls
    readonly callsWaiting: Calls
    readonly listings: Recall
    readonly colours: ColourState
    readonly previews: PreviewState
    readonly decoding: SamplerState
    readonly store: StoreState
  }
  close(): Promise<void>
}

/** One asker's catalog, storage, colours and previews. */
export type Session = ColourLane & {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly drawPreview: DrawPreview
  /** Whether something was told from memory that may have changed since, because the bucket was away. */
  readonly isStale: () => boolean
  /** Granules whose images are listed at once. */
  readonly listConcurrency: number
}
