import type { Level } from '../sentinel2/bands.ts'
import type { Micros } from '../sentinel2/time.ts'
import { type CsvRow, rowOf } from './csv.ts'
import { granuleOfRow, type ReadRow, type Rejection, rejectedExample } from './csv-granule.ts'
import type { CsvSource } from './csv-source.ts'
import { readArchiveTime } from './fast-times.ts'
import { compareSaid } from './said-twice.ts'
import { sortLines } from './sort-lines.ts'

/** What the rows of a tile say. */
export type TileNews = {
  readonly mgrsTile: string
  readonly rows: number
  /** One of each granule, of both levels. */
  readonly granules: readonly ReadRow[]
  /** Rows of granules that another row is of, too. */
  readonly duplicates: number
  readonly rejected: readonly { readonly reason: Rejection; readonly example: string }[]
  /** When the last of the rows came into BigQuery's table, by the level of its granule; 0 where they do not tell. */
  readonly etl: Readonly<Record<Level, Micros>>
}

/**
 * The rows of several files as one, sorted by tile, those of a tile at a time; rows whose tile has no name of the
 * usual form come last.
 * @param spill folder for what does not fit in memory
 * @throws {Fault} misconfigured for a file that is broken on the way
 */
export async function* readArchiveCsv(
  sources: readonly CsvSource[],
  spill: string,
  signal: AbortSignal,
): AsyncGenerator<CsvRow[]> {
  const lines = await sortLines(sources, spill, signal)
  try {
    for (const tile of lines.tiles()) {
      signal.throwIfAborted()
      yield tile.toString('utf8').split('\n').slice(0, -1).map(rowOf)
    }
  } finally {
    await lines.close()
  }
}

/** The granules of rows that come sorted by tile. */
export async function* readTiles(batches: AsyncIterable<readonly CsvRow[]>): AsyncGenerator<TileNews> {
  let group: CsvRow[] = []
  for await (const batch of batches) {
    for (const row of batch) {
      if (group.length > 0 && group[0]?.MGRS_TILE !== row.MGRS_TILE) {
        yield newsOf(group)
        group = []
      }
      group.push(row)
    }
  }
  if (group.length > 0) yield newsOf(group)
}

function newsOf(rows: readonly CsvRow[]): TileNews {
  const told: ReadRow[] = []
  const rejected: TileNews['rejected'][number][] = []
  const etl = { L1C: 0, L2A: 0 }
  for (const row of rows) {
    const read = granuleOfRow(row)
    if (typeof read === 'string') {
      rejected.push({ reason: read, example: rejectedExample(read, row) })
      continue
    }
    told.push(read)
    const { level } = read.granule
    etl[level] = Math.max(etl[level], (row.ETL_TIMESTAMP && readArchiveTime(row.ETL_TIMESTAMP)) || 0)
  }
  const granules = oneOfEach(told)
  const mgrsTile = rows[0]?.MGRS_TILE ?? ''
  const duplicates = told.length - granules.length
  return { mgrsTile, rows: rows.length, granules, duplicates, rejected, etl }
}

function oneOfEach(told: readonly ReadRow[]): ReadRow[] {
  const byName = new Map<string, ReadRow>()
  for (const read of told.toSorted((a, b) => compareSaid(a.granule, b.granule))) {
    const name = `${read.granule.place} ${read.granule.granuleId}`
    if (!byName.has(name)) byName.set(name, read)
  }
  return [...byName.values()]
}
