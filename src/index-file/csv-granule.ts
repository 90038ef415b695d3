import { dataBox } from '../sentinel2/footprint.ts'
import { type Box, folderName, type Granule, placeOf } from '../sentinel2/granule.ts'
import { tileGrid } from '../sentinel2/tiles.ts'
import type { Micros } from '../sentinel2/time.ts'
import type { CsvRow } from './csv.ts'
import { readArchiveTime } from './fast-times.ts'
import { baselineOf } from './row.ts'
import { type ShortNames, shortBaseline, shortNames } from './short-names.ts'

/** Why a row of the CSV cannot become a granule. */
export const REJECTIONS = [
  'without a granule id',
  'without a place',
  'without a tile',
  'without a sensing time',
  'with a value that cannot be read',
] as const
export type Rejection = (typeof REJECTIONS)[number]

export type ReadRow = {
  readonly granule: Granule
  /** Its names as integers; undefined where they must be kept verbatim. */
  readonly short: ShortNames | undefined
}

/** The granule of a row of the archive's CSV, or why there is none. */
export function granuleOfRow(row: CsvRow): ReadRow | Rejection {
  const mgrsTile = row.MGRS_TILE ?? ''
  const place = placeOf(row.SOURCE_URL, row.BASE_URL)
  if (!row.GRANULE_ID) return 'without a granule id'
  if (place === undefined) return 'without a place'
  if (!isTile(mgrsTile)) return 'without a tile'
  if (row.SENSING_TIME === null) return 'without a sensing time'
  try {
    const granule = {
      granuleId: row.GRANULE_ID,
      productId: row.PRODUCT_ID ?? folderName(place),
      datatake: row.DATATAKE_IDENTIFIER ?? undefined,
      place,
      level: place.startsWith('L2/') ? 'L2A' : 'L1C',
      mgrsTile,
      sensingTime: readTime(row.SENSING_TIME),
      generationTime: row.GENERATION_TIME === null ? undefined : readTime(row.GENERATION_TIME),
      cloudCover: readCloud(row.CLOUD_COVER),
      totalSize: readSize(row.TOTAL_SIZE),
      quality: row.GEOMETRIC_QUALITY_FLAG ?? undefined,
      box: readBox(row, mgrsTile),
    } as const
    const short = shortNames(granule)
    return { granule: { ...granule, baseline: short ? shortBaseline(short) : baselineOf(granule) }, short }
  } catch (thrown) {
    if (thrown instanceof Unreadable) return 'with a value that cannot be read'
    throw thrown
  }
}

/** What a report calls a row that cannot become a granule: by its name, and by what is wrong where that is not said. */
export function rejectedExample(reason: Rejection, row: CsvRow): string {
  const name = row.GRANULE_ID ?? row.PRODUCT_ID ?? '(no name)'
  return reason === 'with a value that cannot be read' ? `${name} (${unreadableIn(row)})` : name
}

/** Which column of a row cannot be read, and what stands in it: `CLOUD_COVER NaN`. */
function unreadableIn(row: CsvRow): string {
  const cannot = (read: () => unknown) => {
    try {
      read()
      return false
    } catch {
      return true
    }
  }
  const [name] =
    Object.entries(READ).find(([name, read]) => cannot(() => read(row[name as keyof typeof READ]))) ?? []
  return name === undefined ? '' : `${name} ${row[name as keyof typeof READ]}`
}

/** Whether the edges of a row's box are further apart than half the globe, so that its tile's stand in for them. */
export function isWideBox({ WEST_LON, EAST_LON, SOUTH_LAT, NORTH_LAT }: CsvRow): boolean {
  if (WEST_LON === null || EAST_LON === null || SOUTH_LAT === null || NORTH_LAT === null) return false
  const width = Number(EAST_LON) - Number(WEST_LON)
  return (width < 0 ? width + 360 : width) > 180
}

class Unreadable extends Error {}

let lastTile = ''

/** Rows come sorted by tile. */
function isTile(mgrsTile: string): boolean {
  if (mgrsTile === lastTile) return mgrsTile !== ''
  if (!tileGrid(mgrsTile)) return false
  lastTile = mgrsTile
  return true
}

function readTime(text: string): Micros {
  const time = readArchiveTime(text)
  if (time === undefined || !Number.isSafeInteger(time)) throw new Unreadable()
  return time
}

/** What Number takes besides, `0x10`, `Infinity` and spaces, is none of the archive's. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function readNumber(text: string | null, min: number, max: number): number | undefined {
  if (text === null) return undefined
  const value = Number(text)
  if (!(value >= min && value <= max && DECIMAL.test(text))) throw new Unreadable()
  return value
}

function readSize(text: string | null): number | undefined {
  const size = readNumber(text, 0, Number.MAX_SAFE_INTEGER)
  if (size !== undefined && !Number.isSafeInteger(size)) throw new Unreadable()
  return size
}

const readCloud = (text: string | null) => readNumber(text, 0, 100)
/** Longitudes may count on past 180, as those of an unwrapped box do. */
const readLongitude = (text: string | null) => readNumber(text, -180, 360)
const readLatitude = (text: string | null) => readNumber(text, -90, 90)

function readBox({ WEST_LON, SOUTH_LAT, EAST_LON, NORTH_LAT }: CsvRow, mgrsTile: string): Box | undefined {
  const edges = {
    west: readLongitude(WEST_LON) ?? null,
    south: readLatitude(SOUTH_LAT) ?? null,
    east: readLongitude(EAST_LON) ?? null,
    north: readLatitude(NORTH_LAT) ?? null,
  }
  return dataBox(edges, mgrsTile)
}

/** How each column with a value to be read is read, in the order in which granuleOfRow does. */
const READ = {
  SENSING_TIME: (text) => readTime(text ?? ''),
  GENERATION_TIME: (text) => text !== null && readTime(text),
  CLOUD_COVER: readCloud,
  TOTAL_SIZE: readSize,
  WEST_LON: readLongitude,
  SOUTH_LAT: readLatitude,
  EAST_LON: readLongitude,
  NORTH_LAT: readLatitude,
} as const satisfies Partial<Record<keyof CsvRow, (text: string | null) => unknown>>
