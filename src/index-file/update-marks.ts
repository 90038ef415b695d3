import type { DatabaseSync } from 'node:sqlite'
import { query } from '../queries.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import type { Micros } from '../sentinel2/time.ts'
import { type AboutIndex, aboutIndex } from './about.ts'
import { indexFault, openIndexToRead } from './open.ts'
import { cellOf } from './row.ts'

/** From when on a level may lack rows; 0 and undefined: it has none, or they do not tell. */
export type Since = { readonly generation: Micros; readonly etl: Micros | undefined }

export type Marks = NonNullable<AboutIndex['settled']>

/** Microseconds by which rows come into the table after they were made, mostly; longer than the archive ever took. */
const LATE = 30 * 86_400e6

/** From when on an index may lack rows of BigQuery's table of a level. @throws {Fault} as aboutIndex */
export function sinceOf(file: string, level: Level): Since {
  return reading(file, (db, about) => {
    const { generation, etl } = marksOf(db, about)[level]
    return etl > 0 ? { generation, etl } : { generation: Math.max(generation - LATE, 0), etl: undefined }
  })
}

/** The newest sensing time that an index knows of each tile at a level, where it knows any. @throws {Fault} */
export const newestOf = (file: string, level: Level, tiles: readonly string[]) =>
  timesOf(file, 'update-newest', level, tiles)

/**
 * The oldest sensing time of what an index knows by name alone of each tile at a level, neither box nor cloud cover,
 * as a listing of the bucket without metadata leaves it. @throws {Fault} as aboutIndex
 */
export const untoldOf = (file: string, level: Level, tiles: readonly string[]) =>
  timesOf(file, 'update-untold', level, tiles)

function timesOf(
  file: string,
  statement: 'update-newest' | 'update-untold',
  level: Level,
  tiles: readonly string[],
): ReadonlyMap<string, Micros> {
  const byCell = new Map(tiles.map((tile) => [cellOf(level, tile), tile]))
  return reading(file, (db) => {
    const rows = db.prepare(query('sqlite', statement)).all({ cells: JSON.stringify([...byCell.keys()]) })
    return new Map(
      rows.flatMap(({ cell, sensing }) => {
        const tile = byCell.get(Number(cell))
        return tile === undefined || sensing === null ? [] : [[tile, Number(sensing)] as const]
      }),
    )
  })
}

/** What each level of an index is complete up to; of one that was never updated, what its build says. */
export function marksOf(db: DatabaseSync, about: AboutIndex): Marks {
  if (about.settled) return about.settled
  const whole = { generation: about.newestGeneration, etl: about.newestEtl }
  if (about.levels.L2A === 0) return { L1C: whole, L2A: NOTHING }
  if (about.levels.L1C === 0) return { L1C: NOTHING, L2A: whole }
  // Which of the two the newest row was of is told by the rows alone, and by them nothing of the ETL.
  const newest = new Map(
    db
      .prepare(query('sqlite', 'update-generations'))
      .all()
      .map(({ level, generation }) => [LEVELS[Number(level)], Math.round(Number(generation) * 1e6)]),
  )
  const markOf = (level: Level) => ({ generation: newest.get(level) ?? 0, etl: 0 })
  return { L1C: markOf('L1C'), L2A: markOf('L2A') }
}

const NOTHING = { generation: 0, etl: 0 }

function reading<T>(file: string, read: (db: DatabaseSync, about: AboutIndex) => T): T {
  const about = aboutIndex(file)
  const db = openIndexToRead(file)
  try {
    return read(db, about)
  } catch (thrown) {
    throw indexFault(file, thrown)
  } finally {
    db.close()
  }
}
