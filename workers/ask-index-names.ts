import { type IndexRow, readIndexRow } from '../src/index-file/row.ts'
import type { Granule } from '../src/sentinel2/granule.ts'

let lastColumns: readonly unknown[] = []
let last: Granule | undefined

/**
 * The granule of a row as far as the columns tell it that names hang on: cell, sensing, generation, start, stamp,
 * made, orbit, pass, baseline, verbatim. A row's names are asked for more than once.
 */
export function namesOf(columns: readonly unknown[]): Granule {
  if (last && columns.every((value, i) => value === lastColumns[i])) return last
  const [cell, sensing, generation, start, stamp, made, orbit, pass, baseline, verbatim] = columns
  const times = [cell, sensing, generation, 0, start, stamp, made, orbit, pass, baseline]
  const rest = [null, null, null, null, null, null, null, 0, 0, verbatim]
  last = readIndexRow(asIndexRow([...times, ...rest]))
  lastColumns = columns
  return last
}

/** The statements hand over columns of the table as they stand there. */
const asIndexRow = (columns: readonly unknown[]) => columns as unknown as IndexRow
