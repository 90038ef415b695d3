import { LEVELS, type Level } from '../sentinel2/bands.ts'
import type { AboutIndex } from './about.ts'
import type { IndexRow } from './row.ts'

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

export type Counted = Omit<AboutIndex, 'newestEtl' | 'builtAt' | 'updatedAt' | 'sources'>

export function createAboutTally(before: AboutIndex): AboutTally {
  const { rows, tiles, exceptions, withoutBox, superseded } = before
  const now = {
    ...before,
    ...{ rows, tiles, exceptions, withoutBox, superseded },
    levels: { ...before.levels },
    newest: { L1C: { ...before.newest.L1C }, L2A: { ...before.newest.L2A } },
  }
  let isUnsure = false

  const add = (row: IndexRow, sign: 1 | -1) => {
    now.rows += sign
    now.levels[levelOfCell(row[0])] += sign
    if (row[13] === null) now.withoutBox += sign
    if (row[18] === 1) now.superseded += sign
    if (row[19] !== null) now.exceptions += sign
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
    now: () => ({ ...now, ...newestOfAll(now.newest) }),
  }
}

const levelOfCell = (cell: number): Level => LEVELS[cell % 2] ?? 'L1C'

/** The newest times of both levels. */
export const newestOfAll = ({ L1C, L2A }: AboutIndex['newest']) => ({
  newestSensing: Math.max(L1C.sensing, L2A.sensing),
  newestGeneration: Math.max(L1C.generation, L2A.generation),
})

function extremesOf(rows: readonly IndexRow[], level: Level) {
  let [oldest, sensing, generation] = [Infinity, -Infinity, -Infinity]
  for (const row of rows) {
    if (levelOfCell(row[0]) !== level) continue
    oldest = Math.min(oldest, row[1])
    sensing = Math.max(sensing, row[1])
    generation = Math.max(generation, Math.round(row[2] * 1e6))
  }
  return { oldest, sensing, generation }
}
