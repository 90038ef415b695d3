import type { Cover } from '../ground/cover.ts'
import { widened } from '../sentinel2/area.ts'
import { PAST_TILE, tileBox } from '../sentinel2/tiles.ts'

/** A granule covers no more than its tile but for the last digits. */
const DIGITS = 1e-9

export type TileTests = {
  /** Whether the area is more than its box, which candidates were found by. */
  readonly isShaped: boolean
  /** Share of the area that a granule must cover; undefined: any. */
  readonly leastCoverage: number | undefined
}

/** Whether a granule of a candidate tile can match, whatever its box; false is certain. */
export function canMatch(mgrsTile: string, cover: Cover, { isShaped, leastCoverage }: TileTests): boolean {
  if (isShaped && !isNear(mgrsTile, cover)) return false
  return leastCoverage === undefined || cover.coverage({ mgrsTile, box: undefined }) >= leastCoverage - DIGITS
}

function isNear(mgrsTile: string, cover: Cover): boolean {
  const box = tileBox(mgrsTile)
  return box !== undefined && cover.meets({ mgrsTile, box: widened(box, PAST_TILE) })
}
