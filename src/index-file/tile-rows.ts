import { count } from './count-row.ts'
import { orderOf } from './order-tile.ts'
import { NUMBERS } from './quick-row.ts'
import { readTile } from './read-tile.ts'
import { COLUMN } from './row.ts'
import { emptyTally, type RowTally } from './row-tally.ts'
import { settle } from './settle-tile.ts'

/** Rows as they go into the index. */
export type TileRows = {
  /** NUMBERS of each row, in the order of the table; written over when the next rows are made. */
  readonly numbers: Float64Array
  /** Of those rows that have any: the row's number, its quality and its names kept verbatim. */
  readonly texts: readonly (readonly [row: number, quality: string | null, verbatim: string | null])[]
  readonly tally: RowTally
}

/**
 * Makes rows of the index from the lines of whole tiles, as sortLines gives them: reads them, leaves out what is
 * said twice, settles what is superseded.
 * @param lengths bytes of each tile's lines, one tile after another
 */
export function tileRows(lines: Uint8Array, lengths: readonly number[]): TileRows {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
  const tally = emptyTally()
  const all = roomFor(linesIn(bytes) * NUMBERS)
  const texts: TileRows['texts'][number][] = []
  let [start, before] = [0, 0]
  for (const length of lengths) {
    const tile = readTile(bytes, start, start + length, tally)
    const order = orderOf(tile, tally)
    settle(tile, order)
    for (const [i, row] of order.entries()) {
      const { index } = tile.plain.get(row) ?? {}
      if (index && (index[COLUMN.quality] !== null || index[COLUMN.verbatim] !== null)) {
        texts.push([before + i, index[COLUMN.quality], index[COLUMN.verbatim]])
      }
      count(tile, row, tally)
      const [from, to] = [row * NUMBERS, (before + i) * NUMBERS]
      for (let n = 0; n < NUMBERS; n++) all[to + n] = tile.numbers[from + n] ?? 0
    }
    before += order.length
    start += length
  }
  return { numbers: all.subarray(0, before * NUMBERS), texts, tally }
}

/** Room for so many numbers; what was in it is lost. */
function roomFor(length: number): Float64Array {
  if (room.length < length) room = new Float64Array(2 * length)
  return room
}

let room = new Float64Array(0)

function linesIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count++
  return count
}

const LF = 10
