import {
  address,
  array,
  box,
  collectionId,
  described,
  extensions,
  latitude,
  links,
  longitude,
  object,
  percent,
  type Schema,
  share,
  text,
  time,
} from './schema-parts.ts'

const position = { type: 'array', prefixItems: [longitude, latitude], minItems: 2, maxItems: 2 }
const ring = array(position, { minItems: 4 })
const polygon = array(ring, { minItems: 1 })
const geometry: Schema = {
  oneOf: [
    object(['type', 'coordinates'], { type: { const: 'Polygon' }, coordinates: polygon }),
    object(['type', 'coordinates'], {
      type: { const: 'MultiPolygon' },
      coordinates: array(polygon, { minItems: 2 }),
    }),
  ],
}
const shape = array({ enum: [10980, 5490, 1830] }, { minItems: 2, maxItems: 2 })
const transform = array({ type: 'number' }, { minItems: 6, maxItems: 6 })

const asset = object(
  ['href', 'type', 'roles'],
  {
    href: address,
    ...described,
    'raster:scale': { const: 0.0001 },
    'raster:offset': { enum: [0, -0.1] },
    'proj:shape': shape,
    'proj:transform': transform,
    'file:size': { type: 'integer', minimum: 0 },
    alternate: object(['gs'], {
      gs: object(['href'], { href: { type: 'string', pattern: '^gs://[^/]+/.+\\.jp2$' } }),
    }),
  },
  { additionalProperties: false },
)

const properties = object(
  ['datetime', 'constellation', 'instruments', 's2:mgrs_tile', 's2:product_uri', 'swath:assets'],
  {
    datetime: time,
    created: time,
    updated: time,
    platform: { enum: ['sentinel-2a', 'sentinel-2b', 'sentinel-2c', 'sentinel-2d'] },
    constellation: { const: 'sentinel-2' },
    instruments: { const: ['msi'] },
    gsd: { const: 10 },
    'eo:cloud_cover': percent,
    'grid:code': { type: 'string', pattern: '^MGRS-\\d{2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]$' },
    'proj:code': { type: 'string', pattern: '^EPSG:32[67]\\d\\d$' },
    'proj:epsg': { type: 'integer', minimum: 32601, maximum: 32760 },
    'proj:bbox': array({ type: 'number' }, { minItems: 4, maxItems: 4 }),
    'proj:shape': shape,
    'proj:transform': transform,
    'sat:relative_orbit': { type: 'integer', minimum: 1, maximum: 143 },
    'sat:absolute_orbit': { type: 'integer', minimum: 1 },
    's2:mgrs_tile': { type: 'string', pattern: '^\\d{2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]$' },
    's2:processing_baseline': { type: 'string', pattern: '^\\d\\d\\.\\d\\d$' },
    's2:generation_time': time,
    's2:datatake_id': text,
    's2:product_uri': { type: 'string', pattern: '\\.SAFE$' },
    's2:granule_id': text,
    's2:product_type': { enum: ['S2MSI1C', 'S2MSI2A'] },
    'swath:granule_id': text,
    'swath:assets': { enum: ['listed', 'promised'] },
    'swath:coverage': share,
    'swath:colour': { type: 'string', pattern: '^#[0-9a-f]{6}$' },
    'swath:mean_rgb': array({ type: 'number' }, { minItems: 3, maxItems: 3 }),
    'swath:share_red': share,
    'swath:share_green': share,
    'swath:share_blue': share,
    'swath:valid': share,
  },
  { additionalProperties: false },
)

export const ITEM: Schema = object(
  [
    'type',
    'stac_version',
    'stac_extensions',
    'id',
    'collection',
    'geometry',
    'properties',
    'links',
    'assets',
  ],
  {
    type: { const: 'Feature' },
    stac_version: { const: '1.1.0' },
    stac_extensions: extensions,
    id: { type: 'string', pattern: '^[A-Z0-9_.]+$' },
    collection: collectionId,
    bbox: box,
    properties,
    links: links(['self', 'parent', 'root', 'collection', 'via']),
    assets: { type: 'object', required: ['thumbnail'], additionalProperties: asset },
  },
  {
    additionalProperties: true,
    // An item has both a geometry and a box, or neither.
    oneOf: [
      object(['geometry', 'bbox'], { geometry }),
      object(['geometry'], { geometry: { type: 'null' } }, { not: { required: ['bbox'] } }),
    ],
  },
)
