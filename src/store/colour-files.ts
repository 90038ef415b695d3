import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** What DuckDB may take; it comes with its extensions, and none is fetched. */
const LIMITS = {
  memory_limit: '512MB',
  threads: '2',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}

export type ParquetOptions = {
  /** Of the form that `swath colours export` writes: a header, RFC 4180, empty for null. */
  readonly csv: string
  /** DuckDB's type of each column, in the order of the file. */
  readonly types: Readonly<Record<string, string>>
  readonly parquet: string
  /** Folder for what does not fit in memory. */
  readonly spill: string
  readonly signal: AbortSignal
}

/** Makes a Parquet file of a CSV, rows in their order; whatever DuckDB cannot do it throws. */
export async function csvToParquet({ csv, types, parquet, spill, signal }: ParquetOptions): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { ...LIMITS, temp_directory: spill })
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    signal.throwIfAborted()
    await copy(connection, csv, types, parquet)
  } finally {
    signal.removeEventListener('abort', interrupt)
    connection.closeSync()
    instance.closeSync()
  }
}

async function copy(
  connection: DuckDBConnection,
  csv: string,
  types: ParquetOptions['types'],
  parquet: string,
): Promise<void> {
  const columns = Object.entries(types).map(([name, type]) => `${quoted(name)}: ${quoted(type)}`)
  await connection.run(
    `COPY (SELECT * FROM read_csv(${quoted(withoutGlob(csv))}, header = true, auto_detect = false, delim = ',',
      quote = '"', escape = '"', nullstr = '', strict_mode = true, columns = {${columns.join(', ')}}))
    TO ${quoted(parquet)} (FORMAT parquet, COMPRESSION zstd)`,
  )
}

/** A string of SQL; DuckDB takes no parameters here. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** read_csv takes a pattern; a wildcard stands for itself as the one member of a class. */
const withoutGlob = (path: string): string => path.replaceAll(/[*?[]/g, '[$&]')
