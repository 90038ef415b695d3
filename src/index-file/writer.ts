import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '../errors.ts'
import { moveToTarget } from '../files/target-place.ts'
import { query } from '../queries.ts'
import type { AboutIndex } from './about.ts'
import type { BuildPlace } from './build-place.ts'
import type { IndexRow } from './row.ts'

export type IndexWriter = {
  add(row: IndexRow): void
  /** Puts the finished index in the place of whatever stood there. */
  finish(about: AboutIndex): Promise<void>
  /** Frees the draft; nothing after finish. */
  close(): void
}

/**
 * Writes an index in the place of its building and moves it to its own when it is whole.
 * @throws {Fault} misconfigured where it cannot be written
 */
export function createIndex({ to, draft }: Pick<BuildPlace, 'to' | 'draft'>): IndexWriter {
  const db = openDraft(draft, to)
  // A draft that a crash leaves behind is never read, so nothing of it needs to reach the disk on the way.
  db.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE')
  db.exec('PRAGMA page_size = 8192; PRAGMA cache_size = -65536')
  db.exec(query('sqlite', 'layout'))
  db.exec('BEGIN')
  const insert = db.prepare(query('sqlite', 'insert'))
  return {
    add: (row) => {
      insert.run(...row)
    },
    finish: async (about) => {
      const write = db.prepare('INSERT INTO about VALUES (?, ?)')
      for (const [name, value] of Object.entries(about)) write.run(name, JSON.stringify(value))
      db.prepare('INSERT INTO batch VALUES (0, ?, ?)').run(about.builtAt, JSON.stringify(about.sources))
      db.exec('COMMIT')
      db.exec(query('sqlite', 'names'))
      db.exec('ANALYZE')
      db.close()
      await moveToTarget(draft, to)
    },
    close: () => {
      if (db.isOpen) db.close()
    },
  }
}

function openDraft(draft: string, to: string): DatabaseSync {
  try {
    return new DatabaseSync(draft)
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${to} cannot be written: ${messageOf(cause)}.`, { cause })
  }
}
