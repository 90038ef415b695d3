import { tilePrefix } from '../../src/sentinel2/granule.ts'
import { formatCompactTime, formatTime, parseCompactTime } from '../../src/sentinel2/time.ts'
import type { TableRow } from './bigquery-tables.ts'

export type Made = {
  readonly level?: 'L1C' | 'L2A'
  readonly tile?: string
  readonly satellite?: 'S2A' | 'S2B' | 'S2C'
  /** Datatake start as in names. */
  readonly start?: string
  /** Four digits; null: a name without `_Nxxxx`. */
  readonly baseline?: string | null
  readonly orbit?: number
  /** As in names. */
  readonly generation?: string
  /** Microseconds from the datatake's start to the sensing time. */
  readonly sensedAfter?: number
  readonly cells?: TableRow
}

/** Microseconds from a product's making to its row: three hours. */
const ETL_DELAY = 3 * 3600e6
const BUCKET = 'gs://gcp-public-data-sentinel-2'

/** A row of the archive's index as it was until March 2024, of a product of these terms. */
export function indexRow(made: Made = {}): TableRow {
  const { level = 'L1C', tile = '33UUB', satellite = 'S2A', start = '20180101T105441', orbit = 51 } = made
  const { baseline = '0206', generation = '20180101T124911', sensedAfter = 5_123_456 } = made
  const digits = baseline ?? '0206'
  const sensing = (parseCompactTime(start) ?? 0) + sensedAfter
  const relative = `R${String(orbit).padStart(3, '0')}`
  const number = baseline === null ? '' : `N${baseline}_`
  const name = `${satellite}_MSI${level}_${start}_${number}${relative}_T${tile}_${generation}`
  return {
    granule_id: `${level}_T${tile}_A013204_${formatCompactTime(sensing)}`,
    product_id: name,
    datatake_identifier: `G${satellite}_${start}_013204_N${digits.slice(0, 2)}.${digits.slice(2)}`,
    mgrs_tile: tile,
    sensing_time: formatTime(sensing),
    generation_time: formatTime(parseCompactTime(generation) ?? 0),
    etl_timestamp: formatTime((parseCompactTime(generation) ?? 0) + ETL_DELAY),
    total_size: 1000,
    cloud_cover: 10,
    geometric_quality_flag: 'PASSED',
    base_url: `${BUCKET}/${tilePrefix(level, tile)}${name}.SAFE`,
    source_url: 'https://storage.googleapis.com/gcp-public-data-sentinel-2/index.csv.gz',
    ...made.cells,
  }
}

/** The same row as the table has them since March 2024: the place in source_url, base_url NULL. */
export const sinceMarch2024 = (row: TableRow): TableRow => ({
  ...row,
  source_url: row.base_url ?? null,
  base_url: null,
})
