import { query } from '../queries.ts'
import { type Database, inTransaction, whyRefused } from './database.ts'
import type { Failures } from './failures.ts'
import { createPending } from './pending.ts'

/** Values by the names of their columns. */
export type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>

/** One table of the store: read at once, written a moment later. */
export type Table = {
  /**
   * What is made of the row with this key; undefined where there is none, and where it cannot be read,
   * which counts as failed.
   * @param parse throws where the row is not what it should be
   */
  get<T>(key: Row, parse: (row: Row) => T): T | undefined
  /** The row that waits to be written under this key. */
  waiting(key: Row): Row | undefined
  /** Resolves to undefined when it is committed; where it could not be, to why, as a clause. */
  put(row: Row): Promise<string | undefined>
  /** What is made of a row, as get does. */
  parsed<T>(row: Row, parse: (row: Row) => T): T | undefined
  /** Writes what waits. */
  close(): void
}

export type TableOptions = {
  /** Of the query that reads a row by its key; the one that writes it is `put-<name>`. */
  readonly name: string
  /** Columns. */
  readonly key: readonly string[]
  /** Says that a row is not what it should be, as a clause. */
  readonly damaged: string
}

/** @param failures where reads and writes that did not succeed are counted */
export function openTable(db: Database, failures: Failures, { name, key, damaged }: TableOptions): Table {
  const select = db.prepare(query('store', name))
  const insert = db.prepare(query('store', `put-${name}`))
  const write = (rows: readonly Row[]) =>
    inTransaction(db, () => {
      for (const row of rows) insert.run(row)
    })
  const pending = createPending<Row>(write, failures)
  const named = (row: Row): string => key.map((column) => String(row[column])).join('\u0000')

  function found(row: Row): Row | undefined {
    try {
      return pending.get(named(row)) ?? select.get(row)
    } catch (thrown) {
      failures.add(whyRefused(thrown))
      return undefined
    }
  }

  function parsed<T>(row: Row, parse: (row: Row) => T): T | undefined {
    try {
      return parse(row)
    } catch {
      failures.add(damaged)
      return undefined
    }
  }

  return {
    get: (key, parse) => {
      const row = found(key)
      return row && parsed(row, parse)
    },
    waiting: (row) => pending.get(named(row)),
    put: (row) => pending.put(named(row), row),
    parsed,
    close: pending.close,
  }
}
