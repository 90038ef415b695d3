import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { aboutIndex } from '../src/index-file/about.ts'
import { formatTime } from '../src/sentinel2/time.ts'
import { updateIndex } from '../src/update-index.ts'
import { type ArchiveRow, archiveRow, writeCsv } from './archive.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
const index = () => at('index.sqlite')
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

/** Made two hours after noon of a day of 2019. */
const day = (n: number, level: 'L1C' | 'L2A' = 'L1C', tile = '33UUB') =>
  archiveRow({ tile, start: new Date(Date.UTC(2019, 0, n, 10)).toISOString(), level })
const build = async (...rows: readonly ArchiveRow[]) =>
  buildIndex({ from: [await writeCsv(at('old.csv'), rows)], to: index() })
const update = async (rows: readonly ArchiveRow[], complete = false) =>
  updateIndex({ file: index(), from: [await writeCsv(at('new.csv'), rows)], complete })
/** As the bucket hands them in: newer, and nobody knows whether they are all. */
const bring = (...rows: readonly ArchiveRow[]) =>
  updateIndex({
    file: index(),
    from: { name: 'bucket', rows: handed(rows.map((row) => ({ ...row, ETL_TIMESTAMP: null }))) },
  })
async function* handed<T>(rows: readonly T[]): AsyncGenerator<readonly T[]> {
  yield rows
}
const completeUpTo = (level: 'L1C' | 'L2A') => {
  const { generation } = aboutIndex(index()).settled[level]
  return generation === 0 ? undefined : formatTime(generation).slice(0, 'yyyy-mm-dd'.length)
}

describe('an index is complete for a level', () => {
  test('up to the newest row of the CSV it was built of', async () => {
    await build(day(1), day(3), day(2, 'L2A'))
    expect([completeUpTo('L1C'), completeUpTo('L2A')]).toEqual(['2019-01-03', '2019-01-02'])
  })

  test('up to the newest row of a CSV that names all that the index had, whatever of it is new', async () => {
    await build(day(1), day(2))
    const report = await update([day(1), day(2), day(2, 'L1C', '33UVB'), day(9)])
    expect(completeUpTo('L1C')).toBe('2019-01-09')
    expect(report.lacking).toEqual({ L1C: 0, L2A: 0 })
    expect(formatTime(report.completeUpTo.L1C.before)).toMatch(/^2019-01-02/)
    expect(completeUpTo('L2A')).toBeUndefined()
  })

  test('no further than before after a CSV that lacks one of them, unless it is said to be all', async () => {
    await build(day(1), day(2))
    expect((await update([day(2), day(9)])).lacking).toEqual({ L1C: 1, L2A: 0 })
    expect(completeUpTo('L1C')).toBe('2019-01-02')
    await update([day(2), day(9)], true)
    expect(completeUpTo('L1C')).toBe('2019-01-09')
  })

  test('up to the end of a CSV, though the index knows newer granules from elsewhere', async () => {
    await build(day(1), day(2))
    await bring(day(20), day(21, 'L1C', '33UVB'))
    expect(completeUpTo('L1C')).toBe('2019-01-02')
    expect((await update([day(1), day(2), day(9)])).lacking.L1C).toBe(0)
    expect(completeUpTo('L1C')).toBe('2019-01-09')
    // Of what was made by the end of this one, it lacks what the bucket told.
    expect((await update([day(1), day(2), day(9), day(22)])).lacking.L1C).toBe(2)
    expect(completeUpTo('L1C')).toBe('2019-01-09')
  })

  test('by a CSV of it that is brought into an index without it, as by a build, and never by the bucket', async () => {
    await build(day(1))
    await bring(day(5, 'L2A'))
    expect(completeUpTo('L2A')).toBeUndefined()
    await update([day(4, 'L2A'), day(5, 'L2A'), day(6, 'L2A')])
    expect([completeUpTo('L1C'), completeUpTo('L2A')]).toEqual(['2019-01-01', '2019-01-06'])
  })

  test('no further than before by a CSV that was known to its end', async () => {
    await build(day(1), day(2))
    await update([day(1)])
    expect(completeUpTo('L1C')).toBe('2019-01-02')
  })
})
