import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportColours } from '../src/export-colours.ts'
import type { Store } from '../src/store/port.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from './store/colour-samples.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
let store: Store
beforeEach(async () => {
  folder = await temporaryFolder()
  mkdirSync(join(folder.path, 'out'))
  store = sqliteStore(join(folder.path, 'store.sqlite'))
})
afterEach(() => {
  store.close()
  return folder.remove()
})

const out = (name: string): string => join(folder.path, 'out', name)
const HEADER =
  'storage,granule_id,product_id,mgrs_tile,sensing_time,source,stride,colour,red,green,blue,valid,sampled,method,made_at'
/** A storage's name is what a user wrote: it may hold all that a CSV must quote. */
const STRANGE = 'gs://a at http://x/?a="b",c\nd'

/** One of bands, half lit, and one preview of a strange storage. */
async function fill(): Promise<void> {
  const lit = { red: 0.3558 / 2, green: 0.5, blue: -0.01, valid: 0.75, sampled: 471_969 }
  await store.colours('gs://a').put(granuleOf(1), STRIDE_16, lit)
  const shown = { red: 1, green: 0.5, blue: 0, valid: 1, sampled: 117_649 }
  await store.colours(STRANGE).put(granuleOf(2), { source: 'preview' }, shown)
}

const MADE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g

/** Rows as DuckDB understands them, numbers as they are and times as text. */
async function rowsOf(source: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(`SELECT * FROM ${source}`)
  const rows = reader.getRowObjectsJson()
  connection.closeSync()
  instance.closeSync()
  return rows
}

const FIRST = {
  storage: 'gs://a',
  granule_id: 'L1C_T33UUB_A000001_20180101T105441',
  product_id: 'S2A_MSIL1C_20180101T105441_N0206_R051_T33UUB_20180101T000001',
  mgrs_tile: '33UUB',
  sensing_time: '2018-01-01T10:54:41.000001Z',
  source: 'bands',
  stride: 16,
  colour: '#80ff00',
  red: 0.1779,
  green: 0.5,
  blue: -0.01,
  valid: 0.75,
  sampled: 471_969,
  method: 1,
}

describe('an export', () => {
  test('as CSV quotes what must be quoted and leaves empty what is not there', async () => {
    await fill()
    expect(await exportColours({ store, to: out('c.csv') })).toEqual({ colours: 2, unreadable: 0 })
    const text = readFileSync(out('c.csv'), 'utf8').replaceAll(MADE, '<made>')
    const { granuleId, productId } = granuleOf(2)
    expect(text).toBe(
      [
        HEADER,
        `${Object.values(FIRST).join(',')},<made>`,
        `"gs://a at http://x/?a=""b"",c\nd",${granuleId},${productId},33UUB,2018-01-01T10:54:41.000002Z,` +
          'preview,,#ff8000,1,0.5,0,1,117649,1,<made>',
        '',
      ].join('\r\n'),
    )
  })

  test('as NDJSON is one object a line', async () => {
    await fill()
    await exportColours({ store, to: out('c.ndjson') })
    const lines = readFileSync(out('c.ndjson'), 'utf8').split('\n')
    expect(lines.length).toBe(3)
    const [first, second] = lines.slice(0, 2).map((line) => JSON.parse(line))
    expect(first).toEqual({ ...FIRST, made_at: expect.stringMatching(MADE) })
    expect(Object.keys(first)).toEqual(HEADER.split(','))
    expect(second).toMatchObject({ storage: STRANGE, source: 'preview', stride: null, colour: '#ff8000' })
  })

  test('as Parquet is read by DuckDB with the types of its columns', async () => {
    await fill()
    await exportColours({ store, to: out('c.parquet') })
    const rows = await rowsOf(`'${out('c.parquet')}'`)
    expect(rows).toEqual([
      {
        ...FIRST,
        sensing_time: expect.stringMatching(/^2018-01-01 \d\d:54:41\.000001/),
        sampled: '471969',
        method: '1',
        made_at: expect.any(String),
      },
      expect.objectContaining({ storage: STRANGE, stride: null, red: 1, colour: '#ff8000' }),
    ])
    const types = await rowsOf(`(DESCRIBE SELECT * FROM '${out('c.parquet')}')`)
    expect(types).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ column_name: 'sensing_time', column_type: 'TIMESTAMP WITH TIME ZONE' }),
        expect.objectContaining({ column_name: 'stride', column_type: 'UTINYINT' }),
        expect.objectContaining({ column_name: 'red', column_type: 'DOUBLE' }),
      ]),
    )
    const utc = await rowsOf(`(SELECT epoch_us(sensing_time)::VARCHAR AS us FROM '${out('c.parquet')}')`)
    expect(utc).toEqual([1, 2].map((n) => ({ us: String(granuleOf(n).sensingTime) })))
  })

  test('of many colours holds each of them once, in all three forms the same', async () => {
    const numbers = Array.from({ length: 5001 }, (_, n) => n)
    await Promise.all(
      numbers.map((n) => store.colours('gs://a').put(granuleOf(n), STRIDE_16, colourOfNumber(n))),
    )
    const told: number[] = []
    const reports = []
    for (const form of ['csv', 'ndjson', 'parquet']) {
      const to = out(`many.${form}`)
      reports.push(await exportColours({ store, to, onProgress: (colours) => told.push(colours) }))
    }
    expect(reports).toEqual(reports.map(() => ({ colours: 5001, unreadable: 0 })))
    expect(told.length).toBeGreaterThan(20)
    const expected = numbers.map((n) => ({ granule_id: granuleOf(n).granuleId, ...colourOfNumber(n) }))
    const columns = '(SELECT granule_id, red, green, blue, valid, sampled::INTEGER AS sampled FROM'
    expect(await rowsOf(`${columns} '${out('many.parquet')}')`)).toEqual(expected)
    expect(await rowsOf(`${columns} read_csv('${out('many.csv')}'))`)).toEqual(expected)
    const lines = readFileSync(out('many.ndjson'), 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject(expected)
  })

  test('of nothing is a file without rows', async () => {
    for (const form of ['csv', 'ndjson', 'parquet']) {
      expect(await exportColours({ store, to: out(`c.${form}`) })).toEqual({ colours: 0, unreadable: 0 })
    }
    expect(readFileSync(out('c.csv'), 'utf8')).toBe(`${HEADER}\r\n`)
    expect(readFileSync(out('c.ndjson'), 'utf8')).toBe('')
    expect(await rowsOf(`'${out('c.parquet')}'`)).toEqual([])
    expect(await rowsOf(`(SELECT column_name FROM (DESCRIBE SELECT * FROM '${out('c.parquet')}'))`)).toEqual(
      HEADER.split(',').map((column_name) => ({ column_name })),
    )
  })

  test('leaves out rows that hold no colour, and counts them', async () => {
    await fill()
    const db = new DatabaseSync(join(folder.path, 'store.sqlite'))
    db.exec(`UPDATE colour SET valid = 2 WHERE storage = 'gs://a'`)
    db.close()
    expect(await exportColours({ store, to: out('c.ndjson') })).toEqual({ colours: 1, unreadable: 1 })
    expect(readFileSync(out('c.ndjson'), 'utf8')).not.toContain('"gs://a"')
  })
})

describe('the file that stood at the target', () => {
  test('is replaced, through a link too, and nothing else is left in its folder', async () => {
    await fill()
    writeFileSync(out('c.csv'), 'old')
    symlinkSync(out('c.csv'), join(folder.path, 'link.csv'))
    await exportColours({ store, to: join(folder.path, 'link.csv') })
    expect(readFileSync(out('c.csv'), 'utf8')).toContain(HEADER)
    expect(
      readdirSync(folder.path, { withFileTypes: true })
        .find(({ name }) => name === 'link.csv')
        ?.isSymbolicLink(),
    ).toBe(true)
    expect(readdirSync(join(folder.path, 'out'))).toEqual(['c.csv'])
  })

  test.for(['csv', 'ndjson', 'parquet'])('stays when the export fails or is stopped: %s', async (form) => {
    await Promise.all(
      Array.from({ length: 3000 }, (_, n) =>
        store.colours('gs://a').put(granuleOf(n), STRIDE_16, colourOfNumber(n)),
      ),
    )
    writeFileSync(out(`c.${form}`), 'old')
    const stop = new AbortController()
    const stopped = exportColours({
      store,
      to: out(`c.${form}`),
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
    const db = new DatabaseSync(join(folder.path, 'store.sqlite'))
    db.exec('ALTER TABLE colour RENAME TO lost')
    db.close()
    const failed = exportColours({ store, to: out(`c.${form}`) })
    await expect(failed).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/store\.sqlite cannot be read/),
    })
    expect(readFileSync(out(`c.${form}`), 'utf8')).toBe('old')
    expect(readdirSync(join(folder.path, 'out'))).toEqual([`c.${form}`])
  })

  test('may be a folder or in none that can be written: a sentence names it', async () => {
    mkdirSync(out('c.csv'))
    const to = (file: string) => exportColours({ store, to: file })
    await expect(to(out('c.csv'))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/c\.csv .* not a file/),
    })
    await expect(to(out('none/c.csv'))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(
        /none\/c\.csv cannot be written: the folder .*\/none is not there\. Nothing/,
      ),
    })
    writeFileSync(out('file'), '')
    await expect(to(out('file/c.csv'))).rejects.toThrow(/written: .*\/out\/file is not a folder\. Nothing/)
    await expect(to('/proc/c.csv')).rejects.toMatchObject({
      code: 'misconfigured',
      message: '/proc/c.csv cannot be written: no file can be made in the folder /proc. Nothing was changed.',
    })
  })

  test.for(['c.txt', 'c', 'csv', 'c.csv.gz'])('has to tell its form: %s', async (name) => {
    const refused = exportColours({ store, to: out(name) })
    await expect(refused).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(/\.parquet/),
    })
    expect(readdirSync(join(folder.path, 'out'))).toEqual([])
  })

  test('is not beside what a killed export left behind', async () => {
    mkdirSync(out('.c.csv.exporting-999999999-abc'))
    mkdirSync(out('.other.csv.exporting-999999999-abc'))
    await exportColours({ store, to: out('c.csv') })
    expect(readdirSync(join(folder.path, 'out'))).toEqual(['.other.csv.exporting-999999999-abc', 'c.csv'])
  })
})
