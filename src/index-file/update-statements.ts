import type { DatabaseSync } from 'node:sqlite'
import { query } from '../queries.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import type { AboutIndex } from './about.ts'
import type { IndexRow } from './row.ts'
import type { CellScope } from './update-cell.ts'

/** What an update asks of an index; it writes within a transaction. */
export type UpdateStatements = {
  /** Rows of a cell, at least those of the scope, in the order of their keys. */
  rowsOf(cell: number, scope: CellScope): readonly IndexRow[]
  takeOut(row: IndexRow): void
  putIn(row: IndexRow): void
  /** Whether any of the cells has a row. */
  holds(cells: readonly number[]): boolean
  /** Read off all rows. */
  extremes(): Pick<AboutIndex, 'oldestSensing' | 'newest'>
  /** Granules of a level that were generated after a time, microseconds since 1970; reads all rows. */
  madeAfter(level: Level, generation: number): number
  nextBatch(): number
  putBatch(id: number, cameAt: number, sources: readonly string[]): void
}

export function prepareUpdate(db: DatabaseSync): UpdateStatements {
  const prepare = (name: string) => db.prepare(query('sqlite', name))
  const [some, whole] = [prepare('update-cell'), prepare('update-whole-cell')]
  some.setReturnArrays(true)
  whole.setReturnArrays(true)
  const [insert, remove, holds] = [prepare('insert'), prepare('update-remove'), prepare('update-holds')]
  return {
    rowsOf: (cell, scope) =>
      asIndexRows(
        scope === 'whole'
          ? whole.all({ cell })
          : some.all({
              cell,
              starts: JSON.stringify([...scope.starts]),
              sensings: JSON.stringify([...scope.sensings]),
            }),
      ),
    takeOut: ([cell, sensing, generation, seq]) => {
      remove.run({ cell, sensing, generation, seq })
    },
    putIn: (row) => {
      insert.run(...row)
    },
    holds: (cells) => holds.get({ cells: JSON.stringify(cells) })?.holds === 1,
    extremes: () => {
      const rows = prepare('update-extremes').all()
      const ofLevel = (level: Level) => {
        const row = rows.find((row) => row.level === LEVELS.indexOf(level))
        return {
          sensing: Number(row?.newestSensing ?? 0),
          generation: Math.round(Number(row?.newestGeneration ?? 0) * 1e6),
        }
      }
      return {
        oldestSensing: Math.min(...rows.map((row) => Number(row.oldestSensing))),
        newest: { L1C: ofLevel('L1C'), L2A: ofLevel('L2A') },
      }
    },
    madeAfter: (level, generation) =>
      Number(prepare('update-made-after').get({ level: LEVELS.indexOf(level), generation })?.granules),
    nextBatch: () => Number(db.prepare('SELECT max(id) + 1 AS next FROM batch').get()?.next ?? 1),
    putBatch: (id, cameAt, sources) => {
      prepare('update-batch').run({ id, cameAt, sources: JSON.stringify(sources) })
    },
  }
}

/** The statements that give rows select all columns of the table, whose layout checkIndex has seen. */
const asIndexRows = (rows: readonly unknown[]) => rows as readonly IndexRow[]
