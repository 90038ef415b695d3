import { splitLine } from './csv-lines.ts'
import { type CsvRow, type CsvSource, inspectCsv } from './csv-source.ts'
import { sortLines } from './sort-lines.ts'

export type { CsvRow } from './csv-source.ts'

/**
 * The rows of several files as one, sorted by tile, those of a tile at a time; rows whose tile has no name of the
 * usual form come last.
 * @param files plain or gzipped, told apart by their first bytes
 * @param spill folder for what does not fit in memory
 * @throws {Fault} misconfigured for a file that is not there, empty, of another form or broken on the way
 */
export async function* readArchiveCsv(
  files: readonly (string | CsvSource)[],
  spill: string,
  signal: AbortSignal,
): AsyncGenerator<CsvRow[]> {
  const sources = await Promise.all(files.map((file) => (typeof file === 'string' ? inspectCsv(file) : file)))
  const lines = await sortLines(sources, spill, signal)
  try {
    for (const tile of lines.tiles()) {
      signal.throwIfAborted()
      yield rowsIn(tile)
    }
  } finally {
    await lines.close()
  }
}

/** The rows in lines as sortLines gives them. */
export const rowsIn = (lines: Buffer): CsvRow[] => lines.toString('utf8').split('\n').slice(0, -1).map(rowOf)

/** Written out, since a row made key by key costs four times as much. */
export function rowOf(line: string): CsvRow {
  const fields = splitLine(line) ?? []
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
    ETL_TIMESTAMP: fields[15] || null,
  }
}
