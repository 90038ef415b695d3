import type { Entry } from '../storage/port.ts'

/** Remembers listings of one storage that will not change any more. Costs speed where it fails, no answer. */
export interface Listings {
  /** The entries listed under a prefix, or undefined where none are remembered. */
  get(prefix: string, delimiter: string): readonly Entry[] | undefined
  put(prefix: string, delimiter: string, entries: readonly Entry[]): void
}

/** How the store does. */
export type StoreState = {
  /** Listings remembered, of all storages. */
  readonly listings: number
  /** Reads and writes it could not do since the start, each of them a listing asked for again. */
  readonly failed: number
}

/** What is worth remembering between requests, processes and days. */
export interface Store {
  /** @param storage names the storage, so that another one's listings are never given for its own */
  listings(storage: string): Listings
  state(): StoreState
  /** Writes down what still waits. */
  close(): void
}
