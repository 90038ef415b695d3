import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { type ParquetRows, writeParquet } from '../../src/files/parquet.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, `it's [one].parquet`)
})
afterEach(() => folder.remove())

async function ask(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson()
  connection.closeSync()
  instance.closeSync()
  return rows
}

const quoted = (text: string) => `'${text.replaceAll("'", "''").replaceAll('[', '[[]')}'`
const write = (options: Omit<Parameters<typeof writeParquet>[0], 'file' | 'spill' | 'signal'>) =>
  writeParquet({ file, spill: join(folder.path, 'spill'), signal: new AbortController().signal, ...options })

describe('a Parquet file', () => {
  test('holds every type, null in any, and structs, in the order of the rows', async () => {
    await write({
      columns: {
        t: 'VARCHAR',
        b: 'BLOB',
        d: 'DOUBLE',
        n: 'BIGINT',
        u: 'UTINYINT',
        at: 'TIMESTAMPTZ',
        s: { x: 'DOUBLE', y: 'VARCHAR' },
      },
      rows: [
        [
          ['ä"\n'],
          [Uint8Array.of(0, 255)],
          [-0.1],
          [Number.MAX_SAFE_INTEGER],
          [255],
          [1_500_000_000_123_456],
          [1],
          ['y'],
        ],
        [[null], [null], [null], [null], [null], [null], [null], [null]],
      ],
    })
    expect(await ask(`SELECT t, b, d, n, u, epoch_us("at") AS "at", s FROM ${quoted(file)}`)).toEqual([
      {
        t: 'ä"\n',
        b: '\\x00\\xFF',
        d: -0.1,
        n: '9007199254740991',
        u: 255,
        at: '1500000000123456',
        s: { x: 1, y: 'y' },
      },
      { t: null, b: null, d: null, n: null, u: null, at: null, s: { x: null, y: null } },
    ])
  })

  test('keeps its rows in their order, however many come at a time', async () => {
    let next = 0
    function* rows(): Generator<ParquetRows> {
      for (const count of [1, 0, 5000, 2048, 60_000]) yield [Array.from({ length: count }, () => next++)]
    }
    await write({ columns: { n: 'BIGINT' }, rows: rows() })
    const check = `SELECT count(*)::INT AS rows, bool_and(n = file_row_number) AS sorted
      FROM read_parquet(${quoted(file)}, file_row_number = true)`
    expect(await ask(check)).toEqual([{ rows: 67_049, sorted: true }])
    const groups = await ask(
      `SELECT DISTINCT row_group_num_rows::INT AS n FROM parquet_metadata(${quoted(file)})`,
    )
    expect(groups.length).toBe(2)
  })

  test('says of itself what is known only behind its last row', async () => {
    let told = 0
    function* rows(): Generator<ParquetRows> {
      yield [[1, 2, 3]]
      told = 3
    }
    const metadata = { key: 'about', room: 40, value: () => JSON.stringify({ told }) }
    await write({ columns: { n: 'BIGINT' }, rows: rows(), metadata })
    const said = await ask(
      `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${quoted(file)})`,
    )
    expect(said).toEqual([{ key: 'about', value: '{"told":3}'.padEnd(40) }])
    expect(await ask(`SELECT sum(n)::INT AS sum FROM ${quoted(file)}`)).toEqual([{ sum: 6 }])
  })

  test('is refused where what it says of itself is longer than its room', async () => {
    const metadata = { key: 'about', room: 10, value: () => 'eleven bytes' }
    await expect(write({ columns: { n: 'BIGINT' }, rows: [[[1]]], metadata })).rejects.toThrow(
      /about finds no room/,
    )
  })

  test('ends with the fault of its rows, which are told that they are done with', async () => {
    let ended = false
    function* rows(): Generator<ParquetRows> {
      try {
        yield [[1]]
        throw new Fault('misconfigured', 'The index is gone.')
      } finally {
        ended = true
      }
    }
    await expect(write({ columns: { n: 'BIGINT' }, rows: rows() })).rejects.toMatchObject({
      code: 'misconfigured',
      message: 'The index is gone.',
    })
    expect(ended).toBe(true)
  })

  test('is given up when its signal aborts, before it or among the rows', async () => {
    const spill = join(folder.path, 'spill')
    const early = AbortSignal.abort()
    await expect(
      writeParquet({ file, columns: { n: 'BIGINT' }, rows: [[[1]]], spill, signal: early }),
    ).rejects.toThrow(/abort/i)
    const stop = new AbortController()
    let ended = false
    function* endless(): Generator<ParquetRows> {
      try {
        for (let n = 0; ; n++) {
          if (n === 10) stop.abort()
          yield [[n]]
        }
      } finally {
        ended = true
      }
    }
    const stopped = writeParquet({
      file,
      columns: { n: 'BIGINT' },
      rows: endless(),
      spill,
      signal: stop.signal,
    })
    await expect(stopped).rejects.toThrow(/interrupt/i)
    expect(ended).toBe(true)
    expect(readdirSync(folder.path)).not.toContain('spill')
  })
})
