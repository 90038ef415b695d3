import { breather } from '../calls/breather.ts'
import { type Cover, coverOf, type Ground } from '../ground/cover.ts'
import { type Area, widened } from '../sentinel2/area.ts'
import type { Granule } from '../sentinel2/granule.ts'
import { PAST_TILE, tilesOf } from '../sentinel2/tiles.ts'
import { canMatch } from './can-match.ts'
import { conditionTest } from './condition.ts'
import { leastCoverageOf } from './least-coverage.ts'
import type { Search } from './port.ts'

/** What is left to test of a search where the catalog itself tests tiles and boxes alone. */
export type Refinement = {
  /** Tiles whose granules may lie in the area. */
  readonly tiles: readonly string[]
  /** Those of them that do not touch the area themselves: a granule without a box does not lie there. */
  readonly beside: readonly string[]
  /** Whether a granule whose box meets that of the area matches; undefined where it always does. */
  readonly keeps: ((granule: Granule) => boolean) | undefined
  /** Whether its ground does. */
  readonly keepsGround: (granule: Ground) => boolean
  /** Share of the area, 0 to 1. */
  coverage(granule: Ground): number
  /** Awaited before each granule that is held against the area: of a long shape one may take a millisecond. */
  breathe(): Promise<void>
}

/** Positions that granules and tiles are held against between two pauses, some ten milliseconds of work. */
const BREATH = 20_000
/** Granules and tiles between two pauses where the area is a box, or nearly. */
const MOST = 256

export async function refinement(search: Search): Promise<Refinement> {
  const { area, tiles: wanted, relation, only } = search
  const breathe = breatherOf(area)
  let made: Cover | undefined
  const cover = () => {
    made ??= coverOf(area)
    return made
  }
  const isShaped = area.shape !== undefined
  const leastCoverage = leastCoverageOf(search)
  const tests = [
    ...(isShaped ? [(granule: Ground) => cover().meets(granule)] : []),
    ...(relation === 'within' ? [(granule: Ground) => cover().isWithin(granule)] : []),
    ...(leastCoverage === undefined ? [] : [(granule: Ground) => cover().coverage(granule) >= leastCoverage]),
  ]
  // Cheaper than the ground, and mostly the narrower of the two.
  const all = [...(only ? [conditionTest(only)] : []), ...tests]
  const near = tilesOf({ box: widened(area.box, PAST_TILE) }, wanted)
  const needsCover = isShaped || leastCoverage !== undefined
  const touched = new Set(tilesOf(area, wanted))
  const tiles: string[] = []
  const beside: string[] = []
  if (needsCover) cover()
  for (const mgrsTile of near) {
    if (needsCover) {
      await breathe()
      if (!canMatch(mgrsTile, cover(), { isShaped, leastCoverage })) continue
    }
    tiles.push(mgrsTile)
    if (!touched.has(mgrsTile) || (isShaped && !cover().touches(mgrsTile))) beside.push(mgrsTile)
  }
  return {
    tiles,
    beside,
    keeps: all.length > 0 ? (granule) => all.every((passes) => passes(granule)) : undefined,
    keepsGround: (granule) => tests.every((passes) => passes(granule)),
    coverage: (granule) => cover().coverage(granule),
    breathe,
  }
}

/** Pauses now and then, awaited before each granule or tile that is held against an area. */
export const breatherOf = (area: Area) =>
  breather(Math.max(1, Math.min(MOST, Math.floor(BREATH / positionsOf(area)))))

const positionsOf = ({ shape = [] }: Area): number => shape.flat().reduce((sum, ring) => sum + ring.length, 4)

/** Share of the area, 0 to 1, of each granule. */
export async function coverageOfEach(
  { coverage, breathe }: Refinement,
  granules: readonly Ground[],
): Promise<number[]> {
  const shares: number[] = []
  for (const granule of granules) {
    await breathe()
    shares.push(coverage(granule))
  }
  return shares
}
