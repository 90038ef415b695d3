import { z } from 'zod'
import { COLOUR_NUMBERS, type Rank, type Sampling, SHARES, SOURCES } from './colour/port.ts'
import type { ParameterError } from './errors.ts'
import { clipped, nearMiss } from './near-miss.ts'
import { read } from './parameter-schemas.ts'
import { badRequest, type Parameters, parameterErrors, takeParameters } from './parameters.ts'
import { parseWhere } from './where-query.ts'

/** How a granule is sampled when nothing else is asked: whose colour is known in advance. */
export const DEFAULT_SAMPLING: Sampling = { source: 'bands', stride: 16 }
const MOST_STRIDE = 64

/** The parameters rank, where, stride and source; all may be left out. */
export const COLOUR_OPTIONS = {
  rank: read((text) => rankOf(text.toLowerCase()))
    .meta({
      description:
        "Best first by mean colour: red, green or blue is that band's share of it, #rrggbb (# as %23, or left out) nearness to a colour.",
      example: 'blue',
    })
    .optional(),
  where: read(parseWhere)
    .meta({
      description: `Only granules whose remembered colour meets these comparisons, with commas between: of ${COLOUR_NUMBERS.join(', ')} with <, <=, >= or > and a number from 0 to 1.`,
      example: 'share_blue>=0.3,valid>=0.5',
    })
    .optional(),
  stride: z
    .string()
    .regex(/^\d+$/, 'is not a whole number')
    .transform(Number)
    .refine((n) => n >= 1 && n <= MOST_STRIDE, `is not between 1 and ${MOST_STRIDE}`)
    .meta({
      description: 'One sample for every N by N pixels of 10 m; goes with source=bands.',
      type: 'integer',
      minimum: 1,
      maximum: MOST_STRIDE,
      example: 32,
      goesWith: ['where'],
    })
    .default(DEFAULT_SAMPLING.stride),
  source: z
    .enum(SOURCES, `is none of ${SOURCES.join(', ')}`)
    .meta({
      description: 'What colours are made of: bands is B04, B03 and B02, preview the small picture of 320 m.',
      example: 'preview',
      goesWith: ['where'],
    })
    .default(DEFAULT_SAMPLING.source),
}

export const samplingOptions = z.object({ stride: COLOUR_OPTIONS.stride, source: COLOUR_OPTIONS.source })

/**
 * Reads stride and source where a colour is asked for by itself.
 * @throws {Fault} bad-request naming every bad parameter at once
 */
export function parseSampling(parameters: Parameters): Sampling {
  const { values, errors } = takeParameters(parameters, Object.keys(samplingOptions.shape))
  const parsed = samplingOptions.safeParse(values)
  const faults = [...errors, ...parameterErrors(parsed), ...samplingErrors(values)]
  if (faults.length > 0 || !parsed.data) throw badRequest(faults)
  return samplingOf(parsed.data)
}

export const samplingOf = ({ stride, source }: z.infer<typeof samplingOptions>): Sampling =>
  source === 'preview' ? { source } : { source, stride }

/** What is wrong with stride and source together, beside what is wrong with each. */
export function samplingErrors({ stride, source }: Readonly<Record<string, string>>): ParameterError[] {
  if (source !== 'preview' || stride === undefined) return []
  const message = 'stride goes with source=bands: a preview takes no stride, it is sampled whole'
  return [{ parameter: 'stride', message }]
}

/** What is wrong with stride and source where no colour is asked for. */
export function samplingUnused(given: Readonly<Record<string, string>>): ParameterError[] {
  if (given.rank !== undefined || given.where !== undefined) return []
  return ['stride', 'source']
    .filter((parameter) => given[parameter] !== undefined)
    .map((parameter) => {
      const message = `${parameter} needs rank or where: it tells how the colours they ask for are made`
      return { parameter, message }
    })
}

const HEX = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/
const CHOICES = `${SHARES.join(', ')} or six hexadecimal digits such as #1e90ff`

/** Of a text in lower case; a string is what is wrong with it. */
function rankOf(text: string): Rank | string {
  const of = SHARES.find((name) => name === text)
  if (of) return { by: 'share', of }
  const [, red, green, blue] = HEX.exec(text) ?? []
  if (red && green && blue) return { by: 'nearness', to: [partOf(red), partOf(green), partOf(blue)] }
  if (text === '' || text === '#')
    return `is empty; it takes ${CHOICES}, and in an address # is written %23 or left out`
  const named = `is ${JSON.stringify(clipped(text))}`
  if (/^#?[0-9a-f]{3}$/.test(text)) return `${named}, of three digits; write all six: ${doubled(text)}`
  return `${named}, which is none of ${CHOICES}${nearMiss(text, SHARES)}`
}

const partOf = (hex: string): number => Number.parseInt(hex, 16) / 255

const doubled = (text: string): string => `#${text.replace('#', '').replace(/./g, '$&$&')}`
