import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Search } from '../../src/catalog/port.ts'
import { areaOfBox, boxesMeet, WORLD } from '../../src/sentinel2/area.ts'
import { dataBox } from '../../src/sentinel2/footprint.ts'
import {
  bestProducts,
  compareGranules,
  folderProduct,
  type Granule,
  placeOf,
} from '../../src/sentinel2/granule.ts'
import { parseDatatake, parseGranuleName } from '../../src/sentinel2/names.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { indexRow, sinceMarch2024 } from '../stand-ins/bigquery-index-rows.ts'
import type { TableRow } from '../stand-ins/bigquery-tables.ts'
import { type OpenBigQuery, openBigQueryOver } from '../stand-ins/open-bigquery.ts'

/*
 * The query does in SQL what sentinel2/ does in TypeScript: places, acquisitions, boxes, order. Here both
 * answer the same searches over a thousand made-up rows with all that is odd in the table.
 */

const next = random(20180101)
const pick = <T>(...of: readonly [T, ...T[]]): T => of[Math.floor(next() * of.length)] ?? of[0]
const between = (low: number, high: number) => low + next() * (high - low)

const TILES = ['33UUB', '33UVB', '32UPG', '01KAB', '60KZG'] as const
const PLACELESS: readonly [TableRow, ...TableRow[]] = [
  { base_url: null, source_url: null },
  { base_url: null, source_url: '' },
  { base_url: 'gs://b/tiles/33/U/UB/x.SAFE/GRANULE' },
  { base_url: 'gs://b/tiles/33/./x.SAFE', source_url: null },
  { source_url: 'ftp://b/tiles/33/x.SAFE' },
]

/** Of two rows of one product which one stays is nobody's rule. */
const rows = [
  ...new Map(Array.from({ length: 1000 }, randomRow).map((row) => [row.product_id, row])).values(),
]
const granules = rows.map(granuleOf).filter((granule) => granule !== undefined)

let opened: OpenBigQuery
beforeAll(async () => {
  opened = await openBigQueryOver(rows)
})
afterAll(() => opened.close())

test('the rows hold what the test is about', () => {
  expect(granules.length).toBeGreaterThan(500)
  expect(rows.length - granules.length).toBeGreaterThan(50)
  expect(granules.length - bestProducts(granules).size).toBeGreaterThan(100)
  expect(granules.filter((granule) => !granule.box).length).toBeGreaterThan(50)
})

for (let i = 0; i < 40; i++) {
  const search = randomSearch()
  test(`the query and the rules agree on ${JSON.stringify(search)}`, async () => {
    const { granules: found } = await opened.catalog.search(search, { limit: 2000 })
    expect(found.map(identity)).toEqual(expected(search).map(identity))
  })
}

function expected({ area, time, cloud, tiles, dedupe }: Search): Granule[] {
  const candidates = new Set(tilesOf(area, tiles))
  const best = bestProducts(granules)
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = time
  const matching = granules.filter(
    (granule) =>
      (dedupe === 'none' || best.has(granule)) &&
      candidates.has(granule.mgrsTile) &&
      granule.sensingTime >= from &&
      granule.sensingTime <= until &&
      (!cloud || inside(granule.cloudCover, cloud)) &&
      (!granule.box || boxesMeet(granule.box, area.box)),
  )
  const once = new Map(matching.map((granule) => [`${granule.place} ${granule.granuleId}`, granule]))
  return [...once.values()].sort(compareGranules)
}

const inside = (cover: number | undefined, { min, max }: { min: number; max: number }): boolean =>
  cover !== undefined && cover >= min && cover <= max

const identity = ({ granuleId, place, baseline, sensingTime, generationTime }: Granule) =>
  [sensingTime, generationTime, granuleId, place, baseline].join(' ')

function randomSearch(): Search {
  const from = parseTime(`201${pick(5, 6, 8)}-01-01T10:00:00Z`) ?? 0
  return {
    area: pick(
      WORLD,
      areaOfBox(between(11, 14), between(54, 55), between(12, 15), between(55, 56)),
      areaOfBox(between(178, 179.9), -18, between(-179.9, -178), between(-17.5, -17)),
      areaOfBox(between(-180, -179), -18, between(-179, -178), between(-17.5, -17)),
    ),
    level: 'L1C',
    time: { from: pick(undefined, from), until: pick(undefined, from + 3 * 3600e6) },
    cloud: pick(undefined, undefined, { min: 0, max: 20 }, { min: 10, max: 50 }),
    tiles: pick<Search['tiles']>(undefined, TILES, ['33UUB', '01KAB']),
    dedupe: pick('latest', 'none'),
  }
}

/** Passes are days apart; a long form's folder carries a later start, which its datatake may put right. */
function randomRow(): TableRow {
  const tile = pick(...TILES)
  const start = pick(
    '20150101T100000',
    '20160101T100000',
    '20160111T100000',
    '20180101T100000',
    '20180101T100020',
  )
  const long = start < '2017' && next() < 0.3
  const row = indexRow({
    tile,
    satellite: pick('S2A', 'S2B'),
    orbit: pick(51, 52),
    start: long ? `${start.slice(0, -2)}11` : start,
    baseline: pick(null, '0201', '0206', '0400', '0511', '0999', '1000'),
    generation: `20${pick('18', '21', '24')}0101T0000${pick('00', '01')}`,
    sensedAfter: pick(0, 5e6, 5e6 + 1, 120e6),
  })
  const datatake_identifier = `GS2A_${start}_013204_N02.04`
  const cells: TableRow = {
    cloud_cover: pick(null, 0, 10, 20, 50, 90.5),
    ...randomBox(tile),
    ...(next() < 0.1 ? { generation_time: null } : {}),
    datatake_identifier: next() < 0.2 ? pick(null, 'GS2A', '') : datatake_identifier,
    ...(long ? { granule_id: `S2A_OPER_MSI_L1C_TL_SGS__20160101T041908_A002617_T${tile}_N02.03` } : {}),
  }
  const placed = next() < 0.3 ? sinceMarch2024({ ...row, ...cells }) : { ...row, ...cells }
  if (next() < 0.05)
    return { ...placed, base_url: `gs://b/tiles/odd/${row.product_id}_odd.SAFE/`, source_url: '' }
  return next() < 0.15 ? { ...placed, ...pick(...PLACELESS) } : placed
}

/** Boxes that miss an edge, cross the antimeridian, go round the globe, or are as they should be. */
function randomBox(tile: string): TableRow {
  const pacific = tile.endsWith('KAB') || tile.endsWith('KZG')
  const south_lat = pacific ? between(-18, -17.3) : between(54, 55.5)
  const north_lat = south_lat + between(0, 0.9)
  const west_lon = pacific ? pick(between(178.5, 179.9), between(-179.9, -179)) : between(11, 14)
  const east_lon = west_lon + between(0, 1.5)
  const plain = { south_lat, north_lat, west_lon, east_lon: east_lon > 180 ? east_lon - 360 : east_lon }
  return pick<TableRow>(
    plain,
    plain,
    plain,
    pacific ? { ...plain, west_lon: -179.8, east_lon: 180 } : plain,
    { ...plain, [pick('south_lat', 'east_lon')]: null },
    {},
  )
}

/** What the rules of sentinel2/ make of a row. */
function granuleOf(row: TableRow): Granule | undefined {
  const place = placeOf(text(row.source_url), text(row.base_url))
  const mgrsTile = String(row.mgrs_tile)
  if (place === undefined) return undefined
  const datatake = text(row.datatake_identifier)
  const granuleId = String(row.granule_id)
  return {
    granuleId,
    productId: String(row.product_id),
    level: 'L1C',
    mgrsTile,
    sensingTime: parseTime(String(row.sensing_time)) ?? Number.NaN,
    generationTime: parseTime(String(row.generation_time)),
    baseline:
      folderProduct(place)?.baseline ??
      parseGranuleName(granuleId)?.baseline ??
      parseDatatake(datatake ?? '')?.baseline,
    datatake,
    cloudCover: number(row.cloud_cover) ?? undefined,
    totalSize: 1000,
    quality: 'PASSED',
    place,
    box: dataBox(
      {
        west: number(row.west_lon),
        south: number(row.south_lat),
        east: number(row.east_lon),
        north: number(row.north_lat),
      },
      mgrsTile,
    ),
  }
}

function text(value: TableRow[keyof TableRow]): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

function number(value: TableRow[keyof TableRow]): number | null {
  return value === null || value === undefined ? null : Number(value)
}

/** Numbers from 0 to 1 (mulberry32), the same at every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
