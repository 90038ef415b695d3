import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openPages, PAGE } from '../../src/index-file/page-file.ts'
import { AT, NUMBERS } from '../../src/index-file/quick-row.ts'
import { type RowCells, rowCells } from '../../src/index-file/row-cells.ts'
import { createTree } from '../../src/index-file/table-tree.ts'
import { query } from '../../src/queries.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

type Row = {
  readonly numbers: readonly number[]
  readonly quality: string | null
  readonly verbatim: string | null
}

const NULLABLE = new Set<number>([AT.start, AT.cloud, AT.west])

/** A number for each column that holds one, by the row's own number the first of its key. */
const rowOf = (cell: number, values: readonly number[], rest: Partial<Row> = {}): Row => ({
  numbers: Array.from({ length: NUMBERS }, (_, n) => {
    if (n === AT.cell) return cell
    const value = values[n % values.length] ?? 0
    return Number.isNaN(value) && !NULLABLE.has(n) ? 0 : value
  }),
  quality: null,
  verbatim: null,
  ...rest,
})

const cellsOf = (rows: readonly Row[]): RowCells =>
  rowCells({
    numbers: Float64Array.from(rows.flatMap(({ numbers }) => numbers)),
    texts: rows.flatMap(({ quality, verbatim }, i) =>
      quality === null && verbatim === null ? [] : [[i, quality, verbatim] as const],
    ),
  })

let files = 0

function emptyIndex(): { readonly file: string; readonly root: number } {
  const file = join(folder.path, `${files++}.sqlite`)
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA page_size = ${PAGE}`)
  db.exec(query('sqlite', 'layout'))
  const root = Number(db.prepare(query('sqlite', 'table-root')).get()?.root)
  db.close()
  return { file, root }
}

/** Rows in a new index as they are written, some at a time; those too long for a page are left out. */
function written(batches: readonly (readonly Row[])[], pages = 0): string {
  const { file, root } = emptyIndex()
  if (pages > 0) truncateSync(file, pages * PAGE)
  const open = openPages(file)
  const tree = createTree(open, root)
  for (const rows of batches) {
    const { cells, lengths } = cellsOf(rows)
    tree.add(cells, lengths)
  }
  tree.finish()
  open.finish()
  open.close()
  return file
}

/** The same as SQLite itself takes it in. */
function inserted(rows: readonly Row[]): string {
  const { file } = emptyIndex()
  const db = new DatabaseSync(file)
  db.exec('BEGIN')
  const insert = db.prepare(query('sqlite', 'insert'))
  for (const { numbers, quality, verbatim } of rows) {
    const values = numbers.map((value) => (Number.isNaN(value) ? null : value))
    insert.run(...values.slice(0, 12), quality, ...values.slice(12, 16), 0, ...values.slice(16), verbatim)
  }
  db.exec('COMMIT')
  db.close()
  return file
}

function readBack(file: string): { readonly rows: unknown[]; readonly integrity: unknown[] } {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const all = db.prepare('SELECT * FROM granule ORDER BY cell, sensing, generation, seq')
    all.setReturnArrays(true)
    const check = db.prepare('PRAGMA integrity_check')
    check.setReturnArrays(true)
    return { rows: all.all(), integrity: check.all().flat() }
  } finally {
    db.close()
  }
}

const EDGES = [
  0,
  1,
  -1,
  2,
  127,
  128,
  -128,
  -129,
  32_767,
  32_768,
  -32_769,
  2 ** 23 - 1,
  2 ** 23,
  -(2 ** 23) - 1,
]
const LARGE = [
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 47 - 1,
  2 ** 47,
  -(2 ** 47) - 1,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
]
const BROKEN = [0.5, -0.1, 45.123456789012, 1.486545743123e9, Number.NaN]

describe('a table that is written page by page', () => {
  test('holds what SQLite would hold, of every width of number and length of text', () => {
    const value = fc.oneof(
      fc.constantFrom(...EDGES, ...LARGE, ...BROKEN),
      fc.integer(),
      fc.double({ noNaN: true }),
    )
    const text = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.string({ maxLength: 600 })),
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            values: fc.array(value, { minLength: 1, maxLength: 17 }),
            quality: text,
            verbatim: text,
          }),
          {
            maxLength: 150,
          },
        ),
        fc.integer({ min: 1, max: 60 }),
        (made, size) => {
          const finite = (values: readonly number[]) =>
            values.map((one) => (Math.abs(one) > Number.MAX_SAFE_INTEGER ? 0.25 : one))
          const rows = made.map(({ values, quality, verbatim }, i) =>
            rowOf(i + 1, finite(values), {
              quality,
              verbatim: verbatim === null ? null : JSON.stringify([verbatim]),
            }),
          )
          const batches = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
            rows.slice(i * size, (i + 1) * size),
          )
          const [ours, theirs] = [readBack(written(batches)), readBack(inserted(rows))]
          expect(ours.integrity).toEqual(['ok'])
          expect(ours.rows).toEqual(theirs.rows)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('is whole for any number of rows, those that just fill a page and a level among them', () => {
    // Seven rows fill a page of any level: eight take a second, 64 a third.
    const verbatim = JSON.stringify(['x'.repeat(1100)])
    const rows = Array.from({ length: 420 }, (_, i) => rowOf(i + 1, [i], { verbatim }))
    for (let count = 0; count <= rows.length; count++) {
      if (count > 70 && count % 16 > 1) continue
      const { rows: read, integrity } = readBack(written([rows.slice(0, count)]))
      expect([count, ...integrity]).toEqual([count, 'ok'])
      expect(read).toHaveLength(count)
    }
  })

  test('does not hang on how the rows come', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => rowOf(i + 1, [i, 4e8 + i]))
    const [all, some] = [readBack(written([rows])), readBack(written(rows.map((row) => [row])))]
    expect(some).toEqual(all)
    expect(all.integrity).toEqual(['ok'])
  })

  test('leaves out the page by which SQLite locks a file, 2^30 bytes from its start', () => {
    const verbatim = JSON.stringify(['x'.repeat(1500)])
    const rows = Array.from({ length: 200 }, (_, i) => rowOf(i + 1, [i], { verbatim }))
    const file = written([rows], 2 ** 30 / PAGE - 10)
    const db = new DatabaseSync(file, { readOnly: true })
    try {
      expect(db.prepare('PRAGMA integrity_check(granule)').all().flatMap(Object.values)).toEqual(['ok'])
      expect(db.prepare('SELECT count(*) AS n, sum(cell) AS cells FROM granule').get()).toEqual({
        n: 200,
        cells: 20_100,
      })
    } finally {
      db.close()
    }
  })

  test('takes no rows out of the order of the table', () => {
    const rows = [rowOf(2, [1]), rowOf(1, [1])]
    expect(() => cellsOf(rows)).toThrow('not in the order of its table')
    expect(() => cellsOf([rowOf(1, [1]), rowOf(1, [1])])).toThrow('not in the order of its table')
  })

  test('leaves rows to SQLite that are too long for a page, as they are inserted', () => {
    const long = rowOf(2, [7, Number.NaN], {
      quality: 'FAILED',
      verbatim: JSON.stringify(['x'.repeat(3000)]),
    })
    const { lengths, long: left } = cellsOf([rowOf(1, [1]), long, rowOf(3, [1])])
    expect(lengths).toHaveLength(2)
    const { file } = emptyIndex()
    const db = new DatabaseSync(file)
    for (const row of left) db.prepare(query('sqlite', 'insert')).run(...row)
    db.close()
    expect(readBack(file)).toEqual(readBack(inserted([long])))
  })
})
