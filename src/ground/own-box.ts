import { moved } from '../sentinel2/area.ts'
import { cutToBox } from '../sentinel2/footprint.ts'
import type { Box } from '../sentinel2/granule.ts'
import { groundWithin } from './measure.ts'
import type { TileGround } from './outlines.ts'

/** Ground, as Edges count it, that is far more than cutToBox takes for none. */
const CERTAIN = 1e-9

/** A granule's box moved by whole rounds to where its tile is, whose longitudes count on from its meridian. */
export function besideTile(box: Box, { square, meridian }: TileGround): Box {
  const middle = (square.box[0] + square.box[2] - box[0] - box[2]) / 2 + meridian
  return moved(box, Math.round(middle / 360) * 360)
}

/** Whether a box beside its tile leaves nothing of it: then the footprint is the whole tile (cutToBox). */
export function isOffTile(beside: Box, { square, meridian }: TileGround): boolean {
  const there = moved(beside, -meridian)
  if (groundWithin(square.edges, there) > CERTAIN) return false
  return cutToBox(square.outline, there) === square.outline
}
