import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { Fault, type ParameterError } from '../errors.ts'
import type { AboutIndex } from '../index-file/about.ts'
import { cellOf, type IndexRow, readIndexRow } from '../index-file/row.ts'
import { query } from '../queries.ts'
import type { Level } from '../sentinel2/bands.ts'
import { compareProducts, type Granule } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import { tilesOf } from '../sentinel2/tiles.ts'
import { readCursor, tokenFault } from './cursor.ts'
import type { Catalog, Cursor, Extent, Search } from './port.ts'
import { type IndexLane, indexThreads } from './sqlite-threads.ts'

/** Past every row of the index: the cursor of a first page. */
const NEWEST = [Number.MAX_SAFE_INTEGER, 0, 0, 0] as const
const MICRODEGREES = 1e6
/** A tile has some thousand granules of a level. */
const CELLS_A_COUNT = 200
const SEARCH = query('sqlite', 'search')
const EXTENT = query('sqlite', 'extent')
const GRANULE = query('sqlite', 'granule')
const ALIVE = query('sqlite', 'alive')

export type SqliteCatalogOptions = {
  /** The file that `swath index build` made. */
  readonly file: string
  /** Threads that ask it, each with a connection of its own; the cores by default. */
  readonly threads?: number
}

export type SqliteCatalog = Catalog & {
  /** The same catalog for one asker, whose queries take turns with those of others; its close does nothing. */
  lane(): Catalog
}

/**
 * The archive's index in one file. An index that is moved over the file answers from the next question on,
 * and tokens of the one before it are refused.
 * @throws {Fault} misconfigured where the file is not there or no index
 */
export function sqliteCatalog(options: SqliteCatalogOptions): SqliteCatalog {
  const { file, threads = availableParallelism() } = options
  const index = indexThreads(file, threads)
  const lane = () => laneCatalog(file, index.lane())
  return { ...lane(), lane, close: index.close }
}

function laneCatalog(file: string, lane: IndexLane): Catalog {
  return {
    async search(search, { limit, after, signal }) {
      const cells = cellsOf(search)
      const valuesFor = (about: AboutIndex) => {
        requireLevel(file, about, search.level)
        return { ...valuesOf(search, cells), ...cursorValues(search, after, about), limit: limit + 1 }
      }
      const { rows, about } = await lane.ask(SEARCH, valuesFor, signal)
      const page = asIndexRows(rows.slice(0, limit))
      return {
        granules: page.map(readIndexRow),
        coverage: undefined,
        next: rows.length > limit ? cursorAfter(page.at(-1), about) : undefined,
      }
    },

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      const cell = name ? cellOf(name.level, name.mgrsTile) : -1
      const valuesFor = (about: AboutIndex) => {
        if (name) requireLevel(file, about, name.level)
        return { cell, orbit: name?.absoluteOrbit ?? -1, name: granuleId }
      }
      const { rows } = await lane.ask(GRANULE, valuesFor, signal)
      return asIndexRows(rows)
        .map(readIndexRow)
        .filter((granule) => granule.granuleId === granuleId)
        .reduce<Granule | undefined>((a, b) => (a && compareProducts(a, b) >= 0 ? a : b), undefined)
    },

    extent: (search, signal) => extentOf(file, lane, search, signal),

    summary: async () => undefined,

    freshness: () => undefined,

    cost: async () => undefined,

    async check(signal) {
      const [row] = asIndexRows((await lane.ask(ALIVE, () => ({}), signal)).rows)
      if (!row) throw new Fault('misconfigured', `The index ${file} holds no granule.`)
      readIndexRow(row)
    },

    close: async () => {},
  }
}

/** Counts a few cells at a time: the whole world delays nobody for long, and stops when its asker leaves. */
async function extentOf(
  file: string,
  lane: IndexLane,
  search: Search,
  signal: AbortSignal | undefined,
): Promise<Extent> {
  const cells = cellsOf(search)
  const sums = [0, 0, 0, 0]
  let builtAt: number | undefined
  for (let i = 0; i === 0 || i < cells.length; i += CELLS_A_COUNT) {
    const valuesFor = (about: AboutIndex) => {
      requireLevel(file, about, search.level)
      return valuesOf(search, cells.slice(i, i + CELLS_A_COUNT))
    }
    const { rows, about } = await lane.ask(EXTENT, valuesFor, signal)
    // Counts of two indexes do not add up: the one that took the first one's place is counted anew.
    if (builtAt !== undefined && about.builtAt !== builtAt) return extentOf(file, lane, search, signal)
    builtAt = about.builtAt
    rows[0]?.forEach((count, column) => {
      sums[column] = (sums[column] ?? 0) + Number(count)
    })
  }
  const [granules = 0, bytes = 0, withoutSize = 0, longForm = 0] = sums
  return { granules, bytes, withoutSize, longForm }
}

function requireLevel(file: string, { levels }: AboutIndex, level: Level): void {
  if (levels[level] > 0) return
  const errors: ParameterError[] = [{ parameter: 'level', message: `${level} is not in this index` }]
  const source = level === 'L2A' ? 'L2/index.csv.gz' : 'index.csv.gz'
  const sentence =
    `The index ${file} holds no ${level} granules; build it from ${source} too ` +
    '(`swath index build`, --from may be repeated), or set SWATH_CATALOG=bucket.'
  throw new Fault('bad-request', sentence, { errors })
}

function cellsOf({ area, level, tiles }: Search): number[] {
  return tilesOf(area, tiles).map((tile) => cellOf(level, tile))
}

/** Values of the parameters in queries/sqlite/search.sql and extent.sql but for the cursor's. */
function valuesOf({ area, time, cloud, dedupe }: Search, cells: readonly number[]) {
  const [west, south, east, north] = area.box
  return {
    cells: JSON.stringify(cells),
    from: time.from ?? Number.MIN_SAFE_INTEGER,
    until: time.until ?? Number.MAX_SAFE_INTEGER,
    superseded: dedupe === 'latest' ? 0 : 1,
    cloudMin: cloud?.min ?? null,
    cloudMax: cloud?.max ?? null,
    west: west * MICRODEGREES,
    south: south * MICRODEGREES,
    east: east * MICRODEGREES,
    north: north * MICRODEGREES,
  }
}

/** The last row's key. `seq` means nothing in another index, so the one it is of goes with it. */
const cursorForm = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()])

function cursorAfter(row: IndexRow | undefined, { builtAt }: AboutIndex): Cursor | undefined {
  return row && [builtAt, row[1], row[2], row[0], row[3]]
}

function cursorValues({ time }: Search, after: Cursor | undefined, about: AboutIndex) {
  const [builtAt, ...key] = after ? readCursor(cursorForm, after) : [about.builtAt, ...NEWEST]
  if (builtAt !== about.builtAt) {
    const sentence = 'The index was replaced since this token was given; start again without it.'
    throw tokenFault(sentence, 'of an index that was replaced')
  }
  const [sensing, generation, cell, seq] = key
  return { sensing, generation, cell, seq, until: Math.min(time.until ?? Number.MAX_SAFE_INTEGER, sensing) }
}

/** The statements that give rows select all columns of the table, whose layout aboutIndex has checked. */
const asIndexRows = (rows: readonly (readonly unknown[])[]) =>
  rows as readonly unknown[] as readonly IndexRow[]
