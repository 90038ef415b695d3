import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { csvField } from './csv-field.ts'
import { type BuildSource, nameOfSource, writtenDown } from './csv-sources.ts'
import type { CsvRow } from './index-file/csv.ts'
import { COLUMNS, type CsvSource, inspectCsv } from './index-file/csv-source.ts'

/** Newer rows: CSVs of the archive's form, or rows as they come from elsewhere. */
export type UpdateSource =
  | readonly BuildSource[]
  | {
      /** As the index and the report will name it. */
      readonly name: string
      readonly rows: AsyncIterable<readonly CsvRow[]>
    }

export const sourceNames = (from: UpdateSource): string[] =>
  'rows' in from ? [from.name] : from.map(nameOfSource)

/** The files to read; what comes otherwise is written down in the folder first. @throws {Fault} as writtenDown */
export async function filesOf(
  from: UpdateSource,
  folder: string,
  signal: AbortSignal,
): Promise<readonly CsvSource[]> {
  if (!('rows' in from)) return writtenDown(from, folder, signal)
  const file = join(folder, 'rows.csv')
  await pipeline(linesOf(from.rows), createWriteStream(file), { signal })
  return [await inspectCsv(file, from.name)]
}

async function* linesOf(batches: AsyncIterable<readonly CsvRow[]>): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\n`
  for await (const rows of batches) {
    yield rows.map((row) => `${COLUMNS.map((name) => csvField(row[name])).join(',')}\n`).join('')
  }
}
