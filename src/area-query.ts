import { z } from 'zod'
import type { Cursor, Search } from './catalog/port.ts'
import type { Rank, Sampling } from './colour/port.ts'
import { COLOUR_OPTIONS, rankMissing, samplingErrors, samplingOf } from './colour-query.ts'
import { parseDatetime } from './datetime.ts'
import type { ParameterError } from './errors.ts'
import { FORMATS, type Format } from './formats.ts'
import { readToken } from './page-token.ts'
import { badRequest, type Parameters, parameterErrors, takeParameters } from './parameters.ts'
import { type Area, areaOfBox, areaOfCorners } from './sentinel2/area.ts'
import { BANDS, type Band, isBand, LEVELS } from './sentinel2/bands.ts'
import { tileGrid } from './sentinel2/tiles.ts'

/** What a user asks for, whether by HTTP or on the command line. */
export type AreaQuery = {
  readonly search: Search
  /** Undefined: every image. */
  readonly bands: ReadonlySet<Band> | undefined
  /** Granules a page, 1 to 10,000. */
  readonly limit: number
  readonly after: Cursor | undefined
  readonly format: Format | undefined
  /** Undefined: newest first, without colours. */
  readonly rank: Rank | undefined
  /** How colours are made, where they are. */
  readonly sampling: Sampling
}

const DEFAULT_LIMIT = 250
const MOST_GRANULES = 10_000
const CORNERS = ['lat1', 'lng1', 'lat2', 'lng2'] as const
const POINT = ['lat', 'lng'] as const

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const number = z.string().trim().regex(NUMBER, 'is not a number').transform(Number)
const between = (least: number, most: number) =>
  number.refine((n) => n >= least && n <= most, `is not between ${least} and ${most}`)
const latitude = between(-90, 90)
const longitude = between(-180, 180)

const list = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1))

const numbers = (least: number, most: number) => list(between(least, most))

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

const cloud = numbers(0, 100)
  .refine((edges) => edges.length <= 2, 'is neither one percentage nor two, as in 20 or 5,20')
  .transform(([a = 0, b]) => (b === undefined ? { min: 0, max: a } : { min: a, max: b }))
  .refine(({ min, max }) => min <= max, 'has its lower end above its upper end')

const tile = z
  .string()
  .transform((text) => text.toUpperCase().replace(/^T(?=\d{2}[A-Z]{3}$)/, ''))
  .refine((name) => tileGrid(name) !== undefined, {
    error: ({ input }) => `holds ${JSON.stringify(input)}, which is no Sentinel-2 tile such as 33UUB`,
  })

const band = z
  .string()
  .transform((text) => text.toUpperCase())
  .refine(isBand, {
    error: ({ input }) =>
      `holds ${JSON.stringify(input)}, which is none of ${[...BANDS.L1C, 'AOT', 'WVP', 'SCL'].join(', ')}`,
  })

const oneOf = <T extends string>(values: readonly T[]) => z.enum(values, `is none of ${values.join(', ')}`)

/** Everything but the area itself. */
const options = z
  .object({
    datetime: z.string().transform((text, context) => {
      const time = parseDatetime(text)
      if (typeof time !== 'string') return time
      context.addIssue({ code: 'custom', message: time })
      return z.NEVER
    }),
    cloud,
    level: oneOf(LEVELS).default('L1C'),
    tiles: list(tile),
    bands: list(band),
    dedupe: oneOf(['latest', 'none']).default('latest'),
    limit: z
      .string()
      .regex(/^\d+$/, 'is not a whole number')
      .transform(Number)
      .refine((n) => n >= 1, 'is below 1')
      .transform((n) => Math.min(n, MOST_GRANULES))
      .default(DEFAULT_LIMIT),
    token: z.string(),
    format: oneOf(FORMATS),
    ...COLOUR_OPTIONS,
  })
  .partial({ datetime: true, cloud: true, tiles: true, bands: true, token: true, format: true })

const box = z
  .object({
    lat1: latitude,
    lng1: longitude,
    lat2: latitude,
    lng2: longitude,
    bbox,
    lat: latitude,
    lng: longitude,
  })
  .partial()

/** How the area is given: a box by `/area`, a point by `/images`. */
export type AreaForm = 'box' | 'point'

/** What is done with the granules: to a list colours matter for its rank alone. */
export type Purpose = 'list' | 'colour'

/**
 * Reads the parameters of a query.
 * @param alsoWrong what the caller has found already, to be named with the rest
 * @throws {Fault} bad-request naming every bad parameter at once
 */
export function parseAreaQuery(
  parameters: Parameters,
  form: AreaForm,
  alsoWrong: readonly ParameterError[] = [],
  purpose: Purpose = 'list',
): AreaQuery {
  const forms = form === 'box' ? [...CORNERS, 'bbox'] : [...POINT]
  const { values, errors } = takeParameters(parameters, [...forms, ...Object.keys(options.shape)])
  const parsedOptions = options.safeParse(values)
  const parsedBox = box.safeParse(values)
  const faults = [
    ...alsoWrong,
    ...errors,
    ...parameterErrors(parsedOptions),
    ...parameterErrors(parsedBox),
    ...areaFaults(values, form),
    ...bandFaults(values),
    ...samplingErrors(values),
    ...(purpose === 'list' ? rankMissing(values) : []),
  ]
  if (faults.length > 0 || !parsedOptions.data || !parsedBox.data) throw badRequest(faults)

  const { datetime, cloud, level, tiles, bands, dedupe, limit, token, format, rank } = parsedOptions.data
  const search: Search = {
    area: areaOf(parsedBox.data),
    level,
    time: datetime ?? { from: undefined, until: undefined },
    cloud,
    tiles: tiles && [...new Set(tiles)].sort(),
    dedupe,
  }
  const after = token === undefined ? undefined : readToken(token, search)
  if (typeof after === 'string') {
    const message = `token ${after}; take it from the Link header, or start without`
    throw badRequest([{ parameter: 'token', message }])
  }
  const sampling = samplingOf(parsedOptions.data)
  return { search, bands: bands && new Set(bands), limit, after, format, rank, sampling }
}

function areaFaults(given: Readonly<Record<string, string>>, form: AreaForm): ParameterError[] {
  const names = form === 'box' ? CORNERS : POINT
  const missing = names.filter((name) => given[name] === undefined)
  if (form === 'box' && given.bbox !== undefined) {
    const also = names.filter((name) => given[name] !== undefined)
    if (also.length === 0) return []
    return [
      {
        parameter: 'bbox',
        message: `bbox stands beside ${also.join(', ')}; give either the box or two corners`,
      },
    ]
  }
  const other = form === 'box' ? ', or bbox=west,south,east,north in place of all four' : ''
  return missing.map((parameter) => ({ parameter, message: `${parameter} is missing${other}` }))
}

/** Read by themselves, so that they are named beside whatever else is wrong. */
function bandFaults(given: Readonly<Record<string, string>>): ParameterError[] {
  const level = options.shape.level.safeParse(given.level).data
  const bands = options.shape.bands.safeParse(given.bands).data
  if (!level || !bands) return []
  return bands
    .filter((name) => !BANDS[level].includes(name))
    .map((name) => ({ parameter: 'bands', message: `bands holds ${name}, which ${level} does not have` }))
}

function areaOf(given: z.infer<typeof box>): Area {
  const { lat1 = 0, lng1 = 0, lat2 = 0, lng2 = 0, lat, lng } = given
  if (given.bbox) {
    const [west = 0, south = 0, east = 0, north = 0] = given.bbox
    return areaOfBox(west, south, east, north)
  }
  if (lat !== undefined && lng !== undefined) return areaOfBox(lng, lat, lng, lat)
  return areaOfCorners(lat1, lng1, lat2, lng2)
}
