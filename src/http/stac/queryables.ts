import type { Level } from '../../sentinel2/bands.ts'
import { COLLECTIONS } from './collection-names.ts'
import { queryablesPlace, sortablesPlace } from './places.ts'
import { PROPERTIES, type Property } from './properties.ts'

/** A JSON Schema whose properties are what may be named. */
export type NamesSchema = {
  readonly $schema: string
  readonly $id: string
  readonly type: 'object'
  readonly title: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly additionalProperties: false
}

/**
 * What filters may ask for, of one collection or of all, in every way that the conformance classes have. Numbers of
 * colours may be asked for, too, but beside the rest alone, so that they are told by the collections.
 */
export const queryablesOf = (base: string, level?: Level): NamesSchema => ({
  $schema: DRAFT,
  $id: queryablesPlace(base, level),
  type: 'object',
  title: `What filters on ${level ? COLLECTIONS[level] : 'items'} may ask for`,
  properties: {
    ...Object.fromEntries(
      Object.entries(PROPERTIES)
        .filter(([, { means }]) => means !== 'colour')
        .map(([name, property]) => [name, schemaOf(property, level)]),
    ),
    geometry: { title: 'Ground it covers', $ref: 'https://geojson.org/schema/Geometry.json' },
  },
  additionalProperties: false,
})

/** What answers may be sorted by. */
export const sortablesOf = (base: string, level?: Level): NamesSchema => ({
  $schema: DRAFT,
  $id: sortablesPlace(base, level),
  type: 'object',
  title: `What ${level ? COLLECTIONS[level] : 'items'} may be sorted by`,
  properties: {
    ...Object.fromEntries(
      Object.entries(PROPERTIES)
        .filter(([name]) => SORTABLE.has(name))
        .map(([name, property]) => [name, schemaOf(property, level)]),
    ),
    [COVERAGE]: {
      title: 'Share of the asked area that it covers, where an area is asked for',
      type: 'number',
      minimum: 0,
      maximum: 1,
    },
  },
  additionalProperties: false,
})

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'
const COVERAGE = 'swath:coverage'
const SORTABLE: ReadonlySet<string> = new Set([
  'datetime',
  'eo:cloud_cover',
  'swath:share_red',
  'swath:share_green',
  'swath:share_blue',
])

function schemaOf(property: Property, level: Level | undefined) {
  const { title, type, schema } = property
  const written = type === 'date-time' ? { type: 'string', format: 'date-time' } : { type }
  if (property.means === 'collection' && level) return { title, ...written, const: COLLECTIONS[level] }
  return { title, ...written, ...schema }
}
