import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import type { Answer, Question } from '../../workers/ask-index.ts'
import { cancelled, Fault } from '../errors.ts'
import { WORLD } from '../sentinel2/area.ts'
import { compareProducts, type Granule } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import { tilesOf } from '../sentinel2/tiles.ts'
import { aboutIndex } from './index-file.ts'
import { cellOf, type IndexRow, outward, readIndexRow } from './index-row.ts'
import type { Catalog, Cursor, Extent, Search } from './port.ts'
import { query } from './queries.ts'

/** Past every row of the index: the cursor of a first page. */
const NEWEST = [Number.MAX_SAFE_INTEGER, 0, 0, 0] as const
const SEARCH = query('sqlite', 'search')
const EXTENT = query('sqlite', 'extent')
const GRANULE = query('sqlite', 'granule')

export type SqliteCatalogOptions = {
  /** The file that `swath index build` made. */
  readonly file: string
  /** Threads that ask it, each with a connection of its own; the cores by default. */
  readonly threads?: number
}

/**
 * The archive's index in one file, asked in threads because node:sqlite blocks the one it runs in.
 * @throws {Fault} misconfigured where the file is not there or no index
 */
export function sqliteCatalog({ file, threads = availableParallelism() }: SqliteCatalogOptions): Catalog {
  aboutIndex(file)
  const pool = new Piscina<Question, Answer>({
    filename: new URL('../../workers/ask-index.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  })

  async function ask(sql: string, values: Question['values'], signal?: AbortSignal) {
    const answer = await pool
      .run({ file, sql, values }, signal ? { signal } : {})
      .catch((thrown: unknown) => {
        throw signal?.aborted ? cancelled(thrown) : thrown
      })
    if ('rows' in answer) return answer.rows
    throw new Fault('misconfigured', `The index ${file} could not be read: ${answer.failed}.`)
  }

  return {
    async search(search, { limit, after, signal }) {
      const cells = cellsOf(search)
      if (cells.length === 0) return { granules: [], next: undefined }
      const values = { ...valuesOf(search, cells), ...cursorValues(search, after), limit: limit + 1 }
      const rows = asIndexRows(await ask(SEARCH, values, signal))
      const page = rows.slice(0, limit)
      return {
        granules: page.map(readIndexRow),
        next: rows.length > limit ? cursorAfter(page.at(-1)) : undefined,
      }
    },

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      const cell = name ? cellOf(name.level, name.mgrsTile) : -1
      const rows = await ask(GRANULE, { cell, orbit: name?.absoluteOrbit ?? -1, name: granuleId }, signal)
      return asIndexRows(rows)
        .map(readIndexRow)
        .filter((granule) => granule.granuleId === granuleId)
        .reduce<Granule | undefined>((a, b) => (a && compareProducts(a, b) >= 0 ? a : b), undefined)
    },

    async extent(search, signal): Promise<Extent> {
      const cells = cellsOf(search)
      if (cells.length === 0) return { granules: 0, bytes: 0, withoutSize: 0, longForm: 0 }
      const [row = []] = await ask(EXTENT, valuesOf(search, cells), signal)
      const [granules = 0, bytes = 0, withoutSize = 0, longForm = 0] = row.map(Number)
      return { granules, bytes, withoutSize, longForm }
    },

    cost: async () => undefined,

    async check(signal) {
      const everywhere = { area: WORLD, level: 'L1C', time: { from: undefined, until: undefined } } as const
      const search: Search = { ...everywhere, cloud: undefined, tiles: undefined, dedupe: 'none' }
      await ask(SEARCH, { ...valuesOf(search, [0]), ...cursorValues(search, undefined), limit: 1 }, signal)
    },

    close: () => pool.destroy(),
  }
}

function cellsOf({ area, level, tiles }: Search): number[] {
  return tilesOf(area, tiles).map((tile) => cellOf(level, tile))
}

/** Values of the parameters in queries/sqlite/search.sql and extent.sql but for the cursor's. */
function valuesOf({ area, time, cloud, dedupe }: Search, cells: readonly number[]) {
  const [west, south, east, north] = outward(area.box)
  return {
    cells: JSON.stringify(cells),
    from: time.from ?? Number.MIN_SAFE_INTEGER,
    until: time.until ?? Number.MAX_SAFE_INTEGER,
    superseded: dedupe === 'latest' ? 0 : 1,
    cloudMin: cloud?.min ?? null,
    cloudMax: cloud?.max ?? null,
    west,
    south,
    east,
    north,
  }
}

function cursorValues({ time }: Search, after: Cursor | undefined) {
  const [sensing, generation, cell, seq] = after ?? NEWEST
  if (![sensing, generation, cell, seq].every((part) => typeof part === 'number')) {
    throw new Fault('bad-request', 'The token is not one of this catalog; start again without it.', {
      errors: [{ parameter: 'token', message: 'not a token of this catalog' }],
    })
  }
  const until = Math.min(time.until ?? Number.MAX_SAFE_INTEGER, Number(sensing))
  return {
    sensing: Number(sensing),
    generation: Number(generation),
    cell: Number(cell),
    seq: Number(seq),
    until,
  }
}

function cursorAfter(row: IndexRow | undefined): Cursor | undefined {
  return row && [row[1], row[2], row[0], row[3]]
}

/** The statements that give rows select all columns of the table, whose layout aboutIndex has checked. */
const asIndexRows = (rows: readonly (readonly unknown[])[]) =>
  rows as readonly unknown[] as readonly IndexRow[]
