import type { Search } from './port.ts'

/** `contains` forgives what adding edges loses of the area. */
const ALL = 1 - 1e-9

/** Share of the area that a granule must cover to match; undefined: any. */
export function leastCoverageOf({ relation, minCoverage }: Search): number | undefined {
  if (relation === 'contains') return ALL
  return minCoverage === undefined ? undefined : Math.min(minCoverage, ALL)
}
