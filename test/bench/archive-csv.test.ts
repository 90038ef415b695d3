import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveCsv, writeArchiveCsv } from '../../bench/archive-csv.ts'
import { buildIndex } from '../../src/build-index.ts'
import { rowOf } from '../../src/index-file/csv.ts'
import { REJECTIONS } from '../../src/index-file/csv-granule.ts'
import { ODDITIES } from '../../src/index-file/row-tally.ts'
import { tileBox } from '../../src/sentinel2/tiles.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

/** The first line of the archive's index.csv. */
const HEADER =
  'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
  'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL'

type Options = Parameters<typeof archiveCsv>[0]
const textOf = (options: Options) => Buffer.concat([...archiveCsv(options)]).toString()
const rowsOf = (options: Options) => textOf(options).split('\n').slice(1, -1).map(rowOf)

describe('a made CSV of the archive', () => {
  test('has exactly the rows asked for, and is the same for the same seed alone', () => {
    const hash = (options: Options) => createHash('sha256').update(textOf(options)).digest('hex')
    for (const rows of [1, 2, 499, 500, 10_000]) expect(rowsOf({ rows })).toHaveLength(rows)
    expect(hash({ rows: 3000 })).toBe(hash({ rows: 3000, seed: 1 }))
    expect(hash({ rows: 3000, seed: 2 })).not.toBe(hash({ rows: 3000 }))
  })

  test('holds every kind of strange row in 10,000, whatever the seed', async () => {
    for (const seed of [1, 2, 3]) {
      await writeArchiveCsv(at('made.csv.gz'), { rows: 10_000, seed, columns: 'table' })
      const report = await buildIndex({ from: [at('made.csv.gz')], to: at('index.sqlite') })
      expect(report.rows).toBe(10_000)
      expect(report.oddities.map(({ kind }) => kind)).toEqual([...ODDITIES])
      expect(report.rejected.map(({ reason }) => reason)).toEqual([...REJECTIONS])
      expect(report.kept).toBeGreaterThan(9900)
      expect(report.about.superseded).toBeGreaterThan(200)
    }
  })

  test('holds names of both forms, rows twice, old granules made anew and both kinds of boxes over the antimeridian', () => {
    const rows = rowsOf({ rows: 20_000 })
    const [first] = textOf({ rows: 1 }).split('\n', 1)
    expect(first).toBe(HEADER)
    const isLong = ({ GRANULE_ID }: (typeof rows)[number]) => GRANULE_ID?.startsWith('S2A_OPER_MSI_L1C_TL_')
    const long = rows.filter(isLong)
    expect(long.length).toBeGreaterThan(200)
    for (const { SENSING_TIME } of long) expect((SENSING_TIME ?? '2015') < '2016-12-06').toBe(true)
    const early = rows.filter(({ SENSING_TIME }) => SENSING_TIME && SENSING_TIME < '2016-12-05')
    const madeAnew = early.filter((row) => !isLong(row))
    expect(madeAnew.filter(({ PRODUCT_ID }) => /_N05\d\d_/.test(PRODUCT_ID ?? '')).length).toBeGreaterThan(20)
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBeLessThan(rows.length)
    const edges = rows.flatMap(({ WEST_LON, EAST_LON, MGRS_TILE }) =>
      WEST_LON && EAST_LON ? [{ west: Number(WEST_LON), east: Number(EAST_LON), tile: MGRS_TILE ?? '' }] : [],
    )
    for (const over of [
      edges.filter(({ west, east }) => west > east),
      edges.filter(({ west, east }) => east - west > 180),
    ]) {
      expect(over.length).toBeGreaterThan(5)
      for (const { tile } of over) expect(tile).toMatch(/^(01|60)/)
    }
  })

  test('cuts a tile at one orbit always in the same way, and many tiles not at all', () => {
    const cuts = new Map<string, Set<string>>()
    const whole = new Set<string>()
    for (const row of rowsOf({ rows: 60_000, from: Date.UTC(2022, 0, 1), until: Date.UTC(2022, 1, 1) })) {
      const { PRODUCT_ID, MGRS_TILE, NORTH_LAT, SOUTH_LAT, WEST_LON, EAST_LON } = row
      if (!NORTH_LAT || !WEST_LON || !MGRS_TILE || !PRODUCT_ID) continue
      const key = `${PRODUCT_ID.slice(33, 37)} ${MGRS_TILE}`
      const box = [WEST_LON, SOUTH_LAT, EAST_LON, NORTH_LAT]
      cuts.set(key, (cuts.get(key) ?? new Set()).add(box.join()))
      const tile = tileBox(MGRS_TILE)
      const width = (edges: readonly unknown[]) => Number(edges[2]) - Number(edges[0])
      if (tile && width(box) > 0.98 * width(tile)) whole.add(key)
    }
    expect(cuts.size).toBeGreaterThan(10_000)
    expect([...cuts.values()].filter((boxes) => boxes.size > 1)).toEqual([])
    expect(whole.size / cuts.size).toBeGreaterThan(0.3)
    expect(whole.size / cuts.size).toBeLessThan(0.8)
  })

  test('comes back to a tile on an orbit after five days and multiples of it', () => {
    const seen = new Map<string, number[]>()
    for (const row of rowsOf({ rows: 100_000, from: Date.UTC(2020, 0, 1), until: Date.UTC(2020, 0, 16) })) {
      if (!row.SENSING_TIME?.startsWith('2020') || !row.PRODUCT_ID) continue
      const key = `${row.PRODUCT_ID.slice(33, 37)} ${row.MGRS_TILE}`
      seen.set(key, [...(seen.get(key) ?? []), Date.parse(row.SENSING_TIME) / 86_400_000])
    }
    const gaps = [...seen.values()].flatMap((days) =>
      days.slice(1).map((day, i) => Math.abs(day - (days[i] ?? 0)) / 5),
    )
    expect(gaps.length).toBeGreaterThan(20_000)
    expect(gaps.every((gap) => Math.abs(gap - Math.round(gap)) < 0.001)).toBe(true)
  })

  test('comes in the order in which it came into the archive, not by tile', () => {
    const rows = rowsOf({ rows: 20_000 })
    const made = rows.map(({ GENERATION_TIME }) => Date.parse(GENERATION_TIME ?? '')).filter((ms) => ms > 0)
    const late = made.filter((ms, i) => i > 0 && ms < (made[i - 1] ?? 0) - 2 * 86_400_000)
    expect(late.length).toBeLessThan(0.01 * made.length)
    const tiles = rows.map(({ MGRS_TILE }) => MGRS_TILE)
    expect(tiles).not.toEqual(tiles.toSorted())
    expect(new Set(tiles).size).toBeGreaterThan(8000)
  })

  test('names the place of new rows in source_url alone where its columns are those of the table', () => {
    const rows = rowsOf({ rows: 20_000, columns: 'table' })
    const moved = rows.filter(({ BASE_URL, SOURCE_URL }) => !BASE_URL && SOURCE_URL)
    expect(moved.length / rows.length).toBeGreaterThan(0.15)
    expect(moved.every(({ GENERATION_TIME }) => (GENERATION_TIME ?? '2024-03-15') >= '2024-03-15')).toBe(true)
    expect(rowsOf({ rows: 20_000 }).filter(({ BASE_URL }) => !BASE_URL).length).toBeLessThan(100)
  })

  test('is of L2A from its first day on where that is asked for, and packed where the name says so', async () => {
    await writeArchiveCsv(at('l2a.csv.gz'), { rows: 500, level: 'L2A' })
    const text = gunzipSync(await readFile(at('l2a.csv.gz'))).toString()
    const rows = text.split('\n').slice(1, -1).map(rowOf)
    expect(rows).toHaveLength(500)
    expect(rows.filter(({ BASE_URL }) => BASE_URL?.includes('/L2/tiles/')).length).toBeGreaterThan(490)
    expect(rows.every(({ SENSING_TIME }) => (SENSING_TIME ?? '2018') > '2017-03')).toBe(true)
  })
})
