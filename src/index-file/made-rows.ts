import { type RowCells, rowCells } from './row-cells.ts'
import type { RowTally } from './row-tally.ts'
import { tileRows } from './tile-rows.ts'

/** Rows as they are written, and what became of those that were read. */
export type MadeRows = RowCells & { readonly tally: RowTally }

/** As tileRows. */
export function madeRows(lines: Uint8Array, lengths: readonly number[]): MadeRows {
  const rows = tileRows(lines, lengths)
  return { ...rowCells(rows), tally: rows.tally }
}
