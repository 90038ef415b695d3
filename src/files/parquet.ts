import {
  BLOB,
  DOUBLE,
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTableFunction,
  VARCHAR,
} from '@duckdb/node-api'
import { fillRoom, type ParquetMetadata, placeholder } from './parquet-footer.ts'

export type { ParquetMetadata } from './parquet-footer.ts'

/*
 * The door to DuckDB for whoever writes Parquet. DuckDB pulls the rows while it writes, so that none lie anywhere
 * on the way, and puts them down in groups.
 */

/** How DuckDB keeps a column, and what stands for it in a row: null in any, and */
export type ParquetType =
  /** a text, */
  | 'VARCHAR'
  /** bytes, */
  | 'BLOB'
  /** a number, whole for all but DOUBLE, */
  | 'DOUBLE'
  | 'BIGINT'
  | 'UTINYINT'
  /** or microseconds since 1970. */
  | 'TIMESTAMPTZ'

/** A struct's parts are columns of their own in the rows, one behind the other. */
export type ParquetColumns = Readonly<Record<string, ParquetType | Readonly<Record<string, ParquetType>>>>

export type ParquetValue = string | number | Uint8Array | null

/** Some rows, column by column: the values of each, as many in all of them. */
export type ParquetRows = readonly (readonly ParquetValue[])[]

export type ParquetOptions = {
  readonly file: string
  readonly columns: ParquetColumns
  /** In the order of the file; thrown faults pass through. */
  readonly rows: Iterable<ParquetRows>
  readonly metadata?: ParquetMetadata
  /** Folder for what does not fit in memory. */
  readonly spill: string
  readonly signal: AbortSignal
}

/** Writes a Parquet file; whatever DuckDB cannot do it throws. */
export async function writeParquet({ spill, signal, ...options }: ParquetOptions): Promise<void> {
  await withDuckdb({ spill, signal }, (connection) => copyRows(connection, options))
  if (options.metadata) await fillRoom(options.file, options.metadata)
}

/** What JSON holds, and what it becomes: in a file of lines a BLOB is written in base 64, a time as RFC 3339. */
export type JsonType =
  | ParquetType
  | { readonly list: JsonType }
  | { readonly struct: Readonly<Record<string, JsonType>> }

export type LinesOptions = Pick<ParquetOptions, 'file' | 'spill' | 'signal'> & {
  /** A file of JSON objects, one a line, compressed with Zstandard (RFC 8878). */
  readonly lines: string
  /** Members of each object; what is missing is null, and members that are not named here are left out. */
  readonly columns: Readonly<Record<string, JsonType>>
  /** What is written of the file as a whole into its footer, by key. */
  readonly about: Readonly<Record<string, string>>
  readonly rowsAGroup: number
}

/** Makes a Parquet file of lines of JSON, in their order, in threads of DuckDB; what it cannot do it throws. */
export async function writeLinesAsParquet({ spill, signal, ...options }: LinesOptions): Promise<void> {
  const { file, lines, columns, about, rowsAGroup } = options
  const names = Object.entries(columns)
  const read = names.map(
    ([name, type]) => `${named(name)}: ${quoted(type === 'BLOB' ? 'VARCHAR' : sqlType(type))}`,
  )
  const kept = names.map(([name, type]) =>
    type === 'BLOB' ? `from_base64(${named(name)}) AS ${named(name)}` : named(name),
  )
  const metadata = Object.entries(about).map(([key, value]) => `${named(key)}: ${quoted(value)}`)
  await withDuckdb({ spill, signal }, async (connection) => {
    await connection.run(
      `COPY (SELECT ${kept.join(', ')} FROM read_json(${quoted(lines)}, format = 'newline_delimited',
      compression = 'zstd', columns = {${read.join(', ')}})) TO ${quoted(file)}
      (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowsAGroup}, KV_METADATA {${metadata.join(', ')}})`,
    )
  })
}

function sqlType(type: JsonType): string {
  if (typeof type === 'string') return type
  if ('list' in type) return `${sqlType(type.list)}[]`
  const parts = Object.entries(type.struct).map(([name, part]) => `${named(name)} ${sqlType(part)}`)
  return `STRUCT(${parts.join(', ')})`
}

async function withDuckdb(
  { spill, signal }: Pick<ParquetOptions, 'spill' | 'signal'>,
  work: (connection: DuckDBConnection) => Promise<void>,
): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { ...LIMITS, temp_directory: spill })
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    signal.throwIfAborted()
    await work(connection)
  } finally {
    signal.removeEventListener('abort', interrupt)
    connection.closeSync()
    instance.closeSync()
  }
}

/** What DuckDB may take; it comes with its extensions, and none is fetched. */
const LIMITS = {
  memory_limit: '512MB',
  threads: '2',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}
/** Rows that DuckDB takes at a time, and that it writes as one group: small enough to read a region by itself. */
const CHUNK = 2048
const GROUP = 25 * CHUNK

async function copyRows(
  connection: DuckDBConnection,
  { file, columns, rows, metadata }: Pick<ParquetOptions, 'file' | 'columns' | 'rows' | 'metadata'>,
): Promise<void> {
  const source = createSource(columns, rows[Symbol.iterator]())
  connection.registerTableFunction(source.function)
  const about = metadata ? `, KV_METADATA {${named(metadata.key)}: ${quoted(placeholder(metadata))}}` : ''
  try {
    await connection.run(
      `COPY (SELECT ${selection(columns)} FROM pulled_rows()) TO ${quoted(file)}
      (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${GROUP}${about})`,
    )
  } catch (thrown) {
    throw source.thrown() ?? withCode(thrown)
  } finally {
    source.end()
  }
}

/** What DuckDB throws tells in words alone that there is no room; Node's own faults have a code for it. */
function withCode(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown
  const [, code] = NO_ROOM.find(([words]) => thrown.message.includes(words)) ?? []
  return code === undefined ? thrown : Object.assign(thrown, { code })
}

/** As strerror(3) has them. */
const NO_ROOM = [
  ['No space left on device', 'ENOSPC'],
  ['File too large', 'EFBIG'],
] as const

/** A table function of DuckDB over an iterator. What the rows throw loses its class there, so it is kept. */
function createSource(columns: ParquetColumns, rows: Iterator<ParquetRows>) {
  const types = leavesOf(columns)
  let failure: { readonly thrown: unknown } | undefined
  let some: ParquetRows = []
  let given = 0
  const fill = (chunk: DuckDBDataChunk) => {
    while (given >= (some[0]?.length ?? 0)) {
      const { done, value } = rows.next()
      if (done) {
        chunk.rowCount = 0
        return
      }
      some = value
      given = 0
    }
    const end = Math.min(given + CHUNK, some[0]?.length ?? 0)
    chunk.rowCount = end - given
    types.forEach((type, i) => {
      const values = some[i]?.slice(given, end) ?? []
      chunk.setColumnValues(i, type === 'BLOB' ? values.map(asBlob) : values.map(asPlain))
    })
    given = end
  }
  return {
    function: DuckDBTableFunction.create({
      name: 'pulled_rows',
      bindFunction: (info) => {
        types.forEach((type, i) => {
          info.addResultColumn(`c${i}`, type === 'VARCHAR' ? VARCHAR : type === 'BLOB' ? BLOB : DOUBLE)
        })
      },
      initFunction: (info) => info.setMaxThreads(1),
      mainFunction: (info, chunk) => {
        try {
          fill(chunk)
        } catch (thrown) {
          failure = { thrown }
          info.setError('the rows ended early')
        }
      },
    }),
    thrown: () => failure?.thrown,
    end: () => rows.return?.(),
  }
}

const asBlob = (value: ParquetValue) => (value instanceof Uint8Array ? new DuckDBBlobValue(value) : null)
const asPlain = (value: ParquetValue) => (value instanceof Uint8Array ? null : value)

/** The types of a row's values in their order. */
const leavesOf = (columns: ParquetColumns): ParquetType[] => Object.values(columns).flatMap(partsOf)

const partsOf = (column: ParquetColumns[string]): ParquetType[] =>
  typeof column === 'string' ? [column] : Object.values(column)

/** What makes the columns of the file of c0, c1 and so on, which the table function gives. */
function selection(columns: ParquetColumns): string {
  let leaf = 0
  const next = (type: ParquetType) => readingOf(type, `c${leaf++}`)
  return Object.entries(columns)
    .map(([name, column]) => {
      if (typeof column === 'string') return `${next(column)} AS ${named(name)}`
      const parts = Object.entries(column).map(([part, type]) => `${named(part)} := ${next(type)}`)
      return `struct_pack(${parts.join(', ')}) AS ${named(name)}`
    })
    .join(', ')
}

function readingOf(type: ParquetType, name: string): string {
  if (type === 'TIMESTAMPTZ') return `make_timestamptz(CAST(${name} AS BIGINT))`
  return type === 'BIGINT' || type === 'UTINYINT' ? `CAST(${name} AS ${type})` : name
}

/** A name of SQL, though it be one of its words. */
const named = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A string of SQL; DuckDB takes no parameters here. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
