import type { Position, Ring } from '../sentinel2/area.ts'
import type { Box } from '../sentinel2/granule.ts'
import { type Axis, crossingIn } from './crossings.ts'
import { type Geometry, jsts, type LinearRing, type PolygonGeometry } from './jsts.ts'
import type { Polygon } from './rings.ts'

export const INTRICATE =
  'is too intricate: so many of its edges lie beside or across each other that they cannot be told apart in ' +
  'time; simplify it'

/** What keeps rings, each right by itself, from being a polygon as OGC has it. @param at where it stands */
export function polygonFault(polygon: Polygon, at: string): string | undefined {
  const crossing = crossingIn(polygon)
  if (!crossing) return INTRICATE
  const { axis } = crossing
  if (crossing.at)
    return `crosses itself in ${at}, at ${placeOf(crossing.at)}: an outline may not cross itself`
  const { IsValidOp } = jsts()
  const error = new IsValidOp(geometryOf(polygon, axis)).getValidationError()
  if (!error) return undefined
  const where = error.getCoordinate()
  const place = where ? `, at ${placeOf(axis === 0 ? [where.x, where.y] : [where.y, where.x])}` : ''
  return (FAULTS[error.getErrorType()] ?? ((is) => `is not a polygon in ${is}`))(`${at}${place}`)
}

/** By TopologyValidationError of JTS. */
const FAULTS: Readonly<Record<number, (at: string) => string>> = {
  2: (at) => `has a hole outside its outline in ${at}: make it a polygon of its own, or leave it out`,
  3: (at) => `has a hole within a hole in ${at}: make the inner one a polygon of its own, or leave it out`,
  4: (at) => `is cut in pieces by its holes in ${at}: make the pieces polygons of a MultiPolygon`,
  5: (at) => `crosses or touches itself along an edge in ${at}: an outline may not cross itself`,
  6: (at) => `touches itself in ${at}: make the parts a MultiPolygon, or a hole of the inner one`,
  8: (at) => `has the same ring twice in ${at}: leave one out`,
}

/** Several polygons as ones that share no ground; undefined where jsts cannot unite them. */
export function united(polygons: readonly Polygon[]): Polygon[] | undefined {
  try {
    return unionOf(polygons)
  } catch {
    // Nearly coincident edges defeat it; on a grid of a centimetre they coincide.
    try {
      return unionOf(polygons.map((polygon) => polygon.map(onGrid)))
    } catch {
      return undefined
    }
  }
}

/** What of a polygon lies in a box. */
export function polygonWithin(polygon: Polygon, [west, south, east, north]: Box): Polygon[] {
  const { SnapIfNeededOverlayOp } = jsts()
  const box: Polygon = [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ]
  return polygonsOf(SnapIfNeededOverlayOp.intersection(geometryOf(polygon), geometryOf(box)))
}

function unionOf(polygons: readonly Polygon[]): Polygon[] {
  const { UnaryUnionOp, factory } = jsts()
  const all = factory.createMultiPolygon(polygons.map((polygon) => geometryOf(polygon)))
  const union = UnaryUnionOp.union(all)
  return union ? polygonsOf(union) : []
}

/** @param axis 1: latitude goes first, since jsts sweeps along what goes first */
function geometryOf(polygon: Polygon, axis: Axis = 0): PolygonGeometry {
  const { Coordinate, factory } = jsts()
  const across = axis === 0 ? 1 : 0
  const [shell, ...holes] = polygon.map((ring) =>
    factory.createLinearRing(ring.map((position) => new Coordinate(position[axis], position[across]))),
  )
  return factory.createPolygon(shell ?? factory.createLinearRing([]), holes)
}

/** Its polygons; lines and points, where two areas touch, hold no ground. */
function polygonsOf(geometry: Geometry): Polygon[] {
  if (geometry.isEmpty()) return []
  if (isPolygon(geometry)) {
    const holes = Array.from({ length: geometry.getNumInteriorRing() }, (_, i) =>
      geometry.getInteriorRingN(i),
    )
    return [[geometry.getExteriorRing(), ...holes].map(ringOf)]
  }
  const parts = geometry.getNumGeometries()
  if (parts === 1 && geometry.getGeometryN(0) === geometry) return []
  return Array.from({ length: parts }, (_, i) => polygonsOf(geometry.getGeometryN(i))).flat()
}

const isPolygon = (geometry: Geometry): geometry is PolygonGeometry =>
  geometry.getGeometryType() === 'Polygon'
const ringOf = (ring: LinearRing): Ring => ring.getCoordinates().map(({ x, y }): Position => [x, y])
const onGrid = (ring: Ring): Ring =>
  ring.map(([lon, lat]): Position => [Number(lon.toFixed(7)), Number(lat.toFixed(7))])

/** To a decimetre, as one would look for it on a map. */
const placeOf = ([lon, lat]: Position): string => `[${Number(lon.toFixed(6))}, ${Number(lat.toFixed(6))}]`
