import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Fault, messageOf } from '../errors.ts'
import { COLUMNS, type CsvColumn, type CsvSource, checkGzip, inspectCsv } from './csv-source.ts'

/*
 * DuckDB parses the CSV and sorts it, spilling to disk; nothing here knows what the columns mean. A row
 * comes over as one text, since crossing from DuckDB costs by the value and not by its length.
 */

/** A row as it stands in the file; an empty field is null. */
export type CsvRow = Readonly<Record<CsvColumn, string | null>>

/** The parser holds buffers for each thread, and more than two only wait for the reader of the rows. */
const LIMITS = { memory_limit: '512MB', threads: '2' }
const BUFFER_BYTES = 4 << 20

/** Parts the fields of a row; a character that no field of the archive holds. */
const SEPARATOR = '\u001F'

/**
 * The rows of several files as one, sorted by tile, a batch at a time.
 * @param files plain or gzipped, told apart by their first bytes
 * @param spill folder for what does not fit in memory
 * @throws {Fault} misconfigured for a file that is not there, empty, of another form or broken on the way
 */
export async function* readArchiveCsv(
  files: readonly string[],
  spill: string,
  signal: AbortSignal,
): AsyncGenerator<CsvRow[]> {
  const sources = await Promise.all(files.map(inspectCsv))
  const instance = await DuckDBInstance.create(':memory:', {
    ...LIMITS,
    temp_directory: spill,
    preserve_insertion_order: 'false',
  })
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    const result = await startReading(connection, sources, signal)
    for (;;) {
      signal.throwIfAborted()
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) return
      yield chunk.getColumnValues(0).map(rowOf)
    }
  } catch (thrown) {
    throw thrown instanceof Fault || signal.aborted ? thrown : translate(thrown, sources)
  } finally {
    signal.removeEventListener('abort', interrupt)
    connection.closeSync()
    instance.closeSync()
  }
}

/** Before it gives the first row DuckDB reads all; meanwhile the gzip files are checked to their ends. */
async function startReading(
  connection: DuckDBConnection,
  sources: readonly CsvSource[],
  signal: AbortSignal,
) {
  signal.throwIfAborted()
  const reading = connection.stream(
    `SELECT line FROM (${sources.map(selectFrom).join(' UNION ALL ')}) ORDER BY tile`,
  )
  const packed = sources.filter(({ gzipped }) => gzipped)
  const checking = Promise.all(packed.map(({ file }) => checkGzip(file, signal)))
  checking.catch(() => connection.interrupt())
  const [, whole] = await Promise.allSettled([reading, checking])
  // Of a file that is cut both fail, and the check tells why.
  if (whole.status === 'rejected') throw whole.reason
  return reading
}

function selectFrom({ path, gzipped, header }: CsvSource): string {
  const types = header.map((name) => `${quoted(name)}: 'VARCHAR'`).join(', ')
  const fields = COLUMNS.map((name) => (header.includes(name) ? `coalesce(${name}, '')` : `''`))
  return `SELECT MGRS_TILE AS tile, concat_ws(chr(${SEPARATOR.charCodeAt(0)}), ${fields.join(', ')}) AS line
    FROM read_csv(${quoted(withoutGlob(path))}, header = true, auto_detect = false,
    delim = ',', quote = '"', escape = '"', nullstr = '', strict_mode = true, buffer_size = ${BUFFER_BYTES},
    compression = '${gzipped ? 'gzip' : 'none'}', columns = {${types}})`
}

/** A string of SQL; DuckDB takes no parameters in the arguments of read_csv. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** read_csv takes a pattern; a wildcard stands for itself as the one member of a class. */
const withoutGlob = (path: string): string => path.replaceAll(/[*?[]/g, '[$&]')

/** The fields in the order of COLUMNS; written out, since a row made key by key costs four times as much. */
function rowOf(line: unknown): CsvRow {
  const fields = String(line).split(SEPARATOR)
  if (fields.length !== COLUMNS.length) {
    throw new Fault(
      'misconfigured',
      `The row of ${fields[0]} holds the control character U+001F, which no row of the archive does. ` +
        `Download the index CSV again; nothing was built.`,
    )
  }
  return {
    GRANULE_ID: fields[0] || null,
    PRODUCT_ID: fields[1] || null,
    DATATAKE_IDENTIFIER: fields[2] || null,
    MGRS_TILE: fields[3] || null,
    SENSING_TIME: fields[4] || null,
    TOTAL_SIZE: fields[5] || null,
    CLOUD_COVER: fields[6] || null,
    GEOMETRIC_QUALITY_FLAG: fields[7] || null,
    GENERATION_TIME: fields[8] || null,
    NORTH_LAT: fields[9] || null,
    SOUTH_LAT: fields[10] || null,
    WEST_LON: fields[11] || null,
    EAST_LON: fields[12] || null,
    BASE_URL: fields[13] || null,
    SOURCE_URL: fields[14] || null,
  }
}

function translate(thrown: unknown, sources: readonly CsvSource[]): Fault {
  const said = messageOf(thrown)
  const named = sources.find(({ path }) => said.includes(path))?.file
  return new Fault(
    'misconfigured',
    `The index CSV ${named ?? sources.map(({ file }) => file).join(', ')}: ${whatIsWrong(said)}. ` +
      `Download it again; nothing was built.`,
    { cause: thrown },
  )
}

/** DuckDB does not name line ends that change; it loses its place at the first that is another. */
function whatIsWrong(said: string): string {
  if (/invalid state/.test(said)) return 'its lines end in several ways, some in CR LF and some in LF or CR'
  const line = /Line:\s*(\d+)/.exec(said)?.[1]
  const what = line ? `line ${line} is broken` : 'it cannot be read to its end'
  return `${what} (${said.split('\n')[0]?.trim() ?? said})`
}
