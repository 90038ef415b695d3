import { type Condition, type Field, likeTest } from '../../catalog/condition.ts'
import { nearMiss } from '../../near-miss.ts'
import { levelOfCollection } from './collection-names.ts'
import { clipped, type Expression, type Leaf, type Literal, type Time, timeOf, Wrong } from './expression.ts'
import { innerPatterns } from './pattern.ts'
import { PROPERTIES, type Property, propertyOf } from './properties.ts'

/**
 * What an expression asks of a granule's own properties, in the catalog's words.
 * @throws {Wrong} also for colours and shapes, of which a search has words of its own
 */
export function conditionOf(expression: Expression): Condition {
  if ('and' in expression) return { and: expression.and.map(conditionOf) }
  if ('or' in expression) return oneOfEach(expression.or.map(conditionOf))
  if ('not' in expression) return { not: conditionOf(expression.not) }
  if ('intersects' in expression)
    throw new Wrong('has s_intersects within OR or NOT; it takes one, joined to the rest by AND')
  return leafCondition(expression)
}

/** The property that a filter names. @throws {Wrong} */
export function namedProperty(name: string): Property {
  const property = propertyOf(name)
  if (property) return property
  const short = clipped(name)
  if (name === 'geometry') throw new Wrong('compares geometry, which s_intersects(geometry, …) alone does')
  throw new Wrong(`holds ${short}, which is no property here${nearMiss(short, Object.keys(PROPERTIES))}`)
}

function leafCondition(leaf: Leaf): Condition {
  const property = namedProperty(leaf.property)
  const name = leaf.property
  switch (property.means) {
    case 'colour':
      throw new Wrong(
        `has ${name} within OR or NOT; colours are compared by < <= >= > and BETWEEN, joined to the rest by AND`,
      )
    case 'constant':
      return constantLeaf(leaf, property.value)
    case 'collection':
      return textLeaf(leaf, { field: 'level', read: levelOf, values: property.schema?.enum })
    case 'id':
      return byForm((field) => textLeaf(leaf, { field, read: (text) => text }))
    case 'field':
      if (property.type === 'date-time') return timeLeaf(leaf, property.field)
      if (property.type === 'number') return numberLeaf(leaf, property.field)
      return textLeaf(leaf, property)
  }
}

const levelOf = (value: string | number) => (typeof value === 'string' ? levelOfCollection(value) : undefined)

const NEVER: Condition = { or: [] }
const ALWAYS: Condition = { and: [] }
/** Granules of the long form, and those whose product has no name of the compact form: see itemIdOf. */
const BY_GRANULE: Condition = {
  or: [{ of: 'granuleId', like: 'S2%' }, { not: { of: 'productId', like: 'S2_\\_MSIL%' } }],
}

/** An item's id is the product's name, or else the granule's. */
const byForm = (condition: (field: Field) => Condition): Condition => ({
  or: [{ and: [BY_GRANULE, condition('granuleId')] }, { and: [{ not: BY_GRANULE }, condition('productId')] }],
})

/** `a = 1 OR a = 2` is `a IN (1, 2)`, of which a search may have a word. */
function oneOfEach(conditions: readonly Condition[]): Condition {
  const lists = conditions.flatMap((condition) => {
    if ('oneOf' in condition) return [{ of: condition.of, values: condition.oneOf }]
    return 'is' in condition && condition.is === '=' ? [{ of: condition.of, values: [condition.than] }] : []
  })
  const [first] = lists
  const isOne = first && lists.length === conditions.length && lists.every(({ of }) => of === first.of)
  return isOne ? { of: first.of, oneOf: lists.flatMap(({ values }) => values) } : { or: conditions }
}

type Texts = {
  readonly field: Field
  readonly read: (text: string) => string | number | undefined
  readonly around?: readonly [before: string, after: string]
  readonly values?: unknown
}

function textLeaf(leaf: Leaf, { field: of, read, around, values }: Texts): Condition {
  if ('isUnknown' in leaf) return { of, isUnknown: true }
  const oneOf = (texts: readonly Literal[]): Condition => {
    const found = texts.flatMap((text) => read(textOf(leaf, text)) ?? [])
    const [only] = found
    return found.length === 1 && only !== undefined ? { of, is: '=', than: only } : { of, oneOf: found }
  }
  if ('oneOf' in leaf) return oneOf(leaf.oneOf)
  if ('like' in leaf) {
    if (Array.isArray(values)) return oneOf(values.map(String).filter(likeTest(leaf.like)))
    if (!around) return { of, like: leaf.like }
    return oneOrMore(
      innerPatterns(leaf.like, around).map((like) => ({ of, like })),
      { of, oneOf: [] },
    )
  }
  if ('is' in leaf && leaf.is === '=') return oneOf([leaf.than])
  if ('is' in leaf && leaf.is === '<>') return { not: oneOf([leaf.than]) }
  if (around || values)
    throw new Wrong(`orders ${leaf.property} by its letters; it is compared by = <> IN and LIKE`)
  if ('from' in leaf) return { of, from: textOf(leaf, leaf.from), to: textOf(leaf, leaf.to) }
  return { of, is: leaf.is, than: textOf(leaf, leaf.than) }
}

function oneOrMore(conditions: readonly Condition[], none: Condition): Condition {
  const [first] = conditions
  if (!first) return none
  return conditions.length === 1 ? first : { or: conditions }
}

function textOf({ property }: Leaf, value: Literal): string {
  if (typeof value === 'string') return value
  throw new Wrong(`compares ${property}, which is a text, with ${told(value)}`)
}

function numberLeaf(leaf: Leaf, of: Field): Condition {
  if ('isUnknown' in leaf) return { of, isUnknown: true }
  if ('like' in leaf) throw new Wrong(`takes ${leaf.property}, which is a number, for a text with LIKE`)
  if ('oneOf' in leaf) return { of, oneOf: leaf.oneOf.map((value) => numberOf(leaf, value)) }
  if ('from' in leaf) return { of, from: numberOf(leaf, leaf.from), to: numberOf(leaf, leaf.to) }
  return { of, is: leaf.is, than: numberOf(leaf, leaf.than) }
}

/** @throws {Wrong} */
export function numberOf({ property }: Leaf, value: Literal): number {
  if (typeof value === 'number') return value
  const wrong = `compares ${property}, which is a number, with ${told(value)}`
  const isQuoted = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
  throw new Wrong(isQuoted ? `${wrong}; leave the quotes out` : wrong)
}

/** A date means its day: equal within it, less before it, more after it. */
function timeLeaf(leaf: Leaf, of: Field): Condition {
  if ('isUnknown' in leaf) return { of, isUnknown: true }
  if ('like' in leaf) throw new Wrong(`takes ${leaf.property}, which is a time, for a text with LIKE`)
  const within = ({ from, until }: Time): Condition =>
    from === until ? { of, is: '=', than: from } : { of, from, to: until }
  if ('oneOf' in leaf) return oneOfEach(leaf.oneOf.map((value) => within(momentOf(leaf, value))))
  if ('from' in leaf) return { of, from: momentOf(leaf, leaf.from).from, to: momentOf(leaf, leaf.to).until }
  const time = momentOf(leaf, leaf.than)
  switch (leaf.is) {
    case '=':
      return within(time)
    case '<>':
      return { not: within(time) }
    case '<':
    case '>=':
      return { of, is: leaf.is, than: time.from }
    case '>':
    case '<=':
      return { of, is: leaf.is, than: time.until }
  }
}

function momentOf({ property }: Leaf, value: Literal): Time {
  if (typeof value === 'object') return value
  if (typeof value === 'string') return timeOf(value, 'either')
  throw new Wrong(`compares ${property}, which is a time, with ${told(value)}`)
}

/** Of a property that is the same everywhere, and always known. */
function constantLeaf(leaf: Leaf, constant: string): Condition {
  const is = (met: boolean) => (met ? ALWAYS : NEVER)
  if ('isUnknown' in leaf) return NEVER
  if ('like' in leaf) return is(likeTest(leaf.like)(constant))
  if ('oneOf' in leaf) return is(leaf.oneOf.map((value) => textOf(leaf, value)).includes(constant))
  if ('is' in leaf && (leaf.is === '=' || leaf.is === '<>'))
    return is((textOf(leaf, leaf.than) === constant) === (leaf.is === '='))
  throw new Wrong(`orders ${leaf.property} by its letters; it is compared by = <> IN and LIKE`)
}

function told(value: Literal): string {
  if (typeof value === 'object') return 'a time'
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${clipped(JSON.stringify(value))}`
}
