import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Cursor } from '../../catalog/port.ts'
import type { LevelsSearch } from '../../search-levels.ts'

/** Hours for which a token leads on; a list that grows meanwhile is better begun again. */
const MOST_HOURS = 24
const HOUR_MS = 3_600_000

/** The hour of a time in milliseconds since 1970, counted from then. */
export const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS)

/** Of all that tells granules apart or orders them: pages of one search agree in it, whatever their limit. */
export const fingerprintOf = (search: LevelsSearch): string =>
  createHash('sha256').update(JSON.stringify(search)).digest('base64url').slice(0, 16)

/**
 * The token of a page: where it starts, bound to its search and to the hour it is given in.
 * @param now milliseconds since 1970
 */
export const writeToken = (fingerprint: string, cursor: Cursor, now: number): string =>
  Buffer.from(JSON.stringify([fingerprint, hourOf(now), ...cursor])).toString('base64url')

/** Where the page of a token starts; a string is what is wrong with it, a clause. */
export function readToken(token: string, fingerprint: string, now: number): Cursor | string {
  const parts = partsOf(token)
  if (!parts) return 'is not one that swath gave'
  const [bound, hour, ...cursor] = parts
  const age = hourOf(now) - hour
  // Another instance's clock may be ahead, or this one's set back.
  if (age < -MOST_HOURS) return 'is not one that swath gave'
  if (age > MOST_HOURS) return `was given ${age} hours ago, and leads on for ${MOST_HOURS}`
  return bound === fingerprint ? cursor : 'belongs to another query'
}

const parts = z.tuple([z.string(), z.int()], z.union([z.string(), z.number()]))

function partsOf(token: string): z.infer<typeof parts> | undefined {
  try {
    return parts.safeParse(JSON.parse(Buffer.from(token, 'base64url').toString())).data
  } catch {
    return undefined
  }
}
