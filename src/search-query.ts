import { z } from 'zod'
import { BESTS, RELATIONS, type Search, SORTS } from './catalog/port.ts'
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

/** A + in an address arrives as a space; in front of a word it says no more than the word. */
const sort = z
  .string()
  .transform((text) => text.trim().replace(/^\+/, ''))
  .pipe(z.enum(SORTS, { error: ({ input }) => noneOf(String(input), SORTS) }))

const best = z
  .string()
  .transform((text) => text.replaceAll(/\s/g, ''))
  .pipe(
    z.enum(BESTS, {
      error: ({ input }) => `is ${JSON.stringify(input)}, which is neither ${BESTS.join(' nor ')}`,
    }),
  )

/** Which granules of an area are asked for and in which order; all may be left out. */
export const SEARCH_OPTIONS = {
  datetime: read(parseDatetime).optional(),
  cloud: cloud.optional(),
  level: oneOf(LEVELS).default('L1C'),
  tiles: list(tile).optional(),
  dedupe: oneOf(['latest', 'none']).default('latest'),
  relation: oneOf(RELATIONS).optional(),
  min_coverage: between(0, 1).optional(),
  since: read(parseSince).optional(),
  best: best.optional(),
  sort: sort.optional(),
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
  if (order === 'rank' && rank === undefined) {
    return [{ parameter: 'sort', message: 'sort is rank, which needs rank to tell by what: rank=red' }]
  }
  if (order === 'rank' || rank === undefined) return []
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
