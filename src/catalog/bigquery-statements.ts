import { LEVEL_ROOT } from '../sentinel2/granule.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { Values } from './bigquery-calls.ts'
import { CAME, NO_TIME, statement } from './bigquery-connection.ts'
import type { Key } from './bigquery-rows.ts'
import type { Search, Sort } from './port.ts'
import { type Refinement, refinement } from './refine.ts'

const HOUR = 3600 * 1e6
/** Times before and after all sensing that a TIMESTAMP and a Micros can both hold: 1684 and 2255. */
const ALWAYS = { from: -9e15, until: 9e15 } as const

/** What a page of a search asks a table, to be told what it costs; no tiles: nothing, since none can match. */
export async function searchStatement(table: string, search: Search) {
  const refined = await refinement(search)
  const { tiles, keeps } = refined
  const name =
    search.best && !keeps ? 'best' : STATEMENT[search.best ? '-datetime' : (search.sort ?? '-datetime')]
  const values = { ...valuesOf(search, refined), ...pageValues(undefined, 1), by_month: false }
  return { sql: searchSql(name, table, search), values, tiles }
}

/** The statement of a search: when rows came is read where somebody asks for it. */
export const searchSql = (name: SearchStatement, table: string, { since }: Search): string =>
  statement(name, table, { came: since === undefined ? NO_TIME : CAME })

/** The statement whose order each sort is, or begins with. */
export const STATEMENT = {
  '-datetime': 'search',
  datetime: 'search-oldest',
  cloud: 'search-clearest',
  '-cloud': 'search-cloudiest',
  coverage: 'search',
  '-coverage': 'search',
  rank: 'search',
  '-rank': 'search',
} as const satisfies Record<Sort, string>

export type SearchStatement = (typeof STATEMENT)[Sort] | 'best'

/**
 * Values of the parameters in queries/bigquery/matching.sql. The tiles of the whole world are about a megabyte
 * of the ten that a request may have: they are sent as they are, so that a row without a box is found by its
 * tile however large the area is.
 */
export function valuesOf(search: Search, { tiles, beside }: Pick<Refinement, 'tiles' | 'beside'>) {
  const { area, level, time, cloud, dedupe, since: arrived } = search
  const [west, south, east, north] = area.box
  const since = within(time.from ?? ALWAYS.from)
  const until = within(time.until ?? ALWAYS.until)
  return {
    tiles,
    beside,
    root: LEVEL_ROOT[level],
    early: since - 2 * HOUR,
    late: until + 2 * HOUR,
    since,
    until,
    every_product: dedupe === 'none',
    any_cloud: cloud === undefined,
    cloud_min: cloud?.min ?? 0,
    cloud_max: cloud?.max ?? 0,
    any_arrival: arrived === undefined,
    arrived: within(arrived ?? 0),
    west,
    south,
    east,
    north,
  } satisfies Values
}

const within = (time: Micros): Micros => Math.min(Math.max(time, ALWAYS.from), ALWAYS.until)

/** Values of where a page starts, and of how many rows it has. */
export function pageValues(after: Key | undefined, rows: number) {
  const [cloudiness, sensing, generation, tile, place, granule_id] = after ?? [0, 0, 0, '', '', '']
  return {
    paged: after !== undefined,
    cloudiness,
    sensing,
    generation,
    tile,
    place,
    granule_id,
    page_rows: rows,
  } satisfies Values
}
