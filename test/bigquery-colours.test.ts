import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportColours } from '../src/export-colours.ts'
import { query } from '../src/queries.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { swath } from './cli/swath.ts'
import { type QueryParameter, runQuery } from './stand-ins/bigquery-dialect.ts'
import { loadTables, type Tables } from './stand-ins/bigquery-tables.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const SAMPLE = join(import.meta.dirname, '../sample')
const INDEX = 'my-project.swath.sentinel_2_index'
const COLOURS = 'my-project.swath.colours'
const BOX = ['--bbox', '11,54,15,57']
/** What DuckDB calls the types that the statement declares. */
const TYPES: Readonly<Record<string, RegExp>> = {
  STRING: /^VARCHAR$/,
  TIMESTAMP: /^TIMESTAMP WITH TIME ZONE$/,
  INT64: /^(BIGINT|UTINYINT)$/,
  FLOAT64: /^DOUBLE$/,
}

let folder: Temporary
let file: string
let env: Record<string, string>
let tables: Tables

beforeAll(async () => {
  folder = await temporaryFolder()
  env = { SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }
  file = join(folder.path, 'colours.parquet')
  await swath(['warm', ...BOX], env)
  const store = sqliteStore(join(folder.path, 'store.sqlite'))
  await exportColours({ store, to: file })
  store.close()
  tables = await loadTables({ [INDEX]: { csv: [join(SAMPLE, 'index.csv')] } })
  const connection = await tables.database.connect()
  // Times without a zone, as the stand-in keeps them.
  await connection.run(`SET TimeZone = 'UTC'`)
  await connection.run(`CREATE TABLE "${COLOURS}" AS SELECT * REPLACE (sensing_time::TIMESTAMP AS sensing_time)
    FROM read_parquet('${file}')`)
  // Another's colour of the same granules, older, must not count twice.
  await connection.run(`INSERT INTO "${COLOURS}" SELECT * REPLACE ('elsewhere' AS storage, method - 1 AS method)
    FROM "${COLOURS}"`)
  connection.closeSync()
}, 60_000)
afterAll(() => folder.remove())

test('the statement that loads colours declares the columns of the exported file, in their order', async () => {
  const statement = query('bigquery', 'load-colours')
  const declared = [...statement.matchAll(/^ {2}(\w+) (\w+),?$/gm)].map(
    ([, name, type]) => [name, type] as const,
  )
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${file}'`)).getRows()
  connection.closeSync()
  instance.closeSync()
  expect(declared.map(([name]) => name)).toEqual(rows.map(([name]) => name))
  for (const [i, [name, type]] of declared.entries())
    expect(rows[i]?.[1], name).toMatch(TYPES[type ?? ''] ?? /^$/)
  expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1')
})

const parameter = (name: string, type: string, value: string | number | boolean): QueryParameter => ({
  name,
  parameterType: { type },
  parameterValue: { value },
})

/** Ranked granules with their shares, by what is asked beside a time that holds all. */
async function ranked(asked: Record<string, QueryParameter> = {}): Promise<[id: string, share: number][]> {
  const sql = query('bigquery', 'rank-over-archive')
    .replaceAll('{index}', INDEX)
    .replaceAll('{colours}', COLOURS)
  const given: Record<string, QueryParameter> = {
    band: parameter('band', 'STRING', 'blue'),
    since: parameter('since', 'TIMESTAMP', '2015-01-01T00:00:00Z'),
    until: parameter('until', 'TIMESTAMP', '2030-01-01T00:00:00Z'),
    any_tile: parameter('any_tile', 'BOOL', true),
    tiles: {
      name: 'tiles',
      parameterType: { type: 'ARRAY', arrayType: { type: 'STRING' } },
      parameterValue: { arrayValues: [{ value: '33UUB' }] },
    },
    cloud_max: parameter('cloud_max', 'FLOAT64', 101),
    least_valid: parameter('least_valid', 'FLOAT64', 0),
    source: parameter('source', 'STRING', 'bands'),
    stride: parameter('stride', 'INT64', 16),
    ranked: parameter('ranked', 'INT64', 100),
    ...asked,
  }
  const connection = await tables.database.connect()
  const { rows, fields } = await runQuery(connection, sql, Object.values(given))
  connection.closeSync()
  const share = fields.findIndex(({ name }) => name === 'share')
  return rows.map((row) => [String(row[0]), Number(row[share])])
}

describe('the rank over the archive', () => {
  test.each(['red', 'green', 'blue'])('by %s is that of the index as a file', async (band) => {
    const { stdout } = await swath(
      ['area', ...BOX, '--rank', band, '--sort', 'rank', '--bands', 'B04', '--format', 'csv'],
      env,
    )
    const [head = '', ...lines] = stdout.trimEnd().split(/\r?\n/)
    const score = head.split(',').indexOf('score')
    const expected = lines.map((line) => [line.split(',')[0], Number(line.split(',')[score])] as const)
    const found = await ranked({ band: parameter('band', 'STRING', band) })
    expect(expected.length).toBeGreaterThan(5)
    // The sample holds a granule of the other level, which an area leaves out, and older products of an acquisition.
    const wanted = new Set(expected.map(([id]) => id))
    expect(found.filter(([id]) => wanted.has(id)).map(([id]) => id)).toEqual(expected.map(([id]) => id))
    for (const [id, share] of expected)
      expect(found.find(([other]) => other === id)?.[1]).toBeCloseTo(share, 5)
    expect(new Set(found.map(([id]) => id)).size).toBe(found.length)
  })

  test('keeps to tiles, clouds, time and what is valid', async () => {
    const all = await ranked()
    const inTile = await ranked({ any_tile: parameter('any_tile', 'BOOL', false) })
    expect(inTile.length).toBeGreaterThan(0)
    expect(inTile.length).toBeLessThan(all.length)
    expect(inTile.every(([id]) => id.includes('T33UUB'))).toBe(true)
    const clear = await ranked({ cloud_max: parameter('cloud_max', 'FLOAT64', 5) })
    expect(clear.length).toBeGreaterThan(0)
    expect(clear.length).toBeLessThan(all.length)
    expect(await ranked({ until: parameter('until', 'TIMESTAMP', '2015-02-01T00:00:00Z') })).toEqual([])
    expect(await ranked({ least_valid: parameter('least_valid', 'FLOAT64', 1.1) })).toEqual([])
    expect(await ranked({ stride: parameter('stride', 'INT64', 32) })).toEqual([])
    expect(await ranked({ ranked: parameter('ranked', 'INT64', 2) })).toEqual(all.slice(0, 2))
  })
})
