import type { Ring } from '../../sentinel2/area.ts'
import type { Footprint } from '../../sentinel2/footprint.ts'
import type { StacBox } from './documents.ts'

/**
 * The box round a footprint. One that is cut at the antimeridian begins in the east and ends in the west of the
 * globe, so that west > east (RFC 7946, 5.2).
 */
export function itemBox(footprint: Footprint): StacBox {
  if (footprint.type === 'Polygon') return boxRound(footprint.coordinates)
  const parts = footprint.coordinates.map(boxRound)
  const before = parts.filter(([, , east]) => east === 180)
  const after = parts.filter(([west, , east]) => west === -180 && east !== 180)
  return [
    Math.min(...before.map(([west]) => west)),
    Math.min(...parts.map(([, south]) => south)),
    Math.max(...after.map(([, , east]) => east)),
    Math.max(...parts.map(([, , , north]) => north)),
  ]
}

function boxRound(rings: readonly Ring[]): StacBox {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [lon, lat] of rings[0] ?? []) {
    west = Math.min(west, lon)
    south = Math.min(south, lat)
    east = Math.max(east, lon)
    north = Math.max(north, lat)
  }
  return [west, south, east, north]
}
