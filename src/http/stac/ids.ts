import type { Search } from '../../catalog/port.ts'
import type { Filter } from './filter.ts'
import { type ItemId, parseItemId } from './item-id.ts'

/** What is sensed lies within minutes of its datatake's start; two days are room for whatever a row says. */
const AROUND = 2 * 86_400e6

/** The granules of items with these ids, in the words of a search; no ids: all. */
export function idsFilter(ids: readonly string[] = []): Filter {
  if (ids.length === 0) return { where: [] }
  const read = ids.flatMap((id) => {
    const parsed = parseItemId(id)
    return parsed ? [{ id, ...parsed }] : []
  })
  if (read.length === 0) return { where: [], levels: [] }
  const starts = read.flatMap((one) => (one.form === 'long' ? [] : [one.start]))
  // A name of the long form tells when it was made, which may be years after its sensing.
  const time: Search['time'] | undefined =
    starts.length < read.length
      ? undefined
      : { from: Math.min(...starts) - AROUND, until: Math.max(...starts) + AROUND }
  const conditions = [
    ...namedSo(read, 'compact', [{ not: IN_ODD_FOLDER }]),
    ...namedSo(read, 'named', [IN_ODD_FOLDER]),
    ...namedSo(read, 'long', []),
  ]
  return {
    where: [],
    time,
    tiles: [...new Set(read.map(({ mgrsTile }) => mgrsTile))],
    levels: [...new Set(read.map(({ level }) => level))],
    only: conditions.length > 1 ? { or: conditions } : conditions[0],
  }
}

type Condition = NonNullable<Search['only']>

/** The orbit is read off the folder's name. */
const IN_ODD_FOLDER: Condition = { of: 'relativeOrbit', isUnknown: true }

/** Granules whose items have ids of this form. */
function namedSo(
  read: readonly (ItemId & { readonly id: string })[],
  form: ItemId['form'],
  more: readonly Condition[],
): Condition[] {
  const oneOf = read.filter((one) => one.form === form).map(({ id }) => id)
  if (oneOf.length === 0) return []
  return [{ and: [{ of: form === 'compact' ? 'productId' : 'granuleId', oneOf }, ...more] }]
}
