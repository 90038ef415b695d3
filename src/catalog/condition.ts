import { folderProduct, type Granule } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'

/**
 * What a granule's own properties must be, beside what a search has a word for. Logic is that of SQL: a
 * comparison with what is not known is neither true nor false, nor is its opposite.
 */
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly of: Field; readonly is: Comparing; readonly than: Value }
  | { readonly of: Field; readonly oneOf: readonly Value[] }
  /** Both ends included. */
  | { readonly of: Field; readonly from: Value; readonly to: Value }
  /** `%` stands for any letters, `_` for one, a backslash before either for itself; letters by their case. */
  | { readonly of: Field; readonly like: string }
  | { readonly of: Field; readonly isUnknown: true }

export const COMPARINGS = ['=', '<>', '<', '<=', '>', '>='] as const
export type Comparing = (typeof COMPARINGS)[number]
/** Texts are compared by their letters' code points, times as microseconds since 1970. */
export type Value = string | number

/** Places as nearly all are: to read their times, too, takes twenty times as long, and searches test many. */
const ORDINARY =
  /\/(S2[A-D])_MSIL(?:1C|2A)_\d{8}T\d{6}_N\d{4}_R(\d{3})_T\d\d[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]_\d{8}T\d{6}\.SAFE$/

function orbitOf(place: string): number | undefined {
  const digits = ORDINARY.exec(place)?.[2]
  return digits === undefined ? undefined : Number(digits)
}

/** What conditions compare, and how it is read off a granule; undefined: not known. */
const READ = {
  granuleId: ({ granuleId }) => granuleId,
  productId: ({ productId }) => productId,
  level: ({ level }) => level,
  mgrsTile: ({ mgrsTile }) => mgrsTile,
  sensingTime: ({ sensingTime }) => sensingTime,
  generationTime: ({ generationTime }) => generationTime,
  /** `04.00`; baselines of two digits each compare as texts do. */
  baseline: ({ baseline }) => baseline,
  datatake: ({ datatake }) => datatake,
  /** Percent. */
  cloudCover: ({ cloudCover }) => cloudCover,
  /** `S2A`. */
  satellite: ({ place }) => ORDINARY.exec(place)?.[1] ?? folderProduct(place)?.satellite,
  relativeOrbit: ({ place }) => orbitOf(place) ?? folderProduct(place)?.relativeOrbit,
  absoluteOrbit: ({ granuleId }) => parseGranuleName(granuleId)?.absoluteOrbit,
} as const satisfies Record<string, (granule: Granule) => Value | undefined>

export type Field = keyof typeof READ
export const FIELDS = Object.keys(READ) as readonly Field[]

/** What a property of a granule is; undefined: not known. */
export const fieldOf = (granule: Granule, field: Field): Value | undefined => READ[field](granule)

/** Whether granules meet a condition; what is not known does not. */
export const conditionTest = (condition: Condition): ((granule: Granule) => boolean) =>
  conditionTestOf(condition, READ)

/** How each field is read off something that stands for a granule. */
export type FieldReaders<T> = Readonly<Record<Field, (of: T) => Value | undefined>>

/** Whether what stands for granules meets a condition. */
export function conditionTestOf<T>(condition: Condition, readers: FieldReaders<T>): (one: T) => boolean {
  const test = testOf(condition, readers)
  return (one) => test(one) === true
}

/** The fields that a condition compares. */
export function fieldsIn(condition: Condition): ReadonlySet<Field> {
  if ('and' in condition) return fieldsOfAll(condition.and)
  if ('or' in condition) return fieldsOfAll(condition.or)
  return 'not' in condition ? fieldsIn(condition.not) : new Set([condition.of])
}

const fieldsOfAll = (conditions: readonly Condition[]): ReadonlySet<Field> =>
  new Set(conditions.flatMap((condition) => [...fieldsIn(condition)]))

/** Undefined: neither true nor false. */
type Test<T> = (one: T) => boolean | undefined

function testOf<T>(condition: Condition, readers: FieldReaders<T>): Test<T> {
  const each = (conditions: readonly Condition[]) => conditions.map((one) => testOf(one, readers))
  if ('and' in condition) return allOf(each(condition.and), false)
  if ('or' in condition) return allOf(each(condition.or), true)
  if ('not' in condition) {
    const test = testOf(condition.not, readers)
    return (one) => opposite(test(one))
  }
  const read = readers[condition.of]
  if ('isUnknown' in condition) return (one) => read(one) === undefined
  const passes = passOf(condition)
  return (one) => {
    const value = read(one)
    return value === undefined ? undefined : passes(value)
  }
}

/** Decided by the first that is `decides`; else unknown where one is, else the opposite. */
function allOf<T>(tests: readonly Test<T>[], decides: boolean): Test<T> {
  return (one) => {
    let result: boolean | undefined = !decides
    for (const test of tests) {
      const passed = test(one)
      if (passed === decides) return decides
      if (passed === undefined) result = undefined
    }
    return result
  }
}

const opposite = (passed: boolean | undefined) => (passed === undefined ? undefined : !passed)

type Leaf = Exclude<Condition, { and: unknown } | { or: unknown } | { not: unknown } | { isUnknown: unknown }>

function passOf(leaf: Leaf): (value: Value) => boolean {
  if ('oneOf' in leaf) {
    const values = new Set(leaf.oneOf)
    return (value) => values.has(value)
  }
  if ('like' in leaf) {
    const isLike = likeTest(leaf.like)
    return (value) => isLike(String(value))
  }
  if ('from' in leaf) return (value) => value >= leaf.from && value <= leaf.to
  return COMPARE[leaf.is](leaf.than)
}

const COMPARE = {
  '=': (than) => (value) => value === than,
  '<>': (than) => (value) => value !== than,
  '<': (than) => (value) => value < than,
  '<=': (than) => (value) => value <= than,
  '>': (than) => (value) => value > than,
  '>=': (than) => (value) => value >= than,
} as const satisfies Record<Comparing, (than: Value) => (value: Value) => boolean>

/** A letter, any one letter, or any letters. */
type Part = { readonly letter: string } | 'one' | 'any'

/** Whether texts are like a pattern, as `like` of a condition has it. */
export function likeTest(like: string): (text: string) => boolean {
  const parts = [...like.matchAll(/\\([%_\\])|([\s\S])/gu)].map(([whole, literal]): Part => {
    if (literal !== undefined) return { letter: literal }
    return whole === '%' ? 'any' : whole === '_' ? 'one' : { letter: whole }
  })
  return (text) => matches(text, parts)
}

/**
 * Where a part fails, the last % before it takes one letter more: no longer than letters times parts, which a
 * regular expression does not promise.
 */
function matches(text: string, parts: readonly Part[]): boolean {
  let at = 0
  let part = 0
  let retry: { readonly part: number; at: number } | undefined
  while (at < text.length) {
    const wanted = parts[part]
    if (wanted === 'any') {
      retry = { part: ++part, at }
    } else if (wanted === 'one') {
      at += widthAt(text, at)
      part++
    } else if (wanted !== undefined && text.startsWith(wanted.letter, at)) {
      at += wanted.letter.length
      part++
    } else if (retry) {
      at = retry.at += widthAt(text, retry.at)
      part = retry.part
    } else return false
  }
  return parts.slice(part).every((left) => left === 'any')
}

/** Letters past U+FFFF are two units of a text. */
const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
