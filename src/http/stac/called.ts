import { nearMiss } from '../../near-miss.ts'
import { clipped, compared, type Expression, type Operand, type Time, Wrong, wordOf } from './expression.ts'

/** Temporal and spatial functions that are understood: OGC 21-065r2, 7.5 and 7.6, of times that are instants. */
const TEMPORAL = {
  t_after: (of, { end }) => compared(of, '>', told(end)),
  t_before: (of, { start }) => compared(of, '<', told(start)),
  t_during: (of, { start, end }) => ({
    and: [...(start ? [compared(of, '>', told(start))] : []), ...(end ? [compared(of, '<', told(end))] : [])],
  }),
  t_intersects: intersecting,
  t_disjoint: (of, interval) => ({ not: intersecting(of, interval) }),
  t_equals: (of, { start, end }) => ({
    and: [compared(of, '>=', told(start)), compared(of, '<=', told(end))],
  }),
} as const satisfies Record<string, (of: Operand, interval: Interval) => Expression>

type Interval = { readonly start: Time | undefined; readonly end: Time | undefined }
type Temporal = keyof typeof TEMPORAL

/** What stays of a function when what it takes changes sides. */
const TURNED: Partial<Record<Temporal, Temporal>> = {
  t_after: 't_before',
  t_before: 't_after',
  t_intersects: 't_intersects',
  t_disjoint: 't_disjoint',
  t_equals: 't_equals',
}

const KNOWN: readonly string[] = ['s_intersects', ...Object.keys(TEMPORAL)]
const isTemporal = (name: string): name is Temporal => Object.hasOwn(TEMPORAL, name)

/** @throws {Wrong} */
export function called(name: string, operands: readonly Operand[]): Expression {
  const word = name.toLowerCase()
  if (!KNOWN.includes(word)) throw new Wrong(notKnown(word))
  const [left, right] = operands
  if (!left || !right || operands.length > 2)
    throw new Wrong(`gives ${word} ${operands.length} arguments; it takes two`)
  return isTemporal(word) ? temporal(word, left, right) : intersects(left, right)
}

function temporal(name: Temporal, left: Operand, right: Operand): Expression {
  if ('property' in left) return TEMPORAL[name](left, spanOf(name, right))
  const turned = TURNED[name]
  if (!turned || !('property' in right))
    throw new Wrong(`holds ${name} whose first argument is ${wordOf(left)}; it takes ${name}(datetime, …)`)
  return TEMPORAL[turned](right, spanOf(name, left))
}

function spanOf(name: string, operand: Operand): Interval {
  if ('interval' in operand) return operand.interval
  if ('literal' in operand && typeof operand.literal === 'object')
    return { start: operand.literal, end: operand.literal }
  throw new Wrong(`gives ${name} ${wordOf(operand)}; it takes a TIMESTAMP, a DATE or an INTERVAL`)
}

function intersecting(of: Operand, { start, end }: Interval): Expression {
  const bounds = [
    ...(start ? [compared(of, '>=', told(start))] : []),
    ...(end ? [compared(of, '<=', told(end))] : []),
  ]
  return { and: bounds }
}

/** Of an end that a function needs. */
function told(time: Time | undefined): Operand {
  if (time) return { literal: time }
  throw new Wrong("holds an INTERVAL whose open end, '..', leaves nothing to compare with")
}

function intersects(left: Operand, right: Operand): Expression {
  const [of, shape] = 'property' in left ? [left, right] : [right, left]
  if (!('property' in of) || !('geometry' in shape))
    throw new Wrong('holds an s_intersects of other than a property and a geometry')
  return { property: of.property, intersects: shape.geometry }
}

/** Of a function where a value belongs. */
export const noValue = (name: string): string =>
  KNOWN.includes(name) ? `has ${name}(…) where a property or a value belongs` : notKnown(name)

function notKnown(given: string): string {
  const name = clipped(given)
  if (name.startsWith('s_'))
    return `uses ${name}; of spatial functions it takes s_intersects alone, as do the parameters bbox and intersects`
  if (name === 'casei' || name === 'accenti')
    return `uses ${name}; texts are compared letter by letter here, and the values of every property are written in one way`
  return `uses ${name}, which is no function here${nearMiss(name, KNOWN)}; it takes ${KNOWN.join(', ')}`
}
