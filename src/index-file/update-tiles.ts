import type { Micros } from '../sentinel2/time.ts'
import type { CsvRow } from './csv.ts'
import { granuleOfRow, type ReadRow, type Rejection, rejectedExample } from './csv-granule.ts'
import { readArchiveTime } from './fast-times.ts'
import { compareSaid } from './said-twice.ts'

/** What the rows of a tile say. */
export type TileNews = {
  readonly mgrsTile: string
  readonly rows: number
  /** One of each granule, of both levels. */
  readonly granules: readonly ReadRow[]
  /** Rows of granules that another row is of, too. */
  readonly duplicates: number
  readonly rejected: readonly { readonly reason: Rejection; readonly example: string }[]
  /** When the last of the rows came into BigQuery's table; 0 where they do not tell. */
  readonly etl: Micros
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
  let newestEtl = 0
  for (const row of rows) {
    const etl = (row.ETL_TIMESTAMP && readArchiveTime(row.ETL_TIMESTAMP)) || 0
    const read = granuleOfRow(row)
    if (typeof read === 'string') rejected.push({ reason: read, example: rejectedExample(read, row) })
    else told.push(read)
    newestEtl = Math.max(newestEtl, etl)
  }
  const granules = oneOfEach(told)
  const mgrsTile = rows[0]?.MGRS_TILE ?? ''
  const duplicates = told.length - granules.length
  return { mgrsTile, rows: rows.length, granules, duplicates, rejected, etl: newestEtl }
}

function oneOfEach(told: readonly ReadRow[]): ReadRow[] {
  const byName = new Map<string, ReadRow>()
  for (const read of told.toSorted((a, b) => compareSaid(a.granule, b.granule))) {
    const name = `${read.granule.place} ${read.granule.granuleId}`
    if (!byName.has(name)) byName.set(name, read)
  }
  return [...byName.values()]
}
