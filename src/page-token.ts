import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Cursor, Search } from './catalog/port.ts'
import type { Area } from './sentinel2/area.ts'

/** The token of a page: where it starts, bound to the search it continues. */
export const writeToken = (search: Search, cursor: Cursor): string =>
  Buffer.from(JSON.stringify([fingerprint(search), ...cursor])).toString('base64url')

/** Where the page of a token starts; a string is what is wrong with it. */
export function readToken(token: string, search: Search): Cursor | string {
  const [bound, ...cursor] = partsOf(token) ?? []
  if (bound === fingerprint(search)) return cursor
  return bound === undefined ? 'is not one that swath gave' : 'belongs to another query'
}

const parts = z.tuple([z.string()], z.union([z.string(), z.number()]))

function partsOf(token: string): Cursor | undefined {
  try {
    return parts.safeParse(JSON.parse(Buffer.from(token, 'base64url').toString())).data
  } catch {
    return undefined
  }
}

/** Of everything that tells granules apart or orders them; what is left out and its default are one. */
function fingerprint({ area, level, time, cloud, tiles, dedupe, ...more }: Search): string {
  const { relation = 'intersects', minCoverage, since, best, sort = '-datetime', colours, only } = more
  const wish = colours && [colours.sampling, colours.which, colours.where, colours.rank]
  const when = [time.from, time.until, since]
  const how = [relation, minCoverage, best, sort, wish, ...(only ? [only] : [])]
  const asked = [digestOf(area), level, when, cloud?.min, cloud?.max, tiles, dedupe, how]
  return hashOf(asked).slice(0, 12)
}

/** A token is read and the next one written for the same area, which may hold many thousand positions. */
const digests = new WeakMap<Area, string>()

function digestOf(area: Area): string {
  const known = digests.get(area)
  if (known !== undefined) return known
  const digest = hashOf([area.box, area.shape])
  digests.set(area, digest)
  return digest
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url')
