import { z } from 'zod'
import type { Question, Standing } from '../../workers/ask-index.ts'
import { Fault } from '../errors.ts'
import { readCursor, tokenFault } from './cursor.ts'
import type { Cursor, Search } from './port.ts'

/** The orders of a page, and the statement of queries/sqlite of each. */
export const ORDERS = {
  newest: 'search',
  oldest: 'search-oldest',
  clearest: 'search-clearest',
  covering: 'search-covering',
  ranked: 'search-ranked',
} as const
export type Order = keyof typeof ORDERS

type Row = readonly unknown[]

/** Columns of IndexRow by which rows are ordered: sensing, generation, cell, seq. */
const KEY = [1, 2, 0, 3] as const
/** Behind the columns of the table. */
const SCORE = 20

/** @throws {Fault} bad-request for an order by rank without one */
export function orderOf({ sort = '-datetime', colours }: Search): Order {
  switch (sort) {
    case '-datetime':
      return 'newest'
    case 'datetime':
      return 'oldest'
    case 'cloud':
      return 'clearest'
    case 'coverage':
      return 'covering'
    case 'rank': {
      if (colours?.which === 'unknown') return 'newest'
      if (colours?.rank) return 'ranked'
      const errors = [{ parameter: 'sort', message: 'is by rank, and there is no rank' }]
      throw new Fault('bad-request', 'An order by rank needs a rank to order by, such as rank=red.', {
        errors,
      })
    }
  }
}

/** Whether rows are ordered by a score that no key of the table has. */
export const isScored = (order: Order): boolean => order !== 'newest' && order !== 'oldest'

/** Negative where the first row comes first. */
export function compareRows(order: Order): (a: Row, b: Row) => number {
  if (order === 'newest') return newestFirst
  if (order === 'oldest') return (a, b) => newestFirst(b, a)
  return (a, b) => Number(a[SCORE]) - Number(b[SCORE]) || newestFirst(a, b)
}

/** Times that a row may have to come before the last one of a full page. */
export function stillWanted(order: Order, last: Row | undefined): Question['values'] {
  if (!last || isScored(order)) return {}
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

/** Where the page after a row starts. `seq` means nothing in another index, so the one it is of goes with it. */
export function cursorAfter(row: Row, order: Order, { builtAt }: Standing): Cursor {
  const score = isScored(order) ? [Number(row[SCORE])] : []
  return [order, builtAt, ...score, ...KEY.map((column) => Number(row[column]))]
}

/** @throws {Fault} bad-request where the cursor is of an index that was replaced */
export function requireSameIndex(after: Cursor | undefined, { builtAt }: Standing): void {
  if (!after || after[1] === builtAt) return
  const sentence = 'The index was replaced since this token was given; start again without it.'
  throw tokenFault(sentence, 'of an index that was replaced')
}

const FIRST = {
  newest: Number.MAX_SAFE_INTEGER,
  oldest: Number.MIN_SAFE_INTEGER,
  clearest: 0,
  covering: 0,
  ranked: 0,
} as const satisfies Record<Order, number>
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
  if (!after) return { score: null, sensing: FIRST[order], generation: 0, cell: 0, seq: 0 }
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
