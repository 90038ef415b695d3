import { Fault } from '../errors.ts'
import { fieldsIn } from './condition.ts'
import type { Field, Search } from './port.ts'

/** What of a search a catalog may not know how to serve, by the parameter that the user knows it as. */
const ASKED = {
  cloud: ({ cloud }) => cloud !== undefined,
  since: ({ since }) => since !== undefined,
  best: ({ best }) => best !== undefined,
  sort: ({ sort }) => sort !== undefined && sort !== '-datetime',
  where: ({ colours }) => colours !== undefined,
} as const satisfies Record<string, (search: Search) => boolean>
export type Refusable = keyof typeof ASKED

const WAY_OUT =
  'build an index with `swath index build` and set SWATH_CATALOG=sqlite:<file>, which serves all of them.'

/**
 * Refuses what a catalog cannot serve, all of it at once.
 * @param reasons by parameter why not, as a clause that follows its name
 * @throws {Fault} bad-request that names the parameters
 */
export function refuse(
  catalog: string,
  search: Search,
  reasons: Readonly<Partial<Record<Refusable, string>>>,
): void {
  const errors = Object.entries(ASKED).flatMap(([parameter, isAsked]) => {
    const message = reasons[parameter as Refusable]
    return message !== undefined && isAsked(search) ? [{ parameter: nameOf(parameter, search), message }] : []
  })
  if (errors.length === 0) return
  const names = errors.map(({ parameter }) => parameter)
  const sentence =
    `The ${catalog} catalog cannot serve ${names.join(', ')}: ` +
    `${errors.map(({ parameter, message }) => `${parameter} ${message}`).join('; ')}. ` +
    `Leave ${names.length === 1 ? 'it' : 'them'} out, or ${WAY_OUT}`
  throw new Fault('bad-request', sentence, { errors })
}

/**
 * Refuses conditions on what a catalog does not know.
 * @param unknown what each such field is, in words
 * @throws {Fault} bad-request
 */
export function refuseFields(
  catalog: string,
  { only }: Search,
  unknown: Readonly<Partial<Record<Field, string>>>,
): void {
  const names = only ? [...fieldsIn(only)].flatMap((field) => unknown[field] ?? []) : []
  if (names.length === 0) return
  const message = `asks for ${names.join(' and ')}, which the ${catalog} catalog does not know`
  const sentence = `The filter ${message}. Leave that out, or ${WAY_OUT}`
  throw new Fault('bad-request', sentence, { errors: [{ parameter: 'filter', message }] })
}

/** Without a filter on colours it is the order by rank that asks for them. */
const nameOf = (parameter: string, { colours }: Search): string =>
  parameter === 'where' && colours?.where.length === 0 ? 'rank' : parameter
