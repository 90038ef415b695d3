import { boxAround, type Position } from '../sentinel2/area.ts'
import type { HalfPlane } from '../sentinel2/clip.ts'
import { tileOutline } from '../sentinel2/footprint.ts'
import type { Box } from '../sentinel2/granule.ts'
import { type TileGrid, tileGrid } from '../sentinel2/tiles.ts'
import { centralMeridian } from '../sentinel2/utm.ts'
import { type Edges, edgesOf } from './measure.ts'

/** A tile's outline, longitudes counted from its zone's central meridian: the zones all look alike. */
export type Square = {
  /** Counterclockwise, open. */
  readonly outline: readonly Position[]
  readonly box: Box
  readonly edges: Edges
  /** The sides of the least convex outline round it. */
  readonly hull: readonly HalfPlane[]
  /** What of that is not the tile, since two or three of its edges bend inward: convex each. */
  readonly pockets: readonly { readonly box: Box; readonly sides: readonly HalfPlane[] }[]
}

export type TileGround = { readonly square: Square; readonly meridian: number }

/** The 1,500 squares of a zone take 10 MB if all are asked for. */
const squares = new Map<string, Square>()

/** The ground of a tile; undefined where its name is none of the grid. */
export function groundOfTile(mgrsTile: string): TileGround | undefined {
  const grid = tileGrid(mgrsTile)
  if (!grid) return undefined
  const key = `${grid.hemisphere}/${grid.xmin}/${grid.ymin}`
  const square = squares.get(key) ?? squareOf(grid)
  squares.set(key, square)
  return { square, meridian: centralMeridian(grid.zone) }
}

export const shifted = (outline: readonly Position[], by: number): Position[] =>
  outline.map(([lon, lat]) => [lon + by, lat])

function squareOf(grid: TileGrid): Square {
  const outline = shifted(tileOutline({ ...grid, zone: 31 }), -centralMeridian(31))
  const box = boxAround(outline)
  const corners = hullOf(outline)
  return {
    outline,
    box,
    edges: edgesOf([outline], box[1]),
    hull: sidesOf(corners.map(({ point }) => point)),
    pockets: corners.flatMap(({ index }, i) => {
      const next = corners[(i + 1) % corners.length]?.index ?? index
      const chain = between(outline, index, next).reverse()
      // The side along the hull goes first: of a long outline it leaves the little that lies in the pocket.
      const [hullSide, ...sides] = sidesOf(chain).toReversed()
      return hullSide && chain.length > 2 ? [{ box: boxAround(chain), sides: [hullSide, ...sides] }] : []
    }),
  }
}

/** The positions of an outline from one to another, both included. */
const between = (outline: readonly Position[], from: number, to: number): Position[] =>
  from <= to ? outline.slice(from, to + 1) : [...outline.slice(from), ...outline.slice(0, to + 1)]

/** The half-planes to the left of each side of a convex outline that runs counterclockwise. */
function sidesOf(outline: readonly Position[]): HalfPlane[] {
  return outline.map(([lon, lat], i) => {
    const [nextLon, nextLat] = outline[(i + 1) % outline.length] ?? [lon, lat]
    const [x, y] = [lat - nextLat, nextLon - lon]
    return [x, y, x * lon + y * lat]
  })
}

/** Convex hull, counterclockwise from its least corner: A. M. Andrew, Inf. Proc. Letters 9 (1979). */
function hullOf(outline: readonly Position[]) {
  const points = outline
    .map((point, index) => ({ point, index }))
    .sort((a, b) => a.point[0] - b.point[0] || a.point[1] - b.point[1])
  const chain = (along: typeof points) => {
    const kept: typeof points = []
    for (const next of along) {
      while (kept.length > 1 && !turnsLeft(kept.at(-2)?.point, kept.at(-1)?.point, next.point)) kept.pop()
      kept.push(next)
    }
    return kept.slice(0, -1)
  }
  return [...chain(points), ...chain(points.toReversed())]
}

const turnsLeft = ([ax, ay]: Position = [0, 0], [bx, by]: Position = [0, 0], [cx, cy]: Position): boolean =>
  (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0
