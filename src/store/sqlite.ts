import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '../errors.ts'
import type { Entry } from '../storage/port.ts'
import type { Store } from './port.ts'

const APPLICATION = 0x73775354
const LAYOUT = 1
const BUSY_MS = 5000

/**
 * The store in one file that several processes may share: SQLite in WAL mode, so readers never wait and
 * writers wait for each other. It is made where there is none.
 * @throws {Fault} misconfigured where the file cannot be opened or is something else
 */
export function sqliteStore(file: string): Store {
  const db = openStore(file)
  const get = db.prepare('SELECT entries FROM listing WHERE listed = ?')
  const put = db.prepare('INSERT OR REPLACE INTO listing VALUES (?, ?)')
  const count = db.prepare('SELECT count(*) AS n FROM listing')
  return {
    listings: {
      get: (prefix, delimiter) => {
        const row = get.get(listedAs(prefix, delimiter))
        return row && decode(prefix, String(row.entries))
      },
      put: (prefix, delimiter, entries) => {
        put.run(listedAs(prefix, delimiter), encode(prefix, entries))
      },
      count: () => Number(count.get()?.n),
    },
    close: () => {
      if (db.isOpen) db.close()
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
    db = new DatabaseSync(file, { timeout: BUSY_MS })
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
  const [application, layout, tables] = [
    pragma('application_id'),
    pragma('user_version'),
    pragma('schema_version'),
  ]
  if (tables > 0 && application !== APPLICATION) throw new Error('it is an SQLite file of another kind')
  if (layout > LAYOUT) throw new Error(`it has layout ${layout}, this swath knows ${LAYOUT}`)
  // A torn write after a power cut costs the newest entries, never the file; they are only remembered.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec('BEGIN IMMEDIATE')
  db.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${LAYOUT}`)
  db.exec(readFileSync(new URL('../../queries/store/layout.sql', import.meta.url), 'utf8'))
  db.exec('COMMIT')
}
