import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '../errors.ts'
import { whyUnwritable } from '../files/target-place.ts'
import { query } from '../queries.ts'

export type Database = DatabaseSync

const APPLICATION = 0x73775354
/** The number of the layout in queries/store/layout.sql. */
const LAYOUT = 3
/** Layouts that layout.sql makes one of today's. */
const UPGRADABLE: readonly number[] = [1, 2]
/** Opening and closing may wait for another process; nothing in between does. */
const PATIENCE_MS = 5000
const AGAIN_MS = 10

/**
 * Opens the file of a store in WAL mode, so that readers never wait; makes it where there is none, and
 * upgrades an older layout in place.
 * @throws {Fault} misconfigured where the file cannot be opened or written, or is something else
 */
export function openDatabase(file: string): Database {
  let db: Database | undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
    db = new DatabaseSync(file, { timeout: PATIENCE_MS })
    settle(db)
    return db
  } catch (thrown) {
    db?.close()
    const why = whyUnwritable(file, thrown)
    const sentence = `The store ${file} cannot be used: ${why}. Name another file in SWATH_STORE=sqlite:<file>.`
    throw new Fault('misconfigured', sentence, { cause: thrown })
  }
}

/** All of it or nothing; throws at once where another process is writing. */
export function inTransaction(db: Database, work: () => void): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    work()
    db.exec('COMMIT')
  } catch (thrown) {
    // SQLite may have rolled back by itself, as on a full disk.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw thrown
  }
}

/** Whether another process was in the way, and another try may succeed. */
export const isBusy = (thrown: unknown): boolean =>
  thrown instanceof Error && /locked|busy/.test(thrown.message)

/** What SQLite says where it cannot read or write, as a clause. */
export function whyRefused(thrown: unknown): string {
  const code = thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & PRIMARY : undefined
  return REFUSALS.get(code) ?? messageOf(thrown)
}

/** The low byte of SQLite's result codes tells the kind. */
const PRIMARY = 0xff
const REFUSALS: ReadonlyMap<number | undefined, string> = new Map([
  [8, 'its file may only be read'],
  [10, 'its disk cannot be read or written'],
  [11, 'its file is damaged (malformed)'],
  [13, 'the database or disk is full'],
  [26, 'its file is damaged (no database any more)'],
])

/** From here on a write waits for another process instead of failing at once. */
export const waitForOthers = (db: Database): void => db.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`)

function settle(db: Database): void {
  refuseStrangers(db)
  // A kill loses nothing that is committed. A power cut may lose the newest commits, never the file: NORMAL
  // in WAL mode flushes to the disk at checkpoints alone, and what is lost is only remembered no more.
  becomeWal(db)
  db.exec('PRAGMA synchronous = NORMAL')
  // 16 MiB at most: a warm rank reads hundreds of colours that lie far apart.
  db.exec('PRAGMA cache_size = -16384')
  // Another process may have made or upgraded it since; told only where nobody else writes.
  inTransaction(db, () => {
    refuseStrangers(db)
    if (numberOf(db, 'user_version') === LAYOUT) return
    db.exec(query('store', 'layout'))
    db.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${LAYOUT}`)
  })
  db.exec('PRAGMA busy_timeout = 0')
}

/** Where several processes make one file at once SQLite refuses this to some of them without waiting. */
function becomeWal(db: Database): void {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > until) throw thrown
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS)
    }
  }
}

function refuseStrangers(db: Database): void {
  if (numberOf(db, 'schema_version') === 0) return
  if (numberOf(db, 'application_id') !== APPLICATION) throw new Error('it is an SQLite file of another kind')
  const layout = numberOf(db, 'user_version')
  if (layout === LAYOUT || UPGRADABLE.includes(layout)) return
  throw new Error(`it has layout ${layout}, this swath knows ${LAYOUT}`)
}

const numberOf = (db: Database, pragma: string): number =>
  Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
