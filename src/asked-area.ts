import { z } from 'zod'
import type { ParameterError } from './errors.ts'
import { areaOfGeoJson } from './ground/geojson.ts'
import { between, list, number, read } from './parameter-schemas.ts'
import { type Area, areaOfBox, areaOfCorners, WORLD } from './sentinel2/area.ts'

/** How the area is given: a box or a shape, a point, or as a box where there may be none, which means all ground. */
export type AreaForm = 'box' | 'point' | 'any'

const CORNERS = ['lat1', 'lng1', 'lat2', 'lng2'] as const
const POINT = ['lat', 'lng'] as const
const IN_PLACE = ['bbox', 'intersects'] as const

/** The parameters that may give an area of this form. */
export const areaNames = (form: AreaForm): readonly string[] =>
  form === 'point' ? POINT : [...CORNERS, ...IN_PLACE]

const latitude = between(-90, 90)
const longitude = between(-180, 180)

/** What is told of a latitude and of a longitude, and of those that are corners. */
const DEGREES_NORTH = { type: 'number', minimum: -90, maximum: 90 }
const DEGREES_EAST = { type: 'number', minimum: -180, maximum: 180 }
const CORNER = {
  description:
    'Of one of two opposite corners, degrees WGS 84; the box is the smaller of the two that they span.',
  goesWith: CORNERS,
}

const bbox = list(number)
  .refine((edges) => edges.length === 4, {
    error: 'is not four numbers west,south,east,north',
    abort: true,
  })
  .refine(([w = 0, , e = 0]) => [w, e].every((lon) => Math.abs(lon) <= 180), 'has a longitude beyond ±180')
  .refine(([, s = 0, , n = 0]) => [s, n].every((lat) => Math.abs(lat) <= 90), 'has a latitude beyond ±90')
  .refine(
    ([, s = 0, , n = 0]) => s <= n,
    'has its south north of its north; the order is west,south,east,north',
  )

/** The area that a GeoJSON text tells; a string is what is wrong with it, as areaOfGeoJson has it. */
export type ReadShape = (text: string) => Area | string

const shape = (readShape: ReadShape) =>
  read(readShape).meta({
    description: 'The area as GeoJSON: a geometry, a Feature or a FeatureCollection. Longer ones are posted.',
    contentMediaType: 'application/geo+json',
    example: '{"type":"Polygon","coordinates":[[[12.4,55.5],[12.9,55.5],[12.9,55.8],[12.4,55.5]]]}',
  })

/** The parameters of an area. */
export const ASKED_AREA = z
  .object({
    lat1: latitude.meta({ ...DEGREES_NORTH, ...CORNER, example: 55.660797 }),
    lng1: longitude.meta({ ...DEGREES_EAST, ...CORNER, example: 12.5896 }),
    lat2: latitude.meta({ ...DEGREES_NORTH, ...CORNER, example: 55.663369 }),
    lng2: longitude.meta({ ...DEGREES_EAST, ...CORNER, example: 12.58467 }),
    bbox: bbox.meta({
      description:
        'The area as west,south,east,north, degrees WGS 84; west above east crosses the antimeridian.',
      minItems: 4,
      maxItems: 4,
      example: [11.8, 54.9, 14, 56],
    }),
    intersects: shape(areaOfGeoJson),
    lat: latitude.meta({ ...DEGREES_NORTH, description: 'Of the point, degrees WGS 84.', example: 55.66 }),
    lng: longitude.meta({ ...DEGREES_EAST, description: 'Of the point, degrees WGS 84.', example: 12.58 }),
  })
  .partial()

/** The same, of which a shape was read elsewhere before. A schema costs a millisecond to make. */
export const askedAreaAs = (readShape: ReadShape) =>
  ASKED_AREA.extend({ intersects: shape(readShape).optional() })

/** What is missing of an area, and what stands beside it; `given` holds the parameters of its form alone. */
export function areaErrors(given: Readonly<Record<string, string>>, form: AreaForm): ParameterError[] {
  const corners = form === 'point' ? POINT : CORNERS
  const missing = corners.filter((name) => given[name] === undefined)
  if (form === 'point') return missing.map((parameter) => ({ parameter, message: `${parameter} is missing` }))
  const there = corners.filter((name) => given[name] !== undefined)
  const [first, ...others] = [...IN_PLACE.toReversed().filter((name) => given[name] !== undefined), ...there]
  if (first === 'intersects' || first === 'bbox') return others.length === 0 ? [] : [tooMany(first, others)]
  if (form === 'any' && there.length === 0) return []
  return missing.map((parameter) => ({
    parameter,
    message: `${parameter} is missing, or bbox=west,south,east,north or intersects=<GeoJSON> in place of all four`,
  }))
}

const tooMany = (parameter: 'bbox' | 'intersects', others: readonly string[]): ParameterError => ({
  parameter,
  message: `${parameter} stands beside ${others.join(', ')}; give ${
    parameter === 'bbox' ? 'either the box or two corners' : 'one area'
  }`,
})

/** The area of parameters without errors; all ground where there are none. */
export function areaOf(given: z.infer<typeof ASKED_AREA>): Area {
  const { intersects, lat1, lng1, lat2, lng2, lat, lng } = given
  if (intersects) return intersects
  if (given.bbox) {
    const [west = 0, south = 0, east = 0, north = 0] = given.bbox
    return areaOfBox(west, south, east, north)
  }
  if (lat !== undefined && lng !== undefined) return areaOfBox(lng, lat, lng, lat)
  if (lat1 === undefined || lng1 === undefined || lat2 === undefined || lng2 === undefined) return WORLD
  return areaOfCorners(lat1, lng1, lat2, lng2)
}
