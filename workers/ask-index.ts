import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** A statement for the index in a file; rows come back as arrays in the order of their columns. */
export type Question = {
  readonly file: string
  /** Which index is asked, by the time it was built at: its file may have been replaced. */
  readonly builtAt: number
  /** The statement that gives that time as JSON. */
  readonly identify: string
  readonly sql: string
  readonly values: Readonly<Record<string, SQLInputValue>>
}
export type Answer =
  | { readonly rows: readonly (readonly unknown[])[] }
  /** Another index than the one asked lies in the file. */
  | { readonly replaced: true }
  /** Faults lose their class between threads, so they are told, not thrown. */
  | { readonly failed: string }

type Opened = {
  readonly builtAt: number
  readonly db: DatabaseSync
  readonly prepared: Map<string, StatementSync>
}

let opened: Opened | undefined

export default function ask(question: Question): Answer {
  try {
    if (opened?.builtAt !== question.builtAt) {
      close()
      opened = open(question)
    }
    if (opened.builtAt !== question.builtAt) return { replaced: true }
    return { rows: statement(opened, question.sql).all(question.values) as unknown as unknown[][] }
  } catch (thrown) {
    close()
    return { failed: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

function open({ file, identify }: Question): Opened {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const [value] = Object.values(db.prepare(identify).get() ?? {})
    return { builtAt: Number(value), db, prepared: new Map() }
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

/** What failed may have been mended by the next question, so nothing of it is kept. */
function close(): void {
  opened?.db.close()
  opened = undefined
}

function statement({ db, prepared }: Opened, sql: string): StatementSync {
  const known = prepared.get(sql)
  if (known) return known
  const made = db.prepare(sql)
  made.setReturnArrays(true)
  prepared.set(sql, made)
  return made
}
