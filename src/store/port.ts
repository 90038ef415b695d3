import type { Colour, Sampling } from '../colour/port.ts'
import type { TilePartLayout } from '../jpeg2000/codestream.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Entry } from '../storage/port.ts'

/** Remembers listings of one storage. Costs speed where it fails, no answer. */
export interface Listings {
  /** The entries under a prefix that will not change any more, or undefined where none are remembered. */
  get(prefix: string, delimiter: string): readonly Entry[] | undefined
  put(prefix: string, delimiter: string, entries: readonly Entry[]): void
  /** The entries that were listed last under a prefix that might still change, or undefined. */
  last(prefix: string, delimiter: string): readonly Entry[] | undefined
  putLast(prefix: string, delimiter: string, entries: readonly Entry[]): void
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
  /** Where rows could not be written the last time that some were to be. */
  readonly failing: true | undefined
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

/** Puts what other stores remember into one. */
export interface StoreMerge {
  /**
   * Whether a file can be taken from, all of it read.
   * @throws {Fault} misconfigured where it is no store of today's layout, or is damaged
   */
  check(from: string): void
  /** Makes the store where there is none. @throws {Fault} misconfigured where it cannot be used */
  openInto(into: string): {
    /**
     * Takes what another store remembers, which stays as it is; a step is a commit. Of two colours of a granule and
     * sampling the one of the newer method stays; of what is remembered alike the one that was there.
     * @throws {Fault} misconfigured where one of the two cannot be read or written any more
     */
    take(from: string): Generator<MergeStep, MergeReport, undefined>
    close(): void
  }
}

export type MergeStep = {
  readonly of: 'colour' | 'listing' | 'layout'
  /** Rows of it so far. */
  readonly taken: number
}

export type MergeReport = {
  readonly from: string
  readonly colours: MergedRows
  readonly listings: MergedRows
  readonly layouts: MergedRows
}

export type MergedRows = {
  /** Of the store that was taken from. */
  readonly rows: number
  /** Those of them that were not there, or stood for an older or a damaged one. */
  readonly taken: number
  /** Those of them that hold nothing that could be used, left out. */
  readonly unsound: number
}
