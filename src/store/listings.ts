import type { Entry } from '../storage/port.ts'
import type { Database } from './database.ts'
import type { Failures } from './failures.ts'
import type { Listings } from './port.ts'
import { openTable, type Table } from './table.ts'

export type ListingTable = Pick<Table, 'close'> & { of(storage: string): Listings }

/** Listings, each as one JSON text. */
export function listingTable(db: Database, failures: Failures): ListingTable {
  const table = openTable(db, failures, {
    name: 'listing',
    key: ['storage', 'listed'],
    damaged: 'a remembered listing is damaged',
  })
  return {
    close: table.close,
    of: (storage) => {
      const get = (prefix: string, listed: string) =>
        table.get({ storage, listed }, ({ entries }) => decode(prefix, String(entries)))
      const put = (prefix: string, listed: string, entries: readonly Entry[]) =>
        void table.put({ storage, listed, entries: encode(prefix, entries) })
      return {
        get: (prefix, delimiter) => get(prefix, listedAs(prefix, delimiter)),
        put: (prefix, delimiter, entries) => put(prefix, listedAs(prefix, delimiter), entries),
        last: (prefix, delimiter) => get(prefix, lastListedAs(prefix, delimiter)),
        putLast: (prefix, delimiter, entries) => put(prefix, lastListedAs(prefix, delimiter), entries),
      }
    },
  }
}

const listedAs = (prefix: string, delimiter: string): string => `${prefix}\n${delimiter}`
/** No delimiter is more than a character, so that this is no listing's own name. */
const lastListedAs = (prefix: string, delimiter: string): string => `${listedAs(prefix, delimiter)}\nlast`

/** `[name, size]` of an object, `[name]` of a folder; names as they go on after the prefix. */
type Coded = readonly [name: string, size?: number]

function encode(prefix: string, entries: readonly Entry[]): string {
  const coded = entries.map(
    (entry): Coded =>
      entry.kind === 'object'
        ? [entry.key.slice(prefix.length), entry.size]
        : [entry.prefix.slice(prefix.length)],
  )
  return JSON.stringify(coded)
}

/** Only encode writes the column. */
function decode(prefix: string, text: string): Entry[] {
  const coded = JSON.parse(text) as Coded[]
  return coded.map(([name, size]) =>
    size === undefined
      ? { kind: 'folder', prefix: prefix + name }
      : { kind: 'object', key: prefix + name, size },
  )
}
