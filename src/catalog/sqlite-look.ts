import type { Micros } from '../sentinel2/time.ts'

/** What a question about a few tiles looks at in the index; only such questions have one as cost little else. */
export type Look = {
  /** Tiles at a level. */
  readonly cells: readonly number[]
  /** What of them is read, in what order and from where: questions of one part read nearly the same. */
  readonly part: string
}

/** More granules cost more to be put together than to be handed over. */
const MOST_GRANULES = 250

/** Of a page; undefined where it gives more granules than are worth it. */
export function lookOfPage(
  cells: readonly number[],
  { limit, order, until }: { readonly limit: number; readonly order: string; readonly until: Micros },
): Look | undefined {
  if (limit > MOST_GRANULES) return undefined
  return { cells, part: `${order} ${Math.floor(until / YEAR)}` }
}

/** Of one granule that is named. */
export const lookOfGranule = (cell: number): Look => ({ cells: [cell], part: 'granule' })

const YEAR = 365.25 * 86_400e6
