import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeArchiveCsv } from '../../bench/archive-csv.ts'
import { type ArchiveRow, HEADER } from '../archive.ts'
import { families } from './families.ts'

/**
 * CSVs of the archive's form, of so many rows in all: L1C packed, with the columns of index.csv.gz, L2A with
 * those of BigQuery's table, and families, of which a thinned archive has next to none.
 */
export async function writeCorpus(folder: string, rows: number, seed: number): Promise<string[]> {
  const l2a = Math.round(rows * 0.2)
  const more = Math.round(rows * 0.25)
  const first = join(folder, 'l1c.csv.gz')
  const second = join(folder, 'l2a.csv')
  const third = join(folder, 'families.csv')
  await writeArchiveCsv(first, { rows: rows - l2a - more, seed })
  await writeArchiveCsv(second, { rows: l2a, seed: seed + 1, level: 'L2A', columns: 'table' })
  await pipeline(Readable.from(lines(families(more, seed + 2))), createWriteStream(third))
  return [first, second, third]
}

const PIECE = 1 << 16

function* lines(rows: Iterable<ArchiveRow>): Generator<string> {
  let text = `${HEADER.join(',')}\n`
  for (const row of rows) {
    text += `${HEADER.map((name) => row[name] ?? '').join(',')}\n`
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield text
}
