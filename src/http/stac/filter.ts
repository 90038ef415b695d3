import type { Condition, Field } from '../../catalog/port.ts'
import type { Comparison } from '../../colour/port.ts'
import { LEVELS } from '../../sentinel2/bands.ts'
import { readCql2Json } from './cql2-json.ts'
import { parseCql2Text } from './cql2-text.ts'
import { clipped, type Expression, type Leaf, readOr, Wrong } from './expression.ts'
import { conditionOf, namedProperty, numberOf } from './filter-condition.ts'
import { type Filter, joined } from './filter-join.ts'

export type { Filter } from './filter-join.ts'

export const FILTER_LANGUAGES = ['cql2-text', 'cql2-json'] as const
export type FilterLanguage = (typeof FILTER_LANGUAGES)[number]

/**
 * Reads `filter`, of JSON either the text or what it holds. A string is what is wrong, to be put behind the
 * parameter's name.
 */
export function readFilter(given: unknown, lang: FilterLanguage): Filter | string {
  const expression = lang === 'cql2-text' ? textExpression(given) : jsonExpression(given)
  return typeof expression === 'string' ? expression : filterOf(expression)
}

/** What is asked of granules by an expression; a string is what is wrong. */
export const filterOf = (expression: Expression): Filter | string =>
  readOr(() => joined(conjunctsOf(expression).map(toldApart)))

/** All of them together; a string is what is wrong. */
export const allOf = (filters: readonly Filter[]): Filter | string => readOr(() => joined(filters))

function textExpression(given: unknown): Expression | string {
  if (typeof given === 'string') return parseCql2Text(given)
  return 'is no text; leave filter-lang out, or name cql2-json, to filter by a JSON object'
}

function jsonExpression(given: unknown): Expression | string {
  if (typeof given !== 'string') return readCql2Json(given)
  try {
    return readCql2Json(JSON.parse(given))
  } catch {
    return 'is not JSON; name filter-lang=cql2-text to filter by text'
  }
}

const conjunctsOf = (expression: Expression): readonly Expression[] =>
  'and' in expression ? expression.and.flatMap(conjunctsOf) : [expression]

function toldApart(conjunct: Expression): Filter {
  if ('intersects' in conjunct) return shapeFilter(conjunct)
  if ('property' in conjunct) {
    const property = namedProperty(conjunct.property)
    if (property.means === 'colour') return { where: colourComparisons(conjunct, property.number) }
    const ids = property.means === 'id' ? idsOf(conjunct) : undefined
    if (ids) return { where: [], ids }
  }
  const condition = conditionOf(conjunct)
  if ('and' in condition) return joined(condition.and.map(wordFor))
  return wordFor(condition)
}

function shapeFilter({ property, intersects }: { property: string; intersects: unknown }): Filter {
  if (property !== 'geometry')
    throw new Wrong(`holds s_intersects of ${clipped(property)}; it takes s_intersects(geometry, …)`)
  return { where: [], intersects }
}

/** Of `id = 'a'` and `id IN ('a', 'b')`; what is wrong with another value is found where it is compared. */
function idsOf(leaf: Leaf): readonly string[] | undefined {
  const given = 'oneOf' in leaf ? leaf.oneOf : 'is' in leaf && leaf.is === '=' ? [leaf.than] : []
  const ids = given.filter((id) => typeof id === 'string')
  return ids.length > 0 && ids.length === given.length ? ids : undefined
}

function colourComparisons(leaf: Leaf, of: Comparison['of']): readonly Comparison[] {
  const wrong = `compares ${leaf.property}, a number of the colour, in a way other than < <= >= > and BETWEEN`
  const comparison = (is: Comparison['is'], value: Parameters<typeof numberOf>[1]): Comparison => {
    const than = numberOf(leaf, value)
    if (than >= 0 && than <= 1) return { of, is, than }
    throw new Wrong(`compares ${leaf.property} with ${than}; it lies between 0 and 1 (0.4 is 40 percent)`)
  }
  if ('from' in leaf) return [comparison('>=', leaf.from), comparison('<=', leaf.to)]
  if (!('is' in leaf) || leaf.is === '=' || leaf.is === '<>') throw new Wrong(wrong)
  return [comparison(leaf.is, leaf.than)]
}

/** The filter that is the same as a condition, in a search's words if it has some. */
function wordFor(condition: Condition): Filter {
  const rest: Filter = { where: [], only: condition }
  const none = 'or' in condition ? condition.or : 'oneOf' in condition ? condition.oneOf : undefined
  if (none?.length === 0) return { where: [], levels: [] }
  if ('oneOf' in condition) return listWord(condition.of, condition.oneOf) ?? rest
  if ('from' in condition) return rangeWord(condition.of, condition.from, condition.to) ?? rest
  if ('not' in condition) return otherLevels(condition.not) ?? rest
  if (!('is' in condition)) return rest
  const { of, is, than } = condition
  if (is === '<>') return rest
  if (is === '=') return listWord(of, [than]) ?? rangeWord(of, than, than) ?? rest
  if (typeof than === 'string') return rest
  const isUpper = is === '<' || is === '<='
  const bounded = (end: number) => (isUpper ? rangeWord(of, undefined, end) : rangeWord(of, end, undefined))
  if (is === '<=' || is === '>=') return bounded(than) ?? rest
  // Times are whole microseconds, so the next one ends what this one is left out of; clouds are tested again.
  if (of === 'sensingTime') return bounded(is === '<' ? than - 1 : than + 1) ?? rest
  return { ...bounded(than), ...rest }
}

/** A level is always known, so that it is one of the others where it is none of these. */
function otherLevels(condition: Condition): Filter | undefined {
  const ofLevel = 'of' in condition && condition.of === 'level'
  const levels = ofLevel && !('isUnknown' in condition) ? wordFor(condition).levels : undefined
  return levels && { where: [], levels: LEVELS.filter((level) => !levels.includes(level)) }
}

function listWord(of: Field, values: readonly (string | number)[]): Filter | undefined {
  const texts = values.map(String)
  if (of === 'mgrsTile') return { where: [], tiles: [...new Set(texts)].sort() }
  return of === 'level' ? { where: [], levels: LEVELS.filter((level) => texts.includes(level)) } : undefined
}

type End = string | number | undefined

/** Both ends included; undefined where the field is none that searches bound. */
function rangeWord(of: Field, from: End, to: End): Filter | undefined {
  if (typeof from === 'string' || typeof to === 'string') return undefined
  if (of === 'sensingTime') return joined([{ where: [], time: { from, until: to } }])
  if (of !== 'cloudCover') return undefined
  return joined([{ where: [], cloud: { min: Math.max(0, from ?? 0), max: Math.min(100, to ?? 100) } }])
}
