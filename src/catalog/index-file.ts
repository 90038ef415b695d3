import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { Fault, messageOf } from '../errors.ts'
import { moveToTarget } from '../files/target-place.ts'
import type { BuildPlace } from './build-place.ts'
import { APPLICATION } from './index-header.ts'
import type { IndexRow } from './index-row.ts'
import { query } from './queries.ts'

/** The number of the layout in queries/sqlite/layout.sql. */
const LAYOUT = 1

const count = z.int().nonnegative()
const about = z.object({
  rows: count,
  levels: z.object({ L1C: count, L2A: count }),
  tiles: count,
  exceptions: count,
  withoutBox: count,
  superseded: count,
  oldestSensing: z.int(),
  newestSensing: z.int(),
  newestGeneration: z.int(),
  builtAt: z.int(),
  sources: z.array(z.string()),
})

/** What an index says of itself; times in microseconds since 1970. */
export type AboutIndex = Readonly<z.infer<typeof about>>

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

/**
 * What the index in a file says of itself.
 * @throws {Fault} misconfigured for a file that is not there, empty, cut short, of another shape or version
 */
export function aboutIndex(file: string): AboutIndex {
  const size = sizeOf(file)
  const db = openIndex(file)
  try {
    const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
    if (pragma('application_id') !== APPLICATION)
      throw notAnIndex(file, 'it is an SQLite file of another kind')
    if (pragma('user_version') !== LAYOUT) {
      throw notAnIndex(file, `it has layout ${pragma('user_version')}, this swath reads layout ${LAYOUT}`)
    }
    if (pragma('page_count') * pragma('page_size') > size) throw notAnIndex(file, 'it is cut short')
    const strange = strangeColumns(db)
    if (strange !== undefined) throw notAnIndex(file, strange)
    return readAbout(db, file)
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : notAnIndex(file, messageOf(thrown), thrown)
  } finally {
    db.close()
  }
}

function readAbout(db: DatabaseSync, file: string): AboutIndex {
  const rows = db.prepare('SELECT name, value FROM about').all()
  const told = about.safeParse(
    Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(String(value))])),
  )
  if (told.success) return told.data
  const faults = told.error.issues.map(({ path, message }) => `${path.join('.')} (${message})`)
  throw notAnIndex(file, `it does not tell what it holds: ${faults.join(', ')}`, told.error)
}

/** How the columns of the table differ from those of the layout; undefined where they do not. */
function strangeColumns(db: DatabaseSync): string | undefined {
  const columnsOf = (of: DatabaseSync) =>
    of
      .prepare(`SELECT name FROM pragma_table_info('granule') ORDER BY cid`)
      .all()
      .map(({ name }) => String(name))
  const model = new DatabaseSync(':memory:')
  try {
    model.exec(query('sqlite', 'layout'))
    const [wanted, found] = [columnsOf(model), columnsOf(db)]
    return wanted.join() === found.join()
      ? undefined
      : `its table granule has the columns ${found.join(', ') || '(none)'}, not ${wanted.join(', ')}`
  } finally {
    model.close()
  }
}

function openDraft(draft: string, to: string): DatabaseSync {
  try {
    return new DatabaseSync(draft)
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${to} cannot be written: ${messageOf(cause)}.`, { cause })
  }
}

function sizeOf(file: string): number {
  const info = statSync(file, { throwIfNoEntry: false })
  if (!info) throw new Fault('misconfigured', `There is no index ${file}. ${HOW_TO_BUILD}.`)
  if (!info.isFile()) throw new Fault('misconfigured', `The index ${file} is not a file.`)
  if (info.size === 0) throw notAnIndex(file, 'it is empty')
  return info.size
}

function openIndex(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true })
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${file} cannot be opened: ${messageOf(cause)}.`, { cause })
  }
}

const HOW_TO_BUILD = 'Build one with: swath index build --from index.csv.gz --to <file>'

const notAnIndex = (file: string, why: string, cause?: unknown): Fault =>
  new Fault('misconfigured', `${file} is no index that swath can read: ${why}. ${HOW_TO_BUILD}.`, {
    cause,
  })
