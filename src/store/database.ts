import { accessSync, constants, mkdirSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
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
    const sentence = `The store ${file} cannot be used: ${whyUnopened(file, thrown)}. Name another file in SWATH_STORE=sqlite:<file>.`
    throw new Fault('misconfigured', sentence, { cause: thrown })
  }
}

/** A database of no file, to attach others to. */
export const openNowhere = (): Database => new DatabaseSync(':memory:')

/**
 * Attaches another store as `taken`, to be read alone, and reads all of it once. Outside of transactions.
 * @throws {Fault} misconfigured where it is no store of today's layout, or is damaged
 */
export function attachForeign(db: Database, file: string): void {
  let isAttached = false
  try {
    const info = statSync(file, { throwIfNoEntry: false })
    if (!info?.isFile()) throw new Error(info ? 'it is no file' : 'there is no such file')
    const address = pathToFileURL(file)
    address.searchParams.set('mode', 'ro')
    db.prepare('ATTACH ? AS taken').run(address.href)
    isAttached = true
    refuseForeign(db)
  } catch (cause) {
    if (isAttached) db.exec('DETACH taken')
    const sentence = `The store ${file} cannot be merged: ${whyRefused(cause)}. Leave it out; nothing of it was taken.`
    throw new Fault('misconfigured', sentence, { cause })
  }
}

function refuseForeign(db: Database): void {
  if (numberOf(db, 'taken.schema_version') === 0) throw new Error('it is empty')
  if (numberOf(db, 'taken.application_id') !== APPLICATION) throw new Error(STRANGE)
  const layout = numberOf(db, 'taken.user_version')
  if (UPGRADABLE.includes(layout)) {
    throw new Error(
      `it has layout ${layout}, this swath knows ${LAYOUT}; whatever opens it as SWATH_STORE upgrades it, such as swath colours export`,
    )
  }
  if (layout !== LAYOUT) throw new Error(unknownLayout(layout))
  const damage = db.prepare('PRAGMA taken.quick_check(1)').get()?.quick_check
  if (damage !== 'ok') throw new Error(`its file is damaged (${damage})`)
  refuseOtherTables(db, 'taken')
  const lacking = [...columnsOfLayout().keys()].filter((table) => !columnsOf(db, 'taken').has(table))
  if (lacking.length > 0) throw new Error(`it lacks the table ${lacking.join(', ')}`)
}

const STRANGE = 'it is an SQLite file of another kind'
const unknownLayout = (layout: number): string => `it has layout ${layout}, this swath knows ${LAYOUT}`

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

/**
 * SQLite says hardly more than that a file cannot be opened, so the disk is asked for the reason: three files are
 * made beside each other, the smallest of 32 KiB.
 */
function whyUnopened(file: string, thrown: unknown): string {
  if (!(thrown instanceof Error && 'errcode' in thrown)) return whyUnwritable(file, thrown)
  const kind = Number(thrown.errcode) & PRIMARY
  const folder = dirname(file)
  try {
    if (kind === READ_ONLY || kind === NOT_OPENED) accessSync(folder, constants.W_OK)
    if (![IO_ERROR, FULL, NOT_OPENED].includes(kind)) return whyRefused(thrown)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < ROOM
      ? `there is no room left on the disk of the folder ${folder}`
      : whyRefused(thrown)
  } catch (cause) {
    return whyUnwritable(file, cause)
  }
}

/** Bytes for the three. */
const ROOM = 2 ** 17
/** SQLite's result codes of the kind (https://sqlite.org/rescode.html). */
const [READ_ONLY, IO_ERROR, FULL, NOT_OPENED] = [8, 10, 13, 14]

/** The low byte of SQLite's result codes tells the kind. */
const PRIMARY = 0xff
const REFUSALS: ReadonlyMap<number | undefined, string> = new Map([
  [8, 'its file may only be read'],
  [10, 'its disk cannot be read or written'],
  [11, 'its file is damaged (malformed)'],
  [13, 'the database or disk is full'],
  [14, 'its file cannot be opened'],
  [26, 'its file is damaged (no database any more)'],
])

/** From here on a write waits for another process instead of failing at once. */
export const waitForOthers = (db: Database): void => db.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`)

/** Brings all that is committed into the file itself; readers of other processes may stand in the way of some. */
export function checkpoint(db: Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // What stays in the log is committed all the same, and whoever opens the file next reads it.
  }
}

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
    refuseOtherTables(db)
    db.exec(query('store', 'layout'))
    db.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${LAYOUT}`)
  })
  refuseOtherTables(db)
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
  if (numberOf(db, 'application_id') !== APPLICATION) throw new Error(STRANGE)
  const layout = numberOf(db, 'user_version')
  if (layout === LAYOUT || UPGRADABLE.includes(layout)) return
  throw new Error(unknownLayout(layout))
}

/**
 * The number of a layout does not tell whether the tables are those of it: swath was in use before numbers were
 * fixed. Tables that are not there yet, or are damaged, are no matter of this.
 */
function refuseOtherTables(db: Database, schema = 'main'): void {
  const there = columnsOf(db, schema)
  for (const [table, columns] of columnsOfLayout()) {
    const lacking = there.has(table) ? columns.filter((column) => !there.get(table)?.includes(column)) : []
    if (lacking.length === 0) continue
    throw new Error(
      `its table ${table} lacks the column ${lacking.join(', ')}, as in a layout of before layout 1; move the file away, since all it remembers can be made again`,
    )
  }
}

/** Names of the columns by table. */
function columnsOf(db: Database, schema = 'main'): ReadonlyMap<string, readonly string[]> {
  const rows = db.prepare(query('store', schema === 'main' ? 'columns' : 'merge-columns')).all()
  const named = Map.groupBy(rows, ({ table }) => String(table))
  return new Map([...named].map(([table, columns]) => [table, columns.map(({ column }) => String(column))]))
}

let columnsKept: ReadonlyMap<string, readonly string[]> | undefined

function columnsOfLayout(): ReadonlyMap<string, readonly string[]> {
  if (columnsKept) return columnsKept
  const empty = new DatabaseSync(':memory:')
  empty.exec(query('store', 'layout'))
  columnsKept = columnsOf(empty)
  empty.close()
  return columnsKept
}

const numberOf = (db: Database, pragma: string): number =>
  Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
