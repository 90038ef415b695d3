import type { Colour, Sampling } from '../colour/port.ts'
import type { TilePartLayout } from '../jpeg2000/codestream.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Entry } from '../storage/port.ts'

/** Remembers listings of one storage that will not change any more. Costs speed where it fails, no answer. */
export interface Listings {
  /** The entries listed under a prefix, or undefined where none are remembered. */
  get(prefix: string, delimiter: string): readonly Entry[] | undefined
  put(prefix: string, delimiter: string, entries: readonly Entry[]): void
}

/** Remembers the colours of one storage's granules, made by today's METHOD. */
export interface Colours {
  get(granule: Granule, sampling: Sampling): Colour | undefined
  /**
   * Resolves to undefined once the colour is committed, so that no kill of the process loses it; where it
   * could not be, to why, as a clause. A colour that is there already stays as it is.
   */
  put(granule: Granule, sampling: Sampling, colour: Colour): Promise<string | undefined>
}

/** Remembers where the tile-parts of one storage's images lie. Costs speed where it fails, no answer. */
export interface Layouts {
  /** @param size of the file, bytes; a file of another size is another file */
  get(key: string, size: number): TilePartLayout | undefined
  put(key: string, size: number, layout: TilePartLayout): void
}

/** A remembered colour with all that belongs to it. */
export type RememberedColour = {
  readonly storage: string
  readonly granule: Pick<Granule, 'place' | 'granuleId' | 'productId' | 'mgrsTile' | 'sensingTime'>
  readonly sampling: Sampling
  readonly colour: Colour
  /** Version of the way it was made. */
  readonly method: number
  /** When, milliseconds since 1970. */
  readonly madeAt: number
}

/** How the store does. */
export type StoreState = {
  /** Listings remembered, of all storages. */
  readonly listings: number
  /** Colours remembered, of all storages and methods. */
  readonly colours: number
  /** Reads and writes it could not do since the start, each of them something asked for again. */
  readonly failed: number
  /** Why the newest of them failed, as a clause; undefined where none did. */
  readonly lastFailure: string | undefined
}

/** What is worth remembering between requests, processes and days. */
export interface Store {
  /** @param storage names the storage, so that another one's listings are never given for its own */
  listings(storage: string): Listings
  colours(storage: string): Colours
  layouts(storage: string): Layouts
  /** All colours of today's METHOD, of all storages, ordered by storage, place, granule, source, stride. */
  allColours(): Iterable<RememberedColour>
  state(): StoreState
  /** Writes down what still waits. */
  close(): void
}
