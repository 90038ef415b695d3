import { LEVELS } from '../sentinel2/bands.ts'
import { tileGrid } from '../sentinel2/tiles.ts'
import { rowOf } from './csv.ts'
import { granuleOfRow, isWideBox, type ReadRow, rejectedExample } from './csv-granule.ts'
import { readArchiveTime } from './fast-times.ts'
import { type Aside, AT, type Cells, cellsOf, NUMBERS, readQuickRow } from './quick-row.ts'
import { COLUMN, type IndexRow, toIndexRow } from './row.ts'
import { note, type RowTally } from './row-tally.ts'

/** Rows of a tile as they were read, NUMBERS of each. */
export type Tile = {
  readonly bytes: Buffer
  readonly numbers: Float64Array
  /** Where the line of each begins. */
  readonly starts: readonly number[]
  /** Those that were read the plain way. */
  readonly plain: ReadonlyMap<
    number,
    { readonly read: ReadRow; readonly index: IndexRow; readonly isWide: boolean }
  >
  readonly moved: readonly boolean[]
}

const LF = 10
const COMMA = 44
const aside: Aside = { etl: 0, isMoved: false }

/** Reads the lines between two places; those that cannot be kept are counted and left out. */
export function readTile(bytes: Buffer, start: number, end: number, tally: RowTally): Tile {
  const rows = countLines(bytes, start, end)
  const numbers = new Float64Array(rows * NUMBERS)
  const starts: number[] = []
  const moved: boolean[] = []
  const plain = new Map<number, { read: ReadRow; index: IndexRow; isWide: boolean }>()
  const cells = cellsIn(bytes, start)
  tally.rows += rows
  let count = 0
  for (let at = start; at < end; ) {
    const stop = bytes.indexOf(LF, at)
    const isQuick =
      cells !== undefined && readQuickRow(bytes, at, stop, cells, numbers, count * NUMBERS, aside)
    if (isQuick) {
      moved.push(aside.isMoved)
      if (aside.etl > 0) noteEtl(tally, numbers[count * NUMBERS + AT.cell] ?? 0, aside.etl)
    } else {
      const row = rowOf(bytes.toString('utf8', at, stop))
      const read = granuleOfRow(row)
      if (typeof read === 'string') {
        note(tally.rejected[read], () => rejectedExample(read, row))
        at = stop + 1
        continue
      }
      const index = toIndexRow(read.granule, { seq: 0, batch: 0, superseded: false }, read.short)
      fill(numbers, count * NUMBERS, index)
      plain.set(count, { read, index, isWide: isWideBox(row) })
      moved.push(row.SOURCE_URL?.endsWith('.SAFE') ?? false)
      noteEtl(tally, index[COLUMN.cell], readArchiveTime(row.ETL_TIMESTAMP ?? '') ?? 0)
    }
    starts.push(at)
    count++
    at = stop + 1
  }
  if (count > 0) tally.tiles++
  return { bytes, numbers: numbers.subarray(0, count * NUMBERS), starts, plain, moved }
}

function noteEtl(tally: RowTally, cell: number, etl: number): void {
  const upTo = tally.upTo[LEVELS[cell % 2] ?? 'L1C']
  upTo.etl = Math.max(upTo.etl, etl)
}

function countLines(bytes: Buffer, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; count++) at = bytes.indexOf(LF, at) + 1
  return count
}

/** The cells of the tile that the first line names as its fourth field; undefined where it is none of the grid. */
function cellsIn(bytes: Buffer, start: number): Cells | undefined {
  let from = start
  for (let commas = 0; commas < 3; commas++) from = bytes.indexOf(COMMA, from) + 1
  const tile = bytes.toString('latin1', from, bytes.indexOf(COMMA, from))
  return tileGrid(tile) ? cellsOf(tile) : undefined
}

/** The guarantee: AT is written out in full, so its keys are all there are. */
const NUMBERED = Object.keys(AT) as (keyof typeof AT)[]

/** The columns of a row that the numbers hold. */
function fill(numbers: Float64Array, at: number, index: IndexRow): void {
  for (const column of NUMBERED) numbers[at + AT[column]] = index[COLUMN[column]] ?? Number.NaN
}

export const number = ({ numbers }: Tile, row: number, which: keyof typeof AT): number =>
  numbers[row * NUMBERS + AT[which]] ?? Number.NaN

/** A row as the plain way reads it. */
export function readAt({ plain, bytes, starts }: Tile, row: number): ReadRow {
  const known = plain.get(row)?.read
  if (known) return known
  const start = starts[row] ?? 0
  const read = granuleOfRow(rowOf(bytes.toString('utf8', start, bytes.indexOf(LF, start))))
  if (typeof read === 'string') throw new Error(`The two ways of reading a row disagree: ${read}.`)
  return read
}
