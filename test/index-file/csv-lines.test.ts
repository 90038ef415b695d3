import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { aboutIndex } from '../../src/index-file/about.ts'
import { updateIndex } from '../../src/update-index.ts'
import { type ArchiveRow, archiveRow, csvOf, HEADER } from '../archive.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const ROWS = [1, 2].map((day) => archiveRow({ tile: '33UUB', start: `2019-01-0${day}T10:00:00Z` }))

/** A CSV whose last columns are these; those of the archive end in BASE_URL. */
function csvEndingIn(last: readonly (keyof ArchiveRow)[], rows: readonly ArchiveRow[] = ROWS): string {
  const header = [...HEADER.filter((name) => name !== 'SOURCE_URL' && !last.includes(name)), ...last]
  const lines = rows.map((row) => header.map((name) => row[name] ?? '').join(','))
  return [header.join(','), ...lines].join('\n')
}

const build = async (csv: string | Buffer, name = 'index.csv') => {
  await writeFile(at(name), csv)
  return buildIndex({ from: [at(name)], to: at('index.sqlite') })
}
const CUT = /line 3, the last, is not ended; the file may be cut off/

describe('a plain CSV whose last row no line feed ends', () => {
  test('is refused wherever it is cut inside its last field, and the index that was there stays', async () => {
    const whole = csvEndingIn(['BASE_URL'])
    await build(`${whole}\n`)
    const before = aboutIndex(at('index.sqlite'))
    const place = whole.length - whole.lastIndexOf(',') - 1
    for (const lost of [1, 4, 5, 6, 20, place - 1, place]) {
      await expect(build(whole.slice(0, -lost)), `${lost}`).rejects.toThrow(CUT)
    }
    expect(aboutIndex(at('index.sqlite'))).toEqual(before)
  })

  test('is read where the row is whole: it ends in a place, or names the file it came from', async () => {
    expect(await build(csvEndingIn(['BASE_URL']))).toMatchObject({ kept: 2 })
    expect(await build(`${csvEndingIn(['BASE_URL'])}\r`.replaceAll('\n', '\r\n'))).toMatchObject({ kept: 2 })
    expect(await build(csvOf(ROWS).trimEnd())).toMatchObject({ kept: 2 })
  })

  test('is refused where its last field does not tell by itself whether it is whole', async () => {
    for (const last of ['CLOUD_COVER', 'GRANULE_ID', 'SENSING_TIME'] as const) {
      await expect(build(csvEndingIn([last])), last).rejects.toThrow(CUT)
      expect(await build(`${csvEndingIn([last])}\n`)).toMatchObject({ kept: 2 })
    }
  })

  test('is refused where its place is gone with the end of the row', async () => {
    const rows = ROWS.map((_, i) =>
      archiveRow({ tile: '33UUB', start: `2019-01-0${i + 1}T10:00:00Z`, placeIn: 'source_url' }),
    )
    const whole = csvEndingIn(['BASE_URL', 'SOURCE_URL'], rows)
    expect(await build(whole)).toMatchObject({ kept: 2 })
    for (const lost of [1, 6, 30]) await expect(build(whole.slice(0, -lost))).rejects.toThrow(CUT)
  })

  test('is refused by an update, too', async () => {
    await build(`${csvEndingIn(['BASE_URL'], ROWS.slice(0, 1))}\n`)
    await writeFile(at('new.csv'), csvEndingIn(['BASE_URL']).slice(0, -3))
    await expect(updateIndex({ file: at('index.sqlite'), from: [at('new.csv')] })).rejects.toThrow(CUT)
    expect(aboutIndex(at('index.sqlite')).rows).toBe(1)
  })

  test('is read as it stands from a gzip file, which cannot be cut unseen', async () => {
    const csv = gzipSync(csvEndingIn(['CLOUD_COVER']))
    expect(await build(csv, 'index.csv.gz')).toMatchObject({ kept: 2 })
  })
})

describe('a CSV of another form', () => {
  test('whose lines end in CR alone is refused by that', async () => {
    await expect(build(csvOf(ROWS).replaceAll('\n', '\r'))).rejects.toThrow(/its lines end in CR alone.*tr /)
  })

  test('that holds its header alone says so', async () => {
    await expect(build(csvOf([]))).rejects.toThrow(/There is not one row in .*index\.csv, the header alone/)
  })
})
