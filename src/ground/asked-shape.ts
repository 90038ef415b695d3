import type { Position, Shape } from '../sentinel2/area.ts'
import { clipTo, type HalfPlane } from '../sentinel2/clip.ts'
import type { Box } from '../sentinel2/granule.ts'
import { tileBox } from '../sentinel2/tiles.ts'
import { type Asked, isApart, isWithin, moved, type Part, turnsOf, turnsTo, wholeTile } from './asked.ts'
import { keptWithin } from './kept.ts'
import { holdsMiddle, type Land, landMeets, landOf, meetsEdge } from './land.ts'
import { edgesOf } from './measure.ts'
import { bytesOfLand, nearLand } from './near-land.ts'
import { boxAround, type Square } from './outlines.ts'

/** Degrees that are kept of the area round a tile's box, for granules whose own boxes stick out of it. */
const MARGIN = 0.01
/** Bytes of tiles' surroundings kept at a time. */
const MOST_BYTES = 12 * 2 ** 20

/** A shape that is asked for, longitudes as those of the box round it count on. */
export function askedShape(area: Box, shape: Shape): Asked {
  const land = landOf(shape)
  const near = nearLand(land)
  const known = keptWithin<string, readonly Near[]>(MOST_BYTES, bytesOf)
  const nearTile = (mgrsTile: string): readonly Near[] =>
    known.of(mgrsTile, () => windowsOf(mgrsTile, area).map((box) => ({ box, land: near(box) })))
  return {
    meets: (box, mgrsTile) =>
      turnsTo(box, area).some((turn) => {
        const there = moved(box, turn)
        const kept = nearTile(mgrsTile).find((one) => isWithin(there, one.box))
        return landMeets(kept?.land ?? land, there)
      }),
    ground: edgesOf(
      land.outlines.map(({ points }) => points),
      area[1],
    ).ground,
    partsOf: (tile) =>
      turnsOf(tile, area).flatMap((turn) => {
        const by = tile.meridian + turn
        const box = moved(tile.square.box, by)
        const here = near(box)
        if (meetsEdge(here.edges, box)) return partOf(here, tile.square, by, turn, area[1])
        return holdsMiddle(here, box) ? [wholeTile(tile)] : []
      }),
  }
}

/** What of the area lies near a tile's box, where it meets it. */
type Near = { readonly box: Box; readonly land: Land }
const bytesOf = (windows: readonly Near[]): number =>
  windows.reduce((sum, { land }) => sum + bytesOfLand(land), 0)

function windowsOf(mgrsTile: string, area: Box): Box[] {
  const box = tileBox(mgrsTile)
  if (!box) return []
  const [west, south, east, north] = box
  const window: Box = [west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN]
  return turnsTo(window, area).map((turn) => moved(window, turn))
}

/** What of the land lies in a tile: in its hull, less what lies in the hull's pockets. */
function partOf(
  { outlines }: Land,
  { hull, pockets }: Square,
  by: number,
  turn: number,
  base: number,
): Part[] {
  const all = outlines.map(({ points }) => points)
  const inHull = cutAll(all, hull, by)
  const inPockets = pockets.flatMap(({ box, sides }) => {
    const there = moved(box, by)
    const near = outlines.filter((outline) => !isApart(outline.box, there)).map(({ points }) => points)
    return cutAll(near, sides, by)
  })
  const parts = [...inHull, ...inPockets.map((points) => points.reverse())]
  return parts.length === 0
    ? []
    : [{ edges: edgesOf(parts, base), box: boxAround(inHull.flat()), shift: turn }]
}

/** @param by what longitudes are ahead of those that the sides are told in */
function cutAll(outlines: readonly (readonly Position[])[], sides: readonly HalfPlane[], by: number) {
  const moved = sides.map(([x, y, least]): HalfPlane => [x, y, least + x * by])
  return outlines.map((points) => clipTo(points, moved)).filter(({ length }) => length > 2)
}
