/*
 * Parts of the JSON Schemas (draft 2020-12) that the tests hold items, collections and catalogs to, written from the
 * normative statements of STAC 1.1.0 and of the extensions in use. They are stricter than the specification where
 * this project promises more, as https addresses alone.
 */

export type Schema = Readonly<Record<string, unknown>>

export const object = (
  required: readonly string[],
  properties: Record<string, Schema>,
  more: Schema = {},
): Schema => ({
  type: 'object',
  required,
  properties,
  ...more,
})
export const array = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more })
export const text: Schema = { type: 'string', minLength: 1 }
export const time: Schema = { type: 'string', format: 'date-time', pattern: 'Z$' }
export const percent: Schema = { type: 'number', minimum: 0, maximum: 100 }
export const share: Schema = { type: 'number', minimum: 0, maximum: 1 }
export const address: Schema = { type: 'string', format: 'uri', pattern: '^https?://[^ ]+$' }
export const longitude: Schema = { type: 'number', minimum: -180, maximum: 180 }
export const latitude: Schema = { type: 'number', minimum: -90, maximum: 90 }

const link = object(
  ['rel', 'href', 'type'],
  { rel: text, href: address, type: text, title: text, method: { enum: ['GET', 'POST'] } },
  { additionalProperties: false },
)
/** A list of links that has each of these relations once; those of `some` as often as it likes. */
export const links = (once: readonly string[], some: readonly string[] = []): Schema => ({
  ...array(link),
  allOf: [
    ...once.map((rel) => ({
      contains: { properties: { rel: { const: rel } } },
      minContains: 1,
      maxContains: 1,
    })),
    ...some.map((rel) => ({ contains: { properties: { rel: { const: rel } } } })),
  ],
})
export const extensions = array(address, { uniqueItems: true })
export const box = {
  type: 'array',
  prefixItems: [longitude, latitude, longitude, latitude],
  minItems: 4,
  maxItems: 4,
}
export const collectionId = { enum: ['sentinel-2-l1c', 'sentinel-2-l2a'] }

/** eo 2.0, raster 2.0 and the common metadata of bands. */
const band = object(['name'], {
  name: { type: 'string', pattern: '^(B\\d\\d|B8A|AOT|WVP|SCL)$' },
  description: text,
  'eo:common_name': {
    enum: [
      'coastal',
      'blue',
      'green',
      'red',
      'rededge071',
      'rededge075',
      'rededge078',
      'nir',
      'nir08',
      'nir09',
      'cirrus',
      'swir16',
      'swir22',
    ],
  },
  'eo:center_wavelength': { type: 'number', minimum: 0.4, maximum: 2.3 },
  'eo:full_width_half_max': { type: 'number', exclusiveMinimum: 0, maximum: 0.2 },
})

/** What an asset is, and what a collection says that it will be. */
export const described = {
  type: { enum: ['image/jp2', 'image/webp'] },
  title: text,
  roles: array({ enum: ['data', 'reflectance', 'visual', 'thumbnail'] }, { minItems: 1, uniqueItems: true }),
  gsd: { enum: [10, 20, 60] },
  bands: array(band, { minItems: 1 }),
  data_type: { const: 'uint16' },
  nodata: { const: 0 },
}
