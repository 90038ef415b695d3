import pMap, { pMapIterable } from 'p-map'
import type { CsvRow } from '../index-file/csv.ts'
import { WORLD } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { Granule } from '../sentinel2/granule.ts'
import { formatTime, type Micros } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'
import { BEGINNING, slices, withNames } from './bucket-products.ts'
import type { Search } from './port.ts'
import { type ProductMetadata, productMetadata } from './product-metadata.ts'

export type BucketNewer = {
  readonly level: Level
  readonly tiles: readonly string[]
  /** The newest sensing time that is known of a tile; undefined: all of its products are new. */
  readonly newest: (mgrsTile: string) => Micros | undefined
  /** Microseconds since 1970. */
  readonly now: () => Micros
  /** Whether each product's own XML is read, for what no name tells. */
  readonly metadata: boolean
  /** A granule that comes without all of its values, or not at all, and why, as a clause. */
  readonly onProblem?: (problem: { readonly granule: Granule; readonly why: string }) => void
}

/** Tiles listed at once, each in a list for each satellite. */
const TILES_AT_ONCE = 8
/** Of a tile; each is two reads. */
const PRODUCTS_AT_ONCE = 8
/**
 * A datatake lasts less than this: a granule that was sensed later than another may be of a datatake that began
 * up to so much before.
 */
const DATATAKE = 3600 * 1e6
/** By so much a datatake may begin after the sensing time of its granules, in names of before baseline 02.07. */
const LATE = 60 * 1e6

/**
 * The granules in the bucket that were sensed after the newest known one of their tile, as rows of the archive's
 * CSV: what names tell, or what each product's XML does too. Without that the start of the datatake stands for the
 * sensing time, and no box and no cloud cover come. Reprocessings of what is known are not newer and do not come.
 * @returns a batch for each tile that has new ones, in the order of the tiles
 * @throws {Fault} as Storage.list and Storage.read
 */
export async function* bucketNewer(
  storage: Storage,
  asked: BucketNewer,
  signal?: AbortSignal,
): AsyncGenerator<readonly CsvRow[]> {
  const batches = pMapIterable(asked.tiles, (tile) => newerOf(storage, asked, tile, signal), {
    concurrency: TILES_AT_ONCE,
  })
  for await (const rows of batches) if (rows.length > 0) yield rows
}

async function newerOf(
  storage: Storage,
  { level, newest, now, metadata, onProblem }: BucketNewer,
  tile: string,
  signal: AbortSignal | undefined,
): Promise<readonly CsvRow[]> {
  const known = newest(tile)
  const isNew = ({ sensingTime }: Granule) => known === undefined || sensingTime > known + LATE
  const search = searchOf(level, tile, known === undefined ? BEGINNING : known - DATATAKE)
  const rows: CsvRow[] = []
  for await (const slice of slices(storage, search, [tile], { now, signal })) {
    // What began before the newest known sensing may be the known one: its XML alone tells.
    const granules = await withNames(storage, metadata ? slice : slice.filter(isNew), { signal })
    if (!metadata) {
      rows.push(...granules.map((granule) => rowOf(storage.bucket, granule, UNTOLD)))
      continue
    }
    const read = await pMap(granules, (granule) => productMetadata(storage, granule, signal), {
      concurrency: PRODUCTS_AT_ONCE,
    })
    for (const [i, granule] of granules.entries()) {
      const { metadata: told = UNTOLD, problems = [] } = read[i] ?? {}
      const { sensingTime } = told
      const newer = sensingTime === undefined ? isNew(granule) : known === undefined || sensingTime > known
      if (!newer) continue
      for (const why of problems) onProblem?.({ granule, why })
      rows.push(rowOf(storage.bucket, granule, told))
    }
  }
  return rows
}

const searchOf = (level: Level, tile: string, from: Micros): Search => ({
  area: WORLD,
  level,
  time: { from, until: undefined },
  cloud: undefined,
  tiles: [tile],
  dedupe: 'none',
})

const UNTOLD: ProductMetadata = {
  sensingTime: undefined,
  generationTime: undefined,
  datatake: undefined,
  cloudCover: undefined,
  quality: undefined,
  box: undefined,
}

function rowOf(bucket: string, granule: Granule, told: ProductMetadata): CsvRow {
  const [west, south, east, north] = told.box ?? []
  return {
    GRANULE_ID: granule.granuleId,
    PRODUCT_ID: granule.productId,
    DATATAKE_IDENTIFIER: told.datatake ?? null,
    MGRS_TILE: granule.mgrsTile,
    SENSING_TIME: formatTime(told.sensingTime ?? granule.sensingTime),
    TOTAL_SIZE: null,
    CLOUD_COVER: text(told.cloudCover),
    GEOMETRIC_QUALITY_FLAG: told.quality ?? null,
    GENERATION_TIME: textOfTime(told.generationTime ?? granule.generationTime),
    NORTH_LAT: text(north),
    SOUTH_LAT: text(south),
    WEST_LON: text(west),
    EAST_LON: text(east),
    BASE_URL: `gs://${bucket}/${granule.place}`,
    SOURCE_URL: null,
    ETL_TIMESTAMP: null,
  }
}

const text = (value: number | undefined): string | null => (value === undefined ? null : String(value))
const textOfTime = (time: Micros | undefined): string | null => (time === undefined ? null : formatTime(time))
