import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** A statement for the index in a file; rows come back as arrays in the order of their columns. */
export type Question = {
  readonly file: string
  readonly sql: string
  readonly values: Readonly<Record<string, SQLInputValue>>
}
export type Answer =
  | { readonly rows: readonly (readonly unknown[])[] }
  /** Faults lose their class between threads, so they are told, not thrown. */
  | { readonly failed: string }

const prepared = new Map<string, StatementSync>()
const opened = new Map<string, DatabaseSync>()

export default function ask({ file, sql, values }: Question): Answer {
  try {
    return { rows: statement(file, sql).all(values) as unknown as unknown[][] }
  } catch (thrown) {
    return { failed: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

function statement(file: string, sql: string): StatementSync {
  const known = prepared.get(file + sql)
  if (known) return known
  const db = opened.get(file) ?? new DatabaseSync(file, { readOnly: true })
  opened.set(file, db)
  const made = db.prepare(sql)
  made.setReturnArrays(true)
  prepared.set(file + sql, made)
  return made
}
