import type { Catalog, Search, Summary } from './catalog/port.ts'
import { Fault } from './errors.ts'
import { wrappedBox } from './sentinel2/area.ts'
import type { Level } from './sentinel2/bands.ts'

export type AreaSummary = {
  /** `west,south,east,north` as understood; west > east crosses the antimeridian. */
  readonly area: readonly number[]
  readonly level: Level
  readonly granules: number
  /** By month (UTC) of sensing, in order; months without a granule are left out. Clouds in percent. */
  readonly months: readonly { month: string; granules: number; least_cloud: number | null }[]
  readonly tiles: readonly { mgrs_tile: string; granules: number; least_cloud: number | null }[]
  /** By cloud cover in tens of percent, from included, to excluded but for 100; null: not known. */
  readonly clouds: Summary['clouds']
}

/**
 * How many granules an area has, by month, tile and cloud cover; nothing is listed.
 * @throws {Fault} bad-request where the catalog cannot count without running the query; as Catalog.summary
 */
export async function summariseArea(
  catalog: Catalog,
  search: Search,
  signal?: AbortSignal,
): Promise<AreaSummary> {
  const summary = await catalog.summary(search, signal)
  if (!summary) {
    const sentence =
      'This catalog cannot count by month, tile and cloud; an index on this machine can: make one with ' +
      '`swath index build` and name it in SWATH_CATALOG=sqlite:<file>.'
    throw new Fault('bad-request', sentence)
  }
  const { granules, months, tiles, clouds } = summary
  return {
    area: wrappedBox(search.area.box),
    level: search.level,
    granules,
    months: months.map(({ month, ...count }) => ({ month, ...countOf(count) })),
    tiles: tiles.map(({ mgrsTile, ...count }) => ({ mgrs_tile: mgrsTile, ...countOf(count) })),
    clouds,
  }
}

const countOf = ({ granules, leastCloud }: { granules: number; leastCloud: number | undefined }) => ({
  granules,
  least_cloud: leastCloud ?? null,
})
