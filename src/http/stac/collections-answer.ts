import type { Context } from 'hono'
import { z } from 'zod'
import { oneOf } from '../../parameter-schemas.ts'
import { badRequest, parameterErrors, takeParameters } from '../../parameters.ts'
import type { Env } from '../env.ts'
import { COLLECTIONS } from './collection-names.ts'
import { JSON_TYPE, type StacCollection } from './documents.ts'
import { baseOf, type Link } from './links.ts'
import { collectionsPlace, stacRoot } from './places.ts'
import { SEARCH_OPTIONS } from './search-options.ts'

/** There are two at most; browsers of any catalog ask for pages of them all the same. */
export const COLLECTIONS_OPTIONS = z.object({
  limit: SEARCH_OPTIONS.limit
    .unwrap()
    .meta({ description: 'Collections a page; all without it.', type: 'integer', minimum: 1, example: 100 })
    .optional(),
  token: oneOf(Object.values(COLLECTIONS))
    .meta({ description: 'The collection with which the page begins, as a link to it has it.' })
    .optional(),
})

/** Those of a page, with a link to the rest. @throws {Fault} bad-request */
export function collectionsAnswer(c: Context<Env>, here: readonly StacCollection[]) {
  const { values, errors } = takeParameters(c.req.queries(), Object.keys(COLLECTIONS_OPTIONS.shape))
  const parsed = COLLECTIONS_OPTIONS.safeParse(values)
  const faults = [...errors, ...parameterErrors(parsed)]
  if (faults.length > 0 || !parsed.data) throw badRequest(faults)
  const { limit = here.length, token } = parsed.data
  const start = Math.max(
    0,
    here.findIndex(({ id }) => id === token),
  )
  const base = baseOf(c)
  return {
    collections: here.slice(start, start + limit),
    links: [
      { rel: 'self', href: collectionsPlace(base), type: JSON_TYPE },
      { rel: 'root', href: stacRoot(base), type: JSON_TYPE },
      { rel: 'parent', href: stacRoot(base), type: JSON_TYPE },
      ...linkAfter(base, limit, here[start + limit]),
    ],
  }
}

function linkAfter(base: string, limit: number, first: StacCollection | undefined): Link[] {
  if (!first) return []
  const asked = new URLSearchParams({ limit: String(limit), token: first.id })
  return [{ rel: 'next', href: `${collectionsPlace(base)}?${asked}`, type: JSON_TYPE, method: 'GET' }]
}
