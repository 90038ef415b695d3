import { expect, test } from 'vitest'
import type { Catalog, Summary } from '../src/catalog/port.ts'
import { areaOfBox } from '../src/sentinel2/area.ts'
import { summariseArea } from '../src/summarise-area.ts'
import { archiveRow } from './archive.ts'
import { openSqlite } from './catalog/open.ts'
import { searchOf } from './contracts/catalog.ts'

const SEARCH = searchOf({ area: areaOfBox(179, -17, -179, -16) })

async function withSummary(summary: Summary | undefined) {
  const { catalog, close } = await openSqlite([archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })])
  try {
    const counting: Catalog = { ...catalog, summary: async () => summary }
    return await summariseArea(counting, SEARCH)
  } finally {
    await close()
  }
}

test('a summary tells counts by the names of the service, and null of clouds that nobody knows', async () => {
  const clouds = [
    { from: 0, to: 10, granules: 2 },
    { from: null, to: null, granules: 1 },
  ]
  const january = { month: '2019-01', granules: 2, leastCloud: 0 }
  const march = { month: '2019-03', granules: 1, leastCloud: undefined }
  const tile = { mgrsTile: '01KAB', granules: 3, leastCloud: 0 }
  const told = await withSummary({ granules: 3, months: [january, march], tiles: [tile], clouds })
  expect(JSON.parse(JSON.stringify(told))).toEqual({
    area: [179, -17, -179, -16],
    level: 'L1C',
    granules: 3,
    months: [
      { month: '2019-01', granules: 2, least_cloud: 0 },
      { month: '2019-03', granules: 1, least_cloud: null },
    ],
    tiles: [{ mgrs_tile: '01KAB', granules: 3, least_cloud: 0 }],
    clouds,
  })
})

test('a catalog that cannot count says how to get one that can', async () => {
  await expect(withSummary(undefined)).rejects.toMatchObject({
    code: 'bad-request',
    message: expect.stringMatching(/swath index build.*SWATH_CATALOG=sqlite:<file>\.$/),
  })
})
