import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { aboutIndex } from '../src/index-file/about.ts'
import { cellOf, type IndexRow, readIndexRow, toIndexRow } from '../src/index-file/row.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type ArchiveRow, archiveRow, csvOf, LONG_FORM_ROW, writeCsv } from './archive.ts'
import { granulesIn } from './index-granules.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const NEW_ROW = { seq: 0, batch: 0, superseded: false }

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const PLAIN = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })
const build = async (rows: readonly ArchiveRow[]) =>
  buildIndex({ from: [await writeCsv(at('index.csv'), rows)], to: at('index.sqlite') })

describe('building an index', () => {
  test('keeps every row, the long form verbatim, and says what it did', async () => {
    const report = await build([
      PLAIN,
      LONG_FORM_ROW,
      archiveRow({ tile: '33UVB', start: '2024-05-01T10:00:00Z', placeIn: 'source_url' }),
    ])
    expect(report).toMatchObject({ rows: 3, kept: 3, duplicates: 0, exceptions: 1, rejected: [] })
    const granules = granulesIn(at('index.sqlite'))
    expect(granules.map(({ granuleId }) => granuleId)).toContain(LONG_FORM_ROW.GRANULE_ID)
    expect(granules.find(({ mgrsTile }) => mgrsTile === '51RWP')).toMatchObject({
      productId: LONG_FORM_ROW.PRODUCT_ID,
      datatake: LONG_FORM_ROW.DATATAKE_IDENTIFIER,
      totalSize: undefined,
      cloudCover: 33,
      baseline: '02.01',
    })
  })

  test('counts and names the rows it cannot keep, each for its reason', async () => {
    const report = await build([
      PLAIN,
      { ...PLAIN, BASE_URL: null, SOURCE_URL: null, GRANULE_ID: 'L1C_T33UUB_A000001_20190101T000000' },
      { ...PLAIN, MGRS_TILE: null, GRANULE_ID: 'L1C_T33UUB_A000002_20190101T000000' },
      { ...PLAIN, MGRS_TILE: '99ZZZ', GRANULE_ID: 'L1C_T99ZZZ_A000003_20190101T000000' },
      { ...PLAIN, SENSING_TIME: null, GRANULE_ID: 'L1C_T33UUB_A000004_20190101T000000' },
      { ...PLAIN, CLOUD_COVER: 'cloudy', GRANULE_ID: 'L1C_T33UUB_A000005_20190101T000000' },
      { ...PLAIN, SENSING_TIME: 'yesterday', GRANULE_ID: 'L1C_T33UUB_A000006_20190101T000000' },
      { ...PLAIN, GRANULE_ID: null },
    ])
    expect(report).toMatchObject({ rows: 8, kept: 1 })
    expect(Object.fromEntries(report.rejected.map(({ reason, count }) => [reason, count]))).toEqual({
      'without a place': 1,
      'without a tile': 2,
      'without a sensing time': 1,
      'with a value that cannot be read': 2,
      'without a granule id': 1,
    })
    expect(report.rejected.find(({ reason }) => reason === 'without a place')?.examples).toEqual([
      'L1C_T33UUB_A000001_20190101T000000',
    ])
  })

  test('tells which column of a rejected row cannot be read, and what stands in it', async () => {
    const values = { CLOUD_COVER: 'cloudy', SENSING_TIME: 'yesterday', TOTAL_SIZE: '-1', WEST_LON: '-181' }
    for (const [column, value] of Object.entries(values)) {
      const report = await build([PLAIN, { ...PLAIN, [column]: value, GRANULE_ID: 'strange' }])
      expect(report.rejected).toEqual([
        { reason: 'with a value that cannot be read', count: 1, examples: [`strange (${column} ${value})`] },
      ])
    }
  })

  test('counts every kind of strange row under its own name, with at most three examples', async () => {
    const at = (day: number, more: object = {}) =>
      archiveRow({ tile: '33UVB', start: new Date(Date.UTC(2019, 0, day)).toISOString(), ...more })
    const report = await build([
      PLAIN,
      PLAIN,
      LONG_FORM_ROW,
      ...[1, 2, 3, 4].map((day) => at(day, { box: [null, 1, 2, 3] })),
      at(5, { cloud: null }),
      { ...at(6), TOTAL_SIZE: null },
      { ...at(7), GENERATION_TIME: null },
      { ...at(8), PRODUCT_ID: 'odd' },
      at(9, { placeIn: 'source_url' }),
      at(10, { tile: '01KAB', box: [179.5, -17, -179.5, -16] }),
      at(11, { tile: '01KAB', box: [-179.7, -17, 180, -16] }),
    ])
    expect(Object.fromEntries(report.oddities.map(({ kind, count }) => [kind, count]))).toEqual({
      'of the long form': 1,
      'with names kept verbatim': 2,
      'with the place in source_url': 1,
      'without a box': 4,
      'with a box across the antimeridian': 1,
      'with a box wider than half the globe': 1,
      'without a cloud cover': 1,
      'without a size': 2,
      'without a generation time': 1,
      'said twice': 1,
    })
    expect(report.oddities.find(({ kind }) => kind === 'without a box')?.examples).toEqual(
      [1, 2, 3].map((day) => `L1C_T33UVB_A001022_2019010${day}T000006`),
    )
    expect(report).toMatchObject({ rows: 14, kept: 13, duplicates: 1, exceptions: 2 })
  })

  test('keeps when its newest row came into the table of BigQuery', async () => {
    const csv = csvOf([PLAIN, { ...PLAIN, GRANULE_ID: 'L1C_T33UUB_A000002_20190101T100006' }])
    const [head, first, second] = csv.split('\n')
    const lines = [
      `${head},ETL_TIMESTAMP`,
      `${first},2019-01-02T03:04:05.678900Z`,
      `${second},2019-01-01 00:00:00 UTC`,
    ]
    await writeFile(at('table.csv'), `${lines.join('\n')}\n`)
    await buildIndex({ from: [at('table.csv')], to: at('index.sqlite') })
    expect(aboutIndex(at('index.sqlite')).newestEtl).toBe(Date.UTC(2019, 0, 2, 3, 4, 5) * 1000 + 678_900)
    await build([PLAIN])
    expect(aboutIndex(at('index.sqlite')).newestEtl).toBe(0)
  })

  test('leaves out a row that is there twice', async () => {
    const other = { ...PLAIN, CLOUD_COVER: '11' }
    expect(await build([PLAIN, PLAIN, other])).toMatchObject({ rows: 3, kept: 1, duplicates: 2 })
  })

  test('keeps names that almost follow from the numbers to the letter', async () => {
    const strange: ArchiveRow[] = [
      { ...PLAIN, PRODUCT_ID: `${PLAIN.PRODUCT_ID}X` },
      { ...PLAIN, GRANULE_ID: 'L1C_T33UUB_A1_odd' },
      { ...PLAIN, DATATAKE_IDENTIFIER: null, GRANULE_ID: 'L1C_T33UUB_A000009_20190101T100006' },
      { ...PLAIN, GENERATION_TIME: null, GRANULE_ID: 'L1C_T33UUB_A000010_20190101T100006' },
    ]
    await build(strange)
    const granules = granulesIn(at('index.sqlite'))
    const told = granules.map(({ granuleId, productId, datatake }) => [
      granuleId,
      productId,
      datatake ?? null,
    ])
    expect(told).toEqual(
      expect.arrayContaining(strange.map((row) => [row.GRANULE_ID, row.PRODUCT_ID, row.DATATAKE_IDENTIFIER])),
    )
    expect(granules.length).toBe(4)
  })

  test.for([
    [
      'a stray quote',
      (csv: string) => csv.replace('S2A_MSIL1C', '"S2A_MSIL1C'),
      /line 2 is broken \(a quote/,
    ],
    ['a row that is cut off', (csv: string) => csv.slice(0, csv.lastIndexOf(',') - 40), /line 2 is broken/],
    [
      'a column more in one row',
      (csv: string) => csv.replace(/\n$/, ',more\n'),
      /line 2 is broken \(16 fields, the header has 15\)/,
    ],
    [
      'another header',
      (csv: string) => csv.replace('MGRS_TILE', 'TILE'),
      /lacks MGRS_TILE and it has "TILE"/,
    ],
    [
      'a column more',
      (csv: string) => csv.replaceAll('\n', ',x\n').replace(',x\n', ',EXTRA\n'),
      /has "EXTRA"/,
    ],
    ['nothing in it', () => '', /is empty/],
    [
      'a header alone',
      (csv: string) => csv.slice(0, csv.indexOf('\n') + 1),
      /There is not one row in .*spoilt\.csv, the header alone/,
    ],
  ] as const)(
    'a CSV with %s is refused with a sentence, and the index that was there is still there',
    async ([, spoil, says]) => {
      await build([PLAIN])
      await writeFile(at('spoilt.csv'), spoil(csvOf([PLAIN])))
      await expect(buildIndex({ from: [at('spoilt.csv')], to: at('index.sqlite') })).rejects.toThrow(says)
      expect(granulesIn(at('index.sqlite')).length).toBe(1)
      expect((await readdir(folder.path)).sort()).toEqual(['index.csv', 'index.sqlite', 'spoilt.csv'])
    },
  )

  test('a CSV that is not there, no gzip though named so, or cut off in its gzip, is named', async () => {
    const to = at('index.sqlite')
    await expect(buildIndex({ from: [at('none.csv')], to })).rejects.toThrow(/none\.csv cannot be read/)
    await writeFile(at('plain.csv.gz'), csvOf([PLAIN]))
    await expect(buildIndex({ from: [at('plain.csv.gz')], to })).rejects.toThrow(/named \.gz but is no gzip/)
    const rows = Array.from({ length: 500 }, (_, i) =>
      archiveRow({ tile: '33UUB', start: new Date(1.6e12 + (i * 864e5) / 7).toISOString() }),
    )
    await writeFile(at('cut.csv.gz'), gzipSync(csvOf(rows)).subarray(0, 4000))
    await expect(buildIndex({ from: [at('cut.csv.gz')], to })).rejects.toMatchObject({
      code: 'misconfigured',
    })
    expect(await readdir(folder.path)).not.toContain('index.sqlite')
    await expect(buildIndex({ from: [at('cut.csv.gz')], to: at('no/such/folder/x.sqlite') })).rejects.toThrow(
      /cannot be written/,
    )
  })
})

describe('a row of the index', () => {
  const compact = fc
    .record({
      tile: fc.constantFrom('33UUB', '01KAB', '60KYD', '33XWJ', '01CCV'),
      level: fc.constantFrom('L1C' as const, 'L2A' as const),
      satellite: fc.constantFrom('S2A' as const, 'S2B' as const, 'S2C' as const),
      orbit: fc.integer({ min: 1, max: 143 }),
      baseline: fc.constantFrom('02.04', '04.00', '05.11'),
      start: fc.integer({ min: 1_450_000_000, max: 1_800_000_000 }),
      sensed: fc.integer({ min: -600_000_000, max: 600_000_000 }),
    })
    .map(({ start, sensed, ...rest }) => {
      const row = archiveRow({ ...rest, start: new Date(start * 1000).toISOString() })
      return granuleOf(row, start * 1e6 + sensed)
    })

  test('gives back every name, place and time to the letter, without keeping them', () => {
    fc.assert(
      fc.property(compact, (granule) => {
        const row = toIndexRow(granule, NEW_ROW)
        expect(row[19]).toBeNull()
        expect(readIndexRow(row)).toEqual(granule)
      }),
      { numRuns: 500 },
    )
  })

  test('sorts its cells as the names of their tiles', () => {
    const names = ['01CCV', '01KAB', '09ZZZ', '10AAA', '33UUB', '33UUC', '33UVB', '60XZZ']
    const cells = names.map((name) => cellOf('L1C', name))
    expect(cells).toEqual(cells.toSorted((a, b) => a - b))
  })

  test("its box never lies inside the granule's own", () => {
    fc.assert(
      fc.property(
        compact,
        fc.double({ min: -179, max: 179, noNaN: true }),
        fc.double({ min: -80, max: 80, noNaN: true }),
        (granule, west, south) => {
          const box = [west, south, west + 0.123456789, south + 0.987654321] as const
          const row: IndexRow = toIndexRow({ ...granule, box }, NEW_ROW)
          const [w = 0, s = 0, e = 0, n = 0] = readIndexRow(row).box ?? []
          expect(w <= box[0] && s <= box[1] && e >= box[2] && n >= box[3]).toBe(true)
          expect(Math.max(box[0] - w, e - box[2])).toBeLessThan(1.1e-6)
        },
      ),
    )
  })
})

describe('a file that is no whole index', () => {
  const spoilt = async (bytes: Uint8Array | string) => {
    await writeFile(at('spoilt.sqlite'), bytes)
    return () => aboutIndex(at('spoilt.sqlite'))
  }

  test('is named with what is wrong and what to do', async () => {
    await build([PLAIN, LONG_FORM_ROW])
    const bytes = await readFile(at('index.sqlite'))
    expect(() => aboutIndex(at('none.sqlite'))).toThrow(
      /There is no index .*none\.sqlite\. Build one with: swath index build/,
    )
    expect(() => aboutIndex(folder.path)).toThrow(/is not a file/)
    expect(await spoilt('')).toThrow(/it is empty/)
    expect(await spoilt('GRANULE_ID,PRODUCT_ID\n'.repeat(100))).toThrow(/not a database/)
    expect(await spoilt(bytes.subarray(0, bytes.length - 8192))).toThrow(/cut short|malformed/)
    const other = new DatabaseSync(at('other.sqlite'))
    other.exec('CREATE TABLE t (x)')
    other.close()
    expect(() => aboutIndex(at('other.sqlite'))).toThrow(/SQLite file of another kind/)
    const later = new DatabaseSync(at('index.sqlite'))
    later.exec('PRAGMA user_version = 99')
    later.close()
    expect(() => aboutIndex(at('index.sqlite'))).toThrow(/layout 99, this swath reads layout 2/)
  })
})

function granuleOf(row: ArchiveRow, sensingTime: number): Granule {
  const place = (row.BASE_URL ?? '').replace('gs://gcp-public-data-sentinel-2/', '')
  return {
    granuleId: row.GRANULE_ID ?? '',
    productId: row.PRODUCT_ID ?? '',
    level: place.startsWith('L2') ? 'L2A' : 'L1C',
    mgrsTile: row.MGRS_TILE ?? '',
    sensingTime,
    generationTime: Date.parse(row.GENERATION_TIME ?? '') * 1000,
    baseline: row.DATATAKE_IDENTIFIER?.slice(-5),
    datatake: row.DATATAKE_IDENTIFIER ?? undefined,
    cloudCover: 12.345678901,
    totalSize: 600,
    quality: 'PASSED',
    box: [1.5, 2.5, 3.5, 4.5],
    place,
  }
}
