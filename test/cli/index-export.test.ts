import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveCsv } from '../../bench/archive-csv.ts'
import { buildIndex } from '../../src/build-index.ts'
import { writeCsv } from '../archive.ts'
import { ROWS } from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { startSwath, swath } from './swath.ts'

let folder: Temporary
let index: string
const at = (name: string) => join(folder.path, name)

beforeAll(async () => {
  folder = await temporaryFolder()
  index = at('index.sqlite')
  await buildIndex({ from: [await writeCsv(at('index.csv'), ROWS)], to: index })
  writeFileSync(at('large.csv'), Buffer.concat([...archiveCsv({ rows: 30_000 })]))
  await buildIndex({ from: [at('large.csv')], to: at('large.sqlite') })
})
afterAll(() => folder.remove())

/** Runs `swath index export`. */
const run = (...argv: readonly string[]) => swath(['index', 'export', ...argv], {})

const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('swath index export', () => {
  test.for(['csv', 'ndjson', 'parquet'])('makes a file of the whole index: %s', async (form) => {
    const to = at(`whole.${form}`)
    const { code, stdout, stderr } = await run(index, '--to', to)
    expect([code, stdout]).toEqual([0, ''])
    const [, granules, bytes] = /: (\d+) granules in (\d+) bytes, \d+\.\d s\n$/.exec(stderr) ?? []
    expect(stderr.startsWith(to)).toBe(true)
    expect(Number(granules)).toBe(ROWS.length)
    expect(Number(bytes)).toBe(readFileSync(to).length)
    const start = { csv: 'GRANULE_ID,', ndjson: '{"granule_id":"', parquet: 'PAR1' }[form] ?? ''
    expect(readFileSync(to, 'latin1').startsWith(start)).toBe(true)
  })

  test('takes the corners of an area, all of its filters, and an order', async () => {
    const to = at('area.ndjson')
    const corners = ['55.6', '12.5', '55.7', '12.6']
    const filters = ['--cloud', '5,40', '--level', 'L1C', '--tiles', 'T33UUB', '--datetime', '2016-01-01/..']
    const order = ['--relation', 'contains', '--min-coverage', '0.9', '--sort', 'cloud', '--dedupe', 'latest']
    const { code, stderr } = await run(index, ...corners, ...filters, ...order, '--to', to)
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^.*area\.ndjson: \d+ granules/)])
    const lines = linesOf(to)
    expect(lines.length).toBeGreaterThan(5)
    const clouds = lines.map(({ cloud_cover }) => Number(cloud_cover))
    expect(clouds).toEqual(clouds.toSorted((a, b) => a - b))
    for (const line of lines) expect(line).toMatchObject({ level: 'L1C', mgrs_tile: '33UUB', coverage: 1 })
    for (const cloud of clouds) expect([cloud >= 5, cloud <= 40]).toEqual([true, true])
  })

  test('takes a polygon from a file, and gives all products of both levels there', async () => {
    const ring = [
      [12.5, 55.6],
      [12.6, 55.6],
      [12.6, 55.7],
      [12.5, 55.6],
    ]
    writeFileSync(at('field.geojson'), JSON.stringify({ type: 'Polygon', coordinates: [ring] }))
    const { code } = await run(index, '--intersects', `@${at('field.geojson')}`, '--to', at('field.ndjson'))
    expect(code).toBe(0)
    const lines = linesOf(at('field.ndjson'))
    expect(lines).toHaveLength(ROWS.filter(({ MGRS_TILE }) => MGRS_TILE === '33UUB').length)
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['L1C', 'L2A']))
  })

  test('names all that is wrong with what it is given, and makes nothing', async () => {
    const wrong = await run(
      index,
      '--cloud',
      '200',
      '--level',
      'L3',
      '--bbox',
      '1,2,3',
      '--to',
      at('wrong.csv'),
    )
    expect(wrong.code).toBe(2)
    for (const name of ['cloud', 'level', 'bbox']) expect(wrong.stderr).toContain(name)
    const twice = await run(index, '--to', at('wrong.csv'), '--to', at('wrong.ndjson'))
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('to is given 2 times')])
    expect((await run(index)).code).toBe(2)
    expect((await run('--to', at('wrong.csv'))).code).toBe(2)
    const other = await run(index, '--to', at('wrong.xlsx'))
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/wrong\.xlsx ends in none of/)])
    const none = await run(at('mistyped.sqlite'), '--to', at('wrong.csv'))
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/There is no index .*mistyped\.sqlite/),
    ])
    expect(readdirSync(folder.path).filter((name) => name.includes('wrong'))).toEqual([])
  })

  test('refuses an order by colour, and what says something of an area where there is none', async () => {
    const rank = await run(index, '--sort', 'rank', '--cloud', '200', '--to', at('wrong.csv'))
    expect(rank.code).toBe(2)
    expect(rank.stderr).toContain('sort by rank is not for export')
    expect(rank.stderr).toContain('cloud is not between 0 and 100')
    const argv = [
      '--sort',
      'coverage',
      '--relation',
      'contains',
      '--min-coverage',
      '0.5',
      '--to',
      at('wrong.csv'),
    ]
    const bare = await run(index, ...argv)
    expect(bare.code).toBe(2)
    for (const name of ['min-coverage', 'relation', 'sort by coverage']) {
      expect(bare.stderr).toContain(`${name} needs an area`)
    }
    expect((await run(index, '--bbox', '12,55,13,56', ...argv)).code).toBe(0)
  })

  test.for(['SIGINT', 'SIGTERM'] as const)('is stopped by %s and leaves nothing behind', async (signal) => {
    writeFileSync(at('large.parquet'), 'old')
    const exporting = startSwath(['index', 'export', at('large.sqlite'), '--to', at('large.parquet')], {})
    const begun = () => readdirSync(folder.path).some((name) => name.startsWith('.large.parquet.exporting-'))
    while (!begun() && exporting.child.exitCode === null) await sleep(2)
    exporting.child.kill(signal)
    const { code, stderr } = await exporting.ended
    expect([code, stderr]).toEqual([1, expect.stringMatching(/large\.parquet was stopped before its end/)])
    expect(readFileSync(at('large.parquet'), 'utf8')).toBe('old')
    expect(begun()).toBe(false)
  })
})
