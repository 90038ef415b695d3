import { z } from 'zod'
import { BESTS, isByRank, RELATIONS, type Search, SORTS } from './catalog/port.ts'
import { parseDatetime } from './datetime.ts'
import type { ParameterError } from './errors.ts'
import { between, list, noneOf, oneOf, read } from './parameter-schemas.ts'
import type { Area } from './sentinel2/area.ts'
import { LEVELS } from './sentinel2/bands.ts'
import { tileGrid } from './sentinel2/tiles.ts'
import type { Micros } from './sentinel2/time.ts'

const cloud = list(between(0, 100))
  .refine((edges) => edges.length <= 2, 'is neither one percentage nor two, as in 20 or 5,20')
  .transform(([a = 0, b]) => (b === undefined ? { min: 0, max: a } : { min: a, max: b }))
  .refine(({ min, max }) => min <= max, 'has its lower end above its upper end')

const tile = z
  .string()
  .transform((text) => text.toUpperCase().replace(/^T(?=\d{2}[A-Z]{3}$)/, ''))
  .refine((name) => tileGrid(name) !== undefined, {
    error: ({ input }) => `holds ${JSON.stringify(input)}, which is no Sentinel-2 tile such as 33UUB`,
  })
  .meta({ pattern: '^[Tt]?\\d{2}[A-Za-z]{3}$' })

/** A + in an address arrives as a space; in front of a word it says no more than the word. */
const sort = z
  .string()
  .transform((text) => text.trim().replace(/^\+/, ''))
  .pipe(z.enum(SORTS, { error: ({ input }) => noneOf(String(input), SORTS) }))

const best = z
  .string()
  .transform((text) => text.replaceAll(/\s/g, '').replace(/^month,tile$/, 'tile,month'))
  .pipe(
    z.enum(BESTS, {
      error: ({ input }) => `is ${JSON.stringify(input)}, which is neither ${BESTS.join(' nor ')}`,
    }),
  )

/** Which granules of an area are asked for and in which order; all may be left out. */
export const SEARCH_OPTIONS = {
  datetime: read(parseDatetime)
    .meta({
      description:
        'When it was sensed: an RFC 3339 time, or an interval a/b, a/.. or ../b, both ends included. A date alone is that day in UTC.',
      example: '2020-01-01/2022-12-31',
    })
    .optional(),
  cloud: cloud
    .meta({
      description: 'Cloud cover in percent: 20 is at most 20 percent, 5,20 is between the two.',
      minItems: 1,
      maxItems: 2,
      example: [20],
    })
    .optional(),
  level: oneOf(LEVELS)
    .meta({
      description: 'L1C is reflectance at the top of the atmosphere, L2A at the ground.',
      example: 'L1C',
    })
    .default('L1C'),
  tiles: list(tile)
    .meta({ description: 'Only these tiles of the MGRS grid.', example: ['33UUB', '33UVB'] })
    .optional(),
  dedupe: oneOf(['latest', 'none'])
    .meta({
      description:
        'latest: of the products of one acquisition the one with the highest baseline. none: all of them.',
      example: 'none',
    })
    .default('latest'),
  relation: oneOf(RELATIONS)
    .meta({
      description:
        'How a granule lies to the area. intersects, as without the parameter: its box meets it. contains: its footprint covers all of the area. within: its footprint lies in the area.',
      example: 'contains',
    })
    .optional(),
  min_coverage: between(0, 1)
    .meta({
      description: 'Least share of the area that the footprint of a granule covers.',
      type: 'number',
      minimum: 0,
      maximum: 1,
      example: 0.5,
    })
    .optional(),
  since: read(parseSince)
    .meta({
      description:
        'Only what came into the index at this RFC 3339 time or later; a date is its first moment in UTC.',
      example: '2015-01-01T00:00:00Z',
    })
    .optional(),
  best: best
    .meta({
      description: 'The least clouded granule of each tile, or of each tile and month (UTC).',
      example: 'tile,month',
    })
    .optional(),
  sort: sort
    .meta({
      description:
        'The order: newest first without the parameter. cloud: least clouded first; coverage: most covering first; rank: by what rank tells, over all whose colours are remembered. A minus in front turns it round.',
      example: 'cloud',
    })
    .optional(),
}

type SearchOptions = z.infer<z.ZodObject<typeof SEARCH_OPTIONS>>

export const searchOf = (area: Area, asked: SearchOptions): Search => ({
  area,
  level: asked.level,
  time: asked.datetime ?? { from: undefined, until: undefined },
  cloud: asked.cloud,
  tiles: asked.tiles && [...new Set(asked.tiles)].sort(),
  dedupe: asked.dedupe,
  relation: asked.relation,
  // Any share at all is what is asked for without the parameter.
  minCoverage: asked.min_coverage === 0 ? undefined : asked.min_coverage,
  since: asked.since?.from,
  best: asked.best,
  sort: asked.sort,
})

/** What is wrong with sort and rank together, beside what is wrong with each. */
export function sortErrors({ sort, rank }: Readonly<Record<string, string>>): ParameterError[] {
  const order = SEARCH_OPTIONS.sort.safeParse(sort).data
  if (order === undefined) return []
  if (isByRank(order) && rank === undefined) {
    return [{ parameter: 'sort', message: `sort is ${order}, which needs rank to tell by what: rank=red` }]
  }
  if (isByRank(order) || rank === undefined) return []
  const message =
    `sort is ${order}, and rank has an order of its own; leave sort out to rank the newest granules, ` +
    'or write sort=rank to rank all whose colours are remembered'
  return [{ parameter: 'sort', message }]
}

/** An RFC 3339 time, or a date, which means its first moment in UTC; a string is what is wrong. */
function parseSince(text: string): { readonly from: Micros } | string {
  if (text.includes('/')) return 'holds an interval; it takes the one time from which on rows count as new'
  const time = parseDatetime(text)
  if (typeof time === 'string') return time
  return time.from === undefined ? 'holds no time' : { from: time.from }
}
