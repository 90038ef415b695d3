import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Search } from '../src/catalog/port.ts'
import { estimate, USUAL } from '../src/estimate.ts'
import { type Area, areaOfBox, WORLD } from '../src/sentinel2/area.ts'
import type { Band, Level } from '../src/sentinel2/bands.ts'
import { parseImageName } from '../src/sentinel2/names.ts'
import { archiveRow, LONG_FORM_ROW } from './archive.ts'
import { openSqlite } from './catalog/open.ts'
import { searchOf } from './contracts/catalog.ts'
import { realData } from './real-data.ts'
import { indexRow } from './stand-ins/bigquery-index-rows.ts'
import type { TableSource } from './stand-ins/bigquery-tables.ts'
import { openBigQueryOver } from './stand-ins/open-bigquery.ts'

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
      query: { bytes_billed: 14e9, dollars: 0.08, clustered: null, likely: null, clustered_copy: null },
    })
  } finally {
    await counting.close()
  }
})

describe('the bill of a query of BigQuery', () => {
  const ask = async (table: TableSource, asked: Partial<Search> = {}) => {
    const opened = await openBigQueryOver({ countedAs: 45e6, ...table })
    try {
      const search = searchOf({ area: areaOfBox(8, 54, 16, 57), ...asked })
      return await estimate(opened.catalog, { search, bands: undefined }, new AbortController().signal)
    } finally {
      await opened.close()
    }
  }
  const rows = [indexRow()]

  test('of a table that is not clustered shows what a clustered copy would bill, and its making', async () => {
    const { query, note } = await ask({ rows })
    expect(query).toMatchObject({ clustered: false, likely: null })
    const { bytes_billed = 0, dollars = 0, clustered_copy: copy } = query ?? {}
    expect(copy?.bytes_billed).toBeLessThan(bytes_billed / 50)
    expect(copy?.dollars).toBeLessThan(dollars / 50)
    expect(copy?.making_bytes).toBeGreaterThan(bytes_billed)
    expect(copy?.making_dollars).toBeGreaterThan(dollars)
    expect(note).toMatch(/copy-clustered\.sql.*SWATH_BIGQUERY_TABLE/)
  })

  test('of a clustered one shows the likely bytes beside the most they can be', async () => {
    const { query, note } = await ask({ rows, clustering: ['mgrs_tile', 'sensing_time'] })
    expect(query).toMatchObject({ clustered: true, clustered_copy: null })
    expect(query?.likely?.bytes_billed).toBeLessThan((query?.bytes_billed ?? 0) / 50)
    expect(note).toMatch(/the most that the query bills/)
  })

  test('of a shape in a box of very many tiles counts those of its box', async () => {
    const box = [-60, -40, 60, 60] as const
    const outline = [
      [-60, -40],
      [60, -40],
      [-60, 60],
      [-60, -40],
    ] as const
    const [whole, part] = [
      await ask({ rows }, { area: { box } }),
      await ask({ rows }, { area: { box, shape: [[outline]] } }),
    ]
    expect(part.tiles).toBeGreaterThan(1000)
    expect(part.tiles).toBe(whole.tiles)
  })

  test('of a shape in a smaller box counts the tiles that it touches', async () => {
    const box = [8, 54, 16, 57] as const
    const triangle: Area = {
      box,
      shape: [
        [
          [
            [8, 54],
            [16, 54],
            [8, 57],
            [8, 54],
          ],
        ],
      ],
    }
    const [whole, part] = [await ask({ rows }), await ask({ rows }, { area: triangle })]
    expect(part.tiles).toBeLessThan(whole.tiles)
    expect(part.query?.clustered_copy?.bytes_billed).toBeLessThan(
      whole.query?.clustered_copy?.bytes_billed ?? 0,
    )
  })
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
