import { baseUrl } from './export-lines.ts'
import type { ParquetColumns, ParquetMetadata, ParquetRows, ParquetValue } from './files/parquet.ts'
import type { Footprint } from './sentinel2/footprint.ts'
import { footprintMaker } from './sentinel2/footprint-wkb.ts'
import type { Box, Granule } from './sentinel2/granule.ts'
import { sixDecimals } from './sentinel2/reflectance.ts'

/*
 * Granules as GeoParquet 1.1 (geoparquet.org/releases/v1.1.0): `geometry` is the footprint as WKB, `bbox` the box
 * around it, which readers use to leave out whole row groups. The columns are those of propertiesOf in formats.ts.
 */

/** The table of some granules, which come some at a time. */
export type GeoTable = {
  readonly columns: ParquetColumns
  /** @param coverage share of the area that each covers, 0 to 1 */
  readonly rows: (granules: readonly Granule[], coverage: readonly number[] | undefined) => ParquetRows
  /** The key `geo` of the file, which tells of all rows there were. */
  readonly metadata: ParquetMetadata
}

/** @param told whether the coverage of an area stands in the table */
export function geoTable({ coverage: told }: { readonly coverage: 'told' | 'not told' }): GeoTable {
  const coverageColumn: ParquetColumns = told === 'told' ? { coverage: 'DOUBLE' } : {}
  const footprint = footprintMaker()
  const types = new Set<Footprint['type']>()
  const around = [Infinity, Infinity, -Infinity, -Infinity]
  return {
    columns: { ...COLUMNS, ...coverageColumn, ...GEOMETRY },
    rows: (granules, coverage) => {
      const shapes = granules.map(footprint)
      for (const shape of shapes) {
        if (!shape) continue
        types.add(shape.type)
        widen(around, shape.bounds)
      }
      return [
        ...READERS.map((read) => granules.map(read)),
        ...(told === 'told' ? [granules.map((_, i) => rounded(coverage?.[i]))] : []),
        shapes.map((shape) => shape?.wkb ?? null),
        ...[0, 1, 2, 3].map((edge) => shapes.map((shape) => shape?.bounds[edge] ?? null)),
      ]
    },
    metadata: { key: 'geo', room: GEO_ROOM, value: () => geoText([...types].sort(), around) },
  }
}

function widen(around: number[], [west, south, east, north]: Box): void {
  const [w = west, s = south, e = east, n = north] = around
  if (west < w) around[0] = west
  if (south < s) around[1] = south
  if (east > e) around[2] = east
  if (north > n) around[3] = north
}

const rounded = (coverage: number | undefined): number | null =>
  coverage === undefined ? null : sixDecimals(coverage)

const COLUMNS = {
  granule_id: 'VARCHAR',
  product_id: 'VARCHAR',
  level: 'VARCHAR',
  mgrs_tile: 'VARCHAR',
  sensing_time: 'TIMESTAMPTZ',
  generation_time: 'TIMESTAMPTZ',
  processing_baseline: 'VARCHAR',
  datatake_identifier: 'VARCHAR',
  cloud_cover: 'DOUBLE',
  geometric_quality_flag: 'VARCHAR',
  total_size: 'BIGINT',
  base_url: 'VARCHAR',
} as const satisfies ParquetColumns

const GEOMETRY = {
  geometry: 'BLOB',
  bbox: { xmin: 'DOUBLE', ymin: 'DOUBLE', xmax: 'DOUBLE', ymax: 'DOUBLE' },
} as const satisfies ParquetColumns

const READ = {
  granule_id: ({ granuleId }) => granuleId,
  product_id: ({ productId }) => productId,
  level: ({ level }) => level,
  mgrs_tile: ({ mgrsTile }) => mgrsTile,
  sensing_time: ({ sensingTime }) => sensingTime,
  generation_time: ({ generationTime }) => generationTime ?? null,
  processing_baseline: ({ baseline }) => baseline ?? null,
  datatake_identifier: ({ datatake }) => datatake ?? null,
  cloud_cover: ({ cloudCover }) => cloudCover ?? null,
  geometric_quality_flag: ({ quality }) => quality ?? null,
  total_size: ({ totalSize }) => totalSize ?? null,
  base_url: ({ place }) => baseUrl(place),
} as const satisfies Record<keyof typeof COLUMNS, (granule: Granule) => ParquetValue>
const READERS: readonly ((granule: Granule) => ParquetValue)[] = Object.values(READ)

/** Bytes; the text has some 420. */
const GEO_ROOM = 600

/** Without a `crs`, which means longitude and latitude on WGS 84 (OGC:CRS84). */
function geoText(types: readonly Footprint['type'][], around: readonly number[]): string {
  const part = (name: string) => ['bbox', name]
  const covering = { xmin: part('xmin'), ymin: part('ymin'), xmax: part('xmax'), ymax: part('ymax') }
  const geometry = {
    encoding: 'WKB',
    geometry_types: types,
    orientation: 'counterclockwise',
    edges: 'planar',
    ...(types.length > 0 && { bbox: around }),
    covering: { bbox: covering },
  }
  return JSON.stringify({ version: '1.1.0', primary_column: 'geometry', columns: { geometry } })
}
