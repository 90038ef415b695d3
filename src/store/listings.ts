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
    of: (storage) => ({
      get: (prefix, delimiter) =>
        table.get({ storage, listed: listedAs(prefix, delimiter) }, ({ entries }) =>
          decode(prefix, String(entries)),
        ),
      put: (prefix, delimiter, entries) => {
        const listed = listedAs(prefix, delimiter)
        void table.put({ storage, listed, entries: encode(prefix, entries) })
      },
    }),
  }
}

const listedAs = (prefix: string, delimiter: string): string => `${prefix}\n${delimiter}`

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
