import proj4 from 'proj4'
import { type Place, UTM33 } from './coast.ts'
import { type Plan, TILES } from './granules.ts'

/** Side of a tile, metres. */
export const TILE_SIDE = 109_800

/** East shift of a descending swath's edge for a metre to the north, at these latitudes. */
const LEAN = 0.27

/** Metres from a place to the edge of the swath, above 0 where it saw the ground; infinite without an edge. */
export function insideSwath(plan: Plan): (east: number, north: number) => number {
  const { edge } = plan
  if (!edge) return () => Number.POSITIVE_INFINITY
  const tile = TILES[plan.tile]
  const sign = edge.empty === 'east' ? 1 : -1
  const middle = tile.west + TILE_SIDE * (edge.empty === 'east' ? 1 - edge.share : edge.share)
  return (east, north) =>
    (sign * (middle + LEAN * (north - tile.north + TILE_SIDE / 2) - east)) / Math.hypot(1, LEAN)
}

/** North, south, west and east end of the ground that the granule holds, degrees. */
export function validBox(plan: Plan): [north: number, south: number, west: number, east: number] {
  const ring = tileRing(plan).filter(([east, north]) => insideSwath(plan)(east, north) >= 0)
  const corners = [...ring, ...edgeEnds(plan)].map(([east, north]) => proj4(UTM33, 'WGS84', [east, north]))
  const lons = corners.map(([lon = 0]) => lon)
  const lats = corners.map(([, lat = 0]) => lat)
  return [Math.max(...lats), Math.min(...lats), Math.min(...lons), Math.max(...lons)]
}

/** The tile's outline in steps short enough for its sides' curves in degrees. */
function tileRing(plan: Plan): Place[] {
  const { west, north } = TILES[plan.tile]
  const steps = Array.from({ length: 367 }, (_, i) => (i / 366) * TILE_SIDE)
  return steps.flatMap((s): Place[] => [
    [west + s, north],
    [west + s, north - TILE_SIDE],
    [west, north - s],
    [west + TILE_SIDE, north - s],
  ])
}

/** Where the swath's edge meets the north and the south side of the tile. */
function edgeEnds(plan: Plan): Place[] {
  if (!plan.edge) return []
  const { west, north } = TILES[plan.tile]
  const reach = (at: number): Place => {
    const gap = insideSwath(plan)(west, at) * Math.hypot(1, LEAN)
    return [west + (plan.edge?.empty === 'east' ? gap : -gap), at]
  }
  return [reach(north), reach(north - TILE_SIDE)]
}
