/**
 * What is asked for, in the words of `/area`; empty is left out. The values are as they were typed: whether they
 * are right is the service's to say.
 */
export type Query = {
  readonly bbox: string
  readonly datetime: string
  readonly cloud: string
  readonly level: string
  readonly tiles: string
  readonly dedupe: string
  readonly best: string
  readonly bands: string
  readonly sort: string
  readonly rank: string
}

export const NO_QUERY: Query = {
  bbox: '',
  datetime: '',
  cloud: '',
  level: '',
  tiles: '',
  dedupe: '',
  best: '',
  bands: '',
  sort: '',
  rank: '',
}

/** Granules that the page asks for at a time. */
export const PAGE_LIMIT = 50

const NAMES = [
  'bbox',
  'datetime',
  'cloud',
  'level',
  'tiles',
  'dedupe',
  'best',
  'bands',
  'sort',
  'rank',
] as const
/** What tells which granules there are, without their order and images. */
const COUNTED = ['bbox', 'datetime', 'cloud', 'level', 'tiles', 'dedupe', 'best'] as const

export type Parameter = (typeof NAMES)[number]

/** All that an address of this page may hold, to be told. */
export const NAMES_TOLD = NAMES.join(', ')

/** Names in an address of this page that it does not know; `granule` is the one that is opened. */
export const strangersIn = (address: URLSearchParams): readonly string[] =>
  [...new Set(address.keys())].filter((name) => name !== 'granule' && !NAMES.some((known) => known === name))

/** What an address of this page asks for; what it does not know is left out. */
export function queryOf(address: URLSearchParams): Query {
  const values = NAMES.map((name) => [name, address.get(name)?.trim() ?? ''] as const)
  return { ...NO_QUERY, ...Object.fromEntries(values) }
}

/** Parameters of `/area`, those that say something. */
export const parametersOf = (query: Query, leftOut: readonly Parameter[] = []): URLSearchParams =>
  chosen(query, NAMES, leftOut)

/** Parameters of `/estimate`: of the images, too. */
export const estimateParameters = (query: Query, leftOut: readonly Parameter[] = []): URLSearchParams =>
  chosen(query, [...COUNTED, 'bands'], leftOut)

/** Parameters of `/area/summary`. */
export const summaryParameters = (query: Query, leftOut: readonly Parameter[] = []): URLSearchParams =>
  chosen(query, COUNTED, leftOut)

/** Filters that can be taken back, beside the box. */
export const FILTERS = ['datetime', 'cloud', 'tiles', 'best', 'level'] as const
export type Filter = (typeof FILTERS)[number]

/** Parameters in a form that people read: commas and slashes as they are. */
export const readable = (parameters: URLSearchParams): string =>
  parameters.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':')

function chosen(query: Query, names: readonly Parameter[], leftOut: readonly Parameter[]): URLSearchParams {
  const told = names.filter((name) => query[name] !== '' && !leftOut.includes(name))
  return new URLSearchParams(told.map((name) => [name, query[name]]))
}

/** Degrees; east below west crosses the antimeridian. */
export type Edges = readonly [west: number, south: number, east: number, north: number]

/** The edges of a bbox; undefined where it is none that a map can show. */
export function edgesOf(bbox: string): Edges | undefined {
  const texts = bbox.split(',').map((text) => text.trim())
  const [west = Number.NaN, south = Number.NaN, east = Number.NaN, north = Number.NaN] = texts.map(Number)
  const isBox = texts.length === 4 && texts.every((text) => text !== '' && Number.isFinite(Number(text)))
  const isOnEarth = Math.max(Math.abs(west), Math.abs(east)) <= 180 && south >= -90 && north <= 90
  return isBox && isOnEarth && south <= north ? [west, south, east, north] : undefined
}

/** First and last day of a datetime, `2022-06-01`; empty where it is open, undefined where it is no such interval. */
export function daysOf(datetime: string): { readonly from: string; readonly to: string } | undefined {
  const match = /^(\d{4}-\d\d-\d\d|\.\.|)[^/]*(?:\/(\d{4}-\d\d-\d\d|\.\.|)[^/]*)?$/.exec(datetime)
  if (!match) return undefined
  const [, from = '', to = datetime.includes('/') ? '' : from] = match
  return { from: from.replace('..', ''), to: to.replace('..', '') }
}

/** The datetime of two days, either of which may be open. */
export function datetimeOf(from: string, to: string): string {
  if (from === '' && to === '') return ''
  return from === to ? from : `${from || '..'}/${to || '..'}`
}

/** First and last day of some months, `2022-06`. */
export function daysOfMonths(first: string, last: string): string {
  const [year = 0, month = 0] = last.split('-').map(Number)
  const end = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
  return datetimeOf(`${first}-01`, end)
}
