import type { Entry } from '../storage/port.ts'

/** Remembers listings that will not change any more. */
export interface Listings {
  /** The entries listed under a prefix, or undefined where none are remembered. */
  get(prefix: string, delimiter: string): readonly Entry[] | undefined
  put(prefix: string, delimiter: string, entries: readonly Entry[]): void
  /** How many are remembered. */
  count(): number
}

/** What is worth remembering between requests, processes and days. */
export interface Store {
  readonly listings: Listings
  close(): void
}
