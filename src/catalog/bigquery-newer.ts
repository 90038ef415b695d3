import type { CsvRow } from '../index-file/csv.ts'
import type { Level } from '../sentinel2/bands.ts'
import { formatTime, type Micros } from '../sentinel2/time.ts'
import { type BigqueryOptions, bigqueryConnection, CAME, NO_TIME, statement } from './bigquery-connection.ts'
import { bill } from './bigquery-cost.ts'
import type { Row } from './bigquery-rows.ts'
import { tableLook } from './bigquery-table.ts'
import type { Cost } from './port.ts'

/** Up to where an index knows the table. */
export type KnownUntil = {
  /** Its newest generation time. */
  readonly generation: Micros
  /** When its newest row came into the table; undefined where the index was built from what does not tell. */
  readonly etl: Micros | undefined
}

export type Newer = {
  /** What reading the newer rows bills; runs nothing. @throws {Fault} as rows */
  cost(since: KnownUntil, signal?: AbortSignal): Promise<Cost>
  /**
   * The rows that came into the table then or later, in no order, a page at a time. Where `etl` is not known,
   * those made then or later, which misses what was made before and came late.
   * @throws {Fault} bad-request where the level has no table, over-budget, upstream-failed, upstream-late,
   * upstream-busy, misconfigured, cancelled
   */
  rows(since: KnownUntil, signal?: AbortSignal): AsyncGenerator<readonly CsvRow[]>
  /** Waits until every cancellation under way is through. */
  close(): Promise<void>
}

/** Milliseconds that the job may take before its first row: it reads a whole table, and writes millions of rows. */
const JOB_MS = 600_000

/**
 * What an index does not know yet of a level's table, as rows of the archive's CSV.
 * @throws {Fault} as bigqueryCatalog
 */
export function bigqueryNewer({ level, ...options }: BigqueryOptions & { readonly level: Level }): Newer {
  const { jobs, on, faultOf } = bigqueryConnection(options, JOB_MS)
  const look = tableLook(jobs)

  async function ask(table: string, { generation, etl }: KnownUntil) {
    const facts = await look(table)
    const lacks = facts !== undefined && !facts.columns.includes(CAME)
    const parts =
      etl === undefined || lacks
        ? { column: 'generation_time', etl: lacks ? NO_TIME : CAME }
        : { column: CAME, etl: CAME }
    const known = parts.column === CAME && etl !== undefined ? etl : generation
    return { sql: statement('newer', table, parts), values: { known } }
  }

  return {
    cost: (since, signal) =>
      on(level, async (table) => {
        const { sql, values } = await ask(table, since)
        return bill(await jobs.dryRun(sql, values, signal))
      }),

    async *rows(since, signal) {
      const { sql, values } = await on(level, (table) => ask(table, since))
      try {
        for await (const page of jobs.stream(sql, values, signal)) yield page.map(csvRow)
      } catch (thrown) {
        throw faultOf(thrown, level)
      }
    },

    close: () => jobs.close(),
  }
}

/** A row as it would stand in the CSV. */
function csvRow(row: Row): CsvRow {
  const cell = (name: string): string | null => row[name] || null
  return {
    GRANULE_ID: cell('granule_id'),
    PRODUCT_ID: cell('product_id'),
    DATATAKE_IDENTIFIER: cell('datatake_identifier'),
    MGRS_TILE: cell('mgrs_tile'),
    SENSING_TIME: time(cell('sensing_time')),
    TOTAL_SIZE: cell('total_size'),
    CLOUD_COVER: cell('cloud_cover'),
    GEOMETRIC_QUALITY_FLAG: cell('geometric_quality_flag'),
    GENERATION_TIME: time(cell('generation_time')),
    NORTH_LAT: cell('north_lat'),
    SOUTH_LAT: cell('south_lat'),
    WEST_LON: cell('west_lon'),
    EAST_LON: cell('east_lon'),
    BASE_URL: cell('base_url'),
    SOURCE_URL: cell('source_url'),
    ETL_TIMESTAMP: time(cell('came')),
  }
}

/** Whole microseconds as RFC 3339; what is no time stays as it is, so that it is counted where it is read. */
const time = (micros: string | null): string | null =>
  micros !== null && /^-?\d{1,16}$/.test(micros) ? formatTime(Number(micros)) : micros
