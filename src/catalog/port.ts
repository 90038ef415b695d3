import type { Comparison, Rank, Sampling } from '../colour/port.ts'
import type { Area } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Condition } from './condition.ts'

export type { Condition, Field, Value } from './condition.ts'

/** What is asked of a catalog: the granules of an area, and which of them. */
export type Search = {
  readonly area: Area
  readonly level: Level
  /** Sensing time, both ends included; undefined is open. */
  readonly time: { readonly from: Micros | undefined; readonly until: Micros | undefined }
  /** Percent, both ends included; a granule whose cloud cover is not known does not match. */
  readonly cloud: { readonly min: number; readonly max: number } | undefined
  /** What else must hold of each granule. */
  readonly only?: Condition | undefined
  /** Only these tiles; undefined: all that the area touches. */
  readonly tiles: readonly string[] | undefined
  /**
   * `latest`: of the products of one acquisition the one with the highest baseline, then the latest
   * generation, with all its granules, chosen before any other filter; `none`: all of them.
   */
  readonly dedupe: 'latest' | 'none'
  /**
   * How the granule lies to the area. `intersects`, the default: its own box meets the area, edges included.
   * `contains`: its footprint covers all of the area. `within`: its footprint lies in the area.
   */
  readonly relation?: Relation | undefined
  /** Least share of the area that its footprint covers, above 0 to 1; undefined: any. */
  readonly minCoverage?: number | undefined
  /** Only what came into the index then or later. */
  readonly since?: Micros | undefined
  /**
   * Of all that match, the least clouded granule of each tile, or of each tile and month (UTC) of sensing:
   * then the one that covers most of the area, then the newest. Unknown clouds come last. What `colours` compares
   * is met before; where it compares nothing, the best are chosen whether or not their colours are known.
   */
  readonly best?: Best | undefined
  /** The order of the answer; `-datetime`, newest first, by default. */
  readonly sort?: Sort | undefined
  /** What is asked of remembered colours. */
  readonly colours?: ColourWish | undefined
}

export const RELATIONS = ['intersects', 'contains', 'within'] as const
export type Relation = (typeof RELATIONS)[number]

export const BESTS = ['tile', 'tile,month'] as const
export type Best = (typeof BESTS)[number]

/**
 * Newest first, oldest first (the exact reverse), least clouded, most covering, best colour; and the most clouded,
 * the least covering, the worst colour first. What is equal by cloud, coverage or colour comes newest first;
 * unknown clouds and colours come last.
 */
export const SORTS = [
  '-datetime',
  'datetime',
  'cloud',
  '-cloud',
  'coverage',
  '-coverage',
  'rank',
  '-rank',
] as const
export type Sort = (typeof SORTS)[number]

/** Whether an order hangs on a rank. */
export const isByRank = (sort: Sort | undefined): boolean => sort === 'rank' || sort === '-rank'

export type ColourWish = {
  readonly sampling: Sampling
  /** `known`: granules whose colour is remembered and meets all of `where`; `unknown`: the others. */
  readonly which: 'known' | 'unknown'
  readonly where: readonly Comparison[]
  /** By what `sort: 'rank'` and its reverse order. */
  readonly rank: Rank | undefined
}

/** Where a page ends, in the terms of the catalog that gave it. */
export type Cursor = readonly (string | number)[]

export type PageOptions = {
  /** Granules at most, 1 and up. */
  readonly limit: number
  readonly after?: Cursor | undefined
  /** Whether the page tells how much of the area each granule covers. */
  readonly coverage?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export type Page = {
  readonly granules: readonly Granule[]
  /**
   * Share of the area that each granule's footprint covers, 0 to 1, in the order of the granules, where it was
   * asked for. Of points the share of their number, of lines that of their length.
   */
  readonly coverage: readonly number[] | undefined
  /** Where the next page starts; undefined on the last page. */
  readonly next: Cursor | undefined
}

/** A page of one catalog, and where each of its granules stands in its order. */
export type CatalogPage = Page & { readonly positionOf: (granule: number) => Position }

export type Position = {
  /** By what the order goes before it goes by time, the least first; 0 where it goes by time alone. */
  readonly score: number
  /** Where the page behind this granule starts. */
  readonly after: Cursor
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

/** What a search matches, counted; what does not follow from the others of a group is left out. */
export type Summary = {
  readonly granules: number
  /** By month (UTC) of sensing, `2021-07`, in order. */
  readonly months: readonly Count<'month', string>[]
  /** By tile, in order of name. */
  readonly tiles: readonly Count<'mgrsTile', string>[]
  /** By cloud cover, percent: from (included) to (excluded, but for 100) in tens; null: not known. */
  readonly clouds: readonly {
    readonly from: number | null
    readonly to: number | null
    readonly granules: number
  }[]
}
type Count<K extends string, V> = Readonly<Record<K, V>> & {
  readonly granules: number
  /** Percent, the least; undefined where none is known. */
  readonly leastCloud: number | undefined
}

/** How fresh what a catalog knows is; times in microseconds since 1970. */
export type Freshness = {
  /** One level may end years before the other; undefined for one of which there is no granule. */
  readonly levels: Readonly<Record<Level, LevelFreshness | undefined>>
  /** When it was built or updated last. */
  readonly updatedAt: Micros
}

export type LevelFreshness = {
  readonly newestSensing: Micros
  /** Undefined where no granule tells. */
  readonly newestGeneration: Micros | undefined
  /** All granules that were made until then are known; undefined where that cannot be told. */
  readonly completeUpTo: Micros | undefined
}

export type Bill = { readonly bytesBilled: number; readonly dollars: number }

/** What a search costs before it is run. */
export type Cost = Bill & {
  /** What clustering does for the bill; undefined where the catalog does not know. */
  readonly clustering?: Clustering | undefined
}
export type Clustering = {
  /** Whether the table is clustered: then its bill is an upper bound. */
  readonly clustered: boolean
  /** About what a clustered table bills for the search: this one, or a copy of it. */
  readonly likely: Bill
  /** What making such a copy costs once; undefined where it is not needed or not known. */
  readonly making: Bill | undefined
}

/** Knows which granules there are. */
export interface Catalog {
  /**
   * A page of the granules whose ground meets the area, newest first. Boxes meet where they touch; a catalog
   * may keep those of its granules rounded outward by up to a millionth of a degree, and then finds those too
   * that miss the area by less. The order is total and the same in every catalog: sensing time, generation
   * time, tile, place, granule name, each descending, behind whatever else `sort` names.
   * @throws {Fault} bad-request for a cursor or a filter it cannot serve, area-too-large, upstream-failed,
   * upstream-late, upstream-busy, too-many, overloaded, over-budget, misconfigured, cancelled
   */
  search(search: Search, options: PageOptions): Promise<CatalogPage>
  /**
   * The granule of this name; of several products that carry it the best (compareProducts); undefined if
   * there is none.
   * @throws {Fault} as search
   */
  granule(granuleId: string, signal?: AbortSignal): Promise<Granule | undefined>
  /** What a search matches; undefined where the catalog cannot tell without a listing or a bill. */
  extent(search: Search, signal?: AbortSignal): Promise<Extent | undefined>
  /** What a search matches, counted by month, tile and cloud; undefined as extent. @throws {Fault} as search */
  summary(search: Search, signal?: AbortSignal): Promise<Summary | undefined>
  /**
   * Where granules of a level lie, one step down the names of tiles: the zones (`33`) of the world (''), the bands
   * of latitude (`33U`) of a zone, the tiles (`33UUB`) of one of these; in order of name. Undefined where it cannot
   * tell without a bill.
   * @throws {Fault} as search
   */
  placesIn(place: string, level: Level, signal?: AbortSignal): Promise<readonly string[] | undefined>
  /** What it knew at its last answer; undefined where what it knows is always current. */
  freshness(): Freshness | undefined
  /** What a search bills; undefined where it costs nothing. */
  cost(search: Search, signal?: AbortSignal): Promise<Cost | undefined>
  /** A real query, as small as can be, to what is there now. @throws {Fault} where none is answered. */
  check(signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}
