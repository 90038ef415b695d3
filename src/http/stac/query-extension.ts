import { nearMiss } from '../../near-miss.ts'
import {
  alike,
  clipped,
  compared,
  type Expression,
  type Literal,
  limits,
  MOST_LETTERS,
  oneOf,
  readOr,
  Wrong,
} from './expression.ts'
import { type Filter, filterOf } from './filter.ts'

/**
 * Reads `query` of STAC's query extension, `{"eo:cloud_cover": {"lt": 10}}`, as an object or its JSON text. A
 * string is what is wrong, to be put behind the parameter's name.
 */
export function readQuery(given: unknown): Filter | string {
  const expression = readOr(() => expressionOf(typeof given === 'string' ? parsed(given) : given))
  return typeof expression === 'string' ? expression : filterOf(expression)
}

const OPERATORS = {
  eq: (of, value) => compared(of, '=', { literal: literalOf(value) }),
  neq: (of, value) => compared(of, '<>', { literal: literalOf(value) }),
  lt: (of, value) => compared(of, '<', { literal: literalOf(value) }),
  lte: (of, value) => compared(of, '<=', { literal: literalOf(value) }),
  gt: (of, value) => compared(of, '>', { literal: literalOf(value) }),
  gte: (of, value) => compared(of, '>=', { literal: literalOf(value) }),
  startsWith: (of, value) => alike(of, { literal: `${letters(value)}%` }),
  endsWith: (of, value) => alike(of, { literal: `%${letters(value)}` }),
  contains: (of, value) => alike(of, { literal: `%${letters(value)}%` }),
  in: (of, value) =>
    oneOf(
      of,
      listOf(value).map((one) => ({ literal: literalOf(one) })),
    ),
} as const satisfies Record<string, (of: { property: string }, value: unknown) => Expression>

/** A few times as many as there may be comparisons, of which it tells once it has read some. */
const MOST_MEMBERS = 1000

type Operator = keyof typeof OPERATORS
const NAMES = Object.keys(OPERATORS)
const isOperator = (name: string): name is Operator => Object.hasOwn(OPERATORS, name)

function expressionOf(given: unknown): Expression {
  const { compare } = limits()
  const and = membersOf(given, 'it takes an object such as {"eo:cloud_cover":{"lt":10}}').flatMap(
    ([property, asked]) => {
      const members = membersOf(asked, `${clipped(property)} takes an object such as {"lt":10}`)
      if (members.length === 0) throw new Wrong(`asks nothing of ${clipped(property)}`)
      return members.map(([name, value]) => {
        compare()
        if (isOperator(name)) return OPERATORS[name]({ property }, value)
        const short = clipped(name)
        throw new Wrong(
          `holds the operator ${short}, which is none of ${NAMES.join(', ')}${nearMiss(short, NAMES)}`,
        )
      })
    },
  )
  if (and.length === 0) throw new Wrong('is empty; it takes an object such as {"eo:cloud_cover":{"lt":10}}')
  return { and }
}

function parsed(text: string): unknown {
  if (text.length > MOST_LETTERS)
    throw new Wrong(`has ${text.length} letters; it takes ${MOST_LETTERS} at most`)
  try {
    return JSON.parse(text)
  } catch {
    throw new Wrong('is not JSON; write it as {"eo:cloud_cover":{"lt":10}}')
  }
}

/** Its members, which are not copied: a body has room for a million of them. */
function membersOf(value: unknown, how: string): [string, unknown][] {
  if (!isObject(value)) throw new Wrong(`holds other than an object; ${how}`)
  const members: [string, unknown][] = []
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue
    if (members.length === MOST_MEMBERS)
      throw new Wrong(`holds an object of more than ${MOST_MEMBERS} members, which is the most it takes`)
    members.push([name, value[name]])
  }
  return members
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Wrong('holds "in" without a list')
  if (value.length > MOST_LETTERS)
    throw new Wrong(`holds a list of ${value.length}; it takes ${MOST_LETTERS} at most`)
  return value
}

function literalOf(value: unknown): Literal {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new Wrong('compares with what is neither a text nor a number')
}

/** As a pattern stands for itself. */
function letters(value: unknown): string {
  if (typeof value !== 'string')
    throw new Wrong('looks for other than a text with startsWith, endsWith or contains')
  return value.replaceAll(/[%_\\]/g, (letter) => `\\${letter}`)
}
