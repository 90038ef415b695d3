import { createRequire } from 'node:module'

/*
 * What of jsts is used, with the types that its own declarations leave open. It takes 130 ms to load, so only an
 * area that is a shape does that; by require, since shapes are read where nothing can wait.
 */

export type Coordinate = { readonly x: number; readonly y: number }
export type LinearRing = { getCoordinates(): readonly Coordinate[] }
export type Geometry = {
  getGeometryType(): string
  isEmpty(): boolean
  getNumGeometries(): number
  getGeometryN(n: number): Geometry
}
export type PolygonGeometry = Geometry & {
  getExteriorRing(): LinearRing
  getNumInteriorRing(): number
  getInteriorRingN(n: number): LinearRing
}

type Factory = {
  createLinearRing(coordinates: readonly Coordinate[]): LinearRing
  createPolygon(shell: LinearRing, holes: readonly LinearRing[]): PolygonGeometry
  createMultiPolygon(polygons: readonly PolygonGeometry[]): Geometry
}
/** One of the kinds that ERRORS names, and where. */
type ValidationError = { getErrorType(): number; getCoordinate(): Coordinate | null }

export type Jsts = {
  readonly Coordinate: new (x: number, y: number) => Coordinate
  readonly factory: Factory
  readonly IsValidOp: new (geometry: Geometry) => { getValidationError(): ValidationError | null }
  readonly UnaryUnionOp: { union(geometry: Geometry): Geometry | null }
  readonly SnapIfNeededOverlayOp: { intersection(a: Geometry, b: Geometry): Geometry }
}

let loaded: Jsts | undefined

export function jsts(): Jsts {
  loaded ??= load()
  return loaded
}

function load(): Jsts {
  const require = createRequire(import.meta.url)
  const GeometryFactory = classOf<new () => Factory>(
    require('jsts/org/locationtech/jts/geom/GeometryFactory.js'),
  )
  return {
    factory: new GeometryFactory(),
    Coordinate: classOf(require('jsts/org/locationtech/jts/geom/Coordinate.js')),
    IsValidOp: classOf(require('jsts/org/locationtech/jts/operation/valid/IsValidOp.js')),
    UnaryUnionOp: classOf(require('jsts/org/locationtech/jts/operation/union/UnaryUnionOp.js')),
    SnapIfNeededOverlayOp: classOf(
      require('jsts/org/locationtech/jts/operation/overlay/snap/SnapIfNeededOverlayOp.js'),
    ),
  }
}

/** Each of these modules has one class for its default, which the types above describe. */
const classOf = <T>(module: { readonly default: unknown }): T => module.default as T
