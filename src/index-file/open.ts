import { realpathSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Fault, messageOf } from '../errors.ts'
import { PAGE } from './page-file.ts'

/*
 * An index is one file. While an update writes, and as long as somebody reads meanwhile, `-wal` and `-shm` lie
 * beside it (sqlite.org/wal.html); a killed update leaves them behind, and whoever comes next goes on from them.
 */

/** Milliseconds. While a file turns from one kind of journal to another its readers are locked out shortly. */
export const PATIENCE_MS = 5000

/**
 * Opens an index for reading. Where the folder may not be written to, an index that was left in WAL mode is
 * read as a file that does not change, for SQLite cannot make its `-shm` there.
 * @param patienceMs how long it is waited for another process that holds it
 * @throws {Fault} misconfigured where it cannot be opened or read, upstream-busy where another process holds it
 */
export function openIndexToRead(file: string, patienceMs: number = PATIENCE_MS): DatabaseSync {
  const options = { readOnly: true, timeout: patienceMs }
  try {
    return tried(() => new DatabaseSync(file, options))
  } catch (thrown) {
    const mended = openedOtherwise(file, thrown, options)
    if (mended) return mended
    throw indexFault(file, thrown)
  }
}

/**
 * Opens an index for writing, in WAL mode, so that readers go on meanwhile.
 * @throws {Fault} as openIndexToRead
 */
export function openIndexToUpdate(file: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: PATIENCE_MS })
    setJournal(db, 'WAL')
    // A power cut may lose the newest commits, never the file.
    db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536')
    return db
  } catch (thrown) {
    if (db?.isOpen) db.close()
    throw indexFault(file, thrown)
  }
}

/** Bytes of the log beyond which it is waited until no reader needs it any more. */
const LONGEST_LOG = 64 * 2 ** 20

/** Brings what is committed into the file, as far as readers allow, so that the log does not grow without end. */
export function shortenLog(db: DatabaseSync): void {
  const checkpoint = (kind: 'PASSIVE' | 'RESTART') => db.prepare(`PRAGMA wal_checkpoint(${kind})`).get()
  const pages = Number(checkpoint('PASSIVE')?.log ?? 0)
  if (pages * PAGE > LONGEST_LOG) checkpoint('RESTART')
}

/** Brings all of the log into the file and, where nobody reads it just now, makes it one file again. */
export function settleJournal(db: DatabaseSync): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  try {
    setJournal(db, 'DELETE')
  } catch (thrown) {
    if (!isBusy(thrown)) throw thrown
  }
}

/**
 * Readies the place of an index for another that is to be moved there: brings the log that a killed update left
 * into its file, so that it is not played into the new one. The log of what is no index, or damaged, is removed.
 * @throws {Fault} upstream-busy where another process holds it
 */
export async function settleIndex(file: string): Promise<void> {
  if (!LOGS.some((end) => sizeBeside(file, end) > 0)) return
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: PATIENCE_MS })
    settleJournal(db)
  } catch (thrown) {
    if (isBusy(thrown)) throw indexFault(file, thrown)
  } finally {
    if (db?.isOpen) db.close()
  }
  if (!LOGS.some((end) => sizeBeside(file, end) > 0)) return
  if (db && isReadable(file)) throw held(file)
  await removeTraces(file)
}

/** Whether a log that stays beside it holds anything that somebody may still read. */
function isReadable(file: string): boolean {
  try {
    openIndexToRead(file).close()
    return true
  } catch (thrown) {
    return thrown instanceof Fault && thrown.code === 'upstream-busy'
  }
}

/** Removes what lies beside an index that another was moved over. */
export async function removeTraces(file: string): Promise<void> {
  for (const end of [...LOGS, '-shm']) await rm(file + end, { force: true })
}

/** Whether commits may lie beside the file that are not in it yet. */
export const hasLog = (file: string): boolean => sizeBeside(file, '-wal') > 0

/** Whether another process was in the way, and another try may succeed. */
export const isBusy = (thrown: unknown): boolean => codeOf(thrown) === BUSY || codeOf(thrown) === LOCKED

/** Whether the file is damaged, or no database at all. */
export const isDamaged = (thrown: unknown): boolean => codeOf(thrown) === CORRUPT || codeOf(thrown) === NOTADB

/** Whether the disk, or a limit of the system, was in the way, which says nothing of the file. */
export const isUnreachable = (thrown: unknown): boolean => codeOf(thrown) === IOERR

/** What SQLite threw over an index as a fault whose sentence names the file and the way out. */
export function indexFault(file: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  const options = { cause: thrown }
  if (isBusy(thrown)) {
    return held(file, thrown)
  }
  if (isMoved(thrown)) return replaced(file, thrown)
  const why = REFUSALS.get(codeOf(thrown)) ?? messageOf(thrown)
  return new Fault('misconfigured', `The index ${file} cannot be used: ${why}.`, options)
}

/** What an updater is told whose index went away under it: its commits go where nobody reads them. */
export const replaced = (file: string, cause: unknown = MOVED): Fault =>
  new Fault('upstream-busy', `The index ${file} was replaced while it was updated; run the update again.`, {
    cause,
  })

function held(file: string, cause?: unknown): Fault {
  const seconds = PATIENCE_MS / 1000
  const sentence = `The index ${file} is held by another process, which did not let go of it in ${seconds} s; try again later.`
  return new Fault('upstream-busy', sentence, { cause, retryAfter: seconds })
}

/** Whether the file that is open is no longer the one of its name: SQLITE_READONLY_DBMOVED, sqlite.org/rescode.html. */
export const isMoved = (thrown: unknown): boolean =>
  thrown instanceof Error && 'errcode' in thrown && thrown.errcode === 1032
const MOVED = Object.assign(new Error('another file has its name'), { errcode: 1032 })

/** The low byte of SQLite's result codes tells the kind: sqlite.org/rescode.html. */
const [BUSY, LOCKED, READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB] = [5, 6, 8, 10, 11, 14, 26] as const
const REBUILD = 'build it anew with swath index build'
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [READONLY, 'it, or its folder, may only be read'],
  [IOERR, 'its disk cannot be read or written, or a file would grow past the limit of its size (ulimit -f)'],
  [CORRUPT, `it is damaged; ${REBUILD}`],
  [13, 'there is no room left on its disk; make some, and try again'],
  [CANTOPEN, 'it, or what must be made beside it, cannot be opened'],
  [NOTADB, `it is no SQLite file; ${REBUILD}`],
])
const LOGS = ['-wal', '-journal'] as const

function tried(open: () => DatabaseSync): DatabaseSync {
  const db = open()
  try {
    // The file is looked at with the first statement.
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

/** Another way to an index that could not be opened for reading alone; undefined where there is none. */
function openedOtherwise(
  file: string,
  thrown: unknown,
  options: { readonly readOnly: boolean; readonly timeout: number },
): DatabaseSync | undefined {
  const code = codeOf(thrown)
  if (code !== CANTOPEN && code !== READONLY) return undefined
  try {
    if (LOGS.some((end) => sizeBeside(file, end) > 0)) {
      // What a killed process left half-done is undone by whoever may write.
      tried(() => new DatabaseSync(file, { timeout: options.timeout })).close()
      return tried(() => new DatabaseSync(file, options))
    }
    const address = pathToFileURL(file)
    address.searchParams.set('immutable', '1')
    return tried(() => new DatabaseSync(address, { readOnly: true }))
  } catch {
    return undefined
  }
}

/** SQLite refuses the change at once where it is in the way of others; their statements are short. */
function setJournal(db: DatabaseSync, mode: 'WAL' | 'DELETE'): void {
  const until = performance.now() + (mode === 'WAL' ? PATIENCE_MS : BRIEFLY_MS)
  for (;;) {
    try {
      db.exec(`PRAGMA journal_mode = ${mode}`)
      return
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > until) throw thrown
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS)
    }
  }
}

const BRIEFLY_MS = 50
const AGAIN_MS = 5

const codeOf = (thrown: unknown): number =>
  thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : -1

/** Bytes of what lies beside an index, links followed; 0 where nothing does. */
function sizeBeside(file: string, end: (typeof LOGS)[number]): number {
  try {
    return statSync(realpathSync(file) + end).size
  } catch {
    return 0
  }
}
