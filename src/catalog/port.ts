import type { Area } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Micros } from '../sentinel2/time.ts'

/** What is asked of a catalog: the granules of an area, and which of them. */
export type Search = {
  readonly area: Area
  readonly level: Level
  /** Sensing time, both ends included; undefined is open. */
  readonly time: { readonly from: Micros | undefined; readonly until: Micros | undefined }
  /** Percent, both ends included; a granule whose cloud cover is not known does not match. */
  readonly cloud: { readonly min: number; readonly max: number } | undefined
  /** Only these tiles; undefined: all that the area touches. */
  readonly tiles: readonly string[] | undefined
  /**
   * `latest`: of the products of one acquisition the one with the highest baseline, then the latest
   * generation, with all its granules, chosen before any other filter; `none`: all of them.
   */
  readonly dedupe: 'latest' | 'none'
}

/** Where a page ends, in the terms of the catalog that gave it. */
export type Cursor = readonly (string | number)[]

export type PageOptions = {
  /** Granules at most, 1 and up. */
  readonly limit: number
  readonly after?: Cursor | undefined
  readonly signal?: AbortSignal
}

export type Page = {
  readonly granules: readonly Granule[]
  /** Where the next page starts; undefined on the last page. */
  readonly next: Cursor | undefined
}

/** What a search matches, without naming it. */
export type Extent = {
  readonly granules: number
  /** Bytes of the products whose size the catalog knows. */
  readonly bytes: number
  /** Granules whose size it does not know. */
  readonly withoutSize: number
  /** Granules of the form before 2016-12-06, which have no TCI. */
  readonly longForm: number
}

/** What a search costs before it is run. */
export type Cost = { readonly bytesBilled: number; readonly dollars: number }

/** Knows which granules there are. */
export interface Catalog {
  /**
   * A page of the granules whose ground meets the area, newest first. Boxes meet where they touch; a catalog
   * may keep those of its granules rounded outward by up to a millionth of a degree, and then finds those too
   * that miss the area by less. The order is total and the same in every catalog: sensing time, generation
   * time, tile, place, granule name, each descending.
   * @throws {Fault} bad-request for a cursor or a filter it cannot serve, area-too-large, upstream-failed,
   * upstream-late, upstream-busy, over-budget, misconfigured, cancelled
   */
  search(search: Search, options: PageOptions): Promise<Page>
  /**
   * The granule of this name; of several products that carry it the best (compareProducts); undefined if
   * there is none.
   * @throws {Fault} as search
   */
  granule(granuleId: string, signal?: AbortSignal): Promise<Granule | undefined>
  /** What a search matches; undefined where the catalog cannot tell without a listing or a bill. */
  extent(search: Search, signal?: AbortSignal): Promise<Extent | undefined>
  /** What a search bills; undefined where it costs nothing. */
  cost(search: Search, signal?: AbortSignal): Promise<Cost | undefined>
  /** A real query, as small as can be, to what is there now. @throws {Fault} where none is answered. */
  check(signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}
