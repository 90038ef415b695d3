import { dataBox } from '../sentinel2/footprint.ts'
import { folderName, type Granule, placeOf } from '../sentinel2/granule.ts'
import { tileGrid } from '../sentinel2/tiles.ts'
import { parseTime } from '../sentinel2/time.ts'
import type { CsvRow } from './archive-csv.ts'
import { baselineOf } from './index-row.ts'

/** Why a row of the CSV cannot become a granule. */
export const REJECTIONS = [
  'without a granule id',
  'without a place',
  'without a tile',
  'without a sensing time',
  'with a value that cannot be read',
] as const
export type Rejection = (typeof REJECTIONS)[number]

/** The granule of a row of the archive's CSV, or why there is none. */
export function granuleOfRow(row: CsvRow): Granule | Rejection {
  const mgrsTile = row.MGRS_TILE ?? ''
  const place = placeOf(row.SOURCE_URL, row.BASE_URL)
  if (!row.GRANULE_ID) return 'without a granule id'
  if (place === undefined) return 'without a place'
  if (!tileGrid(mgrsTile)) return 'without a tile'
  if (row.SENSING_TIME === null) return 'without a sensing time'
  const sensingTime = readTime(row.SENSING_TIME)
  const generationTime = row.GENERATION_TIME === null ? undefined : readTime(row.GENERATION_TIME)
  const [cloudCover, totalSize, west, south, east, north] = [
    row.CLOUD_COVER,
    row.TOTAL_SIZE,
    row.WEST_LON,
    row.SOUTH_LAT,
    row.EAST_LON,
    row.NORTH_LAT,
  ].map((text) => (text === null ? null : Number(text)))
  const numbers = [sensingTime, generationTime ?? 0, cloudCover, totalSize, west, south, east, north]
  if (sensingTime === undefined || numbers.some(Number.isNaN)) return 'with a value that cannot be read'
  const names = {
    granuleId: row.GRANULE_ID,
    productId: row.PRODUCT_ID ?? folderName(place),
    datatake: row.DATATAKE_IDENTIFIER ?? undefined,
    place,
  }
  return {
    ...names,
    level: place.startsWith('L2/') ? 'L2A' : 'L1C',
    mgrsTile,
    sensingTime,
    generationTime,
    baseline: baselineOf(names),
    cloudCover: cloudCover ?? undefined,
    totalSize: totalSize ?? undefined,
    quality: row.GEOMETRIC_QUALITY_FLAG ?? undefined,
    box: dataBox(
      { west: west ?? null, south: south ?? null, east: east ?? null, north: north ?? null },
      mgrsTile,
    ),
  }
}

/** The CSV writes `2017-02-08T09:21:43.890000Z`; an export of the table `2017-02-08 09:21:43.89 UTC`. */
const readTime = (text: string): number | undefined =>
  parseTime(text) ?? parseTime(text.replace(' UTC', 'Z').replace(' ', 'T')) ?? Number.NaN
