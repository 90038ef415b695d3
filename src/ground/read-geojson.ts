import { z } from 'zod'
import { messageOf } from '../errors.ts'

/** A point, line or polygon as it was written: what its `coordinates` hold, and where they stand in the text. */
export type Written = { readonly coordinates: unknown; readonly at: string }
/** By kind; at least one of them is not empty. */
export type Geometries = Readonly<Record<Kind, readonly Written[]>>

/** Positions of an area that are taken; a country to 100 m has some 20,000. */
export const MOST_POSITIONS = 50_000
/** Of its text. */
const MOST_CHARACTERS = 10_000_000
/** Collections and features in one another. */
const DEEPEST = 8

const anObject = z.looseObject({})
const typed = z.looseObject({ type: z.string(), crs: z.unknown().optional() })
/** The crs member of GeoJSON before RFC 7946. */
const namedCrs = z.looseObject({ properties: z.looseObject({ name: z.string() }) })
const WGS84 = /(?:CRS:?84|EPSG:(?::|[\d.]+:)?4326)$/i

/** What each type of geometry is made of. */
const KINDS = {
  Point: 'points',
  MultiPoint: 'points',
  LineString: 'lines',
  MultiLineString: 'lines',
  Polygon: 'polygons',
  MultiPolygon: 'polygons',
} as const
type Kind = (typeof KINDS)[keyof typeof KINDS]
const TAKEN = `${Object.keys(KINDS).join(', ')}, and features and collections of these are taken`
const LIKE = '{"type":"Polygon","coordinates":[[[12,55],[13,55],[13,56],[12,55]]]}'

/** Well-known text, also as PostGIS writes it (OGC 06-103r4, 7). */
const WKT = /^(SRID=\d+;\s*)?(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(ZM?|M)?\s*(\(|EMPTY)/i
/** Letters in which it shows itself; over a long run of spaces the pattern's time would grow with its square. */
const START = 100

/** The geometries of a GeoJSON text (RFC 7946), not yet looked into; or what is wrong, as areaOfGeoJson tells it. */
export function readGeoJson(text: string): Geometries | string {
  if (text.length > MOST_CHARACTERS) return tooLong(text)
  if (WKT.test(text.trimStart().slice(0, START)))
    return `takes GeoJSON, and this looks like WKT; write it like ${LIKE}`
  const value = parsed(text)
  if ('fault' in value) return `is not JSON: ${value.fault}`
  const found = geometriesIn(value.json, '', 1)
  if (typeof found === 'string') return found
  const all: Record<Kind, Written[]> = { points: [], lines: [], polygons: [] }
  let positions = 0
  for (const one of found) {
    const kind = KINDS[one.type]
    for (const part of partsOf(one)) {
      all[kind].push(part)
      positions += positionsIn(part.coordinates, kind)
    }
  }
  return positions > MOST_POSITIONS ? tooMany(positions.toLocaleString('en')) : all
}

/** Of a geometry of many parts each; empty ones are told as they are. */
function partsOf({ type, coordinates, at }: Geometry): Written[] {
  if (!type.startsWith('Multi') || !Array.isArray(coordinates) || coordinates.length === 0) {
    return [{ coordinates, at }]
  }
  return coordinates.map((part: unknown, i) => ({ coordinates: part, at: `${at}[${i}]` }))
}

function parsed(text: string): { readonly json: unknown } | { readonly fault: string } {
  const bare = text.replace(/^\uFEFF/, '')
  if (bare.trim() === '') return { fault: `it is empty; write ${LIKE}` }
  try {
    const json: unknown = JSON.parse(bare)
    return { json }
  } catch (error) {
    const fault = messageOf(error).replace(/ is not valid JSON$/, '')
    return {
      fault: fault.startsWith('Unexpected end') ? `it ends too early, at character ${bare.length}` : fault,
    }
  }
}

type Geometry = Written & { readonly type: keyof typeof KINDS }
type Some<T> = readonly [T, ...T[]]

const isTaken = (type: string): type is keyof typeof KINDS => Object.hasOwn(KINDS, type)

/** @param at where the value stands in the text, '' at the top */
function geometriesIn(value: unknown, at: string, depth: number): Some<Geometry> | string {
  const place = at === '' ? 'the text' : at
  if (depth > DEEPEST) return `is nested more than ${DEEPEST} deep, at ${place}`
  if (!anObject.safeParse(value).success || Array.isArray(value)) {
    return at.endsWith('geometry')
      ? `has a feature without geometry: ${at} is ${kindOf(value)}`
      : `is no GeoJSON: ${place} is ${kindOf(value)}, not an object such as ${LIKE}`
  }
  const read = typed.safeParse(value)
  if (!read.success) return `is no GeoJSON: ${place} has no type; write one such as ${LIKE}`
  const { type, crs } = read.data
  const strange = foreignCrs(crs)
  if (strange) return `is in ${strange}: longitude and latitude of WGS 84 are taken, without a crs`
  const inside = (member: string) => (at === '' ? member : `${at}.${member}`)
  if (type === 'Feature') return geometriesIn(read.data.geometry, inside('geometry'), depth + 1)
  if (type === 'FeatureCollection') return all(read.data.features, inside('features'), depth)
  if (type === 'GeometryCollection') return all(read.data.geometries, inside('geometries'), depth)
  if (isTaken(type)) return [{ type, coordinates: read.data.coordinates, at: inside('coordinates') }]
  return `is a ${type.slice(0, 40)}${at === '' ? '' : `, at ${at}`}: ${TAKEN}`
}

function all(members: unknown, at: string, depth: number): Some<Geometry> | string {
  if (!Array.isArray(members)) return `is no GeoJSON: ${at} is ${kindOf(members)}, not a list`
  const found: Geometry[] = []
  for (const [i, member] of members.entries()) {
    const inside = geometriesIn(member, `${at}[${i}]`, depth + 1)
    if (typeof inside === 'string') return inside
    found.push(...inside)
  }
  const [first, ...others] = found
  return first ? [first, ...others] : `holds nothing: ${at} is empty`
}

/** Name of a coordinate system that is none of longitude and latitude on WGS 84. */
function foreignCrs(crs: unknown): string | undefined {
  if (crs === undefined || crs === null) return undefined
  const named = namedCrs.safeParse(crs)
  if (!named.success) return 'a coordinate system (crs) without a name'
  const { name } = named.data.properties
  return WGS84.test(name) ? undefined : name.slice(0, 80)
}

function positionsIn(part: unknown, kind: Kind): number {
  if (kind === 'points') return 1
  if (!Array.isArray(part)) return 0
  if (kind === 'lines') return part.length
  return part.reduce<number>((sum, ring) => sum + (Array.isArray(ring) ? ring.length : 0), 0)
}

/** Too long a text is not parsed; its positions are counted by their brackets. */
function tooLong(text: string): string {
  const positions = text.match(/\[\s*[-\d]/g)?.length ?? 0
  const characters = text.length.toLocaleString('en')
  const most = MOST_CHARACTERS.toLocaleString('en')
  if (positions > MOST_POSITIONS) return tooMany(`about ${positions.toLocaleString('en')}`)
  return `is ${characters} characters long; at most ${most} are taken: leave out what is no geometry, or round`
}

const tooMany = (positions: string): string =>
  `has ${positions} positions; at most ${MOST_POSITIONS.toLocaleString('en')} are taken: simplify it`

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
