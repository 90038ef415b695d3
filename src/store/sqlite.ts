import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '../errors.ts'
import type { Entry } from '../storage/port.ts'
import { createPending } from './pending.ts'
import type { Listings, Store } from './port.ts'

const APPLICATION = 0x73775354
const LAYOUT = 1
/** Opening and closing may wait for another process; nothing in between does. */
const PATIENCE_MS = 5000
const LAYOUT_SQL = new URL('../../queries/store/layout.sql', import.meta.url)

/**
 * The store in one file that several processes may share: SQLite in WAL mode, so that readers never wait.
 * It is made where there is none. Writes are gathered and committed together a moment later.
 * @throws {Fault} misconfigured where the file cannot be opened or is something else
 */
export function sqliteStore(file: string): Store {
  const db = openStore(file)
  const select = db.prepare('SELECT entries FROM listing WHERE storage = ? AND listed = ?')
  const insert = db.prepare('INSERT OR REPLACE INTO listing VALUES (?, ?, ?)')
  const count = db.prepare('SELECT count(*) AS n FROM listing')
  let failedReads = 0
  const pending = createPending<readonly [storage: string, listed: string, entries: string]>((rows) => {
    db.exec('BEGIN IMMEDIATE')
    try {
      for (const row of rows) insert.run(...row)
      db.exec('COMMIT')
    } catch (thrown) {
      db.exec('ROLLBACK')
      throw thrown
    }
  })

  /** What cannot be read is as good as not remembered. */
  function read<T>(of: () => T): T | undefined {
    try {
      return of()
    } catch {
      failedReads++
      return undefined
    }
  }

  const listings = (storage: string): Listings => ({
    get: (prefix, delimiter) => {
      const listed = listedAs(prefix, delimiter)
      const waiting = pending.get(storage + listed)
      const text = waiting ? waiting[2] : read(() => select.get(storage, listed)?.entries)
      return text === undefined ? undefined : read(() => decode(prefix, String(text)))
    },
    put: (prefix, delimiter, entries) => {
      const listed = listedAs(prefix, delimiter)
      pending.put(storage + listed, [storage, listed, encode(prefix, entries)])
    },
  })

  return {
    listings,
    state: () => ({
      listings: Number(read(() => count.get())?.n ?? 0),
      failed: failedReads + pending.failed(),
    }),
    close: () => {
      if (!db.isOpen) return
      db.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`)
      pending.close()
      db.close()
    },
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

function openStore(file: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
    db = new DatabaseSync(file, { timeout: PATIENCE_MS })
    settle(db)
    return db
  } catch (thrown) {
    db?.close()
    const why = messageOf(thrown)
    const sentence = `The store ${file} cannot be used: ${why}. Name another file in SWATH_STORE=sqlite:<file>.`
    throw new Fault('misconfigured', sentence, { cause: thrown })
  }
}

function settle(db: DatabaseSync): void {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  const [application, layout] = [pragma('application_id'), pragma('user_version')]
  const isNew = pragma('schema_version') === 0
  if (!isNew && application !== APPLICATION) throw new Error('it is an SQLite file of another kind')
  if (!isNew && layout !== LAYOUT) throw new Error(`it has layout ${layout}, this swath knows ${LAYOUT}`)
  // A torn write after a power cut costs the newest entries, never the file; they are only remembered.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec('BEGIN IMMEDIATE')
  db.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${LAYOUT}`)
  db.exec(readFileSync(LAYOUT_SQL, 'utf8'))
  db.exec('COMMIT')
  db.exec('PRAGMA busy_timeout = 0')
}
