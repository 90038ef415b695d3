import { z } from 'zod'
import { SOURCES } from '../../colour/port.ts'
import { BANDS, LEVELS } from '../../sentinel2/bands.ts'
import { health, readiness } from './service-answers.ts'

/*
 * What the service answers. Answers are made elsewhere and typed there; these schemas are what the OpenAPI
 * document tells of them, and tests hold real answers against them, to the last member.
 */

const count = z.int().min(0)
const share = z.number().min(0).max(1)
const percent = z.number().min(0).max(100)
const time = z.iso.datetime().meta({ description: 'RFC 3339, UTC.' })
const level = z.enum(LEVELS)
const tile = z
  .string()
  .regex(/^\d{2}[A-Z]{3}$/)
  .meta({ description: 'Of the MGRS grid, no T in front.' })
const box = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .meta({ description: '[west, south, east, north], degrees WGS 84; west > east crosses the antimeridian.' })

const position = z.tuple([z.number(), z.number()])
const rings = z.array(z.array(position).min(4)).min(1)

/** The ground that a granule covers. */
export const footprint = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('Polygon'), coordinates: rings }),
    z.strictObject({ type: z.literal('MultiPolygon'), coordinates: z.array(rings).min(1) }),
  ])
  .meta({ description: 'GeoJSON of the ground that a granule covers.' })

const imageMembers = {
  band: z.enum([...new Set([...BANDS.L1C, ...BANDS.L2A])]),
  resolution: z.literal([10, 20, 60]).meta({ description: 'Metres.' }),
  uri: z.string().regex(/^gs:\/\//),
  url: z.url(),
  size: count.meta({ description: 'Bytes.' }),
}

/** One image file of a granule. */
export const image = z.strictObject(imageMembers)

/** What is told of every granule; null is what its catalog does not know. */
const granuleMembers = {
  granule_id: z.string(),
  product_id: z.string(),
  level,
  mgrs_tile: tile,
  sensing_time: time,
  generation_time: time.nullable(),
  processing_baseline: z.string().nullable(),
  datatake_identifier: z.string().nullable(),
  cloud_cover: percent.nullable(),
  geometric_quality_flag: z.string().nullable(),
  total_size: count.nullable().meta({ description: 'Bytes of its product.' }),
}

/** A colour: as a screen shows it, and mean reflectances (0 to 1 of display where it is of a preview). */
const colourMembers = {
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .nullable(),
  red: z.number().nullable(),
  green: z.number().nullable(),
  blue: z.number().nullable(),
}

const rankMembers = {
  ...colourMembers,
  score: z
    .number()
    .nullable()
    .meta({ description: 'Share of the colour, more is better, or distance from it, less is better.' }),
  reason: z.string().nullable().meta({ description: 'Why there is no colour.' }),
}
const coverage = share.nullable().meta({ description: 'Share of the asked area that it covers.' })

/** One granule by its name. */
export const granule = z.strictObject({
  ...granuleMembers,
  ...colourMembers,
  footprint: footprint.nullable(),
  images: z.array(image),
})

/** A granule of an answer in GeoJSON; rank or where bring the members of the colour. */
const featureProperties = z.strictObject({
  ...granuleMembers,
  ...z.object(rankMembers).partial().shape,
  coverage,
  images: z.array(image),
})

export const featureCollection = z.strictObject({
  type: z.literal('FeatureCollection'),
  features: z.array(
    z.strictObject({
      type: z.literal('Feature'),
      id: z.string(),
      geometry: footprint.nullable(),
      properties: featureProperties,
    }),
  ),
})

/** One image of an answer in NDJSON, and one row in CSV. */
const imageRow = z.strictObject({
  granule_id: z.string(),
  product_id: z.string(),
  mgrs_tile: tile,
  sensing_time: time,
  cloud_cover: percent.nullable(),
  ...imageMembers,
  ...z.object(rankMembers).partial().shape,
  coverage,
})

/** Images of an area in JSON: bucket and key of each. */
export const imagePaths = z.array(z.string().meta({ description: 'Bucket and key of an image.' }))

const counted = { granules: count, least_cloud: percent.nullable() }

export const summary = z.strictObject({
  area: box,
  level,
  granules: count,
  months: z.array(z.strictObject({ month: z.string().regex(/^\d{4}-\d{2}$/), ...counted })),
  tiles: z.array(z.strictObject({ mgrs_tile: tile, ...counted })),
  clouds: z.array(z.strictObject({ from: percent.nullable(), to: percent.nullable(), granules: count })),
})

const bill = { bytes_billed: count, dollars: z.number().min(0) }

export const estimated = z.strictObject({
  area: box,
  tiles: count,
  granules: count.nullable(),
  images: count.nullable(),
  bytes: count.nullable(),
  granules_without_size: count.nullable(),
  query: z
    .strictObject({
      ...bill,
      clustered: z.boolean().nullable(),
      likely: z.strictObject(bill).nullable(),
      clustered_copy: z
        .strictObject({ ...bill, making_bytes: count.nullable(), making_dollars: z.number().nullable() })
        .nullable(),
    })
    .nullable()
    .meta({ description: 'What BigQuery bills for the query; null of catalogs that cost nothing.' }),
  note: z.string(),
})

export const colour = z.strictObject({
  granule_id: z.string(),
  product_id: z.string(),
  ...colourMembers,
  valid: share.meta({ description: 'Share of the sampled pixels that hold data.' }),
  sampled: count.meta({ description: 'Pixels sampled of each band.' }),
  stride: z.int().nullable(),
  source: z.enum(SOURCES),
  cached: z.boolean(),
})

/** RFC 9457. */
export const problem = z.strictObject({
  type: z
    .string()
    .meta({ description: 'urn:swath:problem:<code>, or about:blank where the status says all.' }),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().meta({ description: 'A sentence that names the culprit and the way out.' }),
  errors: z
    .array(z.strictObject({ parameter: z.string(), message: z.string() }))
    .optional()
    .meta({ description: 'Every bad parameter.' }),
})

/** The area that is posted; what it is made of is checked when it is read. */
export const postedArea = z
  .looseObject({
    type: z.enum([
      'Point',
      'MultiPoint',
      'LineString',
      'MultiLineString',
      'Polygon',
      'MultiPolygon',
      'GeometryCollection',
      'Feature',
      'FeatureCollection',
    ]),
  })
  .meta({
    description: 'A GeoJSON geometry, Feature or FeatureCollection, degrees WGS 84.',
    examples: [
      {
        type: 'Polygon',
        coordinates: [
          [
            [12.4, 55.5],
            [12.9, 55.5],
            [12.9, 55.8],
            [12.4, 55.5],
          ],
        ],
      },
    ],
  })

/** By the names that the document gives them. */
export const ANSWERS = {
  Footprint: footprint,
  Image: image,
  Granule: granule,
  FeatureCollection: featureCollection,
  ImageRow: imageRow,
  ImagePaths: imagePaths,
  Summary: summary,
  Estimate: estimated,
  Colour: colour,
  Health: health,
  Readiness: readiness,
  Problem: problem,
  PostedArea: postedArea,
} as const
