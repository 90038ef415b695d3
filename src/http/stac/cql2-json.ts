import { COMPARINGS } from '../../catalog/condition.ts'
import { called, noValue } from './called.ts'
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
} from './expression.ts'
import { boxShape } from './wkt.ts'

/**
 * Reads CQL2 JSON (OGC 21-065r2, 8) that is already parsed. A string is what is wrong, to be put behind the
 * parameter's name.
 */
export const readCql2Json = (value: unknown): Expression | string =>
  readOr(() => expressionOf(value, { ...limits(), take: taker() }))

type Reading = Limits & {
  /** Counts what the filter holds: members, values, letters. */
  take(count: number): void
}

function taker(): Reading['take'] {
  let taken = 0
  return (count) => {
    taken += count
    if (taken > MOST_LETTERS)
      throw new Wrong(
        `holds more than ${MOST_LETTERS} members, values and letters, which is the most it takes`,
      )
  }
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function expressionOf(value: unknown, reading: Reading): Expression {
  reading.take(1)
  if (typeof value === 'boolean') {
    reading.compare()
    return value ? { and: [] } : { or: [] }
  }
  const { op, args } = operationOf(value)
  reading.take(op.length + args.length)
  switch (op.toLowerCase()) {
    case 'and':
      return { and: reading.within(() => severalOf(op, args).map((arg) => expressionOf(arg, reading))) }
    case 'or':
      return { or: reading.within(() => severalOf(op, args).map((arg) => expressionOf(arg, reading))) }
    case 'not':
      return { not: reading.within(() => expressionOf(exactly(op, args, 1)[0], reading)) }
    default:
      reading.compare()
      return predicateOf(op, args, reading)
  }
}

type Operation = { readonly op: string; readonly args: readonly unknown[] }

function operationOf(value: unknown): Operation {
  if (!isObject(value))
    throw new Wrong(`holds ${shown(value)} where an operation such as {"op":"=","args":[…]} belongs`)
  const { op, args } = value
  if (typeof op !== 'string') throw new Wrong(`holds ${shown(value)}, which has no op`)
  if (!Array.isArray(args)) throw new Wrong(`holds the operation ${shown(op)} without a list of args`)
  const other = Object.keys(value).find((name) => name !== 'op' && name !== 'args')
  if (other !== undefined) throw new Wrong(`holds ${shown(other)} beside op and args of ${shown(op)}`)
  return { op, args }
}

function severalOf(op: string, args: readonly unknown[]): readonly unknown[] {
  if (args.length === 0) throw new Wrong(`holds the operation ${shown(op)} of nothing`)
  return args
}

function predicateOf(op: string, args: readonly unknown[], reading: Reading): Expression {
  const operands = (count: number) => exactly(op, args, count).map((arg) => operandOf(arg, reading))
  const is = COMPARINGS.find((comparing) => comparing === op)
  if (is) {
    const [left, right] = operands(2)
    return compared(told(left), is, told(right))
  }
  switch (op.toLowerCase()) {
    case 'between': {
      const [of, from, to] = operands(3)
      return between(told(of), told(from), told(to))
    }
    case 'like': {
      const [of, pattern] = operands(2)
      return alike(told(of), told(pattern))
    }
    case 'isnull':
      return isUnknown(told(operands(1)[0]))
    case 'in': {
      const [of, list] = exactly(op, args, 2)
      if (!Array.isArray(list)) throw new Wrong('holds in without a list as its second argument')
      reading.take(list.length)
      const values: readonly unknown[] = list
      return oneOf(
        operandOf(of, reading),
        values.map((value) => operandOf(value, reading)),
      )
    }
    default:
      return called(
        op,
        args.map((arg) => operandOf(arg, reading)),
      )
  }
}

/** Of as many as were asked for. */
function told(operand: Operand | undefined): Operand {
  if (operand) return operand
  throw new Wrong('holds an operation that lacks an argument')
}

function exactly(op: string, args: readonly unknown[], count: number): readonly unknown[] {
  if (args.length === count) return args
  throw new Wrong(`holds the operation ${shown(op)} with ${args.length} args; it takes ${count}`)
}

const GEOMETRIES = [
  'Point',
  'LineString',
  'Polygon',
  'MultiPoint',
  'MultiLineString',
  'MultiPolygon',
  'GeometryCollection',
]

function operandOf(value: unknown, reading: Reading): Operand {
  reading.take(1)
  if (typeof value === 'string') {
    reading.take(value.length)
    return { literal: value }
  }
  if (typeof value === 'boolean') return { literal: value }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Wrong('holds a number that is too large')
    return { literal: value }
  }
  if (!isObject(value)) throw new Wrong(`holds ${shown(value)} where a property or a value belongs`)
  if (typeof value.type === 'string' && GEOMETRIES.includes(value.type)) return { geometry: value }
  if (typeof value.op === 'string') throw new Wrong(noValue(value.op.toLowerCase()))
  return memberOf(value, reading)
}

/** `{"property": …}`, `{"timestamp": …}` and the like, of one member each. */
function memberOf(value: Members, reading: Reading): Operand {
  const [entry, ...others] = Object.entries(value)
  const [name, inner] = entry ?? ['', undefined]
  if (others.length > 0) throw new Wrong(`holds ${shown(value)}, which is neither a property nor a value`)
  if (typeof inner === 'string') reading.take(inner.length)
  if (name === 'property' && typeof inner === 'string') return { property: inner }
  if ((name === 'date' || name === 'timestamp') && typeof inner === 'string')
    return { literal: timeOf(inner, name) }
  if (name === 'interval' && Array.isArray(inner) && inner.length === 2) {
    const [start, end] = inner.map((one: unknown) => endOf(one, reading))
    return intervalOf(start ?? '', end ?? '')
  }
  if (name === 'bbox' && Array.isArray(inner) && inner.length <= 6 && inner.every(isNumber))
    return { geometry: boxShape(inner) }
  throw new Wrong(`holds ${shown(value)}, which is neither a property nor a value`)
}

const isNumber = (value: unknown): value is number => typeof value === 'number'

/** An end of an interval: a text, or one in its own member. */
function endOf(value: unknown, reading: Reading): string {
  const text = isObject(value) ? (value.timestamp ?? value.date) : value
  if (typeof text !== 'string') throw new Wrong('holds an interval of other than two times')
  reading.take(text.length)
  return text
}

/** The beginning of a value, to be named in a sentence; objects by their members alone, which may be deep. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (isObject(value))
    return `an object of ${clipped(Object.keys(value).slice(0, 3).join(', ')) || 'nothing'}`
  return clipped(JSON.stringify(value) ?? String(value))
}
