import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { displayColour } from './colour/display.ts'
import { csvField } from './csv-field.ts'
import { Fault } from './errors.ts'
import { openExportPlace, stopped, unwritable, writerFor } from './export-place.ts'
import type { ParquetColumns, ParquetRows } from './files/parquet.ts'
import { formatTime } from './sentinel2/time.ts'
import type { RememberedColour, Store } from './store/port.ts'

export type ExportOptions = {
  readonly store: Pick<Store, 'allColours' | 'state'>
  /** Ends in .parquet, .csv or .ndjson. */
  readonly to: string
  /** Ends the export and leaves things as they were. */
  readonly signal?: AbortSignal
  readonly onProgress?: (colours: number) => void
}

export type ExportReport = {
  readonly colours: number
  /** Rows of the store that hold no colour, left out. */
  readonly unreadable: number
}

const ROWS_A_PIECE = 400

/**
 * Writes all remembered colours into a file, which takes the place of what stood there when it is whole.
 * @throws {Fault} bad-request for another ending; misconfigured where the file cannot be written or the
 * store not be read; cancelled when the signal aborts
 */
export async function exportColours(options: ExportOptions): Promise<ExportReport> {
  const { store, to, signal = new AbortController().signal, onProgress } = options
  const write = writerFor(to, WRITERS)
  const failedBefore = store.state().failed
  let colours = 0
  function* rows(): Generator<ExportRow> {
    for (const remembered of store.allColours()) {
      yield rowOf(remembered)
      colours++
      if (colours % ROWS_A_PIECE === 0) onProgress?.(colours)
    }
  }
  const place = await openExportPlace(to)
  try {
    await place.finish(await write(rows(), place.folder, signal))
    return { colours, unreadable: store.state().failed - failedBefore }
  } catch (thrown) {
    if (signal.aborted) throw stopped(to, thrown)
    throw thrown instanceof Fault ? thrown : unwritable(to, thrown)
  } finally {
    await place.remove()
  }
}

/** The columns of the file; times are UTC, microseconds since 1970 until they are written. */
const COLUMNS = {
  storage: 'VARCHAR',
  granule_id: 'VARCHAR',
  product_id: 'VARCHAR',
  mgrs_tile: 'VARCHAR',
  sensing_time: 'TIMESTAMPTZ',
  source: 'VARCHAR',
  stride: 'UTINYINT',
  colour: 'VARCHAR',
  red: 'DOUBLE',
  green: 'DOUBLE',
  blue: 'DOUBLE',
  valid: 'DOUBLE',
  sampled: 'BIGINT',
  method: 'BIGINT',
  made_at: 'TIMESTAMPTZ',
} as const satisfies ParquetColumns

type ExportRow = { readonly [Column in keyof typeof COLUMNS]: string | number | null }

const rowOf = ({ storage, granule, sampling, colour, method, madeAt }: RememberedColour): ExportRow => ({
  storage,
  granule_id: granule.granuleId,
  product_id: granule.productId,
  mgrs_tile: granule.mgrsTile,
  sensing_time: granule.sensingTime,
  source: sampling.source,
  stride: sampling.source === 'bands' ? sampling.stride : null,
  colour: displayColour(colour, sampling.source),
  red: colour.red,
  green: colour.green,
  blue: colour.blue,
  valid: colour.valid,
  sampled: colour.sampled,
  method,
  made_at: madeAt * 1000,
})

/** Writes rows into the folder and gives the path of the file that is to stay. */
type Writer = (rows: Iterable<ExportRow>, folder: string, signal: AbortSignal) => Promise<string>

const WRITERS: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['.csv', writeCsv],
  ['.ndjson', writeNdjson],
  ['.parquet', writeParquetFile],
])

async function writeCsv(rows: Iterable<ExportRow>, folder: string, signal: AbortSignal): Promise<string> {
  const file = join(folder, 'colours.csv')
  const head = `${Object.keys(COLUMNS).join(',')}\r\n`
  const line = (row: ExportRow) => `${Object.values(withTimes(row)).map(csvField).join(',')}\r\n`
  await pipeline(pieces(head, rows, line), createWriteStream(file), { signal })
  return file
}

async function writeNdjson(rows: Iterable<ExportRow>, folder: string, signal: AbortSignal): Promise<string> {
  const file = join(folder, 'colours.ndjson')
  const line = (row: ExportRow) => `${JSON.stringify(withTimes(row))}\n`
  await pipeline(pieces('', rows, line), createWriteStream(file), { signal })
  return file
}

async function writeParquetFile(
  rows: Iterable<ExportRow>,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const { writeParquet } = await import('./files/parquet.ts')
  const file = join(folder, 'colours.parquet')
  await writeParquet({ file, columns: COLUMNS, rows: byColumn(rows), spill: join(folder, 'spill'), signal })
  return file
}

function* byColumn(rows: Iterable<ExportRow>): Generator<ParquetRows> {
  let some: ExportRow[] = []
  for (const row of rows) {
    if (some.push(row) < ROWS_A_PIECE) continue
    yield columnsOf(some)
    some = []
  }
  yield columnsOf(some)
}

const NAMES = Object.keys(COLUMNS) as (keyof ExportRow)[]

const columnsOf = (rows: readonly ExportRow[]): ParquetRows =>
  NAMES.map((name) => rows.map((row) => row[name]))

const withTimes = (row: ExportRow): ExportRow => ({
  ...row,
  sensing_time: formatTime(Number(row.sensing_time)),
  made_at: formatTime(Number(row.made_at)),
})

/** Lines in pieces of some 100 KB, so that a write is worth its while. */
function* pieces(
  head: string,
  rows: Iterable<ExportRow>,
  line: (row: ExportRow) => string,
): Generator<string> {
  let piece = head
  let lines = 0
  for (const row of rows) {
    piece += line(row)
    lines++
    if (lines % ROWS_A_PIECE > 0) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

/**
 * What can be told before there is a store.
 * @throws {Fault} bad-request where the ending tells no form of a file
 */
export const refuseOtherForms = (to: string): void => void writerFor(to, WRITERS)
