import { z } from 'zod'
import { footprint } from '../openapi/answers.ts'
import { COLLECTIONS } from './collection-names.ts'
import { STAC_VERSION } from './documents.ts'

/* What the STAC API answers, as the OpenAPI document tells of it; as answers.ts has it of the rest. */

const link = z.strictObject({
  rel: z.string(),
  href: z.url(),
  type: z.string().optional(),
  title: z.string().optional(),
  method: z.enum(['GET', 'POST']).optional(),
  body: z.looseObject({}).optional(),
  merge: z.boolean().optional(),
})
const links = z.array(link)
const version = z.literal(STAC_VERSION)
const extensions = z.array(z.url())
const collectionName = z.enum(Object.values(COLLECTIONS))
const time = z.iso.datetime()
const share = z.number().min(0).max(1)

const catalog = z.strictObject({
  type: z.literal('Catalog'),
  stac_version: version,
  stac_extensions: extensions,
  id: z.string(),
  title: z.string(),
  description: z.string(),
  conformsTo: z.array(z.url()).optional(),
  links,
})

const conformance = z.strictObject({ conformsTo: z.array(z.url()) })

const band = z.strictObject({
  name: z.string(),
  description: z.string(),
  'eo:common_name': z.string().optional(),
  'eo:center_wavelength': z.number().optional(),
  'eo:full_width_half_max': z.number().optional(),
})

/** What is told of an image beside where it lies. */
const assetKind = {
  type: z.string(),
  title: z.string(),
  roles: z.array(z.string()),
  gsd: z.number().optional(),
  bands: z.array(band).optional(),
  data_type: z.literal('uint16').optional(),
  nodata: z.number().optional(),
}

const asset = z.strictObject({
  href: z.url(),
  ...assetKind,
  title: z.string().optional(),
  bands: z.array(band.partial({ description: true })).optional(),
  'raster:scale': z.number().optional(),
  'raster:offset': z.number().optional(),
  'proj:shape': z.tuple([z.int(), z.int()]).optional(),
  'proj:transform': z.array(z.number()).length(6).optional(),
  'file:size': z.int().min(0).optional(),
  alternate: z.strictObject({ gs: z.strictObject({ href: z.string().regex(/^gs:\/\//) }) }).optional(),
})

const properties = z.strictObject({
  datetime: time,
  created: time.optional(),
  updated: time.optional(),
  platform: z.string().optional(),
  constellation: z.string(),
  instruments: z.array(z.string()),
  gsd: z.number(),
  'eo:cloud_cover': z.number().min(0).max(100).optional(),
  'grid:code': z.string().optional(),
  'proj:code': z.string().optional(),
  'proj:epsg': z.int().optional(),
  'proj:bbox': z.array(z.number()).length(4).optional(),
  'proj:shape': z.tuple([z.int(), z.int()]).optional(),
  'proj:transform': z.array(z.number()).length(6).optional(),
  'sat:relative_orbit': z.int().optional(),
  'sat:absolute_orbit': z.int().optional(),
  's2:mgrs_tile': z.string(),
  's2:processing_baseline': z.string().optional(),
  's2:generation_time': time.optional(),
  's2:datatake_id': z.string().optional(),
  's2:product_uri': z.string(),
  's2:granule_id': z.string(),
  's2:product_type': z.enum(['S2MSI1C', 'S2MSI2A']),
  'swath:granule_id': z.string(),
  'swath:assets': z.enum(['listed', 'promised']),
  'swath:coverage': share.optional().meta({ description: 'Share of the asked area that it covers.' }),
  'swath:colour': z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .optional(),
  'swath:mean_rgb': z.array(z.number()).length(3).optional().meta({ description: 'Mean reflectances.' }),
  'swath:share_red': z.number().optional(),
  'swath:share_green': z.number().optional(),
  'swath:share_blue': z.number().optional(),
  'swath:valid': share.optional().meta({ description: 'Share of the sampled pixels that hold data.' }),
})

const item = z.strictObject({
  type: z.literal('Feature'),
  stac_version: version,
  stac_extensions: extensions,
  id: z.string(),
  collection: collectionName,
  geometry: footprint.nullable(),
  bbox: z.array(z.number()).length(4).optional(),
  properties,
  links,
  assets: z.record(z.string(), asset),
})

/** An item of a search that names the fields it wants. */
const partialItem = item.partial().extend({ properties: properties.partial().optional() })

const itemCollection = z.strictObject({
  type: z.literal('FeatureCollection'),
  features: z.array(z.union([item, partialItem])),
  links,
  numberMatched: z.int().min(0).optional(),
  numberReturned: z.int().min(0),
})

const collection = z.strictObject({
  type: z.literal('Collection'),
  stac_version: version,
  stac_extensions: extensions,
  id: collectionName,
  title: z.string(),
  description: z.string(),
  keywords: z.array(z.string()),
  license: z.string(),
  providers: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      roles: z.array(z.string()),
      url: z.url().optional(),
    }),
  ),
  extent: z.strictObject({
    spatial: z.strictObject({ bbox: z.array(z.array(z.number()).length(4)) }),
    temporal: z.strictObject({ interval: z.array(z.tuple([time.nullable(), time.nullable()])) }),
  }),
  itemType: z.literal('feature'),
  crs: z.array(z.url()),
  summaries: z.record(z.string(), z.unknown()),
  item_assets: z.record(z.string(), z.strictObject(assetKind)),
  links,
})

const collections = z.strictObject({ collections: z.array(collection), links })

const names = z.strictObject({
  $schema: z.url(),
  $id: z.url(),
  type: z.literal('object'),
  title: z.string(),
  properties: z.record(z.string(), z.looseObject({})),
  additionalProperties: z.literal(false),
})

const failure = z.strictObject({
  code: z.string().meta({ description: 'One word, such as InvalidParameterValue.' }),
  description: z.string().meta({ description: 'A sentence that names the culprit and the way out.' }),
})

/** By the names that the document gives them. */
export const STAC_ANSWERS = {
  StacLink: link,
  StacCatalog: catalog,
  StacConformance: conformance,
  StacAsset: asset,
  StacItem: item,
  StacPartialItem: partialItem,
  StacItemCollection: itemCollection,
  StacCollection: collection,
  StacCollections: collections,
  StacNames: names,
  StacFailure: failure,
} as const
