import { AT, NUMBERS } from './quick-row.ts'
import { COLUMN } from './row.ts'
import { LONGEST } from './table-tree.ts'
import type { TileRows } from './tile-rows.ts'

/*
 * Rows of the index as cells of its table, in the form of records, 2.1 of sqlite.org/fileformat2.html: the types of
 * all columns, then their values. They are made where the rows are, so that writing them is copying.
 */

/** The values of a row in the order of the table. */
export type RowValues = readonly (number | string | null)[]

export type RowCells = {
  readonly cells: Uint8Array<ArrayBuffer>
  /** Bytes of each. */
  readonly lengths: Uint16Array<ArrayBuffer>
  /** Rows that are too long for a cell, which lie between the others. */
  readonly long: readonly RowValues[]
}

const COLUMNS = Object.keys(COLUMN).length
/** Columns that are no numbers of a row. */
const { quality: QUALITY, batch: BATCH, verbatim: VERBATIM } = COLUMN
/** Bytes of a row without its texts: two lengths, the types and values of eight bytes. */
const MOST = 4 + 9 * COLUMNS
const NO_TEXT = [-1, null, null] as const

let room = new Uint8Array(1 << 20)

/** @throws {Error} where the rows are not in the order of the table, which is a bug */
export function rowCells({ numbers, texts }: Pick<TileRows, 'numbers' | 'texts'>): RowCells {
  const count = numbers.length / NUMBERS
  const lengths = new Uint16Array(count)
  const long: RowValues[] = []
  const rest = texts.values()
  let text = rest.next().value
  let [end, cells] = [0, 0]
  for (let i = 0; i < count; i++) {
    const at = i * NUMBERS
    if (i > 0 && !follows(numbers, at)) throw new Error('Rows of an index are not in the order of its table.')
    const [, quality, verbatim] = text?.[0] === i ? text : NO_TEXT
    if (text?.[0] === i) text = rest.next().value
    const texts = { quality: bytesOf(quality), verbatim: bytesOf(verbatim) }
    const most = MOST + (texts.quality?.length ?? 0) + (texts.verbatim?.length ?? 0)
    if (end + most > room.length) room = enlarged(room, most)
    const length = writeCell(numbers, at, texts, end)
    if (length === 0) long.push(valuesOf(numbers, at, quality, verbatim))
    else lengths[cells++] = length
    end += length
  }
  return { cells: room.slice(0, end), lengths: lengths.slice(0, cells), long }
}

/** Whether a row stands behind the one before it by the key of the table. */
function follows(numbers: Float64Array, at: number): boolean {
  for (let n: number = AT.cell; n <= AT.seq; n++) {
    const [before, after] = [numbers[at + n - NUMBERS] ?? 0, numbers[at + n] ?? 0]
    if (before !== after) return before < after
  }
  return false
}

type Texts = Readonly<Record<'quality' | 'verbatim', Uint8Array | undefined>>

const types = new Uint8Array(NUMBERS)

/** @returns bytes of the cell; 0 where it would be too long */
function writeCell(numbers: Float64Array, from: number, { quality, verbatim }: Texts, at: number): number {
  let body = (quality?.length ?? 0) + (verbatim?.length ?? 0)
  for (let n = 0; n < NUMBERS; n++) {
    const type = typeOf(numbers[from + n] ?? Number.NaN)
    types[n] = type
    body += BYTES[type] ?? 0
  }
  const head = 1 + NUMBERS + 1 + varintBytes(textType(quality)) + varintBytes(textType(verbatim))
  if (head + body > LONGEST) return 0
  let to = writeVarint(at, head + body)
  let values = to + head
  room[to++] = head
  for (let column = 0, n = 0; column < COLUMNS; column++) {
    if (column === BATCH) room[to++] = ZERO
    else if (column === QUALITY || column === VERBATIM) {
      const text = column === QUALITY ? quality : verbatim
      to = writeVarint(to, textType(text))
      if (text) room.set(text, values)
      values += text?.length ?? 0
    } else {
      const type = types[n] ?? 0
      room[to++] = type
      writeValue(values, type, numbers[from + n] ?? 0)
      values += BYTES[type] ?? 0
      n++
    }
  }
  return values - at
}

const NULL = 0
const DOUBLE = 7
const ZERO = 8
const ONE = 9
/** Bytes of the value of each type. */
const BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

/** Whole numbers are kept as such in columns of every affinity. */
function typeOf(value: number): number {
  if (Number.isNaN(value)) return NULL
  if (value === 0) return ZERO
  if (value === 1) return ONE
  if (!Number.isSafeInteger(value)) return DOUBLE
  const size = value < 0 ? -value - 1 : value
  if (size < 0x80) return 1
  if (size < 0x8000) return 2
  if (size < 0x80_0000) return 3
  if (size < 0x8000_0000) return 4
  return size < 0x8000_0000_0000 ? 5 : 6
}

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

/** Big end first. */
function writeValue(at: number, type: number, value: number): void {
  if (type === NULL || type > DOUBLE) return
  if (type === DOUBLE) {
    double[0] = value
    for (let i = 0; i < 8; i++) room[at + i] = doubleBytes[7 - i] ?? 0
    return
  }
  let end = at + (BYTES[type] ?? 0)
  const high = Math.floor(value / 2 ** 32)
  for (let bits = value | 0, i = 0; i < 4 && end > at; i++, bits >>= 8) room[--end] = bits
  for (let bits = high; end > at; bits >>= 8) room[--end] = bits
}

const textType = (text: Uint8Array | undefined): number => (text ? 13 + 2 * text.length : NULL)

const varintBytes = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4

/** @returns where it ends */
function writeVarint(at: number, value: number): number {
  const end = at + varintBytes(value)
  for (let i = end - 1, rest = value, more = 0; i >= at; i--, rest >>= 7, more = 0x80) {
    room[i] = (rest & 0x7f) | more
  }
  return end
}

function enlarged(bytes: Uint8Array, more: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length + more)
  larger.set(bytes)
  return larger
}

const utf8 = new TextEncoder()
const bytesOf = (text: string | null): Uint8Array | undefined =>
  text === null ? undefined : utf8.encode(text)

function valuesOf(
  numbers: Float64Array,
  at: number,
  quality: string | null,
  verbatim: string | null,
): RowValues {
  const row = Array.from(numbers.subarray(at, at + NUMBERS), (value) => (Number.isNaN(value) ? null : value))
  const [before, after] = [row.slice(0, QUALITY), row.slice(QUALITY)]
  return [...before, quality, ...after.slice(0, -1), 0, ...after.slice(-1), verbatim]
}
