import { rmSync, statSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '../errors.ts'
import type { IndexRow } from './index-row.ts'
import { query } from './queries.ts'

/** "swIX" in the header of the file, and the number of the layout in queries/sqlite/layout.sql. */
const APPLICATION = 0x73774958
const LAYOUT = 1

/** What an index says of itself; times in microseconds since 1970. */
export type AboutIndex = {
  readonly rows: number
  readonly levels: Readonly<Record<'L1C' | 'L2A', number>>
  readonly tiles: number
  readonly exceptions: number
  readonly withoutBox: number
  readonly superseded: number
  readonly oldestSensing: number
  readonly newestSensing: number
  readonly newestGeneration: number
  readonly builtAt: number
  readonly sources: readonly string[]
}

export type IndexWriter = {
  add(row: IndexRow): void
  /** Puts the finished index in the place of whatever stood there. */
  finish(about: AboutIndex): Promise<void>
  /** Leaves no trace. */
  discard(): void
}

/**
 * Writes an index beside its final place and moves it there when it is whole.
 * @throws {Fault} misconfigured where the folder cannot be written
 */
export function createIndex(file: string): IndexWriter {
  const draft = `${file}.building-${process.pid}`
  rmSync(draft, { force: true })
  const db = openDraft(draft, file)
  // A draft that a crash leaves behind is never read, so it needs no journal.
  db.exec(
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192; PRAGMA cache_size = -65536',
  )
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
      await flush(draft)
      await rename(draft, file)
    },
    discard: () => {
      if (db.isOpen) db.close()
      rmSync(draft, { force: true })
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
    const rows = db.prepare('SELECT name, value FROM about').all()
    // createIndex writes every field of AboutIndex before the file gets its name.
    return Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(String(value))])) as AboutIndex
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : notAnIndex(file, messageOf(thrown), thrown)
  } finally {
    db.close()
  }
}

function openDraft(draft: string, file: string): DatabaseSync {
  try {
    return new DatabaseSync(draft)
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${file} cannot be written: ${messageOf(cause)}.`, { cause })
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

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
