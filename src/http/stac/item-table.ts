import type { JsonType } from '../../files/parquet.ts'
import type { Level } from '../../sentinel2/bands.ts'
import type { Footprint } from '../../sentinel2/footprint.ts'
import { footprintMaker } from '../../sentinel2/footprint-wkb.ts'
import { assetKinds } from './assets.ts'
import { type ItemWriter, itemWriterOf } from './item-form.ts'
import { imagesByRule } from './promised-images.ts'

/*
 * Items as a table, one a row (github.com/stac-utils/stac-geoparquet, spec 1.0, on geoparquet.org 1.1): properties are
 * columns beside the other members, links a list of structs, assets a struct of structs.
 */

/** The table of some items, which come one at a time. */
export type ItemTable = {
  readonly columns: Readonly<Record<string, JsonType>>
  /** Writes an item's row as an object of JSON. */
  readonly writeRow: ItemWriter
  /** What GeoParquet tells of all rows that there were. */
  readonly geo: () => string
}

/** @param levels of the items, whose assets the table has room for */
export function itemTable(levels: readonly Level[]): ItemTable {
  const footprintOf = footprintMaker()
  const types = new Set<Footprint['type']>()
  const writeRow = itemWriterOf({
    arrange: ({ head, ground, properties, links, assets }) => ({
      ...head,
      ...ground,
      ...properties,
      links,
      assets,
    }),
    writeGround: (pen, granule) => {
      const footprint = footprintOf(granule)
      if (footprint) types.add(footprint.type)
      const geometry = footprint && Buffer.from(footprint.wkb).toString('base64')
      const [xmin, ymin, xmax, ymax] = footprint?.bounds ?? []
      const bbox = footprint ? { xmin, ymin, xmax, ymax } : null
      pen.ascii(JSON.stringify({ geometry: geometry ?? null, bbox }).slice(1, -1))
    },
  })
  return {
    columns: columnsOf(levels),
    writeRow,
    geo: () => geoText([...types].sort()),
  }
}

const text = 'VARCHAR'
const texts = { list: text } as const
const numbers = { list: 'DOUBLE' } as const
const shape = { list: 'BIGINT' } as const

/** A granule on both sides of the antimeridian has a box from -180 to 180, so that who looks in either finds it. */
const BOX = { struct: { xmin: 'DOUBLE', ymin: 'DOUBLE', xmax: 'DOUBLE', ymax: 'DOUBLE' } } as const

const PROPERTIES = {
  datetime: 'TIMESTAMPTZ',
  created: 'TIMESTAMPTZ',
  updated: 'TIMESTAMPTZ',
  platform: text,
  constellation: text,
  instruments: texts,
  gsd: 'DOUBLE',
  'eo:cloud_cover': 'DOUBLE',
  'grid:code': text,
  'proj:code': text,
  'proj:epsg': 'BIGINT',
  'proj:bbox': numbers,
  'proj:shape': shape,
  'proj:transform': numbers,
  'sat:relative_orbit': 'BIGINT',
  'sat:absolute_orbit': 'BIGINT',
  's2:mgrs_tile': text,
  's2:processing_baseline': text,
  's2:generation_time': 'TIMESTAMPTZ',
  's2:datatake_id': text,
  's2:product_uri': text,
  's2:granule_id': text,
  's2:product_type': text,
  'swath:granule_id': text,
  'swath:assets': text,
  'swath:coverage': 'DOUBLE',
  'swath:colour': text,
  'swath:mean_rgb': numbers,
  'swath:share_red': 'DOUBLE',
  'swath:share_green': 'DOUBLE',
  'swath:share_blue': 'DOUBLE',
  'swath:valid': 'DOUBLE',
} as const satisfies Record<string, JsonType>

const ASSET = {
  struct: {
    href: text,
    type: text,
    title: text,
    roles: texts,
    gsd: 'DOUBLE',
    bands: { list: { struct: { name: text, 'eo:common_name': text } } },
    data_type: text,
    nodata: 'DOUBLE',
    'raster:scale': 'DOUBLE',
    'raster:offset': 'DOUBLE',
    'proj:shape': shape,
    'proj:transform': numbers,
    alternate: { struct: { gs: { struct: { href: text } } } },
  },
} as const satisfies JsonType

/** A baseline since which granules hold most images. */
const RICHEST = '04.00'

function columnsOf(levels: readonly Level[]): Record<string, JsonType> {
  const names = levels.flatMap((level) => Object.keys(assetKinds(imagesByRule(level, RICHEST))))
  return {
    stac_version: text,
    stac_extensions: texts,
    id: text,
    collection: text,
    geometry: 'BLOB',
    bbox: BOX,
    ...PROPERTIES,
    links: { list: { struct: { rel: text, type: text, href: text, title: text } } },
    assets: { struct: Object.fromEntries([...new Set(names)].map((name) => [name, ASSET])) },
  }
}

/** Without a `crs`, which means longitude and latitude on WGS 84 (OGC:CRS84). */
function geoText(types: readonly Footprint['type'][]): string {
  const part = (name: string) => ['bbox', name]
  const covering = { xmin: part('xmin'), ymin: part('ymin'), xmax: part('xmax'), ymax: part('ymax') }
  const geometry = {
    encoding: 'WKB',
    geometry_types: types,
    orientation: 'counterclockwise',
    edges: 'planar',
    covering: { bbox: covering },
  }
  return JSON.stringify({ version: '1.1.0', primary_column: 'geometry', columns: { geometry } })
}
