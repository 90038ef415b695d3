import type { Sort } from '../../catalog/port.ts'
import { SHARES, type Share } from '../../colour/port.ts'
import { nearMiss } from '../../near-miss.ts'
import { clipped } from './expression.ts'

/** The order of an answer; `share` where it is by that of the remembered colours. */
export type StacSort = { readonly sort: Sort; readonly share: Share | undefined }

type Key = { readonly field: string; readonly direction: 'asc' | 'desc' }

/** By what answers can be sorted, without `properties.`. */
const SORT_FIELDS: readonly string[] = [
  'datetime',
  'eo:cloud_cover',
  'swath:coverage',
  ...SHARES.map((share) => `swath:share_${share}`),
]

const ORDERS: Readonly<Record<string, Readonly<Record<Key['direction'], Sort>>>> = {
  datetime: { asc: 'datetime', desc: '-datetime' },
  'eo:cloud_cover': { asc: 'cloud', desc: '-cloud' },
  // The catalog's own words say the best first, which is the most of it.
  'swath:coverage': { asc: '-coverage', desc: 'coverage' },
}

/** Many end their keys with it so that the order is total, which ours always is. */
const LAST_KEY = 'id'

/**
 * Reads `sortby`: a text `-datetime,+id`, or `[{field, direction}]`; a string is what is wrong, a clause. What is
 * equal comes newest first and each item has its place, so of further keys those are taken that say no more.
 */
export function readSort(given: unknown): StacSort | string {
  const all = typeof given === 'string' ? textKeys(given) : jsonKeys(given)
  if (typeof all === 'string') return all
  const keys = all.length > 1 && all.at(-1)?.field === LAST_KEY ? all.slice(0, -1) : all
  const [first, ...others] = keys
  if (!first) return { sort: '-datetime', share: undefined }
  const strange = keys.find(({ field }) => !SORT_FIELDS.includes(field))
  if (strange) {
    const field = clipped(strange.field)
    const named = `names ${JSON.stringify(field)}`
    return `${named}; answers are sorted by one of ${SORT_FIELDS.join(', ')}${nearMiss(field, SORT_FIELDS)}`
  }
  if (others.some(({ field, direction }) => field !== 'datetime' || direction !== 'desc')) {
    return 'has several keys; answers are sorted by one, behind which -datetime and id may stand, as what is equal comes newest first'
  }
  return orderOf(first)
}

function orderOf({ field, direction }: Key): StacSort {
  const share = SHARES.find((name) => field === `swath:share_${name}`)
  if (share) return { sort: direction === 'desc' ? 'rank' : '-rank', share }
  return { sort: ORDERS[field]?.[direction] ?? '-datetime', share: undefined }
}

/** A + of an address arrives as a space; in front of a name it says no more than the name. */
function textKeys(text: string): Key[] | string {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.includes('')) return 'holds an empty name; write it as -datetime or +eo:cloud_cover'
  return parts.map((part) => ({
    field: bare(part.replace(/^[+-]/, '')),
    direction: part.startsWith('-') ? 'desc' : 'asc',
  }))
}

const SHAPE = 'is not of the form [{"field": "datetime", "direction": "desc"}]'

function jsonKeys(given: unknown): Key[] | string {
  if (!Array.isArray(given)) return SHAPE
  const keys: Key[] = []
  for (const one of given) {
    const key = keyOf(one)
    if (!key) return SHAPE
    keys.push(key)
  }
  return keys
}

function keyOf(given: unknown): Key | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { field, direction = 'asc' } = given as { readonly field?: unknown; readonly direction?: unknown }
  if (typeof field !== 'string' || (direction !== 'asc' && direction !== 'desc')) return undefined
  return { field: bare(field), direction }
}

const bare = (field: string): string => field.trim().replace(/^properties\./, '')
