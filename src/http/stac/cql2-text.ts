import { COMPARINGS } from '../../catalog/condition.ts'
import { called, noValue } from './called.ts'
import { type Token, tokensOf } from './cql2-tokens.ts'
import {
  alike,
  between,
  clipped,
  compared,
  type Expression,
  intervalOf,
  isUnknown,
  type Limits,
  limits,
  MOST_LETTERS,
  type Operand,
  oneOf,
  readOr,
  timeOf,
  Wrong,
  wordOf,
} from './expression.ts'
import { isShapeWord, readShape } from './wkt.ts'

/**
 * Reads CQL2 text (OGC 21-065r2, annex B) by descent; all of it must be understood. A string is what is wrong,
 * to be put behind the parameter's name.
 */
export function parseCql2Text(text: string): Expression | string {
  if (text.length > MOST_LETTERS) return `has ${text.length} letters; it takes ${MOST_LETTERS} at most`
  if (text.trim() === '') return 'is empty; it takes comparisons such as "eo:cloud_cover" <= 20'
  return readOr(() => {
    const reader = readerOf(text)
    const expression = disjunction(reader, limits())
    const rest = reader.next()
    if (rest.kind !== 'end')
      throw new Wrong(`goes on at letter ${rest.at} with ${told(rest)}, which joins nothing`)
    return expression
  })
}

/** What stands next; names are keywords unless they are quoted. */
export type Reader = {
  peek(): Token
  next(): Token
  /** Takes a keyword if it is next. */
  word(word: string): boolean
  /** Takes a sign if it is next. */
  sign(sign: string): boolean
  /** @throws {Wrong} where another is next */
  expect(sign: string): void
}

function readerOf(text: string): Reader {
  const tokens = tokensOf(text)
  let ahead = tokens.next().value
  const next = () => {
    const token = ahead
    if (token.kind !== 'end') ahead = tokens.next().value
    return token
  }
  const takeIf = (isNext: boolean) => {
    if (isNext) next()
    return isNext
  }
  return {
    peek: () => ahead,
    next,
    word: (word) => takeIf(isWord(ahead, word)),
    sign: (sign) => takeIf(ahead.kind === 'sign' && ahead.sign === sign),
    expect: (sign) => {
      const token = next()
      if (token.kind !== 'sign' || token.sign !== sign)
        throw new Wrong(`has ${told(token)} at letter ${token.at}, where ${sign} belongs`)
    },
  }
}

const isWord = (token: Token, word: string): boolean =>
  token.kind === 'name' && !token.quoted && token.name.toLowerCase() === word

function told(token: Token): string {
  if (token.kind === 'end') return 'its end'
  if (token.kind === 'name') return clipped(token.name)
  if (token.kind === 'text') return clipped(JSON.stringify(token.text))
  return token.kind === 'number' ? String(token.number) : token.sign
}

function disjunction(reader: Reader, limit: Limits): Expression {
  const parts = [conjunction(reader, limit)]
  while (reader.word('or')) parts.push(conjunction(reader, limit))
  return parts.length === 1 && parts[0] ? parts[0] : { or: parts }
}

function conjunction(reader: Reader, limit: Limits): Expression {
  const parts = [factor(reader, limit)]
  while (reader.word('and')) parts.push(factor(reader, limit))
  return parts.length === 1 && parts[0] ? parts[0] : { and: parts }
}

function factor(reader: Reader, limit: Limits): Expression {
  if (reader.word('not')) return { not: limit.within(() => factor(reader, limit)) }
  if (reader.sign('(')) {
    const inner = limit.within(() => disjunction(reader, limit))
    reader.expect(')')
    return inner
  }
  limit.compare()
  return predicate(reader)
}

function predicate(reader: Reader): Expression {
  const term = termOf(reader)
  if ('call' in term) return called(term.call, listOf(reader))
  if ('literal' in term && typeof term.literal === 'boolean' && !isComparing(reader.peek())) {
    return term.literal ? { and: [] } : { or: [] }
  }
  return predicateOf(term, reader)
}

const isComparing = (token: Token): boolean =>
  token.kind === 'sign' && COMPARINGS.some((comparing) => comparing === token.sign)

function predicateOf(operand: Operand, reader: Reader): Expression {
  if (reader.word('is')) {
    const not = reader.word('not')
    if (!reader.word('null')) throw new Wrong(`has IS at letter ${reader.peek().at} without NULL`)
    return not ? { not: isUnknown(operand) } : isUnknown(operand)
  }
  const not = reader.word('not')
  const positive = wordPredicate(operand, reader)
  if (positive) return not ? { not: positive } : positive
  const token = reader.next()
  const is = COMPARINGS.find((comparing) => token.kind === 'sign' && token.sign === comparing)
  if (is && !not) return compared(operand, is, operandOf(reader))
  throw new Wrong(
    `has ${told(token)} at letter ${token.at}, where ${wordOf(operand)} wants a comparison: ` +
      `${COMPARINGS.join(' ')} BETWEEN IN LIKE or IS NULL`,
  )
}

function wordPredicate(operand: Operand, reader: Reader): Expression | undefined {
  if (reader.word('between')) {
    const from = operandOf(reader)
    if (!reader.word('and'))
      throw new Wrong(`has no AND at letter ${reader.peek().at}, where BETWEEN wants one`)
    return between(operand, from, operandOf(reader))
  }
  if (reader.word('in')) {
    reader.expect('(')
    return oneOf(operand, listOf(reader))
  }
  return reader.word('like') ? alike(operand, operandOf(reader)) : undefined
}

/** Operands with commas between, up to the bracket that closes them. */
function listOf(reader: Reader): Operand[] {
  if (reader.sign(')')) return []
  const operands = [operandOf(reader)]
  while (reader.sign(',')) operands.push(operandOf(reader))
  reader.expect(')')
  return operands
}

function operandOf(reader: Reader): Operand {
  const term = termOf(reader)
  if ('call' in term) throw new Wrong(noValue(term.call))
  return term
}

const KEYWORDS = ['and', 'or', 'not', 'in', 'is', 'like', 'between', 'null']

/** An operand, or a function whose bracket is open. */
function termOf(reader: Reader): Operand | { readonly call: string } {
  const token = reader.next()
  if (token.kind === 'text') return { literal: token.text }
  if (token.kind === 'number') return { literal: token.number }
  const name = token.kind === 'name' ? token.name.toLowerCase() : ''
  if (token.kind !== 'name' || (!token.quoted && KEYWORDS.includes(name)))
    throw new Wrong(`has ${told(token)} at letter ${token.at}, where a property or a value belongs`)
  if (token.quoted) return { property: token.name }
  if (name === 'true' || name === 'false') return { literal: name === 'true' }
  // A shape with heights may say so: POINT Z (1 2 3).
  if (isShapeWord(name) && name !== 'bbox') reader.word('z')
  if (!reader.sign('(')) return { property: token.name }
  if (isShapeWord(name)) return { geometry: readShape(name, reader) }
  if (name === 'date' || name === 'timestamp') {
    const literal = timeOf(textOf(reader), name)
    reader.expect(')')
    return { literal }
  }
  if (name !== 'interval') return { call: name }
  const start = textOf(reader)
  reader.expect(',')
  const interval = intervalOf(start, textOf(reader))
  reader.expect(')')
  return interval
}

function textOf(reader: Reader): string {
  const token = reader.next()
  if (token.kind === 'text') return token.text
  throw new Wrong(`has ${told(token)} at letter ${token.at}, where a time in single quotes belongs`)
}
