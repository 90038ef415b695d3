import type { Comparing } from '../../catalog/condition.ts'
import { clipped } from '../../near-miss.ts'
import type { Micros } from '../../sentinel2/time.ts'
import { coarser, momentOf } from './moment.ts'

/*
 * What a filter says, whichever way it was written: CQL2 as text or as JSON (OGC 21-065r2), or the query
 * extension. Every leaf has its property on the left.
 */
export type Expression =
  | { readonly and: readonly Expression[] }
  | { readonly or: readonly Expression[] }
  | { readonly not: Expression }
  | Leaf
  | { readonly property: string; readonly intersects: unknown }

export type Leaf =
  | { readonly property: string; readonly is: Comparing; readonly than: Literal }
  | { readonly property: string; readonly oneOf: readonly Literal[] }
  | { readonly property: string; readonly from: Literal; readonly to: Literal }
  | { readonly property: string; readonly like: string }
  | { readonly property: string; readonly isUnknown: true }

export type Literal = string | number | boolean | Time
/** An instant, or the whole UTC day of a date; both ends included. */
export type Time = { readonly from: Micros; readonly until: Micros }

/** What stands on either side of a comparison, or among what a function takes. */
export type Operand =
  | { readonly property: string }
  | { readonly literal: Literal }
  /** Undefined: open. */
  | { readonly interval: { readonly start: Time | undefined; readonly end: Time | undefined } }
  /** As GeoJSON. */
  | { readonly geometry: unknown }

/** What is wrong with a filter, as a clause to be put behind the parameter's name. Stays within this folder. */
export class Wrong extends Error {
  override readonly name = 'Wrong'
}

/** What is read, or what is wrong with it. */
export function readOr<T>(read: () => T): T | string {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof Wrong) return thrown.message
    throw thrown
  }
}

/** Letters of a filter's text; of one in JSON, its members, values and the letters of its texts together. */
export const MOST_LETTERS = 10_000
const MOST_DEPTH = 50
const MOST_COMPARISONS = 200
/** Letters of a pattern: what it costs is theirs times those of what it is held against. */
const MOST_PATTERN = 200

export type Limits = {
  /** Counts one comparison. */
  compare(): void
  /** Reads what stands within brackets, a NOT, an operation. */
  within<T>(read: () => T): T
}

/** Counts while a filter is read, so that a hostile one costs nothing. */
export function limits(): Limits {
  let depth = 0
  let comparisons = 0
  return {
    compare: () => {
      if (++comparisons > MOST_COMPARISONS)
        throw new Wrong(`makes more than ${MOST_COMPARISONS} comparisons, which is the most it takes`)
    },
    within: (read) => {
      if (++depth > MOST_DEPTH)
        throw new Wrong(`is nested deeper than ${MOST_DEPTH}, which is the most it takes`)
      const inner = read()
      depth--
      return inner
    },
  }
}

const TURNED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const satisfies Record<
  Comparing,
  Comparing
>

/** @throws {Wrong} where not one of both is a property and the other one value */
export function compared(left: Operand, is: Comparing, right: Operand): Leaf {
  if ('property' in left && 'property' in right)
    throw new Wrong(
      `compares ${wordOf(left)} with ${wordOf(right)}; it compares properties with values alone`,
    )
  if ('property' in left) return { property: left.property, is, than: literalOf(right) }
  if ('property' in right) return { property: right.property, is: TURNED[is], than: literalOf(left) }
  throw new Wrong(`compares ${wordOf(left)} with ${wordOf(right)}, neither of which is a property`)
}

/** @throws {Wrong} */
export const isUnknown = (of: Operand): Leaf => ({ property: propertyOf(of, 'IS NULL'), isUnknown: true })

/** @throws {Wrong} */
export const between = (of: Operand, from: Operand, to: Operand): Leaf => ({
  property: propertyOf(of, 'BETWEEN'),
  from: literalOf(from),
  to: literalOf(to),
})

/** @throws {Wrong} */
export function oneOf(of: Operand, values: readonly Operand[]): Leaf {
  if (values.length === 0) throw new Wrong('holds an empty list behind IN')
  return { property: propertyOf(of, 'IN'), oneOf: values.map(literalOf) }
}

/** @throws {Wrong} */
export function alike(of: Operand, pattern: Operand): Leaf {
  const property = propertyOf(of, 'LIKE')
  if (!('literal' in pattern) || typeof pattern.literal !== 'string')
    throw new Wrong(`takes ${clipped(property)} LIKE ${wordOf(pattern)}, which is no text`)
  if (pattern.literal.length > MOST_PATTERN)
    throw new Wrong(`holds a pattern of ${pattern.literal.length} letters; it takes ${MOST_PATTERN} at most`)
  return { property, like: pattern.literal }
}

function propertyOf(operand: Operand, word: string): string {
  if ('property' in operand) return operand.property
  throw new Wrong(`has ${wordOf(operand)} before ${word}, where a property belongs`)
}

function literalOf(operand: Operand): Literal {
  if ('literal' in operand) return operand.literal
  if ('interval' in operand)
    throw new Wrong('compares with an INTERVAL; use T_INTERSECTS(datetime, INTERVAL(…)) or BETWEEN')
  throw new Wrong(`holds ${wordOf(operand)} where a value belongs`)
}

/** A property, a value or what else there is, to be named in a sentence. */
export function wordOf(operand: Operand): string {
  if ('property' in operand) return clipped(operand.property)
  if ('interval' in operand) return 'an interval'
  if ('geometry' in operand) return 'a geometry'
  const { literal } = operand
  return typeof literal === 'object' ? 'a time' : clipped(JSON.stringify(literal))
}

export { clipped }

/** A time, or the day of a date. @throws {Wrong} */
export function timeOf(text: string, kind: 'date' | 'timestamp' | 'either'): Time {
  const time = momentOf(clipped(coarser(text)))
  if (typeof time === 'string') throw new Wrong(time)
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  if (kind === 'date' && !isDate) throw new Wrong(`holds DATE('${text}'), which is no date`)
  if (kind === 'timestamp' && isDate)
    throw new Wrong(`holds TIMESTAMP('${text}'), which is a date; write DATE('${text}')`)
  return time
}

/** Of two times as they are written, `..` where an end is open. @throws {Wrong} */
export function intervalOf(start: string, end: string): Operand {
  const [from, to] = [start, end].map((text) => (text === '..' ? undefined : timeOf(text, 'either')))
  if (!from && !to) throw new Wrong('holds an INTERVAL that is open at both ends')
  if (from && to && from.from > to.until) throw new Wrong('holds an INTERVAL that ends before it begins')
  return { interval: { start: from, end: to } }
}
