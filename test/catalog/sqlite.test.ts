import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import type { Catalog } from '../../src/catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from '../../src/catalog/sqlite.ts'
import { areaOfBox, WORLD } from '../../src/sentinel2/area.ts'
import { type ArchiveRow, archiveRow, LONG_FORM_ROW, writeCsv } from '../archive.ts'
import { catalogContract, pages, searchOf } from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { openSqlite } from './open.ts'

catalogContract('an index in SQLite', { cloud: true, box: true }, openSqlite)

const ALL = searchOf({ dedupe: 'none' })
const SAME_TIMES = ['000003', '000005', '000007'].map(numbered)

let folder: Temporary
let catalog: SqliteCatalog
afterEach(async () => {
  await catalog?.close()
  await folder?.remove()
})

const file = () => join(folder.path, 'index.sqlite')

/** Builds an index over whatever stood there. */
async function build(rows: readonly ArchiveRow[]): Promise<void> {
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: file() })
}

async function open(rows: readonly ArchiveRow[], threads = 1): Promise<SqliteCatalog> {
  folder = await temporaryFolder()
  await build(rows)
  catalog = sqliteCatalog({ file: file(), threads })
  return catalog
}

const count = async (asked: Catalog) => (await asked.search(ALL, { limit: 1000 })).granules.length

describe('an index that is replaced while it is served', () => {
  test('answers from the next question on, in every thread', async () => {
    const served = await open(days(3), 2)
    const atOnce = () => Promise.all(Array.from({ length: 8 }, () => count(served.lane())))
    expect(new Set(await atOnce())).toEqual(new Set([3]))
    await build(days(7))
    expect(new Set(await atOnce())).toEqual(new Set([7]))
    await build(days(5))
    for (let i = 0; i < 5; i++) expect(new Set(await atOnce())).toEqual(new Set([5]))
  })

  test('gives no mixed answers to those who ask all the while', async () => {
    const served = await open(days(3), 2)
    const seen = new Set<number>()
    let done = false
    const asking = [1, 2, 3].map(async () => {
      while (!done) seen.add(await count(served.lane()))
    })
    for (const n of [4, 6, 9]) {
      await build(days(n))
      expect(await count(served.lane())).toBe(n)
    }
    done = true
    await Promise.all(asking)
    expect([...seen].every((n) => [3, 4, 6, 9].includes(n))).toBe(true)
  })

  test('refuses the tokens of the one before it, whose rows had other numbers', async () => {
    const served = await open(SAME_TIMES)
    const { next } = await served.search(ALL, { limit: 1 })
    expect((await served.search(ALL, { limit: 9, after: next })).granules).toHaveLength(2)
    await build([...SAME_TIMES, numbered('000001'), numbered('000002')])
    await expect(served.search(ALL, { limit: 9, after: next })).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(/index was replaced.*start again/),
      errors: [{ parameter: 'token' }],
    })
    expect(await pages(served, ALL, 2)).toHaveLength(5)
  })

  test('fails every question while its file is gone or is none, and answers when it is back', async () => {
    const served = await open(days(3), 2)
    expect(await count(served)).toBe(3)
    renameSync(file(), `${file()}.away`)
    const gone = { code: 'misconfigured', message: expect.stringContaining(`no index ${file()}`) }
    for (let i = 0; i < 6; i++) await expect(count(served)).rejects.toMatchObject(gone)
    await expect(served.check()).rejects.toMatchObject(gone)
    writeFileSync(file(), 'nonsense '.repeat(1000))
    await expect(served.check()).rejects.toMatchObject({ code: 'misconfigured' })
    rmSync(file())
    renameSync(`${file()}.away`, file())
    expect(await count(served)).toBe(3)
    await expect(served.check()).resolves.toBeUndefined()
  })

  test('fails the check where it holds no granule that could be read', async () => {
    const served = await open(days(1))
    await expect(served.check()).resolves.toBeUndefined()
    alter(file(), 'DELETE FROM granule')
    await expect(served.check()).rejects.toThrow(/holds no granule/)
    alter(file(), 'ALTER TABLE granule RENAME TO gone')
    await expect(served.check()).rejects.toMatchObject({ code: 'misconfigured' })
  })
})

describe('askers who share the threads', () => {
  test('take turns: one with many slow queries delays another by one of them beside the one under way', async () => {
    const served = await openSlow()
    const order: string[] = []
    const greedy = served.lane()
    const crowd = Array.from({ length: 5 }, () => count(greedy).then(() => order.push('greedy')))
    const late = count(served.lane()).then(() => order.push('late'))
    await Promise.all([...crowd, late])
    expect(order.indexOf('late')).toBeLessThanOrEqual(2)
  })

  test('are told at once when they leave, while the query runs on in its thread and others wait for it', async () => {
    let threads = 0
    const onThread = () => {
      threads++
    }
    process.on('worker', onThread)
    const served = await openSlow()
    const leaving = new AbortController()
    const left = served.lane().search(ALL, { limit: 10, signal: leaving.signal })
    let answered = false
    const stays = count(served.lane()).finally(() => {
      answered = true
    })
    setTimeout(() => leaving.abort(), 20)
    await expect(left).rejects.toMatchObject({ code: 'cancelled' })
    expect(answered).toBe(false)
    expect(await stays).toBe(3)
    process.off('worker', onThread)
    expect(threads).toBe(1)
  })

  test('cost nothing when they leave before their turn', async () => {
    const served = await openSlow()
    const started = performance.now()
    await count(served)
    const once = performance.now() - started
    const leaving = new AbortController()
    const first = count(served.lane())
    const crowd = Array.from({ length: 12 }, () =>
      served.lane().search(ALL, { limit: 10, signal: leaving.signal }),
    )
    const last = count(served.lane())
    setTimeout(() => leaving.abort(), 5)
    const outcomes = await Promise.allSettled(crowd)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    const waited = performance.now()
    await Promise.all([first, last])
    expect(performance.now() - waited).toBeLessThan(once * 7)
  })
})

describe('what an index tells', () => {
  test('of the area asked for, its box counts to the last digit, and that of a row to a millionth', async () => {
    const served = await open([...days(1).map((row) => ({ ...row, ...boxed([12, 55, 12.1000001, 55.2]) }))])
    const at = async (lon: number) =>
      (await served.search(searchOf({ area: areaOfBox(lon, 55.1, lon, 55.1) }), { limit: 1 })).granules.length
    expect(await at(12.1000001)).toBe(1)
    expect(await at(12.100001)).toBe(1)
    expect(await at(12.1000011)).toBe(0)
    expect(await at(12)).toBe(1)
    expect(await at(11.9999999)).toBe(0)
  })

  test('of the long form counts granules of that form, not all whose names are kept verbatim', async () => {
    const odd = days(2).map((row) => ({ ...row, PRODUCT_ID: `${row.PRODUCT_ID}X` }))
    const served = await open([...odd, LONG_FORM_ROW])
    expect(await served.extent(ALL)).toMatchObject({ granules: 2, longForm: 0 })
    const area = areaOfBox(123.2, 30.3, 123.3, 30.4)
    expect(await served.extent(searchOf({ area }))).toMatchObject({
      granules: 1,
      longForm: 1,
      withoutSize: 1,
    })
  })

  test('of the whole world counts every granule once, in however many pieces', async () => {
    const tiles = ['01KAB', '18TWL', '33UUB', '33UVB', '51RWP', '60KYD']
    const served = await open(
      tiles.flatMap((tile) => [1, 2, 3].map((n) => archiveRow({ tile, start: `2019-01-0${n}T10:00:00Z` }))),
    )
    const extent = await served.extent(searchOf({ area: WORLD }))
    expect(extent).toEqual({ granules: 18, bytes: 18 * 600_000_000, withoutSize: 0, longForm: 0 })
    const south = searchOf({ area: areaOfBox(0, -90, 1, -89) })
    expect(await served.extent(south)).toEqual({ granules: 0, bytes: 0, withoutSize: 0, longForm: 0 })
  })

  test('of a level it does not hold is a refusal with the ways out', async () => {
    const served = await open(days(1))
    const search = searchOf({ level: 'L2A' })
    const refused = {
      code: 'bad-request',
      message: expect.stringMatching(/no L2A granules.*L2\/index\.csv\.gz.*SWATH_CATALOG=bucket/),
      errors: [{ parameter: 'level' }],
    }
    await expect(served.search(search, { limit: 1 })).rejects.toMatchObject(refused)
    await expect(served.extent(search)).rejects.toMatchObject(refused)
    await expect(served.granule('L2A_T33UUB_A001022_20190101T100006')).rejects.toMatchObject(refused)
    await build([archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z', level: 'L2A' })])
    expect((await served.search(search, { limit: 1 })).granules).toHaveLength(1)
    await expect(served.search(searchOf({}), { limit: 1 })).rejects.toThrow(/no L1C granules/)
  })
})

/** One granule a day over Copenhagen. */
function days(n: number): ArchiveRow[] {
  return Array.from({ length: n }, (_, i) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, 1 + i, 10)).toISOString() }),
  )
}

/** A granule of equal times in the same product, by its absolute orbit. */
function numbered(orbit: string): ArchiveRow {
  const row = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })
  return { ...row, GRANULE_ID: `L1C_T33UUB_A${orbit}_20190101T100006` }
}

const boxed = ([west, south, east, north]: readonly [number, number, number, number]) => ({
  WEST_LON: String(west),
  SOUTH_LAT: String(south),
  EAST_LON: String(east),
  NORTH_LAT: String(north),
})

function alter(index: string, sql: string): void {
  const db = new DatabaseSync(index)
  db.exec(sql)
  db.close()
}

/** An index of three granules in one thread, each of whose queries counts to two million first. */
async function openSlow(): Promise<SqliteCatalog> {
  const served = await open(days(3))
  alter(
    file(),
    `ALTER TABLE granule RENAME TO kept;
    CREATE VIEW granule AS SELECT * FROM kept WHERE (
      WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2000000)
      SELECT max(n) FROM counted
    ) > 0`,
  )
  return served
}
