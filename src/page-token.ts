import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Cursor, Search } from './catalog/port.ts'

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

function fingerprint({ area, level, time, cloud, tiles, dedupe }: Search): string {
  const asked = [area.box, level, time.from, time.until, cloud?.min, cloud?.max, tiles, dedupe]
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 12)
}
