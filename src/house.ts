import type { Catalog } from './catalog/port.ts'
import type { SamplerState } from './colour/sampler.ts'
import type { ColourLane, ColourState } from './colour-of.ts'
import type { DrawPreview, PreviewState } from './draw-preview.ts'
import type { ReadArea } from './ground/area-thread.ts'
import type { Calls } from './storage/fair.ts'
import type { Storage } from './storage/port.ts'
import type { Recall } from './storage/remembering.ts'
import type { StoreState } from './store/port.ts'

/** What the verbs work with; made by wire.ts, and closed once. */
export interface House {
  /** What is asked for a request of its own: its calls take turns with those of other requests. */
  open(): Session
  /** Reads an area that is GeoJSON; long ones keep nobody else waiting. */
  readonly readArea: ReadArea
  /** What goes on now and what was remembered. */
  state(): {
    readonly catalog: string
    readonly storage: string
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
  /** Granules whose images are listed at once. */
  readonly listConcurrency: number
}
