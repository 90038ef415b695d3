import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from '../store/colour-samples.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { swath } from './swath.ts'

let folder: Temporary
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'store.sqlite')
})
afterEach(() => folder.remove())

async function fill(): Promise<void> {
  const store = sqliteStore(file)
  for (const n of [1, 2, 3]) await store.colours('gs://a').put(granuleOf(n), STRIDE_16, colourOfNumber(n))
  store.close()
}

const colours = (...argv: readonly string[]) => swath(['colours', ...argv], { SWATH_STORE: `sqlite:${file}` })

describe('swath colours export', () => {
  test.for(['csv', 'ndjson', 'parquet'])('makes a file of the store: %s', async (form) => {
    await fill()
    const to = join(folder.path, `c.${form}`)
    const { code, stdout, stderr } = await colours('export', '--to', to)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toBe(`${to}: 3 colours of the store ${file}\n`)
    const start = { csv: 'storage,', ndjson: '{"storage":"gs://a"', parquet: 'PAR1' }[form] ?? ''
    expect(readFileSync(to, 'latin1').startsWith(start)).toBe(true)
  })

  test('of a store that is not there is refused with its name, and nothing is made', async () => {
    file = join(folder.path, 'mistyped/store.sqlite')
    const { code, stdout, stderr } = await colours('export', '--to', join(folder.path, 'c.csv'))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^swath: There is no store .*mistyped\/store\.sqlite.* SWATH_STORE=sqlite:<file>/)
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('of an empty store says that there is nothing in it', async () => {
    sqliteStore(file).close()
    const to = join(folder.path, 'c.csv')
    const { code, stderr } = await colours('export', '--to', to)
    expect(code).toBe(0)
    expect(stderr).toBe(`${to}: no rows, since the store ${file} remembers no colours; swath warm fills it\n`)
    expect(readFileSync(to, 'utf8')).toMatch(/^storage,[\w,]+,made_at\r\n$/)
  })

  test('of a store with rows that hold no colour is partial', async () => {
    await fill()
    const db = new DatabaseSync(file)
    db.exec(`UPDATE colour SET sampled = 0 WHERE granule_id LIKE '%A000002%'`)
    db.close()
    const { code, stderr } = await colours('export', '--to', join(folder.path, 'c.csv'))
    expect(code).toBe(3)
    expect(stderr).toContain('2 colours')
    expect(stderr).toContain('left out, since they hold no colour: 1 row of the store')
  })

  test('refuses another ending and a lack of --to as wrong usage', async () => {
    const to = join(folder.path, 'c.xlsx')
    const other = await colours('export', '--to', to)
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/c\.xlsx ends in none of \.csv, \.ndjson, \.parquet/)
    expect(existsSync(to)).toBe(false)
    expect((await colours('export')).code).toBe(2)
  })

  test('names a place that cannot be written', async () => {
    await fill()
    const { code, stderr } = await colours('export', '--to', join(folder.path, 'none/c.csv'))
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^swath: .*none\/c\.csv cannot be written: the folder .*\/none is not there\. Nothing was changed\.\n$/,
    )
  })
})
