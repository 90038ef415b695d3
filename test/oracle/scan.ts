import { DuckDBInstance, type DuckDBType, type DuckDBValue, INTEGER, LIST, listValue } from '@duckdb/node-api'
import type { Extent, Search, Sort, Summary } from '../../src/catalog/port.ts'
import type { Box, Granule } from '../../src/sentinel2/granule.ts'
import { type RowsRead, readRows } from './read-rows.ts'
import { sqlOf } from './sql.ts'

/** What DuckDB answers by a plain scan of the CSVs' rows. */
export type Scan = {
  readonly granules: number
  readonly superseded: number
  /** Names (nameOf) of granules, in order; sorted by `-datetime`, `datetime` or `cloud`. */
  search(search: Search, limit: number): Promise<string[]>
  extent(search: Search): Promise<Extent>
  summary(search: Search): Promise<Summary>
  /** About so many of the granules that have a box of their own, from all of them alike. */
  sample(count: number): Promise<Known[]>
  close(): void
}

/** What a question may be put around; the box in degrees, as the index tells it. */
export type Known = Pick<Granule, 'mgrsTile' | 'level' | 'sensingTime' | 'cloudCover'> & { readonly box: Box }

/** Tells a granule from all others. */
export const nameOf = ({ place, granuleId }: Pick<Granule, 'place' | 'granuleId'>): string =>
  `${place} ${granuleId}`

const LIMITS = { threads: '2', memory_limit: '3GB' }
const LEVELS = { L1C: 0, L2A: 1 } as const
const EVER = 2n ** 62n
/** The newest granule is at position 1. */
const ORDERS: Readonly<Partial<Record<Sort, string>>> = {
  '-datetime': 'position',
  datetime: 'position DESC',
  cloud: 'cloud NULLS LAST, position',
}

/**
 * @param files CSVs of the archive's form, absolute paths
 * @param spill folder for what does not fit in memory
 */
export async function openScan(files: readonly string[], spill: string): Promise<Scan> {
  const instance = await DuckDBInstance.create(':memory:', { ...LIMITS, temp_directory: spill })
  const connection = await instance.connect()
  const { tiles, names } = await readRows(connection, files)
  const ask = (sql: string, values: Record<string, DuckDBValue>) =>
    connection.runAndReadAll(sql, values, { tiles: TILES })
  const [superseded] = (await connection.runAndReadAll(sqlOf('superseded'))).getRows()[0] ?? []
  return {
    granules: names.length,
    superseded: Number(superseded),
    search: async (search, limit) => {
      const order = ORDERS[search.sort ?? '-datetime']
      if (!order) throw new Error(`The scan knows no order ${search.sort}.`)
      const found = await ask(sqlOf('search').replace('{order}', order), {
        ...valuesOf(search, tiles),
        limit,
      })
      return (found.getColumns()[0] ?? []).map((position) => names[Number(position) - 1] ?? '')
    },
    extent: async (search) => {
      const [row = []] = (await ask(sqlOf('extent'), valuesOf(search, tiles))).getRows()
      const [granules = 0, bytes = 0, withoutSize = 0, longForm = 0] = row.map(Number)
      return { granules, bytes, withoutSize, longForm }
    },
    summary: async (search) => {
      const counts = await ask(sqlOf('summary'), valuesOf(search, tiles))
      return summaryOf(counts.getRowObjectsJS())
    },
    sample: async (count) => {
      const every = Math.max(1, Math.floor(names.length / count))
      const rows = await connection.runAndReadAll(sqlOf('sample'), { every })
      return rows.getRowObjectsJS().map(knownOf)
    },
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

const TILES: DuckDBType = LIST(INTEGER)

function valuesOf(
  { area, level, time, cloud, tiles, dedupe }: Search,
  numbers: RowsRead['tiles'],
): Record<string, DuckDBValue> {
  const [west, south, east, north] = area.box
  return {
    west: microdegrees(west),
    south: microdegrees(south),
    east: microdegrees(east),
    north: microdegrees(north),
    level: LEVELS[level],
    superseded: dedupe === 'none',
    from: time.from === undefined ? -EVER : BigInt(time.from),
    until: time.until === undefined ? EVER : BigInt(time.until),
    cloudMin: cloud?.min ?? null,
    cloudMax: cloud?.max ?? null,
    tiles: tiles ? listValue(tiles.map((tile) => numbers.get(tile) ?? -1)) : null,
  }
}

/** An edge written with six decimals is a whole number, whatever arithmetic makes of it. */
function microdegrees(degrees: number): number {
  const exact = degrees * 1e6
  return Math.abs(exact - Math.round(exact)) < 1e-3 ? Math.round(exact) : exact
}

type Row = Readonly<Record<string, unknown>>

function summaryOf(rows: readonly Row[]): Summary {
  const of = (group: string) => rows.filter((row) => row[group] !== null)
  const countOf = ({ granules, least_cloud }: Row) => ({
    granules: Number(granules),
    leastCloud: least_cloud === null ? undefined : Number(least_cloud),
  })
  const clouds = of('ten').map(({ ten, granules }) => {
    const from = Number(ten) < 10 ? Number(ten) * 10 : null
    return { from, to: from === null ? null : from + 10, granules: Number(granules) }
  })
  return {
    granules: clouds.reduce((sum, { granules }) => sum + granules, 0),
    months: of('month').map((row) => ({ month: String(row.month), ...countOf(row) })),
    tiles: of('tile').map((row) => ({ mgrsTile: String(row.tile), ...countOf(row) })),
    clouds,
  }
}

function knownOf(row: Row): Known {
  const edge = (name: string) => Number(row[name]) / 1e6
  return {
    mgrsTile: String(row.tile),
    level: Number(row.level) === LEVELS.L2A ? 'L2A' : 'L1C',
    sensingTime: Number(row.sensing),
    cloudCover: row.cloud === null ? undefined : Number(row.cloud),
    box: [edge('west'), edge('south'), edge('east'), edge('north')],
  }
}
