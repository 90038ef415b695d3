import type { TableFacts } from './bigquery-calls.ts'
import type { Bill, Cost } from './port.ts'

/** On demand, US multi-region, from cloud.google.com/bigquery/pricing. */
const DOLLARS_PER_BYTE = 6.25 / 2 ** 40
/** What a query of a table bills at least, and in what steps: 10 MB and 1 MB, from the same page. */
const LEAST_BYTES = 10 * 2 ** 20
const STEP_BYTES = 2 ** 20
/**
 * Tiles that the archive holds granules of: the land and its coasts, a good third of the 56,686 of the grid. The
 * share of the tiles that an area has counts among these, since nobody asks for open sea.
 */
const TILES_WITH_DATA = 20_000

export const bill = (bytesBilled: number): Bill => ({ bytesBilled, dollars: bytesBilled * DOLLARS_PER_BYTE })

/**
 * What a search bills, of a clustered table or of a copy that is: a dry run counts a clustered table as if it
 * were read whole, which is what bounds the bill; what is likely read is the share of its tiles. A time narrows
 * nothing more: the rows of a tile are about a megabyte, less than what BigQuery keeps as one block.
 * @param dryRun bytes that the dry run tells
 * @param tiles tiles that the search names
 * @param table undefined where it could not be looked at
 */
export function costOf(dryRun: number, tiles: number, table: TableFacts | undefined): Cost {
  const cost = bill(dryRun)
  if (!table || dryRun === 0) return cost
  const clustered = isClustered(table)
  const share = Math.min(tiles / TILES_WITH_DATA, 1) * dryRun
  const likely = bill(Math.max(Math.ceil(share / STEP_BYTES) * STEP_BYTES, LEAST_BYTES))
  const making = clustered || table.bytes === undefined ? undefined : bill(table.bytes)
  return { ...cost, clustering: { clustered, likely, making } }
}

/** A table that is clustered by tiles before all else is read in part, as copy-clustered.sql makes it. */
const isClustered = ({ clustering }: TableFacts): boolean => clustering[0]?.toLowerCase() === 'mgrs_tile'
