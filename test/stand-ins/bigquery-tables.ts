import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** Columns of the archive's index, with the types BigQuery gives them (facts on the table's schema). */
export const INDEX_COLUMNS = {
  granule_id: 'STRING',
  product_id: 'STRING',
  datatake_identifier: 'STRING',
  mgrs_tile: 'STRING',
  sensing_time: 'TIMESTAMP',
  generation_time: 'TIMESTAMP',
  etl_timestamp: 'TIMESTAMP',
  total_size: 'INTEGER',
  cloud_cover: 'FLOAT',
  geometric_quality_flag: 'STRING',
  north_lat: 'FLOAT',
  south_lat: 'FLOAT',
  west_lon: 'FLOAT',
  east_lon: 'FLOAT',
  base_url: 'STRING',
  source_url: 'STRING',
} as const

export type Column = keyof typeof INDEX_COLUMNS
/** A row by column; times as RFC 3339; what is left out is NULL. */
export type TableRow = Readonly<Partial<Record<Column, string | number | null>>>

/** What a table is loaded from: CSV of the archive's form (header in capitals, empty is NULL), or rows. */
export type TableSource = ({ readonly csv: readonly string[] } | { readonly rows: readonly TableRow[] }) & {
  /** Columns that the table lacks, as a table of another shape does. */
  readonly without?: readonly Column[]
  /** Columns that the table is clustered by; a dry run counts it whole all the same, as BigQuery's does. */
  readonly clustering?: readonly Column[]
  /** Rows that its bytes are counted for; those that it has by default. */
  readonly countedAs?: number
}

const DUCKDB_TYPES = {
  STRING: 'VARCHAR',
  TIMESTAMP: 'TIMESTAMP',
  INTEGER: 'BIGINT',
  FLOAT: 'DOUBLE',
} as const
/** Bytes that BigQuery counts for a cell; of text 2 and its length, here as if all were alike. */
const CELL_BYTES = { STRING: 60, TIMESTAMP: 8, INTEGER: 8, FLOAT: 8 } as const

export type Tables = {
  readonly database: DuckDBInstance
  /** Undefined where there is no such table. */
  about(table: string): About | undefined
  /** Bytes of the columns that a query names, of all rows, as BigQuery bills them. */
  bytesRead(table: string, sql: string): number
}

export type About = {
  readonly rows: number
  readonly columns: readonly Column[]
  /** Bytes of all columns of all rows. */
  readonly bytes: number
  readonly clustering: readonly Column[] | undefined
}

/** A DuckDB in memory that holds tables under their whole BigQuery name. */
export async function loadTables(sources: Readonly<Record<string, TableSource>>): Promise<Tables> {
  const database = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await database.connect()
  await connection.run('CREATE MACRO unix_seconds(t) AS epoch(t)::BIGINT')
  const loaded = new Map<string, About>()
  for (const [name, source] of Object.entries(sources)) {
    const columns = columnNames().filter((column) => !source.without?.includes(column))
    const there = await load(connection, name, columns, source)
    const { clustering, countedAs: rows = there } = source
    loaded.set(name, { rows, columns, bytes: rows * rowBytes(columns), clustering })
  }
  connection.closeSync()
  return {
    database,
    about: (table) => loaded.get(table),
    bytesRead(table, sql) {
      const { rows, columns } = loaded.get(table) ?? { rows: 0, columns: [] }
      const named = columns.filter((column) => new RegExp(`\\b${column}\\b`, 'i').test(sql))
      return rows * rowBytes(named)
    },
  }
}

const rowBytes = (columns: readonly Column[]): number =>
  columns.reduce((sum, column) => sum + CELL_BYTES[INDEX_COLUMNS[column]], 0)

const columnNames = () => Object.keys(INDEX_COLUMNS) as Column[]

async function load(
  connection: DuckDBConnection,
  name: string,
  columns: readonly Column[],
  source: TableSource,
): Promise<number> {
  const typed = columns.map((column) => `${column} ${DUCKDB_TYPES[INDEX_COLUMNS[column]]}`)
  await connection.run(`CREATE TABLE "${name}" (${typed.join(', ')})`)
  if ('rows' in source) await insertRows(connection, name, columns, source.rows)
  else for (const file of source.csv) await insertCsv(connection, name, columns, file)
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM "${name}"`)
  return Number(counted.getRows()[0]?.[0])
}

/** Times carry a zone, which a TIMESTAMP of DuckDB turns into UTC. */
async function insertCsv(
  connection: DuckDBConnection,
  name: string,
  columns: readonly Column[],
  file: string,
) {
  const csv = `read_csv('${file.replaceAll("'", "''")}', header = true, all_varchar = true, nullstr = '')`
  const header = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${csv}`)).getRows()
  const there = new Set(header.map(([column]) => String(column).toLowerCase()))
  const known = columns.filter((column) => there.has(column))
  const cells = known.map((column) => `"${column.toUpperCase()}"::${DUCKDB_TYPES[INDEX_COLUMNS[column]]}`)
  await connection.run(`INSERT INTO "${name}" (${known.join(', ')}) SELECT ${cells.join(', ')} FROM ${csv}`)
}

async function insertRows(
  connection: DuckDBConnection,
  name: string,
  columns: readonly Column[],
  rows: readonly TableRow[],
) {
  const cells = columns.map((column, i) => `$${i + 1}::VARCHAR::${DUCKDB_TYPES[INDEX_COLUMNS[column]]}`)
  const statement = await connection.prepare(`INSERT INTO "${name}" VALUES (${cells.join(', ')})`)
  await connection.run('BEGIN')
  for (const row of rows) {
    columns.forEach((column, i) => {
      const value = row[column]
      if (value === null || value === undefined) statement.bindNull(i + 1)
      else statement.bindVarchar(i + 1, String(value))
    })
    await statement.run()
  }
  await connection.run('COMMIT')
  statement.destroySync()
}
