import { z } from 'zod'
import { fieldsIn } from '../../catalog/condition.ts'
import type { Condition, Cursor, Field, Search } from '../../catalog/port.ts'
import type { Rank } from '../../colour/port.ts'
import { DEFAULT_SAMPLING } from '../../colour-query.ts'
import type { ParameterError } from '../../errors.ts'
import type { ReadArea } from '../../ground/area-thread.ts'
import { badRequest, parameterErrors } from '../../parameters.ts'
import type { LevelsSearch } from '../../search-levels.ts'
import { type Area, WORLD } from '../../sentinel2/area.ts'
import { LEVELS, type Level } from '../../sentinel2/bands.ts'
import { levelOfCollection } from './collection-names.ts'
import type { Fields } from './fields.ts'
import { allOf, type Filter, type FilterLanguage, readFilter } from './filter.ts'
import type { Form } from './form.ts'
import type { Given } from './given.ts'
import { idsFilter } from './ids.ts'
import { readQuery } from './query-extension.ts'
import { DEFAULT_LIMIT, ITEM_SEARCH_OPTIONS, SEARCH_OPTIONS } from './search-options.ts'
import { fingerprintOf, readToken } from './token.ts'

/** What a search of items asks for. */
export type StacQuery = {
  /** Of no level where nothing can match. */
  readonly search: LevelsSearch
  /** Items a page, 1 to 10,000. */
  readonly limit: number
  /** Whether a limit was asked for; lists that are read to their end have none otherwise. */
  readonly isLimited: boolean
  /** Undefined: as the Accept header has it. */
  readonly format: Form | undefined
  readonly after: Cursor | undefined
  /** Undefined: whole items. */
  readonly fields: Fields | undefined
  /** Whether an area was given, of which items cover a share. */
  readonly hasArea: boolean
  /** Binds tokens to the search. */
  readonly fingerprint: string
}

export type Asked = {
  /** The collection in the path; undefined where all are searched. */
  readonly level: Level | undefined
  readonly readArea: ReadArea
  /** Milliseconds since 1970. */
  readonly now: number
  readonly signal: AbortSignal
}

/** The parameters that a search takes. */
export const namesOf = ({ level }: Pick<Asked, 'level'>): readonly string[] =>
  Object.keys(level ? SEARCH_OPTIONS : ITEM_SEARCH_OPTIONS)

const options = z.object(ITEM_SEARCH_OPTIONS)

/**
 * Reads the parameters of a search.
 * @throws {Fault} bad-request naming every bad parameter at once; as ReadArea
 */
export async function parseStacQuery({ values, errors, posted }: Given, asked: Asked): Promise<StacQuery> {
  const parsed = options.safeParse(values)
  const faults: ParameterError[] = [...errors, ...parameterErrors(parsed)]
  const lang = filterLanguage(values, posted !== undefined)
  const filter = readAs('filter', values.filter, faults, (given) => readFilter(given, lang))
  const query = readAs('query', values.query, faults, readQuery)
  const both = allOf([filter, query].filter((one) => one !== undefined))
  if (typeof both === 'string') faults.push({ parameter: 'filter', message: `filter and query ${both}` })
  if (posted && typeof values.bbox === 'string')
    faults.push({ parameter: 'bbox', message: 'bbox is a text; in a body it is an array of numbers' })
  const area = await areaOf(values, typeof both === 'string' ? undefined : both.intersects, faults, asked)
  const sort = parsed.data?.sortby?.sort
  const hasArea = area !== undefined
  if (!hasArea && faults.length === 0 && (sort === 'coverage' || sort === '-coverage'))
    faults.push(NO_COVERAGE)
  if (faults.length > 0 || !parsed.data || typeof both === 'string') throw badRequest(faults)

  const { limit, token, fields, format } = parsed.data
  const search = searchOf(parsed.data, both, area ?? WORLD, asked.level)
  const fingerprint = fingerprintOf(search)
  const after = token === undefined ? undefined : readToken(token, fingerprint, asked.now)
  if (typeof after === 'string') {
    const message = `token ${after}; take it from a link to the next page, or start without`
    throw badRequest([{ parameter: 'token', message }])
  }
  const isLimited = limit !== undefined
  return { search, limit: limit ?? DEFAULT_LIMIT, isLimited, format, after, fields, hasArea, fingerprint }
}

type Options = z.infer<typeof options>

/** @param both filter and query in one */
function searchOf(given: Options, both: Filter, area: Area, level: Level | undefined): LevelsSearch {
  const { datetime, collections = [], ids = [], sortby, dedupe } = given
  const filters = [both, idsFilter(ids), idsFilter(both.ids)]
  const time = narrowest([datetime, ...filters.map((filter) => filter.time)])
  const cloud = leastClouds(filters.map((filter) => filter.cloud))
  const only = filters.map((filter) => filter.only).filter((condition) => condition !== undefined)
  const named = collections.map(levelOfCollection).filter((known) => known !== undefined)
  const levels = common([
    level && [level],
    collections.length > 0 ? named : undefined,
    ...filters.map((filter) => filter.levels),
  ])
  const isEmpty = (time.from ?? -Infinity) > (time.until ?? Infinity) || (cloud && cloud.min > cloud.max)
  const { where } = both
  const share = sortby?.share
  const rank: Rank | undefined = share && { by: 'share', of: share }
  return {
    area,
    levels: isEmpty ? [] : LEVELS.filter((known) => levels === undefined || levels.includes(known)),
    time,
    cloud,
    tiles: common(filters.map((filter) => filter.tiles))?.toSorted(),
    dedupe: dedupe ?? (only.some(tellsProductsApart) ? 'none' : 'latest'),
    only: only.length > 1 ? { and: only } : only[0],
    sort: sortby?.sort ?? '-datetime',
    colours: where.length > 0 || rank ? { sampling: DEFAULT_SAMPLING, where, rank } : undefined,
  }
}

/** In these the products of one acquisition differ: who asks for one means it, superseded or not. */
const OF_PRODUCTS: readonly Field[] = ['productId', 'granuleId', 'baseline', 'generationTime']

const tellsProductsApart = (condition: Condition): boolean =>
  [...fieldsIn(condition)].some((field) => OF_PRODUCTS.includes(field))

/** The time that lies in all of those given. */
function narrowest(times: readonly (Search['time'] | undefined)[]): Search['time'] {
  const starts = times.map((time) => time?.from).filter((from) => from !== undefined)
  const ends = times.map((time) => time?.until).filter((until) => until !== undefined)
  return {
    from: starts.length > 0 ? Math.max(...starts) : undefined,
    until: ends.length > 0 ? Math.min(...ends) : undefined,
  }
}

/** The clouds that lie in all of those given. */
function leastClouds(given: readonly Search['cloud'][]): Search['cloud'] {
  const clouds = given.filter((cloud) => cloud !== undefined)
  if (clouds.length === 0) return undefined
  return { min: Math.max(...clouds.map(({ min }) => min)), max: Math.min(...clouds.map(({ max }) => max)) }
}

const NO_COVERAGE: ParameterError = {
  parameter: 'sortby',
  message: 'sortby names swath:coverage, which needs an area: bbox or intersects',
}

/** What an address holds is text by default, what is posted JSON; a posted text is the text it looks like. */
function filterLanguage(values: Given['values'], isPosted: boolean): FilterLanguage {
  const given = SEARCH_OPTIONS['filter-lang'].safeParse(values['filter-lang']).data
  return given ?? (isPosted && typeof values.filter !== 'string' ? 'cql2-json' : 'cql2-text')
}

/** A parameter's filter; what is wrong with it goes to the faults. */
function readAs(
  parameter: string,
  given: unknown,
  faults: ParameterError[],
  parse: (given: unknown) => Filter | string,
): Filter | undefined {
  if (given === undefined) return undefined
  const filter = parse(given)
  if (typeof filter !== 'string') return filter
  faults.push({ parameter, message: `${parameter} ${filter}` })
  return undefined
}

/** The one area that is asked for; undefined where there is none or it is wrong. */
async function areaOf(
  values: Given['values'],
  ofFilter: unknown,
  faults: ParameterError[],
  { readArea, signal }: Asked,
): Promise<Area | undefined> {
  const { bbox, intersects } = values
  const given = [bbox, intersects, ofFilter].filter((area) => area !== undefined)
  if (given.length > 1) {
    const parameter = bbox !== undefined ? 'bbox' : 'intersects'
    const beside = bbox !== undefined && intersects !== undefined ? 'intersects' : "the filter's s_intersects"
    faults.push({ parameter, message: `${parameter} stands beside ${beside}; give one area` })
    return undefined
  }
  if (given.length === 0) return undefined
  if (bbox !== undefined) return SEARCH_OPTIONS.bbox.safeParse(bbox).data
  const [shape] = given
  const parameter = intersects === undefined ? 'filter' : 'intersects'
  const area = typeof shape === 'string' ? await readArea(shape, signal) : await readShape(shape)
  if (typeof area !== 'string') return area
  faults.push({ parameter, message: `${parameter} ${area}` })
  return undefined

  async function readShape(shape: unknown): Promise<Area | string> {
    try {
      return await readArea(JSON.stringify(shape), signal)
    } catch (thrown) {
      if (thrown instanceof RangeError) return 'is nested too deeply'
      throw thrown
    }
  }
}

/** What stands in all of the lists that there are; undefined where there is none. */
const common = <T>(lists: readonly (readonly T[] | undefined)[]): readonly T[] | undefined =>
  lists
    .filter((list) => list !== undefined)
    .reduce<readonly T[] | undefined>(
      (all, list) => (all ? all.filter((one) => list.includes(one)) : [...new Set(list)]),
      undefined,
    )
