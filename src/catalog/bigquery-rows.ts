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

/** Where a page ended: the columns that search.sql orders by, of its last row. */
export type Position = readonly [
  sensing: Micros,
  generation: Micros,
  tile: string,
  place: string,
  granuleId: string,
]

const integer = z.number().int().safe()
export const positionForm = z.tuple([integer, integer, z.string(), z.string(), z.string()])

/** @throws {Fault} upstream-failed as readRow */
export function positionOf(row: Row): Position {
  const { generation_time: generation } = row
  const position = [
    Number(row.sensing_time),
    Number(generation ?? 0),
    row.mgrs_tile,
    row.place,
    row.granule_id,
  ]
  const parsed = positionForm.safeParse(position)
  if (!parsed.success) throw unreadable(row, parsed.error)
  return parsed.data
}

const unreadable = ({ granule_id: name }: Row, cause: unknown) =>
  new Fault(
    'upstream-failed',
    `BigQuery gave a row (granule ${name ?? 'without a name'}) that cannot be read.`,
    {
      cause,
    },
  )
