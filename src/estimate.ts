import type { AreaQuery } from './area-query.ts'
import type { Bill, Catalog, Cost, Extent } from './catalog/port.ts'
import { breatherOf } from './catalog/refine.ts'
import { coverOf } from './ground/cover.ts'
import { wrappedBox } from './sentinel2/area.ts'
import { BANDS, type Band, type Level } from './sentinel2/bands.ts'
import { tilesOf } from './sentinel2/tiles.ts'

/** Image files of a band in a granule, and their share of the bytes of its product. */
type Usual = { readonly files: number; readonly share: number }

/**
 * Means over the manifests of eleven complete products, four of L1C and seven of L2A, baselines 02.04 to
 * 05.11; test/estimate.test.ts makes them again. Of L2A all resolutions of a band together; B01 has had two
 * since baseline 04.00.
 */
export const USUAL: Readonly<Record<Level, Partial<Record<Band, Usual>>>> = {
  L1C: {
    B01: { files: 1, share: 0.0051 },
    B02: { files: 1, share: 0.1458 },
    B03: { files: 1, share: 0.1432 },
    B04: { files: 1, share: 0.1445 },
    B05: { files: 1, share: 0.0409 },
    B06: { files: 1, share: 0.0421 },
    B07: { files: 1, share: 0.0425 },
    B08: { files: 1, share: 0.1512 },
    B8A: { files: 1, share: 0.0437 },
    B09: { files: 1, share: 0.005 },
    B10: { files: 1, share: 0.0032 },
    B11: { files: 1, share: 0.0375 },
    B12: { files: 1, share: 0.037 },
    TCI: { files: 1, share: 0.1052 },
  },
  L2A: {
    AOT: { files: 3, share: 0.0024 },
    B01: { files: 2, share: 0.0226 },
    B02: { files: 3, share: 0.1517 },
    B03: { files: 3, share: 0.1495 },
    B04: { files: 3, share: 0.1468 },
    B05: { files: 2, share: 0.0347 },
    B06: { files: 2, share: 0.035 },
    B07: { files: 2, share: 0.035 },
    B08: { files: 1, share: 0.1147 },
    B8A: { files: 2, share: 0.035 },
    B09: { files: 1, share: 0.0035 },
    B11: { files: 2, share: 0.032 },
    B12: { files: 2, share: 0.0317 },
    SCL: { files: 2, share: 0.003 },
    TCI: { files: 3, share: 0.1384 },
    WVP: { files: 3, share: 0.0362 },
  },
}

export type Estimate = {
  /** `west,south,east,north` as understood; west > east crosses the antimeridian. */
  readonly area: readonly number[]
  /** Squares of the tile grid that the area touches; those that its box does, if these are more than 1,000. */
  readonly tiles: number
  /** Null where the catalog cannot count without a listing or a bill. */
  readonly granules: number | null
  readonly images: number | null
  /** Bytes to download. */
  readonly bytes: number | null
  /** Granules whose size the archive does not tell; `bytes` takes the mean of the others for them. */
  readonly granules_without_size: number | null
  readonly query: QueryBill | null
  readonly note: string
}

type Billed = { readonly bytes_billed: number; readonly dollars: number }
type QueryBill = Billed & {
  /** Whether the table is clustered, so that the bill above is the most it can be; null where it is not known. */
  readonly clustered: boolean | null
  /** What is likely billed of a clustered table; null of others. */
  readonly likely: Billed | null
  /** About what a clustered copy would bill for the same, and what making it costs once; null of a clustered table. */
  readonly clustered_copy:
    | (Billed & { readonly making_bytes: number | null; readonly making_dollars: number | null })
    | null
}

/** What the whole of a query would cost, without listing anything; the page's limit does not count. */
export async function estimate(
  catalog: Catalog,
  { search, bands }: Pick<AreaQuery, 'search' | 'bands'>,
  signal: AbortSignal,
): Promise<Estimate> {
  const [extent, cost] = await Promise.all([catalog.extent(search, signal), catalog.cost(search, signal)])
  const wanted = [...(bands ?? BANDS[search.level])]
  return {
    area: wrappedBox(search.area.box),
    tiles: await tilesTouched(search),
    granules: extent?.granules ?? null,
    images: extent ? imageCount(extent, wanted, search.level) : null,
    bytes: extent ? byteCount(extent, wanted, search.level) : null,
    granules_without_size: extent?.withoutSize ?? null,
    query: cost ? queryBill(cost) : null,
    note: noteOf(extent, cost),
  }
}

/** Tiles that a shape is held against. */
const MOST_TRIED = 1000

async function tilesTouched({ area, tiles }: AreaQuery['search']): Promise<number> {
  const inBox = tilesOf(area, tiles)
  if (!area.shape || inBox.length > MOST_TRIED) return inBox.length
  const { touches } = coverOf(area)
  const breathe = breatherOf(area)
  let touched = 0
  for (const tile of inBox) {
    await breathe()
    if (touches(tile)) touched++
  }
  return touched
}

function queryBill(cost: Cost): QueryBill {
  const { clustering } = cost
  const likely = clustering ? billed(clustering.likely) : null
  return {
    ...billed(cost),
    clustered: clustering?.clustered ?? null,
    likely: clustering?.clustered ? likely : null,
    clustered_copy:
      clustering && likely && !clustering.clustered
        ? {
            ...likely,
            making_bytes: clustering.making?.bytesBilled ?? null,
            making_dollars: clustering.making?.dollars ?? null,
          }
        : null,
  }
}

const billed = ({ bytesBilled, dollars }: Bill): Billed => ({ bytes_billed: bytesBilled, dollars })

/** Granules of the form before 2016-12-06 have no TCI. */
function imageCount({ granules, longForm }: Extent, wanted: readonly Band[], level: Level): number {
  const files = wanted.reduce((sum, band) => sum + (USUAL[level][band]?.files ?? 0), 0)
  return granules * files - (wanted.includes('TCI') && level === 'L1C' ? longForm : 0)
}

function byteCount(
  { granules, bytes, withoutSize }: Extent,
  wanted: readonly Band[],
  level: Level,
): number | null {
  const sized = granules - withoutSize
  if (sized === 0) return granules === 0 ? 0 : null
  const share = wanted.reduce((sum, band) => sum + (USUAL[level][band]?.share ?? 0), 0)
  return Math.round((bytes / sized) * granules * share)
}

function noteOf(extent: Extent | undefined, cost: Cost | undefined): string {
  const counted = extent
    ? 'All pages of the query. Images and bytes are estimates: the images a granule of its level usually has, ' +
      'and their usual share of its product.'
    : 'This catalog cannot count granules without running the query; tiles are the squares it would ask for.'
  if (!cost?.clustering) return counted
  return cost.clustering.clustered
    ? `${counted} The table is clustered: what a dry run tells of it is the most that the query bills, likely is ` +
        'the share of its tiles.'
    : `${counted} A query reads the whole table, whatever its area; a copy clustered by tile and time ` +
        '(queries/bigquery/copy-clustered.sql, then SWATH_BIGQUERY_TABLE) would bill about clustered_copy.'
}
