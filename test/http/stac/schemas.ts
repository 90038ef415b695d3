import {
  address,
  array,
  box,
  collectionId,
  described,
  extensions,
  links,
  object,
  type Schema,
  text,
  time,
} from './schema-parts.ts'

export { ITEM } from './item-schema.ts'

const announced = object(['type', 'title', 'roles'], described, { additionalProperties: false })

export const COLLECTION: Schema = object(
  [
    'type',
    'stac_version',
    'id',
    'title',
    'description',
    'license',
    'extent',
    'links',
    'itemType',
    'providers',
  ],
  {
    type: { const: 'Collection' },
    stac_version: { const: '1.1.0' },
    stac_extensions: extensions,
    id: collectionId,
    title: text,
    description: text,
    keywords: array(text, { uniqueItems: true }),
    license: { const: 'other' },
    itemType: { const: 'feature' },
    crs: array(address),
    providers: array(
      object(['name', 'roles'], {
        name: text,
        description: text,
        url: address,
        roles: array({ enum: ['licensor', 'producer', 'processor', 'host'] }, { minItems: 1 }),
      }),
      { contains: { properties: { roles: { contains: { const: 'host' } } } }, maxContains: 1 },
    ),
    extent: object(['spatial', 'temporal'], {
      spatial: object(['bbox'], { bbox: array(box, { minItems: 1 }) }),
      temporal: object(['interval'], {
        interval: array(
          {
            type: 'array',
            prefixItems: [time, { anyOf: [time, { type: 'null' }] }],
            minItems: 2,
            maxItems: 2,
          },
          { minItems: 1 },
        ),
      }),
    }),
    summaries: {
      type: 'object',
      additionalProperties: {
        anyOf: [array({}, { minItems: 1 }), object(['minimum', 'maximum'], {})],
      },
    },
    item_assets: { type: 'object', minProperties: 2, additionalProperties: announced },
    links: links([
      'self',
      'root',
      'parent',
      'items',
      'license',
      'http://www.opengis.net/def/rel/ogc/1.0/queryables',
      'http://www.opengis.net/def/rel/ogc/1.0/sortables',
    ]),
  },
  { additionalProperties: false },
)

const landing: Schema = object(
  ['type', 'stac_version', 'id', 'description', 'links', 'conformsTo'],
  {
    type: { const: 'Catalog' },
    stac_version: { const: '1.1.0' },
    stac_extensions: extensions,
    id: text,
    title: text,
    description: text,
    conformsTo: array(address, { minItems: 1, uniqueItems: true }),
    links: links(
      [
        'self',
        'root',
        'conformance',
        'service-desc',
        'service-doc',
        'data',
        'http://www.opengis.net/def/rel/ogc/1.0/queryables',
        'http://www.opengis.net/def/rel/ogc/1.0/sortables',
      ],
      ['search', 'child'],
    ),
  },
  { additionalProperties: false },
)

/** A step from a collection towards its items. */
const browsed: Schema = object(
  ['type', 'stac_version', 'id', 'title', 'description', 'links'],
  {
    type: { const: 'Catalog' },
    stac_version: { const: '1.1.0' },
    stac_extensions: extensions,
    id: text,
    title: text,
    description: text,
    links: links(['self', 'root', 'parent', 'collection']),
  },
  { additionalProperties: false },
)

export const CATALOG: Schema = {
  if: { properties: { id: { const: 'swath' } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: landing,
  else: browsed,
}

/** The fields of each extension: who uses one must name it, and who names one must use it. */
export const FIELDS_OF: Readonly<Record<string, RegExp>> = {
  'https://stac-extensions.github.io/eo/v2.0.0/schema.json': /^eo:/,
  'https://stac-extensions.github.io/projection/v1.2.0/schema.json': /^proj:/,
  'https://stac-extensions.github.io/sat/v1.0.0/schema.json': /^sat:/,
  'https://stac-extensions.github.io/grid/v1.1.0/schema.json': /^grid:/,
  'https://stac-extensions.github.io/raster/v2.0.0/schema.json': /^raster:/,
  'https://stac-extensions.github.io/alternate-assets/v1.2.0/schema.json': /^alternate/,
  'https://stac-extensions.github.io/file/v2.1.0/schema.json': /^file:/,
  'https://stac-extensions.github.io/sentinel-2/v1.0.0/schema.json': /^s2:/,
}
