import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '../errors.ts'
import { moveToTarget } from '../files/target-place.ts'
import { query } from '../queries.ts'
import { type AboutIndex, writeAbout } from './about.ts'
import type { BuildPlace } from './build-place.ts'
import { removeTraces, settleIndex } from './open.ts'
import { openPages, PAGE } from './page-file.ts'
import type { RowCells, RowValues } from './row-cells.ts'
import { createTree } from './table-tree.ts'

export type IndexWriter = {
  /** Rows that follow those before in the order of the table. */
  add(rows: RowCells): void
  /** Puts the finished index in the place of whatever stood there. */
  finish(about: AboutIndex): Promise<void>
  /** Frees the draft; nothing after finish. */
  close(): void
}

/**
 * Writes an index in the place of its building and moves it to its own when it is whole.
 * @throws {Fault} misconfigured where it cannot be written; what Node and SQLite throw where the disk is full
 */
export function createIndex({ to, draft }: Pick<BuildPlace, 'to' | 'draft'>): IndexWriter {
  const root = createDraft(draft, to)
  const pages = openPages(draft)
  const tree = createTree(pages, root)
  const long: RowValues[] = []
  return {
    add: (rows) => {
      tree.add(rows.cells, rows.lengths)
      for (const row of rows.long) long.push(row)
    },
    finish: async (about) => {
      tree.finish()
      pages.finish()
      pages.close()
      complete(draft, to, about, long)
      // A log that a killed update left beside the index that is replaced would be played into the new one.
      await moveToTarget(draft, to, () => settleIndex(to))
      await removeTraces(to)
    },
    close: () => pages.close(),
  }
}

/** An index without rows. @returns the page at which its table of granules begins */
function createDraft(draft: string, to: string): number {
  const db = openDraft(draft, to)
  try {
    db.exec(`PRAGMA page_size = ${PAGE}`)
    db.exec(query('sqlite', 'layout'))
    return Number(db.prepare(query('sqlite', 'table-root')).get()?.root)
  } finally {
    db.close()
  }
}

/** Adds what is not of the granules' pages. */
function complete(draft: string, to: string, about: AboutIndex, long: readonly RowValues[]): void {
  const db = openDraft(draft, to)
  try {
    db.exec('BEGIN')
    const insert = db.prepare(query('sqlite', 'insert'))
    for (const row of long) insert.run(...row)
    writeAbout(db, about)
    db.prepare('INSERT INTO batch VALUES (0, ?, ?)').run(about.builtAt, JSON.stringify(about.sources))
    db.exec(query('sqlite', 'names'))
    db.exec('COMMIT')
    db.exec('ANALYZE')
  } finally {
    db.close()
  }
}

function openDraft(draft: string, to: string): DatabaseSync {
  try {
    const db = new DatabaseSync(draft)
    // A draft that a crash leaves behind is never read, so nothing of it needs to reach the disk on the way.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE')
    db.exec('PRAGMA cache_size = -65536')
    return db
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${to} cannot be written: ${messageOf(cause)}.`, { cause })
  }
}
