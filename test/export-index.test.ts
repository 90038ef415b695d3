import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveCsv } from '../bench/archive-csv.ts'
import { buildIndex } from '../src/build-index.ts'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { exportIndex } from '../src/export-index.ts'
import { propertiesOf } from '../src/formats.ts'
import { areaOfBox, WORLD } from '../src/sentinel2/area.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type ArchiveRow, archiveRow, LONG_FORM_ROW, writeCsv } from './archive.ts'
import { ROWS, searchOf } from './contracts/catalog.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
let index: string
beforeEach(async () => {
  folder = await temporaryFolder()
  index = join(folder.path, 'index.sqlite')
  mkdirSync(join(folder.path, 'out'))
})
afterEach(() => folder.remove())

const out = (name: string): string => join(folder.path, 'out', name)
const left = () => readdirSync(join(folder.path, 'out'))

async function build(rows: readonly ArchiveRow[] = ROWS): Promise<void> {
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: index })
}

const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** All granules of the index as the catalog gives them. */
async function granules(): Promise<Granule[]> {
  const catalog = sqliteCatalog({ file: index, threads: 1 })
  try {
    const pages = []
    for (const level of ['L1C', 'L2A'] as const) {
      const search = searchOf({ area: WORLD, dedupe: 'none', level })
      pages.push(...(await catalog.search(search, { limit: 10_000 })).granules)
    }
    return pages
  } finally {
    await catalog.close()
  }
}

/** By tile, then level, then newest first: the catalog's order with its levels one behind the other. */
const byTile = (all: readonly Granule[]): Granule[] =>
  all.toSorted((a, b) => (a.mgrsTile < b.mgrsTile ? -1 : a.mgrsTile > b.mgrsTile ? 1 : 0))

describe('an export as NDJSON', () => {
  test('holds every granule of both levels with its properties, by tile and newest first', async () => {
    await build()
    const report = await exportIndex({ file: index, to: out('x.ndjson') })
    const lines = linesOf(out('x.ndjson'))
    const expected = byTile(await granules())
    expect(report).toEqual({ granules: ROWS.length, bytes: readFileSync(out('x.ndjson')).length })
    expect(new Set(expected.map(({ level }) => level)).size).toBe(2)
    expect(lines.map(({ base_url, bbox, ...properties }) => properties)).toEqual(expected.map(propertiesOf))
    expect(lines.map(({ base_url }) => base_url)).toEqual(
      expected.map(({ place }) => `gs://gcp-public-data-sentinel-2/${place}`),
    )
  })

  test('gives boxes as RFC 7946 has them: west beyond east across the antimeridian', async () => {
    const start = '2019-01-01T10:00:00Z'
    await build([
      archiveRow({ tile: '01KAB', start, box: [179.5, -17, -179.25, -16.125] }),
      archiveRow({ tile: '33UUB', start, box: [-0.0000014, -0.5, 12, 55] }),
      archiveRow({ tile: '60KYD', start, box: [185, -17, 186, -16] }),
      archiveRow({ tile: '33UVB', start, box: [null, -17, 1, 1] }),
    ])
    await exportIndex({ file: index, to: out('x.ndjson') })
    expect(linesOf(out('x.ndjson')).map(({ bbox }) => bbox)).toEqual([
      [179.5, -17, -179.25, -16.125],
      [-0.000002, -0.5, 12, 55],
      null,
      [-175, -17, -174, -16],
    ])
  })

  test('escapes what a name may hold', async () => {
    const strange = { ...LONG_FORM_ROW, PRODUCT_ID: '"a ""\\ \tä🛰\u2028"', GRANULE_ID: '"b, c"' }
    const flagged = {
      ...archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' }),
      GEOMETRIC_QUALITY_FLAG: '"a ""b"", \\"',
    }
    await build([flagged, strange])
    await exportIndex({ file: index, to: out('x.ndjson') })
    expect(linesOf(out('x.ndjson'))).toMatchObject([
      { geometric_quality_flag: 'a "b", \\' },
      { product_id: 'a "\\ \tä🛰\u2028', granule_id: 'b, c' },
    ])
  })

  test('tells what a catalog does not know as null, and times with as many digits as they have', async () => {
    await build([
      {
        ...LONG_FORM_ROW,
        CLOUD_COVER: null,
        DATATAKE_IDENTIFIER: null,
        GENERATION_TIME: null,
        GEOMETRIC_QUALITY_FLAG: null,
        SENSING_TIME: '2015-12-23T02:39:13.886001Z',
      },
    ])
    await exportIndex({ file: index, to: out('x.ndjson') })
    expect(linesOf(out('x.ndjson'))).toMatchObject([
      {
        cloud_cover: null,
        total_size: null,
        datatake_identifier: null,
        generation_time: null,
        geometric_quality_flag: null,
        sensing_time: '2015-12-23T02:39:13.886001Z',
      },
    ])
  })
})

describe('an export as CSV', () => {
  /** Every row of an index, all columns. */
  function tableOf(file: string): unknown[] {
    const db = new DatabaseSync(file, { readOnly: true })
    const rows = db.prepare('SELECT * FROM granule ORDER BY cell, sensing, generation, seq').all()
    db.close()
    return rows
  }

  async function roundTrip(): Promise<{ readonly first: unknown[]; readonly again: unknown[] }> {
    const again = join(folder.path, 'again.sqlite')
    await exportIndex({ file: index, to: out('x.csv') })
    const report = await buildIndex({ from: [out('x.csv')], to: again })
    expect(report).toMatchObject({ rejected: [], duplicates: 0 })
    return { first: tableOf(index), again: tableOf(again) }
  }

  test('is the archive’s own form, of which a build makes the same index', async () => {
    await build()
    const { first, again } = await roundTrip()
    expect(first).toHaveLength(ROWS.length)
    expect(again).toEqual(first)
    expect(readFileSync(out('x.csv'), 'utf8').split('\n')[0]).toBe(
      'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
        'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL',
    )
  })

  test('gives back a whole archive in small, strange rows included', async () => {
    writeFileSync(join(folder.path, 'l1c.csv'), Buffer.concat([...archiveCsv({ rows: 20_000 })]))
    writeFileSync(join(folder.path, 'l2a.csv'), Buffer.concat([...archiveCsv({ rows: 2000, level: 'L2A' })]))
    await buildIndex({ from: [join(folder.path, 'l1c.csv'), join(folder.path, 'l2a.csv')], to: index })
    const { first, again } = await roundTrip()
    expect(first.length).toBeGreaterThan(21_000)
    expect(again.length).toBe(first.length)
    // One by one, since a difference of all would take minutes to draw.
    for (const [i, row] of first.entries()) expect(again[i]).toEqual(row)
  })

  test('gives back names with commas and quotes, absent values and boxes of every kind', async () => {
    const start = '2019-01-01T10:00:00Z'
    const boxes: (readonly (number | null)[])[] = [
      [33.480425, -128.665172 / 2, 33.480426, 12.5897],
      [-128.665172, -33.205153, -128.6, 33.480425],
      [179.123457, -17.000001, -179.654321, -16.1],
      [179.5, -17, 180.7, -16],
      [180, -17, 181, -16],
      [185.5, -17, 186.25, -16],
      [-180, -17, -179.1, -16],
      [-179.9, -17, 179.9, -16],
      [null, -17, 179.9, -16],
      [12.1, 55.2, 12.1, 55.2],
    ]
    const text = (value: number | null | undefined) => (value === null ? null : String(value))
    await build([
      ...boxes.map((box, i): ArchiveRow => {
        const row = archiveRow({ tile: '01KAB', start, orbit: i + 1 })
        const [west, south, east, north] = box.map(text)
        return {
          ...row,
          WEST_LON: west ?? null,
          SOUTH_LAT: south ?? null,
          EAST_LON: east ?? null,
          NORTH_LAT: north ?? null,
        }
      }),
      { ...LONG_FORM_ROW, PRODUCT_ID: '"a ""b"", c"', GRANULE_ID: '"d, e"' },
      { ...LONG_FORM_ROW, GRANULE_ID: ' spaces ', CLOUD_COVER: '1.25e-07', TOTAL_SIZE: '9007199254740991' },
      {
        ...LONG_FORM_ROW,
        GRANULE_ID: 'bare',
        PRODUCT_ID: null,
        DATATAKE_IDENTIFIER: null,
        CLOUD_COVER: null,
        GENERATION_TIME: null,
        GEOMETRIC_QUALITY_FLAG: null,
      },
      { ...LONG_FORM_ROW, GRANULE_ID: 'failed', GEOMETRIC_QUALITY_FLAG: 'FAILED' },
      { ...archiveRow({ tile: '33UUB', start }), GEOMETRIC_QUALITY_FLAG: '"a ""b"", c"' },
      { ...LONG_FORM_ROW, GRANULE_ID: 'late', SENSING_TIME: '2254-12-31T23:59:59.999999Z' },
      { ...LONG_FORM_ROW, GRANULE_ID: 'early', SENSING_TIME: '1969-12-31T23:59:59.000001Z' },
    ])
    const { first, again } = await roundTrip()
    expect(first).toHaveLength(boxes.length + 7)
    expect(again).toEqual(first)
  })

  test('rounds a box once: read again it stays, wherever its edges lie', async () => {
    const start = Date.UTC(2019, 0, 1)
    await build(
      Array.from({ length: 3000 }, (_, i) => {
        const edge = (n: number) => ((i * 7919 + n * 104_729) % 170_000_000) / 1e6 + 1e-7
        const box = [-edge(1), -edge(2) / 2, edge(3) / 100, edge(4) / 2]
        return archiveRow({ tile: '33UUB', start: new Date(start + i * 86_400_000).toISOString(), box })
      }),
    )
    const { first, again } = await roundTrip()
    for (const [i, row] of first.entries()) expect(again[i]).toEqual(row)
  })
})

describe('an export of some granules', () => {
  /** On three tiles. */
  const SOUND = areaOfBox(12.5, 55.6, 13.55, 55.7)

  test('holds what the catalog finds, by tile, and how much of the area each covers', async () => {
    await build()
    const search = searchOf({ area: SOUND, dedupe: 'latest', cloud: { min: 0, max: 50 } })
    const catalog = sqliteCatalog({ file: index, threads: 1 })
    const page = await catalog.search(search, { limit: 1000, coverage: true })
    await catalog.close()
    const found = page.granules.map((granule, i) => ({ granule, coverage: page.coverage?.[i] ?? Number.NaN }))
    const expected = found.toSorted((a, b) =>
      a.granule.mgrsTile < b.granule.mgrsTile ? -1 : a.granule.mgrsTile > b.granule.mgrsTile ? 1 : 0,
    )
    expect(new Set(expected.map(({ granule }) => granule.mgrsTile)).size).toBeGreaterThan(1)
    const report = await exportIndex({ file: index, to: out('x.ndjson'), asked: { search, level: 'L1C' } })
    const lines = linesOf(out('x.ndjson'))
    expect(report.granules).toBe(expected.length)
    expect(lines.map(({ base_url }) => base_url)).toEqual(
      expected.map(({ granule }) => `gs://gcp-public-data-sentinel-2/${granule.place}`),
    )
    for (const [i, { coverage }] of lines.entries())
      expect(coverage).toBeCloseTo(expected[i]?.coverage ?? -1, 6)
  })

  test('holds both levels unless one is asked for', async () => {
    await build()
    const levels = async (asked: Parameters<typeof exportIndex>[0]['asked']) => {
      await exportIndex({ file: index, to: out('x.ndjson'), ...(asked && { asked }) })
      const counts = { L1C: 0, L2A: 0 }
      for (const { level } of linesOf(out('x.ndjson'))) counts[level === 'L2A' ? 'L2A' : 'L1C']++
      return counts
    }
    const search = searchOf({ area: WORLD, dedupe: 'none', tiles: ['33UUB'] })
    const whole = searchOf({ area: WORLD, dedupe: 'none' })
    const inTile = ROWS.filter(({ MGRS_TILE }) => MGRS_TILE === '33UUB').length
    expect(await levels(undefined)).toEqual({ L1C: ROWS.length - 2, L2A: 2 })
    expect(await levels({ search })).toEqual({ L1C: inTile - 2, L2A: 2 })
    expect(await levels({ search, level: 'L2A' })).toEqual({ L1C: 0, L2A: 2 })
    expect(await levels({ search: whole, level: 'L1C' })).toEqual({ L1C: ROWS.length - 2, L2A: 0 })
    expect(await levels({ level: 'L2A' })).toEqual({ L1C: 0, L2A: 2 })
  })

  test.for([
    ['like it', ROWS],
    ['that lacks a level', [LONG_FORM_ROW]],
  ] as const)(
    'is given up where another index %s takes the place of the one searched',
    async ([, others]) => {
      await build()
      const other = join(folder.path, 'other.sqlite')
      await buildIndex({ from: [await writeCsv(join(folder.path, 'other.csv'), others)], to: other })
      const search = searchOf({ area: WORLD, dedupe: 'latest' })
      const onProgress = () => existsSync(other) && renameSync(other, index)
      await expect(
        exportIndex({ file: index, to: out('x.ndjson'), asked: { search }, onProgress }),
      ).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringMatching(
          /index\.sqlite was replaced while it was exported; run the export again/,
        ),
      })
      expect(left()).toEqual([])
    },
  )

  test('comes in the order that is asked for', async () => {
    await build()
    const search = searchOf({ area: SOUND, dedupe: 'none', sort: 'cloud' })
    await exportIndex({ file: index, to: out('x.ndjson'), asked: { search, level: 'L1C' } })
    const clouds = linesOf(out('x.ndjson')).map(({ cloud_cover }) => Number(cloud_cover))
    expect(clouds.length).toBeGreaterThan(20)
    expect(clouds).toEqual(clouds.toSorted((a, b) => a - b))
    const tiles = linesOf(out('x.ndjson')).map(({ mgrs_tile }) => mgrs_tile)
    expect(tiles).not.toEqual(tiles.toSorted())
  })

  test('of nothing is a file without rows', async () => {
    await build()
    const search = searchOf({ area: areaOfBox(-140, -40, -139, -39) })
    for (const form of ['csv', 'ndjson', 'parquet']) {
      const report = await exportIndex({ file: index, to: out(`x.${form}`), asked: { search } })
      expect(report.granules).toBe(0)
    }
    expect(readFileSync(out('x.ndjson'), 'utf8')).toBe('')
    expect(readFileSync(out('x.csv'), 'utf8').split('\n')).toHaveLength(2)
  })

  test('of a level that the index lacks is refused', async () => {
    await build([LONG_FORM_ROW])
    const asked = { level: 'L2A' as const }
    await expect(exportIndex({ file: index, to: out('x.csv'), asked })).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(/index\.sqlite holds no L2A granules/),
    })
    expect(left()).toEqual([])
  })
})

describe('the file that stood at the target', () => {
  test.for(['csv', 'ndjson', 'parquet'])('is replaced when the new one is whole: %s', async (form) => {
    await build()
    writeFileSync(out(`x.${form}`), 'old')
    symlinkSync(out(`x.${form}`), join(folder.path, `link.${form}`))
    await exportIndex({ file: index, to: join(folder.path, `link.${form}`) })
    expect(readFileSync(out(`x.${form}`), 'latin1').length).toBeGreaterThan(1000)
    expect(left()).toEqual([`x.${form}`])
  })

  test.for(['csv', 'ndjson', 'parquet'])('stays when the export is stopped: %s', async (form) => {
    writeFileSync(join(folder.path, 'l1c.csv'), Buffer.concat([...archiveCsv({ rows: 20_000 })]))
    await buildIndex({ from: [join(folder.path, 'l1c.csv')], to: index })
    writeFileSync(out(`x.${form}`), 'old')
    for (const search of [undefined, searchOf({ area: areaOfBox(-30, -30, 60, 70) })]) {
      const stop = new AbortController()
      const told: number[] = []
      const onProgress = (granules: number) => {
        told.push(granules)
        stop.abort()
      }
      const stopped = exportIndex({
        file: index,
        to: out(`x.${form}`),
        asked: { search },
        signal: stop.signal,
        onProgress,
      })
      await expect(stopped).rejects.toMatchObject({
        code: 'cancelled',
        message: expect.stringMatching(/stopped before its end; nothing was changed/),
      })
      expect(told[0]).toBeGreaterThan(0)
    }
    expect(readFileSync(out(`x.${form}`), 'utf8')).toBe('old')
    expect(left()).toEqual([`x.${form}`])
  })

  test.for(['csv', 'ndjson', 'parquet'])('stays when the index turns out to be damaged: %s', async (form) => {
    await build(
      Array.from({ length: 3000 }, (_, i) =>
        archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2018, 0, 1) + i * 3_600_000).toISOString() }),
      ),
    )
    const bytes = readFileSync(index)
    bytes.fill(0xff, 5 * 8192, 20 * 8192)
    writeFileSync(index, bytes)
    writeFileSync(out(`x.${form}`), 'old')
    await expect(exportIndex({ file: index, to: out(`x.${form}`) })).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('index.sqlite'),
    })
    expect(readFileSync(out(`x.${form}`), 'utf8')).toBe('old')
    expect(left()).toEqual([`x.${form}`])
  })

  test('is never the index itself, whatever name it is given', async () => {
    await build()
    const before = readFileSync(index)
    symlinkSync(index, out('x.csv'))
    await expect(exportIndex({ file: index, to: out('x.csv') })).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/x\.csv is the index .*index\.sqlite itself; give another name/),
    })
    expect(readFileSync(index).equals(before)).toBe(true)
  })

  test('may be a folder or in none that is there: a sentence names it', async () => {
    await build()
    mkdirSync(out('x.csv'))
    const to = (file: string) => exportIndex({ file: index, to: file })
    await expect(to(out('x.csv'))).rejects.toThrow(/x\.csv cannot be written: it is there and is not a file/)
    await expect(to(out('none/x.csv'))).rejects.toThrow(
      /the folder .*\/none is not there\. Nothing was changed/,
    )
  })

  test.for(['x.txt', 'x', 'csv', 'x.csv.gz', 'x.sqlite'])('has to tell its form: %s', async (name) => {
    await build()
    await expect(exportIndex({ file: index, to: out(name) })).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(/ends in none of \.csv, \.ndjson, \.parquet/),
    })
    expect(left()).toEqual([])
  })

  test('is not beside what a killed export left behind', async () => {
    await build()
    mkdirSync(out('.x.csv.exporting-999999999-abc'))
    await exportIndex({ file: index, to: out('x.csv') })
    expect(left()).toEqual(['x.csv'])
  })
})

describe('what is no index', () => {
  test('is named, and nothing is made', async () => {
    await build()
    const cut = join(folder.path, 'cut.sqlite')
    writeFileSync(cut, readFileSync(index).subarray(0, 20_000))
    const other = join(folder.path, 'other.sqlite')
    writeFileSync(other, readFileSync(index))
    const db = new DatabaseSync(other)
    db.exec('PRAGMA user_version = 1')
    db.close()
    const text = join(folder.path, 'index.csv')
    for (const [file, why] of [
      [join(folder.path, 'mistyped.sqlite'), /There is no index .*mistyped\.sqlite/],
      [cut, /cut\.sqlite is no index/],
      [other, /other\.sqlite is no index that swath can read: it has layout 1/],
      [text, /index\.csv is no index/],
    ] as const) {
      await expect(exportIndex({ file, to: out('x.csv') })).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringMatching(why),
      })
    }
    expect(left()).toEqual([])
  })
})
