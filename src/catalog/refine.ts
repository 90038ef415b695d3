import { type Cover, coverOf, type Ground } from '../ground/cover.ts'
import type { Box } from '../sentinel2/granule.ts'
import { tileBox, tilesOf } from '../sentinel2/tiles.ts'
import type { Search } from './port.ts'

/** What is left to test of a search where the catalog itself tests tiles and boxes alone. */
export type Refinement = {
  /** Tiles whose granules may lie in the area. */
  readonly tiles: readonly string[]
  /** Those of them that do not touch the area themselves: a granule without a box does not lie there. */
  readonly beside: readonly string[]
  /** Whether a granule whose box meets that of the area matches; undefined where it always does. */
  readonly keeps: ((granule: Ground) => boolean) | undefined
  /** Share of the area, 0 to 1. */
  coverage(granule: Ground): number
}

/** Degrees. Boxes of valid data reach up to 13 m past their tiles, whose granules are looked at, too. */
const PAST_TILE = 2e-3
/** What adding edges loses of the area. */
const LOST = 1e-9

export function refinement({ area, tiles: wanted, relation, minCoverage }: Search): Refinement {
  let made: Cover | undefined
  const cover = () => {
    made ??= coverOf(area)
    return made
  }
  const least = relation === 'contains' ? 1 : minCoverage
  const coversEnough = (granule: Ground) =>
    least === undefined || cover().coverage(granule) >= Math.min(least, 1 - LOST)
  const isNear = (mgrsTile: string) => {
    const box = tileBox(mgrsTile)
    return box !== undefined && cover().meets({ mgrsTile, box: widened(box) })
  }
  const tests = [
    ...(area.shape ? [(granule: Ground) => cover().meets(granule)] : []),
    ...(relation === 'within' ? [(granule: Ground) => cover().isWithin(granule)] : []),
    ...(least === undefined ? [] : [coversEnough]),
  ]
  const tiles = tilesOf({ box: widened(area.box) }, wanted).filter(
    (mgrsTile) => (!area.shape || isNear(mgrsTile)) && coversEnough({ mgrsTile, box: undefined }),
  )
  const touched = new Set(tilesOf(area, wanted).filter((tile) => !area.shape || cover().touches(tile)))
  return {
    tiles,
    beside: tiles.filter((tile) => !touched.has(tile)),
    keeps: tests.length > 0 ? (granule) => tests.every((passes) => passes(granule)) : undefined,
    coverage: (granule) => cover().coverage(granule),
  }
}

const widened = ([west, south, east, north]: Box): Box => [
  west - PAST_TILE,
  south - PAST_TILE,
  east + PAST_TILE,
  north + PAST_TILE,
]
