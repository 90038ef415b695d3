import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Fault, messageOf } from '../errors.ts'

/*
 * The archive's index as CSV: gs://gcp-public-data-sentinel-2/index.csv.gz for L1C, L2/index.csv.gz for L2A.
 * DuckDB parses and sorts it, spilling to disk; nothing here knows what the columns mean.
 */

const REQUIRED = [
  'GRANULE_ID',
  'PRODUCT_ID',
  'DATATAKE_IDENTIFIER',
  'MGRS_TILE',
  'SENSING_TIME',
  'TOTAL_SIZE',
  'CLOUD_COVER',
  'GEOMETRIC_QUALITY_FLAG',
  'GENERATION_TIME',
  'NORTH_LAT',
  'SOUTH_LAT',
  'WEST_LON',
  'EAST_LON',
  'BASE_URL',
] as const
/** Columns that an export of the BigQuery table has on top. */
const OPTIONAL = ['SOURCE_URL', 'ETL_TIMESTAMP'] as const

export type CsvColumn = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number]
/** A row as it stands in the file; an empty field is null. */
export type CsvRow = Readonly<Record<CsvColumn, string | null>>

const CHUNK_MEMORY = '1GB'

/**
 * The rows of several files as one, sorted by tile, a batch at a time.
 * @param files plain or gzipped, told apart by their first bytes
 * @param spill folder for what does not fit in memory
 * @throws {Fault} misconfigured for a file that is not there, empty, of another form or broken on the way
 */
export async function* readArchiveCsv(files: readonly string[], spill: string): AsyncGenerator<CsvRow[]> {
  const sources = await Promise.all(files.map(inspect))
  const instance = await DuckDBInstance.create(':memory:', {
    temp_directory: spill,
    memory_limit: CHUNK_MEMORY,
    preserve_insertion_order: 'false',
  })
  const connection = await instance.connect()
  try {
    const columns = [...REQUIRED, ...OPTIONAL]
    const result = await connection.stream(
      `${sources.map(selectFrom).join(' UNION ALL ')} ORDER BY MGRS_TILE`,
    )
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) return
      yield chunk.getRows().map((row) => asCsvRow(columns, row))
    }
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : await translate(thrown, sources, connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

type Source = { readonly file: string; readonly gzipped: boolean; readonly header: readonly string[] }

async function inspect(file: string): Promise<Source> {
  const info = await stat(file).catch((cause: unknown) => {
    throw new Fault('misconfigured', `The index CSV ${file} cannot be read: ${messageOf(cause)}.`, { cause })
  })
  if (!info.isFile()) throw new Fault('misconfigured', `The index CSV ${file} is not a file.`)
  if (info.size === 0) throw new Fault('misconfigured', `The index CSV ${file} is empty; download it again.`)
  const gzipped = await startsAsGzip(file)
  if (!gzipped && file.endsWith('.gz')) {
    throw new Fault(
      'misconfigured',
      `${file} is named .gz but is no gzip file; download it again, or rename it if it is plain CSV.`,
    )
  }
  const header = (await firstLine(file, gzipped)).split(',').map((name) => name.trim().toUpperCase())
  const missing = REQUIRED.filter((name) => !header.includes(name))
  const strange = header.filter((name) => ![...REQUIRED, ...OPTIONAL].some((known) => known === name))
  if (missing.length > 0 || strange.length > 0) {
    const faults = [
      missing.length > 0 ? `it lacks ${missing.join(', ')}` : '',
      strange.length > 0 ? `it has ${strange.map((name) => JSON.stringify(name)).join(', ')}` : '',
    ].filter((fault) => fault !== '')
    throw new Fault(
      'misconfigured',
      `The first line of ${file} is not the header of the archive's index: ${faults.join(' and ')}. ` +
        `Give the file that gs://gcp-public-data-sentinel-2/index.csv.gz holds.`,
    )
  }
  return { file, gzipped, header }
}

async function startsAsGzip(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

/** Longer than any header, shorter than what would hurt. */
const LONGEST_HEADER = 10_000

async function firstLine(file: string, gzipped: boolean): Promise<string> {
  const bytes = createReadStream(file)
  let text = ''
  try {
    for await (const chunk of gzipped ? bytes.pipe(createGunzip()) : bytes) {
      text += String(chunk)
      if (text.includes('\n') || text.length > LONGEST_HEADER) break
    }
  } catch (cause) {
    throw new Fault('misconfigured', `${file} cannot be unpacked: ${messageOf(cause)}; download it again.`, {
      cause,
    })
  } finally {
    bytes.destroy()
  }
  return text.replace(/^\uFEFF/, '').split(/\r?\n/)[0] ?? ''
}

function selectFrom({ file, gzipped, header }: Source): string {
  const types = header.map((name) => `${quoted(name)}: 'VARCHAR'`).join(', ')
  const columns = [...REQUIRED, ...OPTIONAL].map((name) => (header.includes(name) ? name : `NULL AS ${name}`))
  return `SELECT ${columns.join(', ')} FROM read_csv(${quoted(file)}, header = true, auto_detect = false,
    delim = ',', quote = '"', escape = '"', nullstr = '', strict_mode = true,
    compression = '${gzipped ? 'gzip' : 'none'}', columns = {${types}})`
}

/** A string of SQL; DuckDB takes no parameters in the arguments of read_csv. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function asCsvRow(columns: readonly CsvColumn[], row: readonly unknown[]): CsvRow {
  return Object.fromEntries(
    columns.map((name, i) => [name, typeof row[i] === 'string' ? row[i] : null]),
  ) as CsvRow
}

async function translate(
  thrown: unknown,
  sources: readonly Source[],
  connection: DuckDBConnection,
): Promise<Fault> {
  connection.interrupt()
  const said = messageOf(thrown)
  const line = /Line:\s*(\d+)/.exec(said)?.[1]
  const named =
    sources.find(({ file }) => said.includes(file))?.file ?? sources.map(({ file }) => file).join(', ')
  const what = line ? `line ${line} is broken` : 'it cannot be read to its end'
  return new Fault(
    'misconfigured',
    `The index CSV ${named}: ${what} (${firstSentence(said)}). Download it again; nothing was built.`,
    { cause: thrown },
  )
}

const firstSentence = (text: string): string => text.split('\n')[0]?.trim() ?? text
