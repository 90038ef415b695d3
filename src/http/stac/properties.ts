import type { Field, Value } from '../../catalog/condition.ts'
import type { ColourNumber } from '../../colour/port.ts'
import { isTileName, SATELLITES } from '../../sentinel2/names.ts'
import { parseTime } from '../../sentinel2/time.ts'
import { COLLECTIONS } from './collection-names.ts'

/*
 * The properties of an item that can be asked for, and what each means in the words of the catalog. Filters,
 * queryables, sortables and the items themselves agree by this table.
 */

export type PropertyType = 'string' | 'number' | 'date-time'

/** What a property is told by. */
export type Property = {
  /** What it is, as people read it. */
  readonly title: string
  readonly type: PropertyType
  /** What its JSON Schema says beside title and type. */
  readonly schema?: Readonly<Record<string, unknown>>
} & (
  | {
      readonly means: 'field'
      readonly field: Field
      /** A value of the property as the field has it; undefined: no granule can have it. */
      readonly read: (value: Value) => Value | undefined
      /** Of text: what stands round the field's own text in the property's, so that patterns can be turned. */
      readonly around?: readonly [before: string, after: string]
      /** Every value there is, where they are few and not the field's own text: patterns pick from them. */
      readonly values?: readonly string[]
    }
  /** A number of the remembered colour. */
  | { readonly means: 'colour'; readonly number: ColourNumber }
  /** The same of all items. */
  | { readonly means: 'constant'; readonly value: string }
  /** The collection, which tells the level: levelOfCollection. */
  | { readonly means: 'collection' }
  /** The item's id: parseItemId tells how to find it. */
  | { readonly means: 'id' }
)

const asText = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined)
const asNumber = (value: Value): number | undefined => (typeof value === 'number' ? value : undefined)
const asTime = (value: Value): number | undefined =>
  typeof value === 'string' ? parseTime(value) : undefined

const CODE_BEFORE = 'MGRS-'
const URI_AFTER = '.SAFE'

/** `MGRS-33UUB`: the grid extension's code of a tile. */
export const gridCode = (mgrsTile: string): string => `${CODE_BEFORE}${mgrsTile}`
/** `S2A_MSIL1C_….SAFE`. */
export const productUri = (productId: string): string => `${productId}${URI_AFTER}`
/** `sentinel-2a` of `S2A`. */
export const platformOf = (satellite: string): string => `sentinel-2${satellite.slice(2).toLowerCase()}`

export const CONSTELLATION = 'sentinel-2'
export const PLATFORMS = SATELLITES.map(platformOf)
const SATELLITE_OF = new Map<Value, string>(SATELLITES.map((satellite) => [platformOf(satellite), satellite]))

const unwrapped =
  (before: string, after: string, isWhole: (text: string) => boolean = () => true) =>
  (value: Value): string | undefined => {
    if (typeof value !== 'string' || !value.startsWith(before) || !value.endsWith(after)) return undefined
    const text = value.slice(before.length, value.length - after.length)
    return isWhole(text) ? text : undefined
  }

const SHARE = { minimum: 0, maximum: 1 }
const colour = (number: ColourNumber, title: string): Property => ({
  means: 'colour',
  number,
  title,
  type: 'number',
  schema: SHARE,
})
const time = (field: Field, title: string): Property => ({
  means: 'field',
  field,
  title,
  type: 'date-time',
  read: asTime,
})
const number = (field: Field, title: string, schema: Record<string, unknown>): Property => ({
  means: 'field',
  field,
  title,
  type: 'number',
  schema,
  read: asNumber,
})
const text = (field: Field, title: string, schema: Record<string, unknown> = {}): Property => ({
  means: 'field',
  field,
  title,
  type: 'string',
  schema,
  read: asText,
})

export const PROPERTIES: Readonly<Record<string, Property>> = {
  id: { means: 'id', title: 'Name of the product, or of a granule before 2016-12-06', type: 'string' },
  collection: {
    means: 'collection',
    title: 'Collection',
    type: 'string',
    schema: { enum: Object.values(COLLECTIONS) },
  },
  datetime: time('sensingTime', 'Sensing time'),
  created: time('generationTime', 'When the product was made'),
  updated: time('generationTime', 'When the product was made'),
  constellation: {
    means: 'constant',
    value: CONSTELLATION,
    title: 'Constellation',
    type: 'string',
    schema: { const: CONSTELLATION },
  },
  platform: {
    means: 'field',
    field: 'satellite',
    title: 'Satellite',
    type: 'string',
    schema: { enum: PLATFORMS },
    read: (value) => SATELLITE_OF.get(value),
    values: PLATFORMS,
  },
  'eo:cloud_cover': number('cloudCover', 'Cloud cover, percent', { minimum: 0, maximum: 100 }),
  'grid:code': {
    means: 'field',
    field: 'mgrsTile',
    title: 'Tile, as MGRS-33UUB',
    type: 'string',
    schema: { pattern: '^MGRS-[0-9]{2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]$' },
    read: unwrapped(CODE_BEFORE, '', isTileName),
    around: [CODE_BEFORE, ''],
  },
  's2:mgrs_tile': text('mgrsTile', 'Tile, as 33UUB'),
  's2:processing_baseline': text('baseline', 'Processing baseline, as 04.00', {
    pattern: '^[0-9]{2}\\.[0-9]{2}$',
  }),
  's2:generation_time': time('generationTime', 'When the product was made'),
  's2:datatake_id': text('datatake', 'Datatake'),
  's2:product_uri': {
    means: 'field',
    field: 'productId',
    title: 'Name of the product, with .SAFE',
    type: 'string',
    read: unwrapped('', URI_AFTER),
    around: ['', URI_AFTER],
  },
  'sat:relative_orbit': number('relativeOrbit', 'Relative orbit', { minimum: 1, maximum: 143 }),
  'sat:absolute_orbit': number('absoluteOrbit', 'Absolute orbit', { minimum: 1 }),
  's2:granule_id': text('granuleId', 'Name of the granule'),
  'swath:granule_id': text('granuleId', 'Name of the granule'),
  'swath:red': colour('red', 'Mean reflectance of B04'),
  'swath:green': colour('green', 'Mean reflectance of B03'),
  'swath:blue': colour('blue', 'Mean reflectance of B02'),
  'swath:share_red': colour('share_red', 'Share of red in the mean colour'),
  'swath:share_green': colour('share_green', 'Share of green in the mean colour'),
  'swath:share_blue': colour('share_blue', 'Share of blue in the mean colour'),
  'swath:valid': colour('valid', 'Share of the sampled pixels that hold data'),
}

/** The property of this name, which may be written as it stands in an item, `properties.eo:cloud_cover`. */
export function propertyOf(name: string): Property | undefined {
  const bare = name.startsWith('properties.') ? name.slice('properties.'.length) : name
  return Object.hasOwn(PROPERTIES, bare) ? PROPERTIES[bare] : undefined
}
