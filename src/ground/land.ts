import { boxAround, type Position, type Ring, type Shape } from '../sentinel2/area.ts'
import { clipToBox } from '../sentinel2/clip.ts'
import type { Box } from '../sentinel2/granule.ts'
import { isApart, isWithin } from './asked.ts'

/** A shape, or what of it lies near a box. */
export type Land = {
  /** Open; outlines of polygons counterclockwise, those of holes clockwise; where cut, joined as clipToBox does. */
  readonly outlines: readonly { readonly points: readonly Position[]; readonly box: Box }[]
  /** The shape's own edges, none of them cut: four numbers each, longitude and latitude of both ends. */
  readonly edges: Float64Array
}

export function landOf(shape: Shape): Land {
  const outlines = shape.flatMap((polygon) => polygon.map((ring, i) => turnedTo(ring, i === 0 ? 1 : -1)))
  const edges = new Float64Array(4 * outlines.reduce((sum, points) => sum + points.length, 0))
  let at = 0
  for (const points of outlines) {
    for (const [i, point] of points.entries()) {
      edges.set(points.at(i - 1) ?? point, at)
      edges.set(point, at + 2)
      at += 4
    }
  }
  return { outlines: outlines.map(withBox), edges }
}

/** What lies in a box, and every edge that reaches into it. */
export function cutLand({ outlines, edges }: Land, box: Box): Land {
  const [west, south, east, north] = box
  const near = new Float64Array(edges.length)
  let length = 0
  for (let i = 0; i < edges.length; i += 4) {
    const lon1 = edges[i] ?? 0
    const lat1 = edges[i + 1] ?? 0
    const lon2 = edges[i + 2] ?? 0
    const lat2 = edges[i + 3] ?? 0
    if (lon1 < west && lon2 < west) continue
    if (lon1 > east && lon2 > east) continue
    if (lat1 < south && lat2 < south) continue
    if (lat1 > north && lat2 > north) continue
    near[length] = lon1
    near[length + 1] = lat1
    near[length + 2] = lon2
    near[length + 3] = lat2
    length += 4
  }
  return {
    outlines: outlines.flatMap((outline) => {
      if (isWithin(outline.box, box)) return [outline]
      if (isApart(outline.box, box)) return []
      const cut = clipToBox(outline.points, box)
      return cut.length < 3 ? [] : [withBox(cut)]
    }),
    edges: near.slice(0, length),
  }
}

/** Whether the land shares at least a point with a box that lies well inside what it was cut to. */
export const landMeets = (land: Land, box: Box): boolean =>
  meetsEdge(land.edges, box) || holdsMiddle(land, box)

/** Whether an edge shares at least a point with a box, edges of the box included. */
export function meetsEdge(edges: Float64Array, [west, south, east, north]: Box): boolean {
  for (let i = 0; i < edges.length; i += 4) {
    const lon1 = edges[i] ?? 0
    const lat1 = edges[i + 1] ?? 0
    const lon2 = edges[i + 2] ?? 0
    const lat2 = edges[i + 3] ?? 0
    if (lon1 < west && lon2 < west) continue
    if (lon1 > east && lon2 > east) continue
    if (lat1 < south && lat2 < south) continue
    if (lat1 > north && lat2 > north) continue
    if (lon1 >= west && lon1 <= east && lat1 >= south && lat1 <= north) return true
    if (lon2 >= west && lon2 <= east && lat2 >= south && lat2 <= north) return true
    // Its line passes between two opposite corners, those that it does not lean to, or through one.
    const rises = lon2 - lon1 > 0 === lat2 - lat1 > 0
    const left = side(lon1, lat1, lon2, lat2, west, rises ? north : south)
    const right = side(lon1, lat1, lon2, lat2, east, rises ? south : north)
    if (!(left > 0 && right > 0) && !(left < 0 && right < 0)) return true
  }
  return false
}

/** Whether the middle of a box lies in the land; of a box that no edge meets all of it does, or nothing. */
export function holdsMiddle({ outlines }: Land, [west, south, east, north]: Box): boolean {
  const [lon, lat] = [(west + east) / 2, (south + north) / 2]
  let odd = false
  for (const { points, box } of outlines) {
    if (lat < box[1] || lat > box[3] || lon > box[2]) continue
    let [lonBefore, latBefore] = points.at(-1) ?? [0, 0]
    for (const [lonHere, latHere] of points) {
      const crosses = latHere > lat !== latBefore > lat
      if (crosses && lon < lonHere + ((lonBefore - lonHere) * (lat - latHere)) / (latBefore - latHere))
        odd = !odd
      lonBefore = lonHere
      latBefore = latHere
    }
  }
  return odd
}

/** Positive where the point lies to the left of the line. */
const side = (lon1: number, lat1: number, lon2: number, lat2: number, lon: number, lat: number): number =>
  (lon2 - lon1) * (lat - lat1) - (lat2 - lat1) * (lon - lon1)

const withBox = (points: readonly Position[]) => ({ points, box: boxAround(points) })

/** A closed ring as an open outline that runs counterclockwise (1) or clockwise (-1). */
function turnedTo(ring: Ring, wanted: 1 | -1): Position[] {
  const points = ring.slice(0, -1)
  return Math.sign(twiceArea(points)) === -wanted ? points.reverse() : points
}

/** Of an open outline, in square degrees; positive if it runs counterclockwise. */
function twiceArea(points: readonly Position[]): number {
  const [[lon0, lat0] = [0, 0]] = points
  let sum = 0
  let [lonBefore, latBefore] = points.at(-1) ?? [0, 0]
  for (const [lon, lat] of points) {
    sum += (lonBefore - lon0) * (lat - lat0) - (lon - lon0) * (latBefore - lat0)
    lonBefore = lon
    latBefore = lat
  }
  return sum
}
