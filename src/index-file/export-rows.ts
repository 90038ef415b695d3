import type { StatementSync } from 'node:sqlite'
import { query } from '../queries.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import type { Granule } from '../sentinel2/granule.ts'
import { checkIndex } from './about.ts'
import { indexFault, openIndexToRead } from './open.ts'
import { COLUMN, type IndexRow, readIndexRow } from './row.ts'

export type ReadPiece = {
  readonly granules: readonly Granule[]
  /** Of each whether its names were put together from numbers, and so hold no strange letter. */
  readonly composed: readonly boolean[]
}

/** Granules in a piece at least, but for the last. */
const PIECE = 2000

/** All granules of an index, as readRows gives their rows. @throws {Fault} as readRows */
export function* readGranules(file: string, level?: Level): Generator<ReadPiece> {
  for (const rows of readRows(file, level)) yield pieceOf(rows)
}

/**
 * The rows of all granules of an index, by tile, then level, then newest first, some at a time. Each tile is read at once;
 * what an update changes meanwhile shows in the tiles read after it, and an index moved over this one not at all.
 * @param level only these; undefined: all
 * @throws {Fault} as aboutIndex
 */
export function* readRows(file: string, level?: Level): Generator<readonly IndexRow[]> {
  const db = openIndexToRead(file)
  try {
    checkIndex(db, file)
    const nextCell = arrays(db.prepare(query('sqlite', 'export-next-cell')))
    const ofCell = arrays(db.prepare(query('sqlite', 'export-cell')))
    let rows: IndexRow[] = []
    for (let cell = after(nextCell, -1); cell !== undefined; cell = after(nextCell, cell)) {
      if (level !== undefined && LEVELS[cell % LEVELS.length] !== level) continue
      for (const row of asIndexRows(ofCell.all({ cell }))) rows.push(row)
      if (rows.length < PIECE) continue
      yield rows
      rows = []
    }
    if (rows.length > 0) yield rows
  } catch (thrown) {
    throw indexFault(file, thrown)
  } finally {
    db.close()
  }
}

const pieceOf = (rows: readonly IndexRow[]): ReadPiece => ({
  granules: rows.map(readIndexRow),
  composed: rows.map((row) => row[COLUMN.verbatim] === null),
})

function after(nextCell: StatementSync, cell: number): number | undefined {
  const [next] = Object.values(nextCell.get({ cell }) ?? {})
  return next === null || next === undefined ? undefined : Number(next)
}

function arrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true)
  return statement
}

/** The statement selects all columns of the table, whose layout checkIndex has looked at. */
const asIndexRows = (rows: readonly unknown[]) => rows as readonly IndexRow[]
