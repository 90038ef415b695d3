import { query } from '../queries.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { Micros } from '../sentinel2/time.ts'
import { aboutIndex } from './about.ts'
import { indexFault, openIndexToRead } from './open.ts'
import { cellOf } from './row.ts'

/** From when on a level may lack rows; 0 and undefined: it has none, or they do not tell. */
export type Since = { readonly generation: Micros; readonly etl: Micros | undefined }

/** Microseconds by which rows come into the table after they were made, mostly; longer than the archive ever took. */
const LATE = 30 * 86_400e6

/** From when on an index may lack rows of BigQuery's table of a level. @throws {Fault} as aboutIndex */
export function sinceOf(file: string, level: Level): Since {
  const { generation, etl } = aboutIndex(file).settled[level]
  return etl > 0 ? { generation, etl } : { generation: Math.max(generation - LATE, 0), etl: undefined }
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
  aboutIndex(file)
  const db = openIndexToRead(file)
  try {
    const rows = db.prepare(query('sqlite', statement)).all({ cells: JSON.stringify([...byCell.keys()]) })
    return new Map(
      rows.flatMap(({ cell, sensing }) => {
        const tile = byCell.get(Number(cell))
        return tile === undefined || sensing === null ? [] : [[tile, Number(sensing)] as const]
      }),
    )
  } catch (thrown) {
    throw indexFault(file, thrown)
  } finally {
    db.close()
  }
}
