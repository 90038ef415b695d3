import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { aboutIndex, batchesOf } from '../src/index-file/about.ts'
import type { CsvRow } from '../src/index-file/csv.ts'
import { granuleOfRow } from '../src/index-file/csv-granule.ts'
import { type IndexRow, readIndexRow } from '../src/index-file/row.ts'
import { openUpdate } from '../src/index-file/update-writer.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { parseTime } from '../src/sentinel2/time.ts'
import { newestOf, sinceOf, type UpdateOptions, updateIndex } from '../src/update-index.ts'
import { type ArchiveRow, archiveRow, csvOf, LONG_FORM_ROW, writeCsv } from './archive.ts'
import { TILES } from './large-update.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
const index = () => at('index.sqlite')
const names = async () => (await readdir(folder.path)).sort()
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const UPDATER = fileURLToPath(new URL('./run-update.ts', import.meta.url))
const DAY_1 = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })
const DAY_2 = archiveRow({ tile: '33UUB', start: '2019-01-02T10:00:00Z' })
const DAY = 86_400e6

const build = async (...rows: readonly ArchiveRow[]) =>
  buildIndex({ from: [await writeCsv(at('old.csv'), rows)], to: index() })
const update = async (...rows: readonly ArchiveRow[]) =>
  updateIndex({ file: index(), from: [await writeCsv(at('new.csv'), rows)] })

type Rows = Extract<UpdateOptions['from'], { rows: unknown }>

/** Rows as BigQuery and the bucket give them. */
const handed = (...rows: readonly (ArchiveRow & { readonly ETL_TIMESTAMP?: string })[]): Rows => ({
  name: 'bigquery a.b.c',
  rows: (async function* () {
    const all: CsvRow[] = rows.map((row) => ({ ETL_TIMESTAMP: null, ...row }))
    yield all.slice(0, 1)
    yield all.slice(1)
  })(),
})

function granules(): readonly Granule[] {
  const db = new DatabaseSync(index(), { readOnly: true })
  const all = db.prepare('SELECT * FROM granule ORDER BY cell, sensing, generation, seq')
  all.setReturnArrays(true)
  const rows = all.all() as unknown as IndexRow[]
  db.close()
  return rows.map(readIndexRow)
}

const only = (): Granule => {
  const [granule, ...others] = granules()
  expect(others).toEqual([])
  if (!granule) throw new Error('There is no granule.')
  return granule
}

describe('an update', () => {
  test('adds what is not there, changes what is told anew, leaves the rest, and says so', async () => {
    await build(DAY_1, LONG_FORM_ROW)
    const broken = [
      { ...DAY_2, GRANULE_ID: null },
      { ...DAY_2, CLOUD_COVER: '150' },
    ]
    const report = await update(DAY_2, { ...DAY_1, CLOUD_COVER: '77' }, LONG_FORM_ROW, ...broken)
    expect(report).toMatchObject({ rows: 5, added: 1, changed: 1, unchanged: 1, batch: 1 })
    expect(report.rejected).toEqual([
      { reason: 'without a granule id', count: 1, examples: [DAY_2.PRODUCT_ID] },
      {
        reason: 'with a value that cannot be read',
        count: 1,
        examples: [`${DAY_2.GRANULE_ID} (CLOUD_COVER 150)`],
      },
    ])
    expect(report.newestSensing).toEqual({
      before: parseTime('2019-01-01T10:00:06Z'),
      after: parseTime('2019-01-02T10:00:06Z'),
    })
    expect(granules().map(({ cloudCover }) => cloudCover)).toEqual([77, 10, 33])
    expect(aboutIndex(index())).toEqual(report.about)
    expect(report.about).toMatchObject({ rows: 3, tiles: 2, sources: [at('old.csv'), at('new.csv')] })
    expect(await names()).toEqual(['index.sqlite', 'new.csv', 'old.csv'])
  })

  test('leaves the time of the build, by which tokens know the index, and notes its own and its batch', async () => {
    const { about } = await build(DAY_1)
    const report = await update(DAY_1, DAY_2)
    expect(report.about.builtAt).toBe(about.builtAt)
    expect(report.about.updatedAt).toBeGreaterThan(about.updatedAt)
    expect(batchesOf(index())).toEqual([
      { id: 0, cameAt: about.builtAt, sources: [at('old.csv')] },
      { id: 1, cameAt: report.about.updatedAt, sources: [at('new.csv')] },
    ])
    const db = new DatabaseSync(index(), { readOnly: true })
    expect(db.prepare('SELECT batch FROM granule ORDER BY sensing').all()).toEqual([
      { batch: 0 },
      { batch: 1 },
    ])
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    db.close()
  })

  test('without news changes the time of the last look alone', async () => {
    const { about } = await build(DAY_1, LONG_FORM_ROW)
    const before = granules()
    const report = await update(LONG_FORM_ROW, DAY_1)
    expect(report).toMatchObject({ added: 0, changed: 0, unchanged: 2, batch: undefined })
    const now = report.about
    expect(now).toEqual({ ...about, updatedAt: now.updatedAt })
    expect(now.updatedAt).toBeGreaterThan(about.updatedAt)
    expect(batchesOf(index())).toHaveLength(1)
    expect(granules()).toEqual(before)
  })

  test('keeps what is known where the newer row does not tell it', async () => {
    await build(DAY_1)
    const before = only()
    const untold = {
      PRODUCT_ID: null,
      DATATAKE_IDENTIFIER: null,
      GENERATION_TIME: null,
      TOTAL_SIZE: null,
      CLOUD_COVER: null,
      GEOMETRIC_QUALITY_FLAG: null,
      WEST_LON: null,
      SOUTH_LAT: null,
      EAST_LON: null,
      NORTH_LAT: null,
    }
    expect(await update({ ...DAY_1, ...untold })).toMatchObject({ changed: 0, unchanged: 1 })
    expect(only()).toEqual(before)
  })

  test('takes the start of the datatake for a sensing time only as long as it knows no better', async () => {
    const vague = {
      ...DAY_1,
      SENSING_TIME: '2019-01-01T10:00:00.000000Z',
      CLOUD_COVER: null,
      TOTAL_SIZE: null,
    }
    await build(vague)
    expect(await update(DAY_1)).toMatchObject({ changed: 1 })
    expect(only()).toMatchObject({ sensingTime: parseTime('2019-01-01T10:00:06Z'), cloudCover: 10 })
    expect(await update(vague)).toMatchObject({ changed: 0, unchanged: 1 })
    expect(only()).toMatchObject({ sensingTime: parseTime('2019-01-01T10:00:06Z'), cloudCover: 10 })
  })

  test('takes rows handed over as it takes those of a CSV, commas and quotes in them included', async () => {
    await build(DAY_1)
    const strange = { ...DAY_2, GRANULE_ID: 'a "strange", name' }
    const report = await updateIndex({ file: index(), from: handed(DAY_2, strange, DAY_1) })
    expect(report).toMatchObject({ rows: 3, added: 2, unchanged: 1 })
    expect(granules().map(({ granuleId }) => granuleId)).toContain('a "strange", name')
    expect(report.about.sources).toEqual([at('old.csv'), 'bigquery a.b.c'])
    expect(await updateIndex({ file: index(), from: handed() })).toMatchObject({ rows: 0, batch: undefined })
  })

  test('of two rows of one granule takes the one that a build takes: with the file of the build it has no news', async () => {
    const later = { ...DAY_2, CLOUD_COVER: '1', SENSING_TIME: '2019-01-02T10:00:07.000000Z' }
    const again = { ...DAY_2, CLOUD_COVER: '2', GENERATION_TIME: '2019-01-02T12:00:00.500000Z' }
    const rows = [later, DAY_2, again].map((row, i) => ({
      ...row,
      ETL_TIMESTAMP: `2019-01-0${4 - i}T00:00:00.000000Z`,
    }))
    await build(...rows)
    const built = granules()
    expect(built).toHaveLength(1)
    expect(await update(...rows)).toMatchObject({ changed: 0, unchanged: 1, duplicates: 2 })
    expect(granules()).toEqual(built)
    await build(DAY_1)
    const report = await updateIndex({ file: index(), from: handed(...rows) })
    expect(report).toMatchObject({ added: 1, duplicates: 2 })
    expect(granules().slice(1)).toEqual(built)
    expect(report.newestEtl).toEqual({ before: 0, after: parseTime('2019-01-04T00:00:00Z') })
  })
})

describe('from when on an index may lack rows of a level', () => {
  const etl = '2019-01-05T00:00:00.000000Z'
  const generated = parseTime('2019-01-01T12:00:00Z') ?? 0

  test('is well before the newest generation of its build, and the beginning for a level it has none of', async () => {
    await build(DAY_1)
    expect(sinceOf(index(), 'L1C')).toEqual({ generation: generated - 30 * DAY, etl: undefined })
    expect(sinceOf(index(), 'L2A')).toEqual({ generation: 0, etl: undefined })
    const later = archiveRow({ tile: '33UUB', start: '2019-02-01T10:00:00Z', level: 'L2A' })
    await build(DAY_1, later)
    expect(sinceOf(index(), 'L1C')).toEqual({ generation: generated - 30 * DAY, etl: undefined })
  })

  test('moves on with the rows that are all of the level, and with no others', async () => {
    await build(DAY_1)
    await updateIndex({ file: index(), from: handed({ ...DAY_2, ETL_TIMESTAMP: etl }) })
    expect(sinceOf(index(), 'L1C')).toEqual({ generation: generated - 30 * DAY, etl: undefined })
    await updateIndex({ file: index(), from: handed({ ...DAY_2, ETL_TIMESTAMP: etl }), settles: 'L1C' })
    expect(sinceOf(index(), 'L1C')).toMatchObject({ etl: parseTime(etl) })
    expect(sinceOf(index(), 'L2A')).toEqual({ generation: 0, etl: undefined })
  })

  test('stays what it was over an update with the newest rows of a CSV', async () => {
    const year = (tile: string, of: number, level: 'L1C' | 'L2A') =>
      archiveRow({ tile, start: `${of}-06-01T10:00:00Z`, level })
    await build(year('33UUB', 2019, 'L1C'), year('33UUB', 2021, 'L2A'))
    const before = [sinceOf(index(), 'L1C'), sinceOf(index(), 'L2A')]
    expect(before[0]?.generation).toBe((parseTime('2019-06-01T12:00:00Z') ?? 0) - 30 * DAY)
    expect(before[1]?.generation).toBe((parseTime('2021-06-01T12:00:00Z') ?? 0) - 30 * DAY)
    await update(year('33UVB', 2024, 'L1C'), year('33UVB', 2024, 'L2A'))
    expect([sinceOf(index(), 'L1C'), sinceOf(index(), 'L2A')]).toEqual(before)
  })

  test('is of each level what its own rows of the build tell of their coming into the table', async () => {
    const csv = async (name: string, row: ArchiveRow, came: string) => {
      const [header = '', line = ''] = csvOf([row]).split('\n')
      await writeFile(at(name), [`${header},ETL_TIMESTAMP`, `${line},${came}`, ''].join('\n'))
      return at(name)
    }
    const later = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z', level: 'L2A' })
    const from = [await csv('1.csv', DAY_1, etl), await csv('2.csv', later, '2020-01-05T00:00:00.000000Z')]
    await buildIndex({ from, to: index() })
    expect(sinceOf(index(), 'L1C')).toMatchObject({ etl: parseTime(etl) })
    expect(sinceOf(index(), 'L2A')).toMatchObject({ etl: parseTime('2020-01-05T00:00:00Z') })
  })

  test('is the newest sensing of a tile for the bucket', async () => {
    await build(DAY_1, DAY_2, LONG_FORM_ROW)
    expect(newestOf(index(), 'L1C', ['33UUB', '33UVB'])).toEqual(
      new Map([['33UUB', parseTime('2019-01-02T10:00:06Z')]]),
    )
    expect(newestOf(index(), 'L2A', ['33UUB'])).toEqual(new Map())
  })
})

describe('an update that cannot be made is refused with a sentence, and the index is as it was', () => {
  /** The sentence; the index file must not have changed by a byte. */
  async function refusal(work: () => Promise<unknown>, others: readonly string[] = []): Promise<string> {
    const before = await readFile(index())
    const thrown = await work().then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(thrown).toMatchObject({ name: 'Fault' })
    expect((await readFile(index())).equals(before)).toBe(true)
    const hidden = (await names()).filter((name) => name.startsWith('.'))
    expect(hidden).toEqual(others.map((name) => expect.stringContaining(name)))
    return String(thrown)
  }

  test('where there is none, or something else, or another layout, or half of one', async () => {
    await expect(update(DAY_1)).rejects.toThrow(/There is no index .*index\.sqlite/)
    expect(await names()).toEqual(['new.csv'])
    await writeFile(index(), 'my thesis, which is rather long')
    expect(await refusal(() => update(DAY_1))).toMatch(/no index that swath can read: .*not a database/)
    await rm(index())
    await build(DAY_1)
    alter('PRAGMA user_version = 1')
    expect(await refusal(() => update(DAY_2))).toMatch(/it has layout 1, this swath reads layout 2/)
    await build(...many(2000))
    await truncate(index(), (await stat(index())).size - 8192)
    expect(await refusal(() => update(DAY_2))).toMatch(/cut short|malformed/)
  })

  test('where it is damaged in the middle, as far as it got', async () => {
    await build(...many(4000))
    const bytes = await readFile(index())
    const middle = Math.floor(bytes.length / 2 / 8192) * 8192
    await writeFile(index(), bytes.fill(0xa5, middle, middle + 8192 * 5))
    // No later update can bring the rest of it.
    await expect(update(...many(4001))).rejects.toThrow(/is damaged; build it anew with swath index build\.$/)
    // The one new row is of another tile, and may have been committed before the damage was met.
    expect([4000, 4001]).toContain(aboutIndex(index()).rows)
    expect(await names()).toEqual(['index.sqlite', 'new.csv', 'old.csv'])
  })

  test('where another process holds it', async () => {
    await build(DAY_1)
    const other = new DatabaseSync(index())
    other.exec('BEGIN EXCLUSIVE')
    expect(await refusal(() => update(DAY_2))).toMatch(/is held by another process.*try again later/)
    other.exec('ROLLBACK')
    other.close()
    expect(await update(DAY_2)).toMatchObject({ added: 1 })
  }, 20_000)

  test('where a build of it is under way, and so a build during an update', async () => {
    await build(DAY_1)
    await mkdir(at(`.index.sqlite.building-${process.ppid}-x`))
    await expect(update(DAY_2)).rejects.toThrow(
      `Process ${process.ppid} is building ${index()}; wait for its end.`,
    )
    await rm(at(`.index.sqlite.building-${process.ppid}-x`), { recursive: true })
    let meanwhile = ''
    const rows = async function* (): AsyncGenerator<readonly CsvRow[]> {
      meanwhile = await refusal(
        () => buildIndex({ from: [at('old.csv')], to: index() }),
        ['.index.sqlite.updating'],
      )
      yield [{ ...DAY_2, ETL_TIMESTAMP: null }]
    }
    await updateIndex({ file: index(), from: { name: 'bucket', rows: rows() } })
    expect(meanwhile).toMatch(
      /Process \d+ is updating .*index\.sqlite; wait for its end.* Nothing was built\./,
    )
    expect(granules()).toHaveLength(2)
    expect((await names()).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('where another index was moved over it meanwhile', async () => {
    await build(DAY_2)
    await copyFile(index(), at('other.sqlite'))
    await build(DAY_1)
    const read = granuleOfRow({ ...DAY_2, ETL_TIMESTAMP: null })
    if (typeof read === 'string') throw new Error(read)
    const opened = openUpdate(index(), ['a.csv'])
    opened.bringIn('33UUB', [read])
    await rename(at('other.sqlite'), index())
    const finish = async () => opened.finish({}, 'some')
    expect(await refusal(finish)).toMatch(
      /index\.sqlite was replaced while it was updated; run the update again/,
    )
    opened.close()
    expect(granules()).toHaveLength(1)
  })

  test('where what comes from elsewhere is broken, under the name that the user gave it', async () => {
    await build(DAY_1)
    const source = (bytes: string) => ({
      name: '-',
      open: async function* () {
        yield Buffer.from(bytes)
      },
    })
    const from = [source(`${csvOf([DAY_2])}"a stray quote,\n`)]
    const broken =
      /The index CSV standard input: line 3 is broken .*\. Download it again\. Nothing was changed\./
    expect(await refusal(() => updateIndex({ file: index(), from }))).toMatch(broken)
    const url = { ...source('<html>'), name: 'https://a.b/index.csv' }
    const told = await refusal(() => updateIndex({ file: index(), from: [url] }))
    expect(told).toMatch(
      /The first line of https:\/\/a\.b\/index\.csv is not the header.* Nothing was changed\./,
    )
    await expect(buildIndex({ from, to: index() })).rejects.toThrow(
      /standard input: line 3 .* Nothing was built; the old index is untouched\./,
    )
  })

  test('where the CSV is broken, or none of its rows can be kept, or it is no CSV', async () => {
    await build(DAY_1)
    const csv = await writeCsv(at('new.csv'), many(3000))
    await writeFile(csv, `${await readFile(csv, 'utf8')}"a stray quote,\n`)
    const from = [csv]
    expect(await refusal(() => updateIndex({ file: index(), from }))).toMatch(/new\.csv/)
    const nameless = { ...DAY_2, GRANULE_ID: null }
    expect(await refusal(() => update(nameless))).toMatch(
      /No granule could be read from .*new\.csv: 1 rows, 1 without a granule id. Nothing was changed/,
    )
    expect(await refusal(() => updateIndex({ file: index(), from: [index()] }))).toMatch(/not the header/)
  })

  test('where its rows fail on the way, or the asker stops', async () => {
    await build(DAY_1)
    const rows = async function* (): AsyncGenerator<readonly CsvRow[]> {
      yield [{ ...DAY_2, ETL_TIMESTAMP: null }]
      throw new Error('the line went dead')
    }
    const from = { name: 'bucket', rows: rows() }
    expect(await refusal(() => updateIndex({ file: index(), from }))).toMatch(
      /could not be updated: the line went dead\. Nothing was changed/,
    )
    const stop = new AbortController()
    stop.abort()
    const stopped = () => updateIndex({ file: index(), from: [at('old.csv')], signal: stop.signal })
    expect(await refusal(stopped)).toMatch(/was stopped before its end\. Nothing was changed/)
  })
})

test('two updates at once bring in all that both bring, each its own batch', async () => {
  await build(DAY_1)
  const [a, b] = [many(3000), many(6000).slice(2000)]
  const one = await writeCsv(at('a.csv'), a)
  const two = await writeCsv(at('b.csv'), b)
  const children = [one, two].map((csv) =>
    spawn(process.execPath, [UPDATER, index(), csv], { stdio: 'inherit' }),
  )
  const codes = await Promise.all(children.map((child) => once(child, 'close')))
  expect(codes).toEqual([
    [0, null],
    [0, null],
  ])
  expect(aboutIndex(index())).toMatchObject({ rows: 6001, sources: expect.arrayContaining([one, two]) })
  expect(batchesOf(index()).map(({ id }) => id)).toEqual([0, 1, 2])
  const whole = at('whole.sqlite')
  await buildIndex({ from: [at('old.csv'), one, two], to: whole })
  const updated = granules()
  await copyFile(whole, index())
  expect(updated).toEqual(granules())
})

/** Over many tiles, so that commits of two updates come in turns. */
function many(count: number): ArchiveRow[] {
  return Array.from({ length: count }, (_, i) =>
    archiveRow({
      tile: TILES[i % 500] ?? '',
      start: new Date(1.6e12 + Math.floor(i / 500) * 3.6e6).toISOString(),
      box: [12, 50, 13, 51],
    }),
  )
}

function alter(sql: string): void {
  const db = new DatabaseSync(index())
  db.exec(sql)
  db.close()
}
