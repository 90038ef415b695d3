import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type BucketNewer, bucketNewer } from '../../src/catalog/bucket-newer.ts'
import { Fault } from '../../src/errors.ts'
import type { CsvRow } from '../../src/index-file/csv.ts'
import { granuleOfRow } from '../../src/index-file/csv-granule.ts'
import { placeOf } from '../../src/sentinel2/granule.ts'
import { type Micros, parseTime } from '../../src/sentinel2/time.ts'
import { folderStorage } from '../../src/storage/folder.ts'
import type { Storage } from '../../src/storage/port.ts'
import { type ArchiveRow, archiveRow, keysOf, LONG_FORM_ROW, type Making } from '../archive.ts'
import { editedStorage } from '../edited-storage.ts'
import { productXml, tileXml } from '../stand-ins/product-xml.ts'
import { folderOf, type Temporary } from '../temporary.ts'
import { everyThirdDay, NOW, serveBucket } from './served-bucket.ts'

let folder: Temporary | undefined
afterEach(() => folder?.remove())

/** A bucket that holds the products of the rows, each with its XML but for those of `without`. */
async function bucketOf(rows: readonly ArchiveRow[], without: readonly ArchiveRow[] = []): Promise<Storage> {
  folder = await folderOf(rows.flatMap(keysOf).filter((key) => !key.endsWith('.xml')))
  for (const row of rows) if (!without.includes(row)) await writeXml(folder.path, row)
  return folderStorage({ folder: folder.path })
}

async function writeXml(root: string, row: ArchiveRow): Promise<void> {
  const read = granuleOfRow({ ...row, ETL_TIMESTAMP: null })
  if (typeof read !== 'object') throw new Error(`A row is ${read}.`)
  const { granule } = read
  const place = placeOf(row.SOURCE_URL, row.BASE_URL) ?? ''
  const files = {
    [`MTD_MSI${granule.level}.xml`]: productXml(granule),
    [`GRANULE/${granule.granuleId}/MTD_TL.xml`]: tileXml(granule),
  }
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, place, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

const at = (text: string): Micros => parseTime(text) ?? Number.NaN
const days = (tile: string, ...numbers: readonly number[]): ArchiveRow[] =>
  numbers.map((day) => made({ tile, start: `2026-05-${String(day).padStart(2, '0')}T10:00:31Z` }))
const made = (making: Making): ArchiveRow =>
  archiveRow({ baseline: '05.11', sensedAfter: 261.5, cloud: 12.25, ...making })

async function rowsOf(storage: Storage, asked: Partial<BucketNewer>): Promise<CsvRow[]> {
  const all: CsvRow[] = []
  const whole = { level: 'L1C', tiles: ['33UUB'], newest: () => undefined, now: NOW, metadata: true } as const
  for await (const rows of bucketNewer(storage, { ...whole, ...asked })) all.push(...rows)
  return all.toSorted((a, b) => String(a.SENSING_TIME).localeCompare(String(b.SENSING_TIME)))
}

const dayOf = ({ SENSING_TIME }: CsvRow): string => String(SENSING_TIME).slice(8, 10)

describe('what is newer in the bucket', () => {
  test('comes with its metadata as the index has it, but for the size', async () => {
    const rows = days('33UUB', 1, 2)
    const found = await rowsOf(await bucketOf(rows), {})
    const granules = (of: readonly CsvRow[]) => of.map(granuleOfRow)
    expect(granules(found)).toEqual(
      granules(rows.map((row) => ({ ...row, TOTAL_SIZE: null, ETL_TIMESTAMP: null }))),
    )
    expect(found[0]).toMatchObject({
      CLOUD_COVER: '12.25',
      GEOMETRIC_QUALITY_FLAG: 'PASSED',
      SENSING_TIME: '2026-05-01T10:04:52.500Z',
      BASE_URL: rows[0]?.BASE_URL,
      SOURCE_URL: null,
    })
  })

  test('comes without it as names tell it, and no XML is read', async () => {
    const rows = days('33UUB', 1, 2)
    const storage = editedStorage(await bucketOf(rows))
    const found = await rowsOf(storage, { metadata: false })
    expect(found.map((row) => row.GRANULE_ID)).toEqual(rows.map((row) => row.GRANULE_ID))
    expect(found[0]).toMatchObject({
      SENSING_TIME: '2026-05-01T10:00:31.000Z',
      GENERATION_TIME: '2026-05-01T12:00:31.000Z',
      DATATAKE_IDENTIFIER: null,
      CLOUD_COVER: null,
      WEST_LON: null,
    })
    expect(storage.reads).toEqual([])
  })

  test.for([true, false])(
    'is what was sensed after the newest known of each tile (metadata: %s)',
    async (metadata) => {
      const storage = await bucketOf([...days('33UUB', 1, 5, 9), ...days('33UVB', 1, 5, 9)])
      const known: Readonly<Record<string, Micros>> = {
        '33UUB': at('2026-05-05T10:04:52.5Z'),
        '33UVB': at('2026-05-01T10:04:52.5Z'),
      }
      const asked = { tiles: ['33UUB', '33UVB', '32UPG'], newest: (tile: string) => known[tile], metadata }
      const found = await rowsOf(storage, asked)
      expect(found.map((row) => `${row.MGRS_TILE} ${dayOf(row)}`)).toEqual([
        '33UVB 05',
        '33UUB 09',
        '33UVB 09',
      ])
    },
  )

  test('does not hold what is known when it is asked again, with or without metadata', async () => {
    const storage = await bucketOf(days('33UUB', 1, 5, 9))
    for (const metadata of [true, false]) {
      const found = await rowsOf(storage, { metadata })
      const newest = at(found.at(-1)?.SENSING_TIME ?? '')
      expect(await rowsOf(storage, { metadata, newest: () => newest })).toEqual([])
    }
  })

  test('holds what a datatake sensed later that had begun before, where its XML tells', async () => {
    const [first, tandem] = [
      made({ tile: '33UUB', start: '2026-05-01T10:00:31Z', sensedAfter: 1000 }),
      made({ tile: '33UUB', start: '2026-05-01T09:58:31Z', sensedAfter: 1700, satellite: 'S2B', orbit: 23 }),
    ]
    const storage = await bucketOf([first, tandem])
    const newest = () => at(first.SENSING_TIME ?? '')
    const found = await rowsOf(storage, { newest })
    expect(found.map((row) => row.GRANULE_ID)).toEqual([tandem.GRANULE_ID])
  })

  test('is of the level that is asked for', async () => {
    const l2a = made({ tile: '33UUB', start: '2026-05-03T10:00:31Z', level: 'L2A' })
    const storage = await bucketOf([...days('33UUB', 1), l2a])
    const found = await rowsOf(storage, { level: 'L2A' })
    expect(found.map((row) => row.BASE_URL)).toEqual([l2a.BASE_URL])
    expect(found[0]?.CLOUD_COVER).toBe('12.25')
  })

  test('comes without values where its XML is missing or broken, and is told', async () => {
    const [missing, broken, whole] = days('33UUB', 1, 2, 3)
    if (!missing || !broken || !whole) throw new Error('There are three.')
    const held = await bucketOf([missing, broken, whole], [missing])
    const storage = editedStorage(held, (key) =>
      key.includes('_20260502T') && key.endsWith('/MTD_MSIL1C.xml')
        ? new TextEncoder().encode('<a>')
        : undefined,
    )
    const problems: string[] = []
    const found = await rowsOf(storage, {
      onProblem: ({ granule, why }) => problems.push(`${granule.granuleId} ${why}`),
    })
    expect(found.map((row) => [dayOf(row), row.CLOUD_COVER, row.WEST_LON !== null])).toEqual([
      ['01', null, false],
      ['02', '12.25', false],
      ['03', '12.25', true],
    ])
    expect(problems.sort()).toEqual([
      `${missing.GRANULE_ID} GRANULE/${missing.GRANULE_ID}/MTD_TL.xml is not there`,
      `${missing.GRANULE_ID} MTD_MSIL1C.xml is not there`,
      expect.stringMatching(`^${broken.GRANULE_ID} MTD_MSIL1C.xml is no XML`),
    ])
  })

  test('of the long form comes by its name alone', async () => {
    const storage = await bucketOf([LONG_FORM_ROW], [LONG_FORM_ROW])
    const [row] = await rowsOf(storage, { tiles: ['51RWP'] })
    expect(row).toMatchObject({ GRANULE_ID: LONG_FORM_ROW.GRANULE_ID, BASE_URL: LONG_FORM_ROW.BASE_URL })
  })

  test('ends with the failure of the bucket, not with rows that lack their values', async () => {
    const failure = new Fault('upstream-failed', 'The bucket did not answer.')
    const storage = editedStorage(await bucketOf(days('33UUB', 1, 2)), (key) =>
      key.includes('_20260502T') && key.endsWith('.xml') ? failure : undefined,
    )
    await expect(rowsOf(storage, {})).rejects.toBe(failure)
  })

  test('ends where the asker leaves', async () => {
    const storage = await bucketOf(days('33UUB', 1))
    const asked = {
      level: 'L1C',
      tiles: ['33UUB'],
      newest: () => undefined,
      now: NOW,
      metadata: true,
    } as const
    const asking = bucketNewer(storage, asked, AbortSignal.abort()).next()
    await expect(asking).rejects.toMatchObject({ code: 'cancelled' })
  })
})

test('a tile of a decade that is known up to last week is listed from then on, in a call for each satellite', async () => {
  const { server, storage } = await serveBucket(everyThirdDay('33UUB', 1200).flatMap(keysOf))
  try {
    const newest = () => NOW() - 7 * 86_400e6
    expect(await rowsOf(storage, { newest, metadata: false })).toHaveLength(3)
    expect(server.stats().list).toBe(4 + 3)
  } finally {
    await server.close()
  }
})
