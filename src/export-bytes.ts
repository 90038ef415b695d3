import { baseUrl, NDJSON } from './export-lines.ts'
import {
  writeFour,
  writeMillionths,
  writeSix,
  writeStampAt,
  writeText,
  writeThree,
  writeTimeAt,
  writeTwo,
} from './index-file/quick-digits.ts'
import { COLUMN, type IndexRow, readIndexRow, tileOfCell } from './index-file/row.ts'
import { tilePrefix } from './sentinel2/granule.ts'

/** Bytes that go out together. */
const PIECE = 1 << 18
/** Bytes of a line at most whose names are put together from numbers; some 600 are usual. */
const LONGEST = 1 << 10

/**
 * The lines of NDJSON in export-lines.ts as bytes, made from the rows of an index without granules and texts in
 * between, which costs a third. Rows with anything unusual go the plain way.
 * @param count told of the granules of each piece
 */
export function* jsonBytes(
  pieces: Iterable<readonly IndexRow[]>,
  count: (more: number) => void,
): Generator<Buffer> {
  let bytes = Buffer.allocUnsafeSlow(PIECE)
  let end = 0
  let forms: Forms | undefined
  for (const rows of pieces) {
    for (const row of rows) {
      const plain = isUsual(row) ? undefined : Buffer.from(plainLine(row))
      if (end + (plain?.length ?? LONGEST) > PIECE) {
        yield bytes.subarray(0, end)
        bytes = Buffer.allocUnsafeSlow(Math.max(PIECE, plain?.length ?? 0))
        end = 0
      }
      if (plain) {
        bytes.set(plain, end)
        end += plain.length
      } else {
        if (forms?.cell !== row[COLUMN.cell]) forms = formsOf(row[COLUMN.cell])
        end = writeLine(bytes, end, row, forms)
      }
    }
    count(rows.length)
  }
  if (end > 0) yield bytes.subarray(0, end)
}

const plainLine = (row: IndexRow): string =>
  NDJSON.line(readIndexRow(row), { coverage: undefined, composed: row[COLUMN.verbatim] === null })

const HALF_TURN = 180e6

/** Whether its names follow from numbers, and it has a usual quality and a box inside the antimeridian. */
function isUsual(row: IndexRow): boolean {
  const [west, east] = [row[COLUMN.west], row[COLUMN.east]]
  if (row[COLUMN.verbatim] !== null || row[COLUMN.quality] !== null || west === null || east === null)
    return false
  return west >= -HALF_TURN && east <= HALF_TURN && west < HALF_TURN
}

const TIME = '"sensing_time":"'
const HEAD =
  '{"granule_id":"L1C_T33UUB_A008527_20170208T092143",' +
  '"product_id":"S2A_MSIL1C_20170208T092131_N0204_R093_T33UUB_20170208T092143",' +
  `"level":"L1C","mgrs_tile":"33UUB",${TIME}`
const GENERATED = Buffer.from(',"generation_time":')
const NULL = Buffer.from('null')
const TAKE =
  ',"processing_baseline":"02.04","datatake_identifier":"GS2A_20170208T092131_008527_N02.04","cloud_cover":'
const SIZE = Buffer.from(',"geometric_quality_flag":"PASSED","total_size":')
const [GRANULE, PRODUCT, BASELINE, DATATAKE] = [
  HEAD.indexOf('L1C_'),
  HEAD.indexOf('S2A_'),
  TAKE.indexOf('02.04'),
  TAKE.indexOf('GS2A_'),
] as const
/** Letters of a product's name. */
const NAME = 60
/** Satellites count from A. */
const LETTER_A = 65
const [QUOTE, COMMA, POINT] = [34, 44, 46] as const
const ENDING = Buffer.from(']}\n')

/** What the lines of a tile have in common; digits of the rows' own are written over those that stand in it. */
type Forms = {
  readonly cell: number
  readonly head: Buffer
  readonly take: Buffer
  readonly place: Buffer
  /** Where the product's name stands in the place. */
  readonly name: number
}

function formsOf(cell: number): Forms {
  const { level, mgrsTile } = tileOfCell(cell)
  const own = (text: string) => Buffer.from(text.replaceAll('L1C', level).replaceAll('33UUB', mgrsTile))
  const before = `,"base_url":"${baseUrl(tilePrefix(level, mgrsTile))}`
  const place = Buffer.from(`${before}${'x'.repeat(NAME)}.SAFE","bbox":[`)
  return { cell, head: own(HEAD), take: own(TAKE), place, name: before.length }
}

/** @returns where the line ends */
function writeLine(bytes: Buffer, start: number, row: IndexRow, { head, take, place, name }: Forms): number {
  const [sensing, generation] = [row[COLUMN.sensing], row[COLUMN.generation]]
  const { begun, stamped, made, orbit, satellite, relativeOrbit, baseline } = numbersOf(row)
  const [granule, product] = [start + GRANULE, start + PRODUCT]
  bytes.set(head, start)
  writeSix(bytes, granule + 12, orbit)
  writeStampAt(bytes, granule + 19, stamped)
  bytes[product + 2] = LETTER_A + satellite
  writeStampAt(bytes, product + 11, begun)
  writeFour(bytes, product + 28, baseline)
  writeThree(bytes, product + 34, relativeOrbit)
  writeStampAt(bytes, product + 45, made)
  let end = writeTimeAt(bytes, start + head.length, sensing)
  bytes[end++] = QUOTE
  end = append(bytes, end, GENERATED)
  if (generation === 0) end = append(bytes, end, NULL)
  else {
    bytes[end] = QUOTE
    end = writeTimeAt(bytes, end + 1, Math.round(generation * 1e6))
    bytes[end++] = QUOTE
  }
  const [version, datatake] = [end + BASELINE, end + DATATAKE]
  end = append(bytes, end, take)
  writeBaseline(bytes, version, baseline)
  bytes[datatake + 3] = LETTER_A + satellite
  writeStampAt(bytes, datatake + 5, begun)
  writeSix(bytes, datatake + 21, orbit)
  writeBaseline(bytes, datatake + 29, baseline)
  end = writeText(bytes, end, String(row[COLUMN.cloud]))
  end = append(bytes, end, SIZE)
  end = writeText(bytes, end, String(row[COLUMN.size]))
  const named = end + name
  end = append(bytes, end, place)
  bytes.copyWithin(named, product, product + NAME)
  return append(bytes, writeBox(bytes, end, row), ENDING)
}

/** The numbers of a row's names, in whole seconds since 1970 where they are times; see short-names.ts. */
function numbersOf(row: IndexRow) {
  const begun = Math.floor(row[COLUMN.sensing] / 1e6) - (row[COLUMN.start] ?? 0)
  const pass = row[COLUMN.pass] ?? 0
  const satellite = (pass / 1000) | 0
  return {
    begun,
    stamped: begun + (row[COLUMN.stamp] ?? 0),
    made: Math.floor(Math.round(row[COLUMN.generation] * 1e6) / 1e6) - (row[COLUMN.made] ?? 0),
    orbit: row[COLUMN.orbit] ?? 0,
    satellite,
    relativeOrbit: pass - satellite * 1000,
    baseline: row[COLUMN.baseline] ?? 0,
  }
}

/** `04.00` for 400. */
function writeBaseline(bytes: Buffer, at: number, baseline: number): void {
  const version = (baseline / 100) | 0
  writeTwo(bytes, at, version)
  bytes[at + 2] = POINT
  writeTwo(bytes, at + 3, baseline - version * 100)
}

function writeBox(bytes: Buffer, at: number, row: IndexRow): number {
  let end = writeMillionths(bytes, at, row[COLUMN.west] ?? 0)
  for (const edge of [row[COLUMN.south], row[COLUMN.east], row[COLUMN.north]]) {
    bytes[end] = COMMA
    end = writeMillionths(bytes, end + 1, edge ?? 0)
  }
  return end
}

function append(bytes: Buffer, at: number, more: Uint8Array): number {
  bytes.set(more, at)
  return at + more.length
}
