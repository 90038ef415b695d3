import { LEVELS, type Level } from '../sentinel2/bands.ts'
import type { AboutIndex } from './about.ts'
import { COLUMN, type IndexRow } from './row.ts'

/** What an index says of itself, kept right while rows go in and out. */
export type AboutTally = {
  /** Rows taken out and rows written in their place or beside them. */
  count(out: readonly IndexRow[], into: readonly IndexRow[]): void
  /** A tile that had no granule before. */
  tile(): void
  /** Whether a row went away that held one of the oldest or newest times, so that these must be looked for. */
  readonly isUnsure: boolean
  now(): Counted
}

/** What rows tell, times of coming into the index or BigQuery's table left out. */
export type Counted = Omit<AboutIndex, 'newestEtl' | 'builtAt' | 'updatedAt' | 'sources' | 'settled'>

export function createAboutTally(before: AboutIndex): AboutTally {
  const { rows, levels, tiles, exceptions, withoutBox, superseded, oldestSensing, newest } = before
  const counted = { rows, levels, tiles, exceptions, withoutBox, superseded, oldestSensing, newest }
  const now = structuredClone(counted)
  let isUnsure = false

  const add = (row: IndexRow, sign: 1 | -1) => {
    now.rows += sign
    now.levels[levelOfCell(row[COLUMN.cell])] += sign
    if (row[COLUMN.west] === null) now.withoutBox += sign
    if (row[COLUMN.superseded] === 1) now.superseded += sign
    if (row[COLUMN.verbatim] !== null) now.exceptions += sign
  }

  return {
    count: (out, into) => {
      for (const level of LEVELS) {
        const [gone, come] = [extremesOf(out, level), extremesOf(into, level)]
        const newest = now.newest[level]
        isUnsure ||=
          (gone.oldest <= now.oldestSensing && come.oldest > gone.oldest) ||
          (gone.sensing >= newest.sensing && come.sensing < gone.sensing) ||
          (gone.generation >= newest.generation && come.generation < gone.generation)
        now.oldestSensing = Math.min(now.oldestSensing, come.oldest)
        newest.sensing = Math.max(newest.sensing, come.sensing)
        newest.generation = Math.max(newest.generation, come.generation)
      }
      for (const row of out) add(row, -1)
      for (const row of into) add(row, 1)
    },
    tile: () => {
      now.tiles++
    },
    get isUnsure() {
      return isUnsure
    },
    now: () => now,
  }
}

const levelOfCell = (cell: number): Level => LEVELS[cell % 2] ?? 'L1C'

function extremesOf(rows: readonly IndexRow[], level: Level) {
  let [oldest, sensing, generation] = [Infinity, -Infinity, -Infinity]
  for (const row of rows) {
    if (levelOfCell(row[COLUMN.cell]) !== level) continue
    oldest = Math.min(oldest, row[COLUMN.sensing])
    sensing = Math.max(sensing, row[COLUMN.sensing])
    generation = Math.max(generation, Math.round(row[COLUMN.generation] * 1e6))
  }
  return { oldest, sensing, generation }
}
