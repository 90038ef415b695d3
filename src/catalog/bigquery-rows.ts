import { z } from 'zod'
import { Fault } from '../errors.ts'
import { baselineOf } from '../index-file/row.ts'
import { dataBox } from '../sentinel2/footprint.ts'
import { folderName, type Granule, placeOf } from '../sentinel2/granule.ts'
import type { Micros } from '../sentinel2/time.ts'

/** A row as the REST API gives it: text or null by column name; timestamps are whole microseconds. */
export type Row = Readonly<Record<string, string | null>>

const text = z.string().nullable()
const number = z
  .string()
  .nullable()
  .transform((value) => (value === null || !Number.isFinite(Number(value)) ? null : Number(value)))
const micros = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number)

const rowForm = z.object({
  granule_id: z.string().min(1),
  product_id: text,
  datatake_identifier: text,
  mgrs_tile: z.string(),
  sensing_time: micros,
  generation_time: micros.nullable(),
  total_size: number,
  cloud_cover: number,
  geometric_quality_flag: text,
  north_lat: number,
  south_lat: number,
  west_lon: number,
  east_lon: number,
  source_url: text,
  base_url: text,
})

/**
 * The granule of a row; undefined where the row has no place.
 * @throws {Fault} upstream-failed where the row has not the columns that were asked for
 */
export function readRow(row: Row): Granule | undefined {
  const parsed = rowForm.safeParse(row)
  if (!parsed.success) throw unreadable(row, parsed.error)
  const cells = parsed.data
  const place = placeOf(cells.source_url, cells.base_url)
  if (place === undefined) return undefined
  const names = {
    granuleId: cells.granule_id,
    productId: cells.product_id ?? folderName(place),
    datatake: cells.datatake_identifier ?? undefined,
    place,
  }
  const edges = { west: cells.west_lon, south: cells.south_lat, east: cells.east_lon, north: cells.north_lat }
  return {
    ...names,
    level: place.startsWith('L2/') ? 'L2A' : 'L1C',
    mgrsTile: cells.mgrs_tile,
    sensingTime: cells.sensing_time,
    generationTime: cells.generation_time ?? undefined,
    baseline: baselineOf(names),
    cloudCover: cells.cloud_cover ?? undefined,
    totalSize: cells.total_size ?? undefined,
    quality: cells.geometric_quality_flag ?? undefined,
    box: dataBox(edges, cells.mgrs_tile),
  }
}

/**
 * Where a row stands in an order: what leads it (percent of cloud, 101 unknown; or nothing, 0), then the columns
 * that every order ends with.
 */
export type Key = readonly [
  lead: number,
  sensing: Micros,
  generation: Micros,
  tile: string,
  place: string,
  granuleId: string,
]

const integer = z.number().int().safe()
export const keyForm = z.tuple([z.number(), integer, integer, z.string(), z.string(), z.string()])

/** @throws {Fault} upstream-failed as readRow */
export function keyOf(row: Row, leads: 'cloudiness' | undefined): Key {
  const { generation_time: generation } = row
  const key = [
    leads === undefined ? 0 : Number(row.cloudiness),
    Number(row.sensing_time),
    Number(generation ?? 0),
    row.mgrs_tile,
    row.place,
    row.granule_id,
  ]
  const parsed = keyForm.safeParse(key)
  if (!parsed.success) throw unreadable(row, parsed.error)
  return parsed.data
}

/** By what leads, the least first, then newest first: the order of search.sql and search-clearest.sql. */
export function compareKeys(a: Key, b: Key): number {
  return a[0] - b[0] || -compareRest(a, b)
}

/** Oldest first: the order of search-oldest.sql. */
export const compareOldest = (a: Key, b: Key): number => a[0] - b[0] || compareRest(a, b)

function compareRest(a: Key, b: Key): number {
  return a[1] - b[1] || a[2] - b[2] || ascending(a[3], b[3]) || ascending(a[4], b[4]) || ascending(a[5], b[5])
}

const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const unreadable = ({ granule_id: name }: Row, cause: unknown) =>
  new Fault(
    'upstream-failed',
    `BigQuery gave a row (granule ${name ?? 'without a name'}) that cannot be read. Try again; if it stays so, the table is no copy of the archive's index.`,
    {
      cause,
    },
  )
