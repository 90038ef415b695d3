import type { BreakerState } from '../calls/breaker.ts'
import type { FaultCode } from '../errors.ts'

/** What is counted and timed; a closed list, so that labels stay few. */
export const KINDS = [
  'storage_list',
  'storage_read',
  'catalog_search',
  'catalog_granule',
  'catalog_extent',
  'catalog_summary',
  'catalog_places',
  'catalog_cost',
  'catalog_check',
  'store_get',
  'store_put',
  'decode',
  'preview',
] as const
export type Kind = (typeof KINDS)[number]

/** Where calls and works wait for their turn. */
export const QUEUES = ['list', 'read', 'colour', 'preview', 'decode', 'catalog'] as const
export type Queue = (typeof QUEUES)[number]

/** What is remembered. */
export const CACHES = ['listings', 'colours', 'layouts', 'previews'] as const
export type Cache = (typeof CACHES)[number]

/** How a work failed: an expected fault, or a bug. */
export type Code = FaultCode | 'bug'

/** A work under way, of which one of the two is told once. */
export type Begun = {
  /** @param thrown what it failed with, undefined where it did not @param bytes that it read */
  end(thrown?: unknown, bytes?: number): void
  /** There was nothing to do: it does not count. */
  drop(): void
}

/** What wrappers tell of the works they see. */
export interface Watch {
  /** @param by the adapter, a word of the program's own: `gcs`, `sqlite`, `colours` */
  begin(kind: Kind, by: string): Begun
  /** One look into a cache. */
  looked(cache: Cache, found: boolean): void
}

/** Told the milliseconds that a work waited for its turn; 0 where it did not have to. */
export type Waited = (ms: number) => void

/** How the house does at the moment of a scrape; counts are since the start. */
export type Standing = {
  readonly queues: Readonly<Record<Queue, { readonly running: number; readonly waiting: number }>>
  readonly caches: Readonly<Partial<Record<Cache, { readonly hits: number; readonly misses: number }>>>
  readonly threads: { readonly started: number; readonly busy: number; readonly replaced: number }
  readonly indexThreadsReplaced: number
  readonly store: {
    readonly listings: number
    readonly colours: number
    readonly failed: number
    /** Whether rows could not be written the last time that some were to be. */
    readonly failing: true | undefined
  }
  /** Undefined: nothing that could be away. */
  readonly upstreams: Readonly<Record<'storage' | 'catalog', BreakerState | undefined>>
  /** Listings that were answered from memory because the bucket was away. */
  readonly staleListings: number
}

/** Who is let in, at the moment of a scrape. */
export type AdmissionState = {
  /** Requests under way. */
  readonly inFlight: number
  /** Clients that have requests under way. */
  readonly clients: number
  /** Since the start, refused for their client's requests, and for everybody's. */
  readonly refusedOfOne: number
  readonly refusedOfAll: number
}

/** The same, and answers that wait for their turn to be made by the event loop's thread. */
export type GateState = AdmissionState & { readonly answersWaiting: number }

/** What is seen of a request before it is answered. */
export type Asked = {
  readonly method: string
  /** Path and query, as they came. */
  readonly url: string
  readonly protocol: string
  readonly remoteIp: string | undefined
  readonly header: (name: string) => string | undefined
}

/** One request, from its first line to the end of its connection's part. */
export interface SeenRequest {
  /** The client's own X-Request-Id, its trace, or one that was made. */
  readonly id: string
  /** The answer's head and first piece are there. @param route its pattern, never the path itself */
  answered(answer: { readonly route: string; readonly status: number; readonly thrown: unknown }): void
  /** A failure cut the answer after its first piece. */
  brokenOff(thrown: unknown): void
  /**
   * @param whole whether all of the answer was handed over @param bytes on the wire, with headers
   * @param refusedWith the status that the server told by itself before there was an answer
   */
  ended(end: {
    readonly whole: boolean
    readonly bytes: number
    readonly refusedWith?: number | undefined
  }): void
}

/** What the doors use. */
export interface Seeing {
  request(asked: Asked): SeenRequest
  /** What was no request, or did not become one in time, was told this status. */
  refused(status: number): void
  /** Where the gate is read at a scrape. */
  readGate(read: () => GateState): void
  /** All metrics of the service's processes, in the text form of Prometheus. */
  metrics(): Promise<string>
}

/** How requests are written down; `failures`: of the text lines those alone that tell of what went wrong here. */
export const LOG_FORMS = ['json', 'text', 'failures', 'off'] as const
export type LogForm = (typeof LOG_FORMS)[number]
