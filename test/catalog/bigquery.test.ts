import { afterEach, describe, expect, test } from 'vitest'
import { type BigqueryOptions, bigqueryCatalog } from '../../src/catalog/bigquery.ts'
import type { Cursor, Search } from '../../src/catalog/port.ts'
import { areaOfBox, WORLD } from '../../src/sentinel2/area.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { catalogContract } from '../contracts/catalog.ts'
import { indexRow, sinceMarch2024 } from '../stand-ins/bigquery-index-rows.ts'
import {
  type Loaded,
  type OpenBigQuery,
  type OpenOptions,
  openBigQueryOver,
  TABLE,
} from '../stand-ins/open-bigquery.ts'
import { openBigQuery } from './open.ts'

catalogContract('a table of BigQuery', { cloud: true, box: true }, openBigQuery)

const EVERYTHING: Search = {
  area: WORLD,
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: ['33UUB'],
  dedupe: 'latest',
}
const OF_ALL: Search = { ...EVERYTHING, dedupe: 'none' }

let opened: OpenBigQuery | undefined
const open = async (rows: Loaded, options?: OpenOptions): Promise<OpenBigQuery> => {
  opened = await openBigQueryOver(rows, options)
  return opened
}
afterEach(() => opened?.close())

const find = async ({ catalog }: OpenBigQuery, search: Partial<Search> = {}) =>
  (await catalog.search({ ...EVERYTHING, ...search }, { limit: 100 })).granules

describe('the place of a product', () => {
  const old = indexRow({ start: '20180101T105441' })
  const recent = sinceMarch2024(indexRow({ start: '20240601T105441' }))

  test('comes from base_url where source_url names the CSV file', async () => {
    const [granule] = await find(await open([old]))
    expect(`gs://gcp-public-data-sentinel-2/${granule?.place}`).toBe(old.base_url)
  })

  test('comes from source_url since March 2024, where base_url is NULL', async () => {
    const [granule] = await find(await open([recent]))
    expect(`gs://gcp-public-data-sentinel-2/${granule?.place}`).toBe(recent.source_url)
  })

  test('comes from base_url where source_url is empty or NULL', async () => {
    const rows = ['', null].map((source_url, i) =>
      indexRow({ start: `2018010${i + 1}T105441`, cells: { source_url } }),
    )
    expect(await find(await open(rows))).toHaveLength(2)
  })

  test('a row without a place is left out and displaces no other of its acquisition', async () => {
    const better = { baseline: '0511', generation: '20240101T000000' }
    const folder = 'S2A_MSIL1C_20180101T105441_N0511_R051_T33UUB_20240101T000000.SAFE'
    const nowhere = [
      { base_url: null },
      { base_url: null, source_url: null },
      { base_url: '' },
      { base_url: '/' },
      { base_url: 'gs://gcp-public-data-sentinel-2' },
      { base_url: `gs:///tiles/33/U/UB/${folder}` },
      { base_url: `gs://b/tiles/33/U/UB/../${folder}` },
      { base_url: `gs://b/tiles/33/./UB/${folder}` },
      { base_url: `gs://b/tiles/33/U//${folder}` },
      { base_url: `gs://b/tiles/33\\U/${folder}` },
      { base_url: `gs://b/tiles/33\nU/${folder}` },
      { base_url: 'gs://b/tiles/.SAFE' },
      { base_url: `gs://b/elsewhere/${folder}` },
      { base_url: `gs://b/tiles/33/U/UB/${folder}/GRANULE` },
      { base_url: `https://example.org/b/tiles/33/U/UB/${folder}` },
    ].map((cells) => indexRow({ ...better, cells }))
    const granules = await find(await open([old, ...nowhere]))
    expect(granules.map((granule) => granule.baseline)).toEqual(['02.06'])
  })

  test('may be an https address or end in a slash', async () => {
    const key = 'tiles/33/U/UB/S2A_MSIL1C_20180101T105441_N0206_R051_T33UUB_20180101T124911.SAFE'
    const urls = [`https://storage.googleapis.com/b/${key}`, `https://storage.cloud.google.com/b/${key}/`]
    for (const base_url of [...urls, `gs://b/${key}/`]) {
      const one = await open([indexRow({ cells: { base_url } })])
      expect((await find(one)).map((granule) => granule.place)).toEqual([key])
      await one.close()
      opened = undefined
    }
  })

  test('decides the level: what lies under L2/ is no L1C', async () => {
    const both = await open([old, indexRow({ level: 'L2A' })])
    expect((await find(both)).map((granule) => granule.level)).toEqual(['L1C'])
  })
})

describe('what is NULL in the table', () => {
  test('a row without a box, or with half of one, is found by its tile', async () => {
    const none = { north_lat: null, south_lat: null, west_lon: null, east_lon: null }
    const half = { ...none, north_lat: 1, south_lat: 0, west_lon: 1 }
    const rows = [indexRow({ cells: none }), indexRow({ start: '20180102T105441', cells: half })]
    const granules = await find(await open(rows), {
      area: areaOfBox(12.5, 55.6, 12.6, 55.7),
      tiles: undefined,
    })
    expect(granules.map((granule) => granule.box)).toEqual([undefined, undefined])
  })

  test('cloud cover that is not known matches no filter on it, and any other search', async () => {
    const both = await open([indexRow({ cells: { cloud_cover: null } })])
    expect((await find(both)).map((granule) => granule.cloudCover)).toEqual([undefined])
    expect(await find(both, { cloud: { min: 0, max: 100 } })).toEqual([])
  })

  test('a generation time that is not known counts as the earliest', async () => {
    const known = indexRow({ generation: '20180101T124911' })
    const unknown = indexRow({ generation: '20190101T124911', cells: { generation_time: null } })
    const granules = await find(await open([known, unknown]))
    expect(granules.map((granule) => granule.generationTime)).toEqual([parseTime('2018-01-01T12:49:11Z')])
  })

  test('a row without a sensing time or a tile does not match', async () => {
    const rows = [{ sensing_time: null }, { mgrs_tile: null }].map((cells) => indexRow({ cells }))
    expect(await find(await open(rows))).toEqual([])
  })

  test('size, quality, product name and datatake may be absent', async () => {
    const cells = {
      total_size: null,
      geometric_quality_flag: null,
      product_id: null,
      datatake_identifier: null,
    }
    const [granule] = await find(await open([indexRow({ cells })]))
    expect(granule).toMatchObject({ totalSize: undefined, quality: undefined, datatake: undefined })
    expect(granule?.productId).toBe('S2A_MSIL1C_20180101T105441_N0206_R051_T33UUB_20180101T124911')
  })
})

describe('the filters', () => {
  const box = { west_lon: 12, east_lon: 12.5, south_lat: 55.4, north_lat: 55.7 }

  test('time includes both ends to the microsecond', async () => {
    const one = await open([indexRow({ cells: { sensing_time: '2018-01-01T10:54:35.457123Z' } })])
    const at = parseTime('2018-01-01T10:54:35.457123Z') ?? 0
    expect((await find(one, { time: { from: at, until: at } })).map((g) => g.sensingTime)).toEqual([at])
    expect(await find(one, { time: { from: at + 1, until: undefined } })).toEqual([])
    expect(await find(one, { time: { from: undefined, until: at - 1 } })).toEqual([])
  })

  test('cloud includes both ends', async () => {
    const one = await open([indexRow({ cells: { cloud_cover: 20 } })])
    expect(await find(one, { cloud: { min: 20, max: 20 } })).toHaveLength(1)
    expect(await find(one, { cloud: { min: 0, max: 19.99 } })).toEqual([])
    expect(await find(one, { cloud: { min: 20.01, max: 100 } })).toEqual([])
  })

  test('a box that touches the area with its edge meets it, one beside it does not', async () => {
    const one = await open([indexRow({ cells: box })])
    const find1 = (west: number, east: number) =>
      find(one, { area: areaOfBox(west, 55.5, east, 55.6), tiles: undefined })
    expect(await find1(12.5, 12.6)).toHaveLength(1)
    expect(await find1(12.51, 12.6)).toEqual([])
  })

  test('tiles narrow the search and cannot widen it', async () => {
    const two = await open([indexRow(), indexRow({ tile: '33UVB' })])
    const tilesOf = async (search: Partial<Search>) => (await find(two, search)).map((g) => g.mgrsTile)
    expect(await tilesOf({ tiles: undefined })).toEqual(['33UVB', '33UUB'])
    expect(await tilesOf({ tiles: ['33UVB'] })).toEqual(['33UVB'])
    expect(await tilesOf({ tiles: ['33UVB'], area: areaOfBox(10, 10, 11, 11) })).toEqual([])
  })

  test('an area without a candidate tile is answered without a query', async () => {
    const one = await open([indexRow()])
    expect(await find(one, { area: areaOfBox(0, -90, 1, -89), tiles: undefined })).toEqual([])
    expect(await one.catalog.cost({ ...EVERYTHING, tiles: [] })).toEqual({ bytesBilled: 0, dollars: 0 })
    expect(one.server.calls()).toEqual([])
  })
})

describe('the antimeridian', () => {
  const lat = { south_lat: -17.5, north_lat: -17.1 }
  const fiji = (west: number, east: number) => areaOfBox(west, -17.4, east, -17.2)
  const at01K = (west_lon: number, east_lon: number) =>
    open([indexRow({ tile: '01KAB', cells: { ...lat, west_lon, east_lon } })])
  const count = async (one: OpenBigQuery, west: number, east: number) =>
    (await find(one, { area: fiji(west, east), tiles: ['01KAB'] })).length

  test('an area across it meets boxes on both of its sides', async () => {
    expect(await count(await at01K(-179.9, -179.5), 179.5, -179.6)).toBe(1)
    await opened?.close()
    expect(await count(await at01K(179.6, 179.9), 179.5, -179.6)).toBe(1)
  })

  test('a box whose west is east of its east crosses it', async () => {
    const one = await at01K(179.8, -179.7)
    expect(await count(one, -179.9, -179.8)).toBe(1)
    expect(await count(one, 179.85, 179.9)).toBe(1)
    expect(await count(one, -179.5, -179.4)).toBe(0)
    expect((await find(one, { tiles: ['01KAB'] }))[0]?.box).toEqual([179.8, -17.5, 180.3, -17.1])
  })

  test('a box wider than half the globe says nothing of the longitudes: its tile decides', async () => {
    const one = await at01K(-179.7, 180)
    expect(await count(one, -179.9, -179.8)).toBe(1)
    const [west = 0, , east = 0] = (await find(one, { tiles: ['01KAB'] }))[0]?.box ?? []
    expect(east - west).toBeLessThan(2)
  })
})

describe('of several products of one acquisition', () => {
  const baselines = async (rows: Loaded, search?: Partial<Search>) =>
    (await find(await open(rows), search)).map((granule) => granule.baseline)

  test('the highest baseline is kept, by its numbers: 05.11 over 04.00, 10.00 over 09.99', async () => {
    const first = ['0400', '0511', '0206'].map((baseline) => indexRow({ baseline }))
    const later = ['0999', '1000'].map((baseline) => indexRow({ baseline, start: '20180201T105441' }))
    expect(await baselines([...first, ...later])).toEqual(['10.00', '05.11'])
  })

  test('the later generation is kept at the same baseline', async () => {
    const generations = ['20180101T124911', '20200101T000000', '20190101T000000']
    const granules = await find(await open(generations.map((generation) => indexRow({ generation }))))
    expect(granules.map((granule) => granule.place.slice(-20, -5))).toEqual(['20200101T000000'])
  })

  test('a name without a baseline loses, unless the datatake tells a higher one', async () => {
    const without = indexRow({ baseline: null, cells: { datatake_identifier: null } })
    expect(await baselines([without, indexRow({ baseline: '0204' })])).toEqual(['02.04'])
    await opened?.close()
    const told = {
      ...indexRow({ baseline: null }),
      datatake_identifier: 'GS2A_20180101T105441_013204_N02.07',
    }
    expect(await baselines([told, indexRow({ baseline: '0204' })])).toEqual(['02.07'])
  })

  test('all are given where none is to be dropped, and a row that stands there twice once', async () => {
    const rows = ['0206', '0400', '0400'].map((baseline) => indexRow({ baseline }))
    expect(await baselines(rows, { dedupe: 'none' })).toHaveLength(2)
  })

  test('the best is chosen before any filter: it does not make way for a worse one', async () => {
    const clear = indexRow({ baseline: '0206', cells: { cloud_cover: 5 } })
    const cloudy = indexRow({ baseline: '0511', sensedAfter: 900e6, cells: { cloud_cover: 90 } })
    const box = { west_lon: 13, east_lon: 13.5, south_lat: 55.4, north_lat: 55.7 }
    const best = { ...cloudy, ...box }
    const one = await open([clear, best])
    expect(await find(one, { cloud: { min: 0, max: 50 } })).toEqual([])
    const until = parseTime('2018-01-01T10:55:00Z')
    expect(await find(one, { time: { from: undefined, until } })).toEqual([])
    expect(await find(one, { area: areaOfBox(12.2, 55.5, 12.3, 55.6), tiles: undefined })).toEqual([])
    expect(await find(one)).toHaveLength(1)
  })

  test('other satellites, orbits, tiles and starts are other acquisitions', async () => {
    const others = [{}, { satellite: 'S2B' as const }, { orbit: 52 }, { start: '20180101T105501' }]
    const rows = others.map((made, i) => indexRow({ ...made, generation: `20180101T12491${i}` }))
    expect(await find(await open(rows))).toHaveLength(4)
  })

  test('the long form and its reprocessing meet by the datatake, or within an hour without one', async () => {
    const start = { start: '20151223T023902' }
    const long = {
      ...indexRow({ start: '20151223T023913', baseline: '0201' }),
      granule_id: 'S2A_OPER_MSI_L1C_TL_SGS__20151223T041908_A002617_T33UUB_N02.01',
    }
    const told = { ...long, datatake_identifier: 'GS2A_20151223T023902_002617_N02.01' }
    expect(await baselines([told, indexRow({ ...start, baseline: '0500' })])).toEqual(['05.00'])
    await opened?.close()
    const untold = { ...long, datatake_identifier: null }
    expect(await baselines([untold, indexRow({ ...start, baseline: '0500' })])).toEqual(['05.00'])
  })

  test('a folder whose name is not of the archive’s form stands for itself', async () => {
    const odd = (name: string) => indexRow({ cells: { base_url: `gs://b/tiles/33/U/UB/${name}.SAFE` } })
    expect(await find(await open([odd('a'), odd('b'), indexRow()]))).toHaveLength(3)
  })
})

describe('pages', () => {
  const rows = ['33UUB', '33UVB', '32UPG'].flatMap((tile) =>
    [1, 2].flatMap((orbit) =>
      ['20180101T124911', '20190101T124911'].map((generation) =>
        indexRow({ tile, orbit, generation, cells: { sensing_time: '2018-01-01T10:54:41.000001Z' } }),
      ),
    ),
  )
  const search: Search = { ...OF_ALL, tiles: ['33UUB', '33UVB', '32UPG'] }

  for (const limit of [1, 5]) {
    test(`of ${limit} together are the unpaged answer, with equal sensing times`, async () => {
      const untimed = indexRow({ orbit: 3, cells: { generation_time: null } })
      const { catalog } = await open([...rows, untimed])
      const whole = await catalog.search(search, { limit: 100 })
      expect(whole.granules).toHaveLength(13)
      expect(whole.next).toBeUndefined()
      const paged = []
      let after: Cursor | undefined
      do {
        const page = await catalog.search(search, { limit, after })
        expect(page.granules.length).toBeLessThanOrEqual(limit)
        paged.push(...page.granules)
        after = page.next && JSON.parse(JSON.stringify(page.next))
      } while (after)
      expect(paged).toEqual(whole.granules)
    })
  }

  test('more rows than one answer of BigQuery holds come whole and in order', async () => {
    const many = Array.from({ length: 5200 }, (_, i) =>
      indexRow({ sensedAfter: i, cells: { base_url: `gs://b/tiles/33/U/UB/${i}.SAFE` } }),
    )
    const { catalog } = await open(many)
    const { granules } = await catalog.search(OF_ALL, { limit: 10_000 })
    expect(granules.map((granule) => granule.place)).toEqual(
      many.map((_, i) => `tiles/33/U/UB/${5199 - i}.SAFE`),
    )
  })

  test('a cursor of another catalog is a bad request that names the token', async () => {
    const { catalog } = await open([indexRow()])
    for (const after of [[1, 2, 3, 4], ['a', 1, 'b', 'c', 'd'], [], [1.5, 0, 'a', 'b', 'c']]) {
      await expect(catalog.search(OF_ALL, { limit: 1, after })).rejects.toMatchObject({
        code: 'bad-request',
        errors: [{ parameter: 'token' }],
      })
    }
  })
})

describe('a granule by name', () => {
  const rows = ['0206', '0511', '0400'].map((baseline) => indexRow({ baseline }))

  test('is the best of its products', async () => {
    const { catalog } = await open(rows)
    expect(await catalog.granule(String(rows[0]?.granule_id))).toMatchObject({ baseline: '05.11' })
  })

  test('is undefined where there is none, and not looked for where the name is no granule’s', async () => {
    const { catalog, server } = await open(rows)
    expect(await catalog.granule('L1C_T33UUB_A000001_20180101T105446')).toBeUndefined()
    const before = server.calls().length
    expect(await catalog.granule("'; DROP TABLE x; --")).toBeUndefined()
    expect(server.calls()).toHaveLength(before)
  })

  test('is found in the table of its level', async () => {
    const l2a = [indexRow({ level: 'L2A' })]
    const { catalog } = await open(rows, { l2a })
    expect(await catalog.granule(String(l2a[0]?.granule_id))).toMatchObject({ level: 'L2A' })
  })
})

describe('L2A', () => {
  test('is refused without a table of its own, with the ways out', async () => {
    const { catalog, server } = await open([indexRow()])
    const refused = { code: 'bad-request', errors: [{ parameter: 'level' }] }
    const search = { ...EVERYTHING, level: 'L2A' as const }
    await expect(catalog.search(search, { limit: 1 })).rejects.toMatchObject(refused)
    await expect(catalog.search(search, { limit: 1 })).rejects.toThrow(
      /SWATH_BIGQUERY_TABLE_L2A.*SWATH_CATALOG=bucket.*sqlite/,
    )
    await expect(catalog.granule('L2A_T33UUB_A013204_20180101T105446')).rejects.toMatchObject(refused)
    expect(server.calls()).toEqual([])
  })

  test('is searched in its table where there is one', async () => {
    const both = await open([indexRow()], { l2a: [indexRow({ level: 'L2A' })] })
    const [granule] = await find(both, { level: 'L2A' })
    expect(granule).toMatchObject({ level: 'L2A', mgrsTile: '33UUB' })
    expect(granule?.place).toMatch(/^L2\/tiles\/33\/U\/UB\//)
  })
})

test('the options name their faults: tables, project, endpoint', () => {
  const good = { table: TABLE, project: 'p', anonymous: true, maxBytesBilled: 1, deadlineMs: 1 }
  const making = (options: Partial<BigqueryOptions>) => () => bigqueryCatalog({ ...good, ...options })
  expect(making({})).not.toThrow()
  expect(making({ table: 'example.com:maps.data-set.t' })).toThrow(/SWATH_BIGQUERY_TABLE /)
  expect(making({ table: 'example.com:maps.data_set.t-1' })).not.toThrow()
  expect(making({ table: 'a.b' })).toThrow(/project\.dataset\.table/)
  expect(making({ table: 'a.b.c` WHERE 1=1; DROP TABLE `d' })).toThrow(/SWATH_BIGQUERY_TABLE /)
  expect(making({ tableL2A: '' })).toThrow(/SWATH_BIGQUERY_TABLE_L2A /)
  expect(making({ project: undefined, anonymous: false })).toThrow(/SWATH_GOOGLE_PROJECT/)
  expect(making({ endpoint: 'localhost:9050' })).toThrow(/SWATH_BIGQUERY_ENDPOINT/)
})
