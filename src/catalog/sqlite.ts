import { availableParallelism } from 'node:os'
import { cancelled, Fault, type ParameterError } from '../errors.ts'
import type { Standing } from '../index-file/index-connection.ts'
import { cellOf, cellsOfPlace, type IndexRow, readIndexRow, tileOfCell } from '../index-file/row.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { compareProducts, type Granule } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import type { Catalog, LevelFreshness, Position, Search } from './port.ts'
import { extentOf, summaryOf } from './sqlite-counts.ts'
import { lookOfGranule } from './sqlite-look.ts'
import { positionOf, requireSameIndex } from './sqlite-orders.ts'
import { pageOf } from './sqlite-pages.ts'
import { planPage, type StoreColours } from './sqlite-questions.ts'
import { type IndexThreads, indexThreads } from './sqlite-threads.ts'

export type SqliteCatalogOptions = {
  /** The file that `swath index build` made. */
  readonly file: string
  /** Threads that ask it, each with a connection of its own; the cores by default. */
  readonly threads?: number
  /** Where colours are remembered; without it, searches that ask for colours are refused. */
  readonly colours?: StoreColours | undefined
  /** Told of each statement how long it waited for a thread, milliseconds. */
  readonly waited?: (ms: number) => void
}

export type SqliteCatalog = Catalog & {
  /** The same catalog for one asker, whose queries take turns with those of other clients; its close does nothing. */
  lane(client?: string): Catalog
  /** Statements that threads work on, and that wait for one. */
  inFlight(): number
  waiting(): number
  /** Threads that died and were replaced, since the start. */
  replaced(): number
}

/**
 * The archive's index in one file. An index that is moved over the file answers from the next question on,
 * and tokens of the one before it are refused; what is written to it is seen with each commit.
 * @throws {Fault} misconfigured where the file is not there or no index
 */
export function sqliteCatalog(options: SqliteCatalogOptions): SqliteCatalog {
  const { file, threads = availableParallelism(), colours, waited } = options
  const index = indexThreads(file, threads, waited)
  const lane = (client?: string) => laneCatalog(file, index, colours, client)
  const { inFlight, waiting, replaced, close } = index
  return { ...lane(), lane, inFlight, waiting, replaced, close }
}

function laneCatalog(
  file: string,
  index: IndexThreads,
  colours: StoreColours | undefined,
  client: string | undefined,
): Catalog {
  const lane = index.lane(client)
  const checkFor = (search: Search) => (standing: Standing) => requireLevel(file, standing, search.level)
  return {
    async search(search, options) {
      const plan = planPage(search, options, colours)
      const { rows, standing } = await pageOf(lane, plan, options, (standing) => {
        requireLevel(file, standing, search.level)
        requireSameIndex(options.after, standing)
      })
      // An answer on the spot may be there before its asker could leave.
      if (options.signal?.aborted) throw cancelled(options.signal.reason)
      const page = rows.slice(0, options.limit)
      const at = (granule: number): Position => positionOf(page[granule]?.row ?? [], plan.order, standing)
      return {
        granules: page.map(({ row }) => readIndexRow(asIndexRow(row))),
        coverage: options.coverage ? page.map(({ coverage = 0 }) => coverage) : undefined,
        next: rows.length > page.length ? at(page.length - 1).after : undefined,
        positionOf: at,
      }
    },

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      const cell = name ? cellOf(name.level, name.mgrsTile) : -1
      const values = { cell, orbit: name?.absoluteOrbit ?? -1, name: granuleId }
      const { rows, standing } = await lane.ask({ statement: 'granule', values }, signal, lookOfGranule(cell))
      if (name) requireLevel(file, standing, name.level)
      return rows
        .map((row) => readIndexRow(asIndexRow(row)))
        .filter((granule) => granule.granuleId === granuleId)
        .reduce<Granule | undefined>((a, b) => (a && compareProducts(a, b) >= 0 ? a : b), undefined)
    },

    extent: (search, signal) => extentOf(lane, search, { colours, check: checkFor(search), signal }),

    summary: (search, signal) => summaryOf(lane, search, { colours, check: checkFor(search), signal }),

    async placesIn(place, level, signal) {
      const values = { ...cellsOfPlace(place), level: LEVELS.indexOf(level) }
      const { rows, standing } = await lane.ask({ statement: 'held-places', values }, signal)
      requireLevel(file, standing, level)
      const next = NEXT_LENGTH[place.length] ?? 0
      return rows.map(([cell]) => tileOfCell(Number(cell)).mgrsTile.slice(0, next))
    },

    freshness() {
      const standing = index.standing()
      return {
        levels: { L1C: freshnessOf(standing, 'L1C'), L2A: freshnessOf(standing, 'L2A') },
        updatedAt: standing.updatedAt,
      }
    },

    cost: async () => undefined,

    async check(signal) {
      const [row] = (await lane.ask({ statement: 'alive', values: {} }, signal)).rows
      if (!row) throw new Fault('misconfigured', `The index ${file} holds no granule.`)
      readIndexRow(asIndexRow(row))
    },

    close: async () => {},
  }
}

/** Letters of a tile's name that name a place of the next step, by those of the place. */
const NEXT_LENGTH: Readonly<Record<number, number>> = { 0: 2, 2: 3, 3: 5 }

function freshnessOf({ levels, newest, settled }: Standing, level: Level): LevelFreshness | undefined {
  if (levels[level] === 0) return undefined
  return {
    newestSensing: newest[level].sensing,
    newestGeneration: newest[level].generation || undefined,
    completeUpTo: settled[level].generation || undefined,
  }
}

function requireLevel(file: string, { levels }: Standing, level: Level): void {
  if (levels[level] > 0) return
  const errors: ParameterError[] = [{ parameter: 'level', message: `${level} is not in this index` }]
  const source = level === 'L2A' ? 'L2/index.csv.gz' : 'index.csv.gz'
  const sentence =
    `The index ${file} holds no ${level} granules; build it from ${source} too ` +
    '(`swath index build`, --from may be repeated), or set SWATH_CATALOG=bucket.'
  throw new Fault('bad-request', sentence, { errors })
}

/** The statements that give rows select all columns of the table, whose layout aboutIndex has checked. */
const asIndexRow = (row: readonly unknown[]) => row as unknown as IndexRow
