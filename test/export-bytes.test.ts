import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { jsonBytes } from '../src/export-bytes.ts'
import { NDJSON } from '../src/export-lines.ts'
import { readRows } from '../src/index-file/export-rows.ts'
import { COLUMN, type IndexRow, readIndexRow } from '../src/index-file/row.ts'
import { archiveRow, LONG_FORM_ROW, writeCsv } from './archive.ts'
import { ROWS } from './contracts/catalog.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

/** The line of a row by way of its granule. */
const lineOf = (row: IndexRow): string =>
  NDJSON.line(readIndexRow(row), { coverage: undefined, composed: false })

const textOf = (rows: readonly IndexRow[]): string =>
  Buffer.concat([...jsonBytes([rows], () => {})]).toString()

async function rowsOf(archive: Parameters<typeof writeCsv>[1]): Promise<IndexRow[]> {
  const to = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), archive)], to })
  return [...readRows(to)].flat()
}

test('bytes made from rows are those of the lines of their granules', async () => {
  const rows = await rowsOf([
    ...ROWS,
    LONG_FORM_ROW,
    archiveRow({ tile: '33UUB', start: '2024-02-29T23:59:59Z' }),
    archiveRow({ tile: '18TWL', start: '2019-12-31T00:00:00Z', level: 'L2A' }),
    archiveRow({ tile: '01KAB', start: '2017-06-01T10:00:00Z' }),
  ])
  expect(rows.length).toBeGreaterThan(ROWS.length)
  expect(textOf(rows)).toBe(rows.map(lineOf).join(''))
})

test('whatever the numbers of a row: micros, no generation, no cloud, no size, edges near zero and at the antimeridian', async () => {
  const [row] = await rowsOf([archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })])
  if (!row) throw new Error('no row')
  expect(row[COLUMN.verbatim]).toBeNull()
  const changed = (values: Partial<Record<keyof typeof COLUMN, number | string | null>>): IndexRow =>
    asRow(
      row.map((value, i) => {
        const [name] = Object.entries(COLUMN).find(([, at]) => at === i) ?? []
        return name !== undefined && name in values ? values[asColumn(name)] : value
      }),
    )
  const rows = [
    changed({ sensing: row[COLUMN.sensing] + 123_456, generation: row[COLUMN.generation] + 0.000007 }),
    changed({ sensing: row[COLUMN.sensing] + 123_000, generation: row[COLUMN.generation] + 0.5 }),
    changed({ generation: 0, made: -row[COLUMN.generation] }),
    changed({ cloud: null, size: null }),
    changed({ cloud: 1e-7, size: 7_234_567_890 }),
    changed({ cloud: 12.345678901234567 }),
    changed({ west: -1, south: -999_999, east: 1, north: 1_000_000 }),
    changed({ west: -180_000_000, east: 180_000_000 }),
    changed({ west: 179_000_000, east: 181_000_000 }),
    changed({ west: 181_000_000, east: 182_000_000 }),
    changed({ west: null, south: null, east: null, north: null }),
    changed({ quality: '' }),
    changed({ quality: 'FAILED "é"' }),
    changed({ pass: 3143, baseline: 511, orbit: 7 }),
  ]
  expect(textOf(rows)).toBe(rows.map(lineOf).join(''))
})

test('pieces are of a size, end with whole lines and lose none', async () => {
  const rows = await rowsOf(
    Array.from({ length: 1500 }, (_, i) =>
      archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2018, 0, 1) + i * 3_600_000).toISOString() }),
    ),
  )
  let counted = 0
  const pieces = [
    ...jsonBytes([rows.slice(0, 700), rows.slice(700)], (more) => {
      counted += more
    }),
  ]
  expect(counted).toBe(1500)
  expect(pieces.length).toBeGreaterThan(2)
  for (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(1 << 18)
    expect(piece.at(-1)).toBe(10)
  }
  expect(Buffer.concat(pieces).toString()).toBe(rows.map(lineOf).join(''))
})

/** As many values as a row has, each of its column. */
const asRow = (values: readonly unknown[]) => values as unknown as IndexRow

/** Of the keys of COLUMN alone. */
const asColumn = (name: string) => name as keyof typeof COLUMN
