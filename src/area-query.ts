import { z } from 'zod'
import {
  type AreaForm,
  ASKED_AREA,
  areaErrors,
  areaNames,
  areaOf,
  askedAreaAs,
  type ReadShape,
} from './asked-area.ts'
import { type ColourWish, type Cursor, isByRank, type Search } from './catalog/port.ts'
import type { Rank, Sampling, Source } from './colour/port.ts'
import { COLOUR_OPTIONS, samplingErrors, samplingOf, samplingUnused } from './colour-query.ts'
import type { ParameterError } from './errors.ts'
import { FORMATS, type Format } from './formats.ts'
import { readToken } from './page-token.ts'
import { list, oneOf } from './parameter-schemas.ts'
import { badRequest, type Parameters, parameterErrors, takeParameters } from './parameters.ts'
import { SEARCH_OPTIONS, searchOf, sortErrors } from './search-query.ts'
import { type Area, isWithoutGround } from './sentinel2/area.ts'
import { BANDS, type Band, isBand } from './sentinel2/bands.ts'

export type { AreaForm, ReadShape } from './asked-area.ts'

/** What a user asks for, whether by HTTP or on the command line. */
export type AreaQuery = {
  readonly search: Search
  /** Undefined: every image. */
  readonly bands: ReadonlySet<Band> | undefined
  /** Granules a page, 1 to 10,000. */
  readonly limit: number
  readonly after: Cursor | undefined
  readonly format: Format | undefined
  /** Undefined: in the order of the search, without scores. */
  readonly rank: Rank | undefined
  /** How colours are made, where they are. */
  readonly sampling: Sampling
}

const DEFAULT_LIMIT = 250
const MOST_GRANULES = 10_000

const band = z
  .string()
  .transform((text) => text.toUpperCase())
  .refine(isBand, {
    error: ({ input }) =>
      `holds ${JSON.stringify(input)}, which is none of ${[...BANDS.L1C, 'AOT', 'WVP', 'SCL'].join(', ')}`,
  })
const bandList = list(band.meta({ enum: [...new Set([...BANDS.L1C, ...BANDS.L2A])] })).meta({
  description: 'Only images of these bands: every image without it. AOT, WVP and SCL are of L2A, B10 of L1C.',
  example: ['B02', 'B03', 'B04'],
})

/** Everything but the area itself. */
export const AREA_OPTIONS = z.object({
  ...SEARCH_OPTIONS,
  bands: bandList.optional(),
  limit: z
    .string()
    .regex(/^-?\d+$/, 'is not a whole number')
    .transform(Number)
    .refine((n) => n >= 1, 'is below 1')
    .transform((n) => Math.min(n, MOST_GRANULES))
    .meta({
      description: `Granules a page; above ${MOST_GRANULES} it counts as ${MOST_GRANULES}.`,
      type: 'integer',
      minimum: 1,
      example: 5,
    })
    .default(DEFAULT_LIMIT),
  token: z
    .string()
    .meta({ description: 'The next page, as the Link header of this one has it; bound to the query.' })
    .optional(),
  format: oneOf(FORMATS)
    .meta({ description: 'The form of the answer; beats the Accept header.', example: 'geojson' })
    .optional(),
  ...COLOUR_OPTIONS,
})

/**
 * What is done with the granules: to a list colours matter only where they are asked for, to a count neither
 * order nor pages.
 */
export type Purpose = 'list' | 'colour' | 'count'
const OF_A_LIST = ['limit', 'token', 'format', 'bands', 'rank', 'sort'] as const

/**
 * Reads the parameters of a query. Without an area, where its form allows that, the search is of the WORLD.
 * @param alsoWrong what the caller has found already, to be named with the rest
 * @param readShape for a shape that was read before, where reading it here would keep others waiting
 * @throws {Fault} bad-request naming every bad parameter at once
 */
export function parseAreaQuery(
  parameters: Parameters,
  form: AreaForm,
  alsoWrong: readonly ParameterError[] = [],
  purpose: Purpose = 'list',
  readShape?: ReadShape,
): AreaQuery {
  const known = [...areaNames(form), ...Object.keys(AREA_OPTIONS.shape)]
  const { values, errors } = takeParameters(parameters, known)
  const parsedOptions = AREA_OPTIONS.safeParse(values)
  const parsedArea = (readShape ? askedAreaAs(readShape) : ASKED_AREA).safeParse(values)
  const faults = [
    ...alsoWrong,
    ...errors,
    ...parameterErrors(parsedOptions),
    ...parameterErrors(parsedArea),
    ...areaErrors(values, form),
    ...bandErrors(values),
    ...sortErrors(values),
    ...samplingErrors(values),
    ...(purpose === 'colour' ? [] : samplingUnused(values)),
  ]
  if (parsedArea.data && values.relation === 'within' && isFlat(areaOf(parsedArea.data))) faults.push(WITHIN)
  if (purpose === 'count') faults.push(...countErrors(values, faults))
  if (faults.length > 0 || !parsedOptions.data || !parsedArea.data) throw badRequest(faults)

  const { bands, limit, token, format, rank, where } = parsedOptions.data
  const sampling = samplingOf(parsedOptions.data)
  const found = searchOf(areaOf(parsedArea.data), parsedOptions.data)
  const ranksAll = isByRank(found.sort)
  const colours: ColourWish | undefined =
    where || ranksAll
      ? { sampling, which: 'known', where: where ?? [], rank: ranksAll ? rank : undefined }
      : undefined
  const search: Search = { ...found, colours }
  const after = token === undefined ? undefined : readToken(token, search)
  if (typeof after === 'string') {
    const message = `token ${after}; take it from the Link header, or start without`
    throw badRequest([{ parameter: 'token', message }])
  }
  return { search, bands: bands && new Set(bands), limit, after, format, rank, sampling }
}

/** What the colours of an answer are made of; undefined where it tells none. */
export const coloursTold = ({ search, rank, sampling }: AreaQuery): Source | undefined =>
  rank || search.colours ? sampling.source : undefined

const isFlat = ({ box: [west, south, east, north], shape }: Area): boolean =>
  shape ? isWithoutGround(shape) : west === east || south === north
const WITHIN: ParameterError = {
  parameter: 'relation',
  message: 'relation is within, and no granule lies within points or lines',
}

/** Of the parameters of a list that are right as such. */
const countErrors = (
  given: Readonly<Record<string, string>>,
  found: readonly ParameterError[],
): ParameterError[] =>
  OF_A_LIST.filter(
    (name) => given[name] !== undefined && !found.some(({ parameter }) => parameter === name),
  ).map((parameter) => ({ parameter, message: `${parameter} says nothing of a count; leave it out` }))

/** Read by themselves, so that they are named beside whatever else is wrong. */
function bandErrors(given: Readonly<Record<string, string>>): ParameterError[] {
  const level = SEARCH_OPTIONS.level.safeParse(given.level).data
  const bands = bandList.safeParse(given.bands).data
  if (!level || !bands) return []
  return bands
    .filter((name) => !BANDS[level].includes(name))
    .map((name) => ({ parameter: 'bands', message: `bands holds ${name}, which ${level} does not have` }))
}
