import { createRequire } from 'node:module'
import fc from 'fast-check'
import type { Position, Ring, Shape } from '../../src/sentinel2/area.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'

/*
 * Areas to try, and a second way to their ground: jsts cuts them, and each edge is taken in two hundred steps of
 * Chamberlain and Duquette's trapezoids, in place of src/ground's clamped sums and closed form.
 */

const require = createRequire(import.meta.url)
const GeometryFactory = require('jsts/org/locationtech/jts/geom/GeometryFactory.js').default
const Coordinate = require('jsts/org/locationtech/jts/geom/Coordinate.js').default
const OverlayOp = require('jsts/org/locationtech/jts/operation/overlay/OverlayOp.js').default
const RectangleIntersects =
  require('jsts/org/locationtech/jts/operation/predicate/RectangleIntersects.js').default
const factory = new GeometryFactory()

export type Polygon = readonly Ring[]

export const ringOfBox = ([west, south, east, north]: Box): Ring => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
]

export const geoJson = (shape: Shape): string => JSON.stringify({ type: 'MultiPolygon', coordinates: shape })
export const closed = (outline: readonly Position[]): Ring => [...outline, ...outline.slice(0, 1)]

/** Ground that two polygons share, in degrees of longitude times the sine of latitude. */
export function sharedGround(a: Polygon, b: Polygon): number {
  return groundOf(OverlayOp.intersection(geometryOf(a), geometryOf(b)))
}

export const groundOfPolygon = (polygon: Polygon): number => groundOf(geometryOf(polygon))

/** Whether a polygon and a box share a point, as jsts has it. */
export const meetsBox = (polygon: Polygon, box: Box): boolean =>
  RectangleIntersects.intersects(geometryOf([ringOfBox(box)]), geometryOf(polygon))

function geometryOf(polygon: Polygon) {
  const [shell, ...holes] = polygon.map((ring) =>
    factory.createLinearRing(ring.map(([lon, lat]) => new Coordinate(lon, lat))),
  )
  return factory.createPolygon(shell, holes)
}

function groundOf(geometry: ReturnType<typeof geometryOf>): number {
  if (geometry.getGeometryType() === 'Polygon') {
    const holes = Array.from({ length: geometry.getNumInteriorRing() }, (_, i) =>
      geometry.getInteriorRingN(i),
    )
    const [shell = 0, ...others] = [geometry.getExteriorRing(), ...holes].map((ring) =>
      groundOfRing(ring.getCoordinates()),
    )
    return shell - others.reduce((sum, ground) => sum + ground, 0)
  }
  const parts: number = geometry.isEmpty() ? 0 : geometry.getNumGeometries()
  return Array.from({ length: parts }, (_, i) => geometry.getGeometryN(i))
    .filter((part) => part !== geometry)
    .reduce<number>((sum, part) => sum + groundOf(part), 0)
}

const STEPS = 200

function groundOfRing(ring: readonly { readonly x: number; readonly y: number }[]): number {
  let ground = 0
  for (const [i, to] of ring.entries()) {
    const from = ring[i - 1] ?? to
    for (let step = 0; step < STEPS; step++) {
      const [here, next] = [step, step + 1].map((n) => from.y + ((to.y - from.y) * n) / STEPS)
      ground += ((to.x - from.x) / STEPS) * (sine(here ?? 0) + sine(next ?? 0)) * 0.5
    }
  }
  return Math.abs(ground)
}

const sine = (degrees: number): number => Math.sin((degrees * Math.PI) / 180)

/** A polygon that is a star round its middle, so that it never crosses itself; up to some degrees in reach. */
export const anyStar = (middle: fc.Arbitrary<Position>, reach: number): fc.Arbitrary<Polygon> =>
  fc
    .tuple(middle, fc.array(fc.integer({ min: 20, max: 100 }), { minLength: 3, maxLength: 14 }), fc.boolean())
    .map(([[lon, lat], radii, hollow]) => {
      const outline = radii.map((radius, i): Position => {
        const angle = (2 * Math.PI * i) / radii.length
        const far = (radius / 100) * reach
        return [lon + far * Math.cos(angle), Math.max(-89, Math.min(89, lat + far * Math.sin(angle)))]
      })
      const hole = outline.map(([x, y]): Position => [lon + (x - lon) / 3, lat + (y - lat) / 3])
      return hollow ? [closed(outline), closed(hole.toReversed())] : [closed(outline)]
    })

/** A tile that an area's box meets. */
export function tileNear(box: Box, pick: number): string | undefined {
  const tiles = tilesOf({ box })
  return tiles[pick % Math.max(1, tiles.length)]
}

/** A box that cuts a share of another, whose shares are told in percent. */
export function partOfBox([west, south, east, north]: Box, [a, b, c, d]: readonly number[]): Box {
  const [lon1, lon2] = [a ?? 0, b ?? 0].sort((x, y) => x - y).map((p) => west + ((east - west) * p) / 100)
  const [lat1, lat2] = [c ?? 0, d ?? 0].sort((x, y) => x - y).map((p) => south + ((north - south) * p) / 100)
  return [lon1 ?? west, lat1 ?? south, lon2 ?? east, lat2 ?? north]
}
