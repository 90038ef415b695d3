import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { type AboutIndex, aboutIndex } from '../src/index-file/about.ts'
import { parseTime } from '../src/sentinel2/time.ts'
import { updateIndex } from '../src/update-index.ts'
import { type ArchiveRow, writeCsv } from './archive.ts'
import { anyRow, oneOfEach } from './overlapping-rows.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

/*
 * An index that was built of some rows and then brought up to date with others holds, row for row and with what
 * it says of itself, what one build of both gives: so it answers every search alike.
 */

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

function contentsOf(file: string) {
  const db = new DatabaseSync(file, { readOnly: true })
  const rows = db.prepare('SELECT * FROM granule ORDER BY cell, sensing, generation, seq').all()
  db.close()
  const { builtAt, updatedAt, sources, settled, ...about } = aboutIndex(file)
  return { rows: rows.map((row): Record<string, unknown> => ({ ...row, batch: 0 })), about }
}

/** What an update with the new rows makes of the old ones, and what one build of all gives. */
async function bothWays(old: readonly ArchiveRow[], news: readonly ArchiveRow[], all: readonly ArchiveRow[]) {
  await buildIndex({ from: [await writeCsv(at('all.csv'), all)], to: at('whole.sqlite') })
  const before = await buildIndex({ from: [await writeCsv(at('old.csv'), old)], to: at('index.sqlite') })
  const report = await updateIndex({ file: at('index.sqlite'), from: [await writeCsv(at('new.csv'), news)] })
  expect(aboutIndex(at('index.sqlite')).settled).toEqual(settledBy(old, news, before.about.settled))
  return { report, updated: contentsOf(at('index.sqlite')), built: contentsOf(at('whole.sqlite')) }
}

/**
 * However new the rows of an update are, none says that others are not lacking; but where they name all that the
 * index had of a level up to the newest of them, they are taken for a newer copy of all.
 */
function settledBy(old: readonly ArchiveRow[], news: readonly ArchiveRow[], before: AboutIndex['settled']) {
  const named = new Set(news.map(nameOf))
  const after = (level: 'L1C' | 'L2A') => {
    const newest = Math.max(0, ...ofLevel(news, level).map(generationOf))
    const lacking = ofLevel(old, level).filter(
      (row) => generationOf(row) <= newest && !named.has(nameOf(row)),
    )
    const isWhole = ofLevel(news, level).length > 0 && lacking.length === 0
    return isWhole
      ? { ...before[level], generation: Math.max(before[level].generation, newest) }
      : before[level]
  }
  return { L1C: after('L1C'), L2A: after('L2A') }
}
const ofLevel = (rows: readonly ArchiveRow[], level: 'L1C' | 'L2A') =>
  rows.filter((row) => (nameOf(row).includes('/L2/') ? 'L2A' : 'L1C') === level)
const generationOf = ({ GENERATION_TIME }: ArchiveRow) => parseTime(GENERATION_TIME ?? '') ?? 0

test('a build of some rows and an update with others hold what one build of both holds', async () => {
  const seen = { superseded: 0, seq: 0, verbatim: 0, unchanged: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { minLength: 10, maxLength: 80, size: 'max' }).map(oneOfEach),
      fc.array(fc.nat(2), { minLength: 1, maxLength: 80, size: 'max' }),
      async (all, draws) => {
        // By the draw a row is in the old CSV, in the new one or in both.
        const drawn = (i: number) => draws[i % draws.length] ?? 0
        const old = all.filter((_, i) => drawn(i) !== 0)
        const news = all.filter((_, i) => drawn(i) !== 1)
        fc.pre(old.length > 0 && news.length > 0)
        const { updated, built, report } = await bothWays(old, news, all)
        expect(updated).toEqual(built)
        expect(report).toMatchObject({ changed: 0, added: all.length - old.length })
        for (const { superseded, seq, verbatim } of built.rows) {
          seen.superseded += superseded === 1 ? 1 : 0
          seen.seq += Number(seq) > 0 ? 1 : 0
          seen.verbatim += verbatim === null ? 0 : 1
        }
        seen.unchanged += report.unchanged
      },
    ),
    { numRuns: 40, seed: 20261121 },
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50)
}, 60_000)

test('so do a build and an update whose rows tell other values of what is there', async () => {
  let changed = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { minLength: 5, maxLength: 60, size: 'max' }).map(oneOfEach),
      fc.array(fc.nat(5), { minLength: 1, maxLength: 60, size: 'max' }),
      async (old, draws) => {
        const news = old.flatMap((row, i) => {
          const altered = revised(row, draws[i % draws.length] ?? 0)
          return altered ? [altered] : []
        })
        fc.pre(news.length > 0)
        const all = [...new Map([...old, ...news].map((row) => [nameOf(row), row])).values()]
        const { updated, built, report } = await bothWays(old, news, all)
        expect(updated).toEqual(built)
        changed += report.changed
        const again = await updateIndex({ file: at('index.sqlite'), from: [at('new.csv')] })
        expect(again).toMatchObject({ added: 0, changed: 0, batch: undefined })
      },
    ),
    { numRuns: 25, seed: 20261122 },
  )
  expect(changed).toBeGreaterThan(100)
}, 60_000)

const nameOf = ({ BASE_URL, SOURCE_URL, GRANULE_ID }: ArchiveRow) =>
  `${BASE_URL?.endsWith('.SAFE') ? BASE_URL : SOURCE_URL} ${GRANULE_ID}`

/** The row as a later CSV may tell it; undefined where that lacks it. */
function revised(row: ArchiveRow, draw: number): ArchiveRow | undefined {
  switch (draw) {
    case 0:
      return { ...row, CLOUD_COVER: '55.5' }
    case 1:
      return {
        ...row,
        WEST_LON: '12.2',
        SOUTH_LAT: '55.3',
        EAST_LON: '12.8',
        NORTH_LAT: '55.6',
        TOTAL_SIZE: '7',
      }
    case 2:
      return { ...row, SENSING_TIME: '2017-03-04T05:06:07.891000Z' }
    case 3:
      return { ...row, GENERATION_TIME: '2018-03-04T05:06:07.500000Z', GEOMETRIC_QUALITY_FLAG: 'FAILED' }
    case 4:
      return { ...row, GEOMETRIC_QUALITY_FLAG: row.GEOMETRIC_QUALITY_FLAG === 'PASSED' ? 'FAILED' : 'PASSED' }
    default:
      return undefined
  }
}
