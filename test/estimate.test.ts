import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { estimate, USUAL } from '../src/estimate.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import type { Band, Level } from '../src/sentinel2/bands.ts'
import { parseImageName } from '../src/sentinel2/names.ts'
import { archiveRow, LONG_FORM_ROW } from './archive.ts'
import { openSqlite } from './catalog/open.ts'
import { searchOf } from './contracts/catalog.ts'
import { realData } from './real-data.ts'

const listings = realData('listings')

describe.runIf(listings)('the usual share of a band in its product', () => {
  test.for(['L1C', 'L2A'] as const)('is the mean over the real complete products of %s', (level) => {
    const shares = sharesIn(listings ?? '', level)
    for (const [band, usual] of Object.entries(USUAL[level])) {
      expect(usual.share, band).toBeCloseTo(shares.get(band as Band) ?? 0, 3)
    }
    expect([...shares.keys()].sort()).toEqual(Object.keys(USUAL[level]).sort())
  })
})

const query = (bands?: readonly Band[]) => ({
  search: searchOf({ area: WORLD }),
  bands: bands && new Set(bands),
  limit: 250,
  after: undefined,
  format: undefined,
})

test('a granule of the long form is counted without TCI, one without a size at the mean of the others', async () => {
  const { catalog, close } = await openSqlite([
    LONG_FORM_ROW,
    archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' }),
  ])
  try {
    const { signal } = new AbortController()
    expect(await estimate(catalog, query(['TCI', 'B02']), signal)).toMatchObject({
      granules: 2,
      images: 3,
      bytes: Math.round(600_000_000 * 2 * (0.1052 + 0.1458)),
      granules_without_size: 1,
    })
    expect((await estimate(catalog, query(), signal)).images).toBe(27)
  } finally {
    await close()
  }
})

test('a catalog that cannot count says so, with what a query costs', async () => {
  const counting = await openSqlite([LONG_FORM_ROW])
  const catalog = {
    ...counting.catalog,
    extent: async () => undefined,
    cost: async () => ({ bytesBilled: 14e9, dollars: 0.08 }),
  }
  try {
    expect(await estimate(catalog, query(), new AbortController().signal)).toMatchObject({
      granules: null,
      images: null,
      bytes: null,
      query: { bytes_billed: 14e9, dollars: 0.08 },
    })
  } finally {
    await counting.close()
  }
})

function sharesIn(folder: string, level: Level): Map<Band, number> {
  const products = readdirSync(folder)
    .filter((name) => name.includes(`_MSI${level}_`) && !name.includes('_OPER_'))
    .map((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n').slice(1))
    .map((lines) =>
      lines.map((line) => ({ size: Number(line.split('\t')[0]), path: line.split('\t')[2] ?? '' })),
    )
    .filter((files) => files.some(({ path }) => path.includes('/IMG_DATA/') && path.endsWith('.jp2')))
  const shares = new Map<Band, number>()
  for (const files of products) {
    const total = files.reduce((sum, { size }) => sum + size, 0)
    for (const { size, path } of files.filter(({ path }) => path.includes('/IMG_DATA/'))) {
      const name = parseImageName(path.slice(path.lastIndexOf('/') + 1))
      if (name) shares.set(name.band, (shares.get(name.band) ?? 0) + size / total / products.length)
    }
  }
  return shares
}
