import { z } from 'zod'
import type { Question } from '../../workers/ask-index.ts'
import { Fault } from '../errors.ts'
import type { Standing } from '../index-file/index-connection.ts'
import { COLUMN } from '../index-file/row.ts'
import { readCursor, tokenFault } from './cursor.ts'
import { type Cursor, isByRank, type Position, type Search, type Sort } from './port.ts'

/** The orders of a page, and the statement of queries/sqlite of each. */
export const ORDERS = {
  newest: 'search',
  oldest: 'search-oldest',
  clearest: 'search-clearest',
  cloudiest: 'search-cloudiest',
  covering: 'search-covering',
  'least-covering': 'search-least-covering',
  /** Of scores that are made as the order goes, the worst rank first too. */
  ranked: 'search-ranked',
  'worst-ranked': 'search-ranked',
} as const
export type Order = keyof typeof ORDERS

type Row = readonly unknown[]

/** Columns by which rows are ordered. */
const KEY = [COLUMN.sensing, COLUMN.generation, COLUMN.cell, COLUMN.seq] as const
/** Behind the columns of the table. */
const SCORE = COLUMN.verbatim + 1

const ORDER_OF = {
  '-datetime': 'newest',
  datetime: 'oldest',
  cloud: 'clearest',
  '-cloud': 'cloudiest',
  coverage: 'covering',
  '-coverage': 'least-covering',
  rank: 'ranked',
  '-rank': 'worst-ranked',
} as const satisfies Record<Sort, Order>

/** @throws {Fault} bad-request for an order by rank without one */
export function orderOf({ sort = '-datetime', colours }: Search): Order {
  if (!isByRank(sort)) return ORDER_OF[sort]
  if (colours?.which === 'unknown') return 'newest'
  if (colours?.rank) return ORDER_OF[sort]
  const errors = [{ parameter: 'sort', message: 'is by rank, and there is no rank' }]
  throw new Fault('bad-request', 'An order by rank needs a rank to order by, such as rank=red.', { errors })
}

/** Whether rows are ordered by a score that no key of the table has. */
export const isScored = (order: Order): boolean => order !== 'newest' && order !== 'oldest'

/** Negative where the first row comes first. */
export function compareRows(order: Order): (a: Row, b: Row) => number {
  if (order === 'newest') return newestFirst
  if (order === 'oldest') return (a, b) => newestFirst(b, a)
  return (a, b) => Number(a[SCORE]) - Number(b[SCORE]) || newestFirst(a, b)
}

/**
 * Times or clouds that a row may have to come before the last one of a full page. What a row covers and how its
 * colour does are computed to be held against a bound, so that one would spare little.
 */
export function stillWanted({ cloud }: Search, order: Order, last: Row | undefined): Question['values'] {
  if (!last) return {}
  if (order === 'clearest') {
    const most = Number(last[SCORE])
    return most > 100 ? {} : { cloudMin: cloud?.min ?? Number.MIN_SAFE_INTEGER, cloudMax: most }
  }
  if (order === 'cloudiest') {
    const least = -Number(last[SCORE])
    return least < 0 ? {} : { cloudMin: least, cloudMax: cloud?.max ?? Number.MAX_SAFE_INTEGER }
  }
  if (isScored(order)) return {}
  const sensing = Number(last[KEY[0]])
  return order === 'newest' ? { from: sensing } : { until: sensing }
}

function newestFirst(a: Row, b: Row): number {
  for (const column of KEY) {
    const by = Number(b[column]) - Number(a[column])
    if (by !== 0) return by
  }
  return 0
}

/** Where a row stands in an order. `seq` means nothing in another index, so the one it is of goes with it. */
export function positionOf(row: Row, order: Order, { builtAt }: Standing): Position {
  const scores = isScored(order) ? [Number(row[SCORE])] : []
  const [score = 0] = scores
  return { score, after: [order, builtAt, ...scores, ...KEY.map((column) => Number(row[column]))] }
}

/** @throws {Fault} bad-request where the cursor is of an index that was replaced */
export function requireSameIndex(after: Cursor | undefined, { builtAt }: Standing): void {
  if (!after || after[1] === builtAt) return
  const sentence = 'The index was replaced since this token was given; start again without it.'
  throw tokenFault(sentence, 'of an index that was replaced')
}

const [number, key] = [z.number(), [z.number(), z.number(), z.number(), z.number()] as const]

/**
 * Values of the parameters that tell where a page starts.
 * @throws {Fault} bad-request for a cursor of another order or catalog
 */
export function boundsOf(
  { time, best }: Search,
  order: Order,
  after: Cursor | undefined,
): Question['values'] {
  if (!after) {
    const sensing = order === 'oldest' ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
    return { score: null, sensing, generation: 0, cell: 0, seq: 0 }
  }
  if (isScored(order)) {
    const form = z.tuple([z.literal(order), number, number, ...key])
    const [, , score, sensing, generation, cell, seq] = readCursor(form, after)
    return { score, sensing, generation, cell, seq }
  }
  const form = z.tuple([z.literal(order), number, ...key])
  const [, , sensing, generation, cell, seq] = readCursor(form, after)
  const last = { sensing, generation, cell, seq }
  // The best are chosen among all, those of earlier pages too.
  if (best) return last
  if (order === 'newest') return { ...last, until: Math.min(time.until ?? sensing, sensing) }
  return { ...last, from: Math.max(time.from ?? sensing, sensing) }
}
