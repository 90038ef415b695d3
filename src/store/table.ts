import { type Database, inTransaction } from './database.ts'
import { createPending } from './pending.ts'
import { query } from './queries.ts'

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
  /** Resolves when it is committed; false where it could not be. */
  put(row: Row): Promise<boolean>
  /** Puts what was read to the test, as get does. */
  attempt<T>(read: () => T): T | undefined
  /** Reads and writes that did not succeed. */
  failed(): number
  /** Writes what waits. */
  close(): void
}

/**
 * @param name of the query that reads a row by its key; the one that writes it is `put-<name>`
 * @param key columns
 */
export function openTable(db: Database, name: string, key: readonly string[]): Table {
  const select = db.prepare(query(name))
  const insert = db.prepare(query(`put-${name}`))
  const pending = createPending<Row>((rows) =>
    inTransaction(db, () => {
      for (const row of rows) insert.run(row)
    }),
  )
  let failedReads = 0

  const named = (row: Row): string => key.map((column) => String(row[column])).join('\u0000')

  function attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch {
      failedReads++
      return undefined
    }
  }

  return {
    get: (row, parse) =>
      attempt(() => {
        const found = pending.get(named(row)) ?? select.get(row)
        return found && parse(found)
      }),
    waiting: (row) => pending.get(named(row)),
    put: (row) => pending.put(named(row), row),
    attempt,
    failed: () => failedReads + pending.failed(),
    close: pending.close,
  }
}
