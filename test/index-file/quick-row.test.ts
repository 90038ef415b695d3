import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { archiveCsv } from '../../bench/archive-csv.ts'
import { rowOf } from '../../src/index-file/csv.ts'
import { granuleOfRow } from '../../src/index-file/csv-granule.ts'
import { readArchiveTime, readStamp } from '../../src/index-file/fast-times.ts'
import { decimalAt, stampAt, timeAt } from '../../src/index-file/quick-digits.ts'
import { AT, cellsOf, NUMBERS, readQuickRow } from '../../src/index-file/quick-row.ts'
import { type IndexRow, toIndexRow } from '../../src/index-file/row.ts'
import { isTileName } from '../../src/sentinel2/names.ts'
import { tileGrid } from '../../src/sentinel2/tiles.ts'

const NEW_ROW = { seq: 0, batch: 0, superseded: false }
/** Columns of the table by the numbers that stand for them. */
const COLUMNS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16] as const

function linesOf(options: Parameters<typeof archiveCsv>[0]): string[] {
  const text = Buffer.concat([...archiveCsv(options)]).toString()
  return text.split('\n').slice(1, -1)
}

/** What the quick way makes of a line; undefined where it leaves it alone. */
function quick(line: string) {
  const bytes = Buffer.from(`${line}\nL1C_T00AAA`)
  const tile = rowOf(line).MGRS_TILE ?? ''
  const into = new Float64Array(NUMBERS)
  const aside = { etl: 0, isMoved: false }
  if (!isTileName(tile) || !tileGrid(tile)) return undefined
  const isQuick = readQuickRow(bytes, 0, Buffer.byteLength(line), cellsOf(tile), into, 0, aside)
  return isQuick ? { numbers: [...into], aside } : undefined
}

/** Fails unless the plain way says the same, names included. @returns whether the quick way said anything */
function compareWays(line: string): boolean {
  const told = quick(line)
  if (!told) return false
  const row = rowOf(line)
  const read = granuleOfRow(row)
  if (typeof read === 'string') throw new Error(`${read}, and the quick way takes it: ${line}`)
  const index: IndexRow = toIndexRow(read.granule, NEW_ROW, read.short)
  const wanted = COLUMNS.map((column) => index[column] ?? Number.NaN)
  const found = told.numbers.slice(0, AT.superseded)
  const same = wanted.every((value, i) => Object.is(value, found[i]))
  if (!same || index[12] !== null || index[19] !== null) {
    throw new Error(`${line}\n${JSON.stringify(index)}\n${found}`)
  }
  expect(told.aside).toEqual({
    etl: readArchiveTime(row.ETL_TIMESTAMP ?? '') ?? 0,
    isMoved: row.SOURCE_URL !== null && !row.SOURCE_URL.endsWith('index.csv.gz'),
  })
  return true
}

describe('a row straight from its bytes', () => {
  test.for([
    { level: 'L1C', columns: 'csv' },
    { level: 'L1C', columns: 'table' },
    { level: 'L2A', columns: 'table' },
  ] as const)('is what the plain way makes of it: $level as $columns', (form) => {
    const lines = linesOf({ rows: 12_000, seed: 5, ...form })
    expect(lines.filter(compareWays).length).toBeGreaterThan(0.95 * lines.length)
  })

  test('is left to the plain way, or the same, whatever letter of it is another', () => {
    const lines = linesOf({ rows: 400, seed: 6, columns: 'table' }).filter((line) => quick(line))
    const odd = fc.constantFrom(...'0123456789ALTZ.,-_:+eE "/\u00e9', '', '00', ',,')
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.nat(), odd, fc.boolean(), (line, place, letter, inserts) => {
        const at = place % line.length
        compareWays(line.slice(0, at) + letter + line.slice(inserts ? at : at + 1))
      }),
      { numRuns: 20_000 },
    )
  })
})

describe('digits in bytes', () => {
  test('are the number that Number makes of them, to the last bit', () => {
    const digits = fc.stringMatching(/^-?\d{0,12}(\.\d{0,12})?$/)
    fc.assert(
      fc.property(digits, (text) => {
        const value = decimalAt(Buffer.from(text), 0, text.length)
        if (!Number.isNaN(value)) expect(value).toBe(Number(text))
        else
          expect(text.replaceAll(/\D/g, '').length === 0 || text.replaceAll(/\D/g, '').length > 15).toBe(true)
      }),
      { numRuns: 5000 },
    )
    for (const text of ['', '-', '.', '+1', '1e5', '0x10', ' 1', '1 ', '1.2.3', '--1', 'NaN']) {
      expect(decimalAt(Buffer.from(text), 0, text.length)).toBeNaN()
    }
  })

  test('are the times that the plain way reads, or none', () => {
    const time = fc
      .tuple(
        fc.integer({ min: 1990, max: 2110 }),
        fc.array(fc.integer({ min: 0, max: 62 }), { minLength: 5, maxLength: 5 }),
        fc.nat({ max: 999_999 }),
      )
      .map(([year, parts, micros]) => {
        const [month, day, hour, minute, second] = parts.map((part) => String(part).padStart(2, '0'))
        return `${year}-${month}-${day}T${hour}:${minute}:${second}.${String(micros).padStart(6, '0')}Z`
      })
    fc.assert(
      fc.property(time, (text) => {
        const quick = timeAt(Buffer.from(text), 0)
        if (!Number.isNaN(quick)) expect(quick).toBe(readArchiveTime(text))
        const stamp = text.slice(0, 19).replaceAll(/[-:]/g, '')
        const seconds = stampAt(Buffer.from(stamp), 0)
        if (!Number.isNaN(seconds)) expect(seconds * 1e6).toBe(readStamp(stamp))
      }),
      { numRuns: 5000 },
    )
    expect(timeAt(Buffer.from('2024-02-29T23:59:59.000001Z'), 0)).toBe(
      Date.UTC(2024, 1, 29, 23, 59, 59) * 1000 + 1,
    )
  })
})
