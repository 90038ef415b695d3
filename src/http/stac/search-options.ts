import { z } from 'zod'
import { ASKED_AREA } from '../../asked-area.ts'
import type { Search } from '../../catalog/port.ts'
import { parseDatetime } from '../../datetime.ts'
import { oneOf } from '../../parameter-schemas.ts'
import { type Area, areaOfBox } from '../../sentinel2/area.ts'
import { readFields } from './fields.ts'
import { FILTER_LANGUAGES } from './filter.ts'
import { FORMS } from './form.ts'
import { coarser } from './moment.ts'
import { readSort } from './sort.ts'

/*
 * The parameters of a search, each as the text of an address or as a member of a JSON body. What is wrong with
 * one is a clause that follows its name.
 */

export const DEFAULT_LIMIT = 10
export const MOST_ITEMS = 10_000
/** Enough for ids of 10,000 letters many times over. */
const MOST_NAMES = 1000

/** What a given value means; a string is what is wrong with it. */
const read = <T extends object | number>(parse: (given: unknown) => T | string) =>
  z.unknown().transform((given, context): T => {
    const parsed = parse(given)
    if (typeof parsed !== 'string') return parsed
    context.addIssue({ code: 'custom', message: parsed })
    return z.NEVER
  })

const CRS = 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'

const text = z.string({ error: 'is not a text' })

/** Those of every search; `posted` is the form of a member of a body where it is another one. */
export const SEARCH_OPTIONS = {
  bbox: read(readBbox)
    .meta({
      description:
        'west,south,east,north, degrees WGS 84, or six numbers with heights, which are left aside.',
      type: 'array',
      items: { type: 'number' },
      minItems: 4,
      maxItems: 6,
      example: [11.8, 54.9, 14, 56],
    })
    .optional(),
  datetime: read(readDatetime)
    .meta({
      description: 'An RFC 3339 time, or an interval a/b, a/.. or ../b, both ends included.',
      type: 'string',
      example: '2020-01-01T00:00:00Z/2022-12-31T23:59:59Z',
    })
    .optional(),
  limit: read(readLimit)
    .meta({
      description: `Items a page; above ${MOST_ITEMS} it counts as ${MOST_ITEMS}. Formats other than geojson hold every match without it.`,
      type: 'integer',
      minimum: 1,
      default: DEFAULT_LIMIT,
      example: 5,
    })
    .optional(),
  token: text
    .meta({ description: 'The next page, as a link to it has it; bound to the search, good for a day.' })
    .optional(),
  sortby: read(readSort)
    .meta({
      description:
        'The order: datetime, eo:cloud_cover, swath:coverage or swath:share_red, _green, _blue; a minus in front is descending. What is equal comes newest first, and what is not known last. The last key may be id, which says no more, since each item has its place.',
      type: 'string',
      example: 'eo:cloud_cover',
      posted: {
        type: 'array',
        items: {
          type: 'object',
          properties: { field: { type: 'string' }, direction: { enum: ['asc', 'desc'] } },
          required: ['field'],
        },
        example: [{ field: 'datetime', direction: 'desc' }],
      },
    })
    .optional(),
  fields: read(readFields)
    .meta({
      description: 'Members of the items that are wanted, with a minus in front those that are not.',
      type: 'string',
      example: 'id,properties.eo:cloud_cover,-assets',
      posted: {
        type: 'object',
        properties: {
          include: { type: 'array', items: { type: 'string' } },
          exclude: { type: 'array', items: { type: 'string' } },
        },
        example: { include: ['id'], exclude: ['assets'] },
      },
    })
    .optional(),
  filter: z
    .unknown()
    .meta({
      description:
        'A condition in CQL2, of what /stac/queryables names. Joined to the rest by AND, numbers of the remembered colour may be compared by < <= >= > and BETWEEN, too: swath:red, swath:green, swath:blue, swath:share_red, swath:share_green, swath:share_blue, swath:valid.',
      type: 'string',
      example: "eo:cloud_cover < 10 AND platform = 'sentinel-2a'",
      posted: {
        type: ['object', 'string'],
        example: { op: '<', args: [{ property: 'eo:cloud_cover' }, 10] },
      },
    })
    .optional(),
  'filter-lang': oneOf(FILTER_LANGUAGES)
    .meta({
      description: 'cql2-text without it in an address, cql2-json in a body.',
      example: 'cql2-text',
      goesWith: ['filter'],
      posted: { example: 'cql2-json' },
    })
    .optional(),
  'filter-crs': z
    .literal(CRS, { error: `is not ${CRS}, the only one there is` })
    .meta({ description: "Of the filter's coordinates.", example: CRS, goesWith: ['filter'] })
    .optional(),
  query: z
    .unknown()
    .meta({
      description: 'A condition as JSON: operators and values by property.',
      type: 'string',
      contentMediaType: 'application/json',
      example: '{"eo:cloud_cover":{"lt":10}}',
      posted: { type: 'object', example: { 'eo:cloud_cover': { lt: 10 } } },
    })
    .optional(),
  dedupe: oneOf(['latest', 'none'])
    .meta({
      description:
        'latest: of the products of one acquisition the one with the highest baseline. none: all of them. Without it none where ids are given or filter or query names what tells products apart (id, s2:product_uri, s2:granule_id, s2:processing_baseline, s2:generation_time, created, updated), else latest.',
      example: 'none',
    })
    .optional(),
  format: oneOf(FORMS)
    .meta({
      description:
        'geojson: a page. ndjson: an item a line. geojsonseq: the same with the record separators of RFC 8142. parquet: a GeoParquet table, a row an item. All but geojson hold every match where no limit is given. Without it the Accept header decides.',
      example: 'ndjson',
    })
    .optional(),
}

const NAMES = { type: 'array', items: { type: 'string' } }

/** Those of a search over all collections. */
export const ITEM_SEARCH_OPTIONS = {
  ...SEARCH_OPTIONS,
  collections: read(readNames)
    .meta({ ...NAMES, description: 'Only items of these collections.', example: ['sentinel-2-l2a'] })
    .optional(),
  ids: read(readNames)
    .meta({
      ...NAMES,
      description: 'Only these items.',
      example: ['S2B_MSIL1C_20200715T102559_N0209_R065_T33UUB_20200715T124358'],
    })
    .optional(),
  intersects: z
    .unknown()
    .meta({
      description: 'The area as a GeoJSON geometry, in place of bbox.',
      type: 'string',
      contentMediaType: 'application/geo+json',
      example: '{"type":"Point","coordinates":[12.58,55.66]}',
      posted: { type: 'object', example: { type: 'Point', coordinates: [12.58, 55.66] } },
    })
    .optional(),
}

/** Four numbers or, with heights, six, which are left aside; text or an array. */
function readBbox(given: unknown): Area | string {
  const edges = typeof given === 'string' ? given.split(',') : given
  if (!Array.isArray(edges)) return 'is not an array of four or six numbers'
  if (edges.length !== 4 && edges.length !== 6) {
    return `holds ${edges.length} numbers; it takes west,south,east,north, or six with heights`
  }
  if (typeof given !== 'string' && !edges.every((edge) => typeof edge === 'number')) {
    return 'holds what is not a number'
  }
  const ground = edges.length === 6 ? [edges[0], edges[1], edges[3], edges[4]] : edges
  const parsed = box.safeParse(ground.join(','))
  const [west = 0, south = 0, east = 0, north = 0] = parsed.data ?? []
  return parsed.success ? areaOfBox(west, south, east, north) : (parsed.error.issues[0]?.message ?? '')
}

const box = ASKED_AREA.shape.bbox

const DATE = /^\d{4}-\d{2}-\d{2}$/
/** Letters: two times of any precision and the slash between. */
const MOST_OF_A_TIME = 200

/** RFC 3339 with a zone, or an interval that may be open at one end; dates alone are not taken, as STAC has it. */
function readDatetime(given: unknown): Search['time'] | string {
  if (typeof given !== 'string') return 'is not a text'
  if (given.length > MOST_OF_A_TIME) return `has ${given.length} letters; it takes ${MOST_OF_A_TIME} at most`
  const date = given.split('/').find((part) => DATE.test(part))
  if (date !== undefined) {
    return `holds ${date}, a date alone; write the time, too: ${date}T00:00:00Z/${date}T23:59:59.999999Z is that day`
  }
  return parseDatetime(coarser(given))
}

/** A number or its digits; what is more than a page holds is as much as it holds. */
function readLimit(given: unknown): number | string {
  const isWhole = typeof given === 'string' ? /^[+-]?\d+$/.test(given.trim()) : Number.isInteger(given)
  if (!isWhole) return `is ${shown(given)}, which is not a whole number`
  const limit = Number(given)
  return limit < 1 ? `is ${limit}, and a page holds at least 1` : Math.min(limit, MOST_ITEMS)
}

/** A comma list or an array of texts; none mean all. */
function readNames(given: unknown): readonly string[] | string {
  const names = typeof given === 'string' ? given.split(',').map((name) => name.trim()) : given
  if (!Array.isArray(names)) return 'is not an array of texts'
  const texts = names.filter((name) => typeof name === 'string' && name !== '')
  if (typeof given !== 'string' && texts.length < names.length) return 'holds what is not a text'
  if (texts.length > MOST_NAMES) return `holds ${texts.length} names; it takes ${MOST_NAMES} at most`
  return texts
}

/** What was given; of lists and objects their kind alone, since they may be nested deeper than the stack. */
function shown(given: unknown): string {
  if (Array.isArray(given)) return 'a list'
  return typeof given === 'object' && given !== null
    ? 'an object'
    : (JSON.stringify(given) ?? 'missing').slice(0, 40)
}
