import { boxAround, isWithoutGround, moved, type Position, type Shape, widened } from '../sentinel2/area.ts'
import { clipTo, type HalfPlane } from '../sentinel2/clip.ts'
import type { Box } from '../sentinel2/granule.ts'
import { tileBox } from '../sentinel2/tiles.ts'
import { type Asked, isApart, isWithin, type Part, turnsOf, turnsTo, wholeTile } from './asked.ts'
import type { Room } from './kept.ts'
import { holdsMiddle, type Land, landMeets, landOf, meetsEdge } from './land.ts'
import { edgesOf } from './measure.ts'
import { bytesOfLand, nearLand } from './near-land.ts'
import type { Square } from './outlines.ts'
import { pathsOf } from './share-of-paths.ts'

/** Degrees that are kept of the area round a tile's box, for granules whose own boxes stick out of it. */
const MARGIN = 0.01

/** A shape that is asked for, longitudes as those of the box round it count on; it may be of ground, lines and points. */
export function askedShape(area: Box, shape: Shape, room: Room): Asked {
  const { solid = [], flat = [] } = Object.groupBy(shape, (one) =>
    isWithoutGround([one]) ? 'flat' : 'solid',
  )
  const land = landOf(shape)
  const near = nearLand(land, room)
  const ground = flat.length === 0 ? { land, near } : landAndNear(solid, room)
  const paths = solid.length === 0 ? { land, near } : landAndNear(flat, room)
  const known = room.kept<string, readonly Near[]>(bytesOf)
  const nearTile = (mgrsTile: string): readonly Near[] =>
    known.of(mgrsTile, () => windowsOf(mgrsTile, area).map((box) => ({ box, land: near(box) })))
  return {
    meets: (box, mgrsTile) =>
      turnsTo(box, area).some((turn) => {
        const there = moved(box, turn)
        const kept = nearTile(mgrsTile).find((one) => isWithin(there, one.box))
        return landMeets(kept?.land ?? land, there)
      }),
    ground: solid.length === 0 ? 0 : groundOf(ground.land, area[1]),
    paths: flat.length === 0 ? undefined : pathsOf(paths.land, paths.near, area, room),
    partsOf: (tile) =>
      turnsOf(tile, area).flatMap((turn) => {
        const by = tile.meridian + turn
        const box = moved(tile.square.box, by)
        const here = ground.near(box)
        if (meetsEdge(here.edges, box)) return partOf(here, tile.square, by, turn, area[1])
        return holdsMiddle(here, box) ? [wholeTile(tile)] : []
      }),
  }
}

function landAndNear(shape: Shape, room: Room) {
  const land = landOf(shape)
  return { land, near: nearLand(land, room) }
}

const groundOf = ({ outlines }: Land, base: number): number =>
  edgesOf(
    outlines.map(({ points }) => points),
    base,
  ).ground

/** What of the area lies near a tile's box, where it meets it. */
type Near = { readonly box: Box; readonly land: Land }
const bytesOf = (windows: readonly Near[]): number =>
  windows.reduce((sum, { land }) => sum + bytesOfLand(land), 0)

function windowsOf(mgrsTile: string, area: Box): Box[] {
  const box = tileBox(mgrsTile)
  if (!box) return []
  const window = widened(box, MARGIN)
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
