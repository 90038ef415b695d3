import type { Context, MiddlewareHandler } from 'hono'
import { freshnessProperties } from '../index-age.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import { formatTime } from '../sentinel2/time.ts'
import type { Env } from './env.ts'

/** Header that tells how fresh the index is that an answer comes from: a dictionary of strings (RFC 8941, 3.2). */
export const INDEX_HEADER = 'Swath-Index'

/**
 * Puts it on every answer of a session, failures too, by the level that was asked for; a catalog that is always
 * current has none.
 */
export const tellFreshness: MiddlewareHandler<Env> = async (c, next) => {
  await next()
  putFreshness(c, askedLevel(c))
}

/** Puts it on an answer. @param level undefined: of several, of which it tells when the index was updated alone */
export function putFreshness(c: Context<Env>, level: Level | undefined): void {
  const freshness = c.var.session.catalog.freshness()
  if (!freshness) return
  const fresh = level && freshness.levels[level]
  const told = { level, ...(fresh && freshnessProperties(fresh)), updated: formatTime(freshness.updatedAt) }
  const pairs = Object.entries(told).filter(([, text]) => text !== null && text !== undefined)
  c.res.headers.set(INDEX_HEADER, pairs.map(([name, text]) => `${name}="${text}"`).join(', '))
}

/** The level of the granule in the path or of the parameter; L1C, as everywhere, where neither names one. */
function askedLevel(c: Context<Env>): Level {
  const granuleId = c.req.path.split('/')[2] ?? ''
  const named = c.req.query('level')?.toUpperCase()
  return parseGranuleName(decoded(granuleId))?.level ?? LEVELS.find((level) => level === named) ?? 'L1C'
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
