import { writeFile } from 'node:fs/promises'
import type { Level } from '../src/sentinel2/bands.ts'
import { tilePrefix } from '../src/sentinel2/granule.ts'
import type { Baseline, Satellite } from '../src/sentinel2/names.ts'
import { tileBox } from '../src/sentinel2/tiles.ts'
import { formatCompactTime, formatTime } from '../src/sentinel2/time.ts'

/** A row of the archive's index as it stands in a CSV; null is an empty field. */
export type ArchiveRow = Readonly<Record<(typeof HEADER)[number], string | null>>

export const HEADER = [
  'GRANULE_ID',
  'PRODUCT_ID',
  'DATATAKE_IDENTIFIER',
  'MGRS_TILE',
  'SENSING_TIME',
  'TOTAL_SIZE',
  'CLOUD_COVER',
  'GEOMETRIC_QUALITY_FLAG',
  'GENERATION_TIME',
  'NORTH_LAT',
  'SOUTH_LAT',
  'WEST_LON',
  'EAST_LON',
  'BASE_URL',
  'SOURCE_URL',
] as const

const BUCKET = 'gs://gcp-public-data-sentinel-2'
const CSV_URL = 'https://storage.googleapis.com/gcp-public-data-sentinel-2/index.csv.gz'
const SECOND = 1e6

export type Making = {
  readonly tile: string
  /** Datatake start, RFC 3339. */
  readonly start: string
  readonly level?: Level
  readonly satellite?: Satellite
  readonly orbit?: number
  readonly baseline?: Baseline
  /** Generation time, RFC 3339; two hours after the start by default. */
  readonly generation?: string
  /** Seconds from the start to the sensing time. */
  readonly sensedAfter?: number
  readonly cloud?: number | null
  /** `[west, south, east, north]`; the tile's by default. */
  readonly box?: readonly (number | null)[]
  /** Where the place stands: until March 2024 in base_url, since then in source_url. */
  readonly placeIn?: 'base_url' | 'source_url' | 'nowhere'
}

/** A row of the compact form, as consistent in itself as the archive's own. */
export function archiveRow(making: Making): ArchiveRow {
  const { tile, level = 'L1C', satellite = 'S2A', orbit = 22, baseline = '02.06', sensedAfter = 6 } = making
  const start = Date.parse(making.start) * 1000
  const generation = making.generation ? Date.parse(making.generation) * 1000 : start + 7200 * SECOND
  const began = formatCompactTime(start)
  const absolute = String(1000 + orbit).padStart(6, '0')
  const relative = String(orbit).padStart(3, '0')
  const product = `${satellite}_MSI${level}_${began}_N${baseline.replace('.', '')}_R${relative}_T${tile}_${formatCompactTime(generation)}`
  const place = `${BUCKET}/${tilePrefix(level, tile)}${product}.SAFE`
  const [west, south, east, north] = making.box ?? tileBox(tile) ?? []
  const placeIn = making.placeIn ?? 'base_url'
  return {
    GRANULE_ID: `${level}_T${tile}_A${absolute}_${formatCompactTime(start + sensedAfter * SECOND)}`,
    PRODUCT_ID: product,
    DATATAKE_IDENTIFIER: `G${satellite}_${began}_${absolute}_N${baseline}`,
    MGRS_TILE: tile,
    SENSING_TIME: formatTime(start + sensedAfter * SECOND),
    TOTAL_SIZE: '600000000',
    CLOUD_COVER: making.cloud === null ? null : String(making.cloud ?? 10),
    GEOMETRIC_QUALITY_FLAG: 'PASSED',
    GENERATION_TIME: formatTime(generation),
    NORTH_LAT: text(north),
    SOUTH_LAT: text(south),
    WEST_LON: text(west !== undefined && west !== null && west >= 180 ? west - 360 : west),
    EAST_LON: text(east !== undefined && east !== null && east > 180 ? east - 360 : east),
    BASE_URL: placeIn === 'base_url' ? place : null,
    SOURCE_URL: placeIn === 'source_url' ? place : CSV_URL,
  }
}

/** One acquisition as it stood before 2016-12-06, names verbatim from the archive's index. */
export const LONG_FORM_ROW: ArchiveRow = {
  GRANULE_ID: 'S2A_OPER_MSI_L1C_TL_SGS__20151223T041908_A002617_T51RWP_N02.01',
  PRODUCT_ID: 'S2A_OPER_PRD_MSIL1C_PDMC_20151223T100202_R046_V20151223T023913_20151223T023913',
  DATATAKE_IDENTIFIER: 'GS2A_20151223T023902_002617_N02.01',
  MGRS_TILE: '51RWP',
  SENSING_TIME: '2015-12-23T02:39:13.886000Z',
  TOTAL_SIZE: null,
  CLOUD_COVER: '33.0',
  GEOMETRIC_QUALITY_FLAG: 'PASSED',
  GENERATION_TIME: '2015-12-23T10:02:02.000000Z',
  NORTH_LAT: '30.7331600158',
  SOUTH_LAT: '30.253172943',
  WEST_LON: '122.999686349',
  EAST_LON: '124.146554592',
  BASE_URL: `${BUCKET}/tiles/51/R/WP/S2A_MSIL1C_20151223T023913_N0201_R046_T51RWP_20151223T100202.SAFE`,
  SOURCE_URL: null,
}

export const csvOf = (rows: readonly ArchiveRow[]): string =>
  [HEADER.join(','), ...rows.map((row) => HEADER.map((name) => row[name] ?? '').join(',')), ''].join('\n')

export async function writeCsv(file: string, rows: readonly ArchiveRow[]): Promise<string> {
  await writeFile(file, csvOf(rows))
  return file
}

/** Keys of the objects that a bucket holds for a row: images of both kinds, a mask, a preview, an XML. */
export function keysOf(row: ArchiveRow): string[] {
  const url = row.BASE_URL ?? row.SOURCE_URL ?? ''
  if (!url.endsWith('.SAFE')) return []
  const place = url.slice(BUCKET.length + 1)
  const granule = `${place}/GRANULE/${row.GRANULE_ID}`
  const began = place.split('_').at(-5)
  const image = `T${row.MGRS_TILE}_${began}`
  const images = place.startsWith('L2/')
    ? [`R10m/${image}_B02_10m.jp2`, `R20m/${image}_B02_20m.jp2`, `R60m/${image}_TCI_60m.jp2`]
    : [`${image}_B02.jp2`, `${image}_B8A.jp2`, `${image}_TCI.jp2`]
  return [
    `${place}/MTD_MSIL1C.xml`,
    `${place}_$folder$`,
    `${granule}_$folder$`,
    `${granule}/MTD_TL.xml`,
    `${granule}/QI_DATA/MSK_QUALIT_B02.jp2`,
    `${granule}/QI_DATA/${image}_PVI.jp2`,
    ...images.map((name) => `${granule}/IMG_DATA/${name}`),
  ]
}

const text = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : String(value)
