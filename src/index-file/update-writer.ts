import { statSync } from 'node:fs'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { type AboutIndex, checkIndex, readAbout, writeAbout } from './about.ts'
import type { ReadRow } from './csv-granule.ts'
import { indexFault, openIndexToUpdate, replaced, settleJournal, shortenLog } from './open.ts'
import { cellOf } from './row.ts'
import { changeOfCell, scopeOf } from './update-cell.ts'
import { type Marks, marksOf } from './update-marks.ts'
import { prepareUpdate, type UpdateStatements } from './update-statements.ts'
import { type AboutTally, createAboutTally } from './update-tally.ts'

export type TileChange = { readonly added: number; readonly changed: number; readonly unchanged: number }

/** What an update read, times in microseconds since 1970; 0 where nothing told. */
export type UpTo = {
  readonly generation: number
  readonly etl: number
  /** The level of which these were all rows that the index may have lacked. */
  readonly settles: Level | undefined
}

export type IndexUpdate = {
  /**
   * Brings in the granules of a tile, one of each, of any level. Now and then what came so far is committed:
   * whole tiles, and what the index says of itself with them.
   */
  bringIn(mgrsTile: string, news: readonly ReadRow[]): TileChange
  /** Commits the rest and the time of this update, even where it brought nothing. */
  finish(upTo: UpTo): { readonly about: AboutIndex; readonly batch: number | undefined }
  /** Gives up what is not committed, and lets go of the file. */
  close(): void
}

/** Rows written and tiles looked at in one transaction: a fraction of a second, some megabytes of log. */
const ROWS_A_COMMIT = 20_000
const TILES_A_COMMIT = 200

type Open = {
  readonly about: AboutIndex
  readonly marks: Marks
  readonly tally: AboutTally
  rows: number
  tiles: number
}

/**
 * Opens an index to bring newer rows into it while others read it.
 * @param sources what the rows come from, as the index will tell
 * @throws {Fault} misconfigured for a file that is no index or cannot be written, upstream-busy where another
 * process holds it or a build has replaced it; all methods likewise, and then nothing is left half-done
 */
export function openUpdate(file: string, sources: readonly string[]): IndexUpdate {
  const opened = fileAt(file)
  const db = openIndexToUpdate(file)
  const requireSame = () => {
    if (fileAt(file) !== opened) throw replaced(file)
  }
  let open: Open | undefined
  let statements: UpdateStatements | undefined
  /** Its number among the batches is taken with its first commit of news. */
  let batch: { readonly id: number; isTaken: boolean } | undefined

  const begin = (ask: UpdateStatements): Open => {
    db.exec('BEGIN IMMEDIATE')
    // Others may have written since, so what is counted on is read anew.
    const about = readAbout(db, file)
    // Before the first row comes in, whose times say nothing of what else may be lacking.
    const marks = marksOf(db, about)
    if (!batch?.isTaken) batch = { id: ask.nextBatch(), isTaken: false }
    return { about, marks, tally: createAboutTally(about), rows: 0, tiles: 0 }
  }

  const commit = ({ about, marks, tally, rows }: Open, ask: UpdateStatements, upTo?: UpTo): AboutIndex => {
    const updatedAt = Math.max(Date.now() * 1000, about.updatedAt)
    const now = {
      ...about,
      ...tally.now(),
      ...(tally.isUnsure ? ask.extremes() : {}),
      ...(rows > 0 ? { sources: [...new Set([...about.sources, ...sources])] } : {}),
      newestEtl: Math.max(about.newestEtl, upTo?.etl ?? 0),
      settled: settled(marks, upTo),
      updatedAt,
    }
    if (rows > 0 && batch) {
      ask.putBatch(batch.id, updatedAt, sources)
      batch.isTaken = true
    }
    writeAbout(db, now)
    requireSame()
    db.exec('COMMIT')
    shortenLog(db)
    return now
  }

  const guarded = <T>(work: (ask: UpdateStatements) => T): T => {
    try {
      statements ??= prepareUpdate(db)
      return work(statements)
    } catch (thrown) {
      open = undefined
      // SQLite may have rolled back by itself, as on a full disk.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw indexFault(file, thrown)
    }
  }

  const close = () => {
    if (!db.isOpen) return
    if (db.isTransaction) db.exec('ROLLBACK')
    try {
      if (fileAt(file) === opened) settleJournal(db)
    } catch {
      // What is committed is read from the log then, and the next update goes on from there.
    }
    db.close()
  }

  try {
    checkIndex(db, file)
    return {
      bringIn: (mgrsTile, news) =>
        guarded((ask) => {
          if (news.length === 0) return { added: 0, changed: 0, unchanged: 0 }
          open ??= begin(ask)
          const total = bringInTile(ask, open, mgrsTile, news, batch?.id ?? 0)
          if (open.rows >= ROWS_A_COMMIT || open.tiles >= TILES_A_COMMIT) {
            commit(open, ask)
            open = undefined
          }
          return total
        }),
      finish: (upTo) =>
        guarded((ask) => {
          const about = commit(open ?? begin(ask), ask, upTo)
          open = undefined
          requireSame()
          return { about, batch: batch?.isTaken ? batch.id : undefined }
        }),
      close,
    }
  } catch (thrown) {
    close()
    throw thrown
  }
}

function bringInTile(
  ask: UpdateStatements,
  open: Open,
  mgrsTile: string,
  news: readonly ReadRow[],
  batch: number,
): TileChange {
  const total = { added: 0, changed: 0, unchanged: 0 }
  const held = ask.holds(LEVELS.map((level) => cellOf(level, mgrsTile)))
  for (const level of LEVELS) {
    const ofLevel = news.filter(({ granule }) => granule.level === level)
    if (ofLevel.length === 0) continue
    const cell = cellOf(level, mgrsTile)
    const scope = scopeOf(ofLevel)
    const change =
      changeOfCell(ask.rowsOf(cell, scope), ofLevel, { scope, batch }) ??
      changeOfCell(ask.rowsOf(cell, 'whole'), ofLevel, { scope: 'whole', batch })
    for (const row of change?.out ?? []) ask.takeOut(row)
    for (const row of change?.in ?? []) ask.putIn(row)
    open.tally.count(change?.out ?? [], change?.in ?? [])
    open.rows += (change?.out.length ?? 0) + (change?.in.length ?? 0)
    for (const what of ['added', 'changed', 'unchanged'] as const) total[what] += change?.[what] ?? 0
  }
  if (!held && total.added > 0) open.tally.tile()
  open.tiles++
  return total
}

/** Tells a file from another that takes its name. */
function fileAt(file: string): string | undefined {
  const there = statSync(file, { throwIfNoEntry: false, bigint: true })
  return there && `${there.dev} ${there.ino}`
}

function settled(marks: Marks, upTo: UpTo | undefined): Marks {
  if (!upTo?.settles) return marks
  const { generation, etl } = marks[upTo.settles]
  const mark = { generation: Math.max(generation, upTo.generation), etl: Math.max(etl, upTo.etl) }
  return { ...marks, [upTo.settles]: mark }
}
