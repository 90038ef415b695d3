import { boxAround, type Position } from './area.ts'
import type { Box } from './granule.ts'

/** The points of the plane where `x·lon + y·lat ≥ least`. */
export type HalfPlane = readonly [x: number, y: number, least: number]

/**
 * Cuts an outline, given open, to a box. The outline need not be convex: where the box parts it, the pieces stay
 * joined by lines along the box's edge that hold no ground, so ground and winding are right.
 */
export function clipToBox(outline: readonly Position[], [west, south, east, north]: Box): Position[] {
  const sides: readonly HalfPlane[] = [
    [1, 0, west],
    [-1, 0, -east],
    [0, 1, south],
    [0, -1, -north],
  ]
  return clipTo(outline, sides)
}

/** Cuts an outline as clipToBox does, to what several half-planes share. */
export function clipTo(outline: readonly Position[], sides: readonly HalfPlane[]): Position[] {
  let points: Position[] = [...outline]
  const box = boxAround(outline)
  // Most sides of a box or a tile cut nothing of a long outline.
  for (const side of sides) if (!boxLiesInside(box, side)) points = half(points, side)
  return points
}

/** One step of Sutherland and Hodgman, "Reentrant polygon clipping", CACM 17 (1974). */
function half(points: Position[], side: HalfPlane): Position[] {
  const [x, y, least] = side
  if (points.every(([lon, lat]) => x * lon + y * lat - least >= 0)) return points
  const kept: Position[] = []
  let before = points.at(-1)
  if (!before) return kept
  let there = x * before[0] + y * before[1] - least
  for (const point of points) {
    const here = x * point[0] + y * point[1] - least
    if (here >= 0 !== there >= 0) {
      const share = there / (there - here)
      kept.push([before[0] + (point[0] - before[0]) * share, before[1] + (point[1] - before[1]) * share])
    }
    if (here >= 0) kept.push(point)
    before = point
    there = here
  }
  return kept
}

const boxLiesInside = ([west, south, east, north]: Box, [x, y, least]: HalfPlane): boolean =>
  x * (x > 0 ? west : east) + y * (y > 0 ? south : north) - least >= 0
