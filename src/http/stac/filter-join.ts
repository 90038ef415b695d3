import type { Condition, Search } from '../../catalog/port.ts'
import type { Comparison } from '../../colour/port.ts'
import type { Level } from '../../sentinel2/bands.ts'
import { Wrong } from './expression.ts'

/** What a filter asks, told apart by what a search has a word for, so that a catalog can use its index. */
export type Filter = {
  /** What is left: all of it must hold, as must everything else. */
  readonly only?: Condition
  /** Of remembered colours. */
  readonly where: readonly Comparison[]
  readonly cloud?: NonNullable<Search['cloud']>
  readonly time?: Search['time']
  readonly tiles?: readonly string[]
  /** None: the filter contradicts itself, and nothing can match. */
  readonly levels?: readonly Level[]
  /** Ids of items. */
  readonly ids?: readonly string[]
  /** GeoJSON of a geometry, as it was given. */
  readonly intersects?: unknown
}

/** Comparisons of colours, as many as `where` of an area takes. */
const MOST_COLOURS = 20

/** What all of some filters ask together; no levels where they contradict each other. @throws {Wrong} */
export function joined(filters: readonly Filter[]): Filter {
  const where = filters.flatMap((filter) => filter.where)
  if (where.length > MOST_COLOURS)
    throw new Wrong(`compares colours ${where.length} times; it takes ${MOST_COLOURS} at most`)
  const shapes = all(filters, 'intersects')
  if (shapes.length > 1) throw new Wrong('holds more than one s_intersects; it takes one')
  const [first, ...others] = all(filters, 'only')
  const cloud = narrowest(all(filters, 'cloud'), (a, b) => ({
    min: Math.max(a.min, b.min),
    max: Math.min(a.max, b.max),
  }))
  const time = narrowest(all(filters, 'time'), (a, b) => ({
    from: a.from === undefined ? b.from : Math.max(a.from, b.from ?? a.from),
    until: a.until === undefined ? b.until : Math.min(a.until, b.until ?? a.until),
  }))
  const tiles = common(all(filters, 'tiles'))
  const ids = common(all(filters, 'ids'))
  const levels = common(all(filters, 'levels'))
  const isNever =
    (cloud && cloud.min > cloud.max) ||
    (time?.from !== undefined && time.until !== undefined && time.from > time.until) ||
    tiles?.length === 0 ||
    ids?.length === 0
  return {
    where,
    ...(first ? { only: others.length === 0 ? first : { and: [first, ...others].flatMap(conjuncts) } } : {}),
    ...(cloud ? { cloud } : {}),
    ...(time ? { time } : {}),
    ...(tiles ? { tiles } : {}),
    ...(ids ? { ids } : {}),
    ...(isNever ? { levels: [] } : levels ? { levels } : {}),
    ...(shapes.length === 1 ? { intersects: shapes[0] } : {}),
  }
}

const conjuncts = (condition: Condition): readonly Condition[] =>
  'and' in condition ? condition.and : [condition]

/** One of their members, of those that have it. */
const all = <K extends keyof Filter>(filters: readonly Filter[], name: K): NonNullable<Filter[K]>[] =>
  filters.flatMap((filter) => {
    const value = filter[name]
    return value === undefined || value === null ? [] : [value]
  })

const narrowest = <T>(ranges: readonly T[], both: (a: T, b: T) => T): T | undefined =>
  ranges.length === 0 ? undefined : ranges.reduce(both)

/** What all lists hold. */
const common = <T>(lists: readonly (readonly T[])[]): readonly T[] | undefined =>
  narrowest(lists, (a, b) => a.filter((value) => b.includes(value)))
