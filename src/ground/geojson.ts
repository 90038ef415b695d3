import type { Area } from '../sentinel2/area.ts'
import { oneArea } from './one-area.ts'
import { ringsOfLines, ringsOfPoints } from './paths.ts'
import { polygonFault } from './polygons.ts'
import { readGeoJson } from './read-geojson.ts'
import { type Polygon, polygonOf } from './rings.ts'

/**
 * The area that a GeoJSON text (RFC 7946) tells: polygons, lines and points, alone or in collections, together one
 * area. Polygons that overlap are united, those of a MultiPolygon too, which OGC calls invalid. Heights, repeated
 * positions and the direction of rings say nothing. A polygon that is a box in longitude and latitude is one.
 * @returns the area; or what is wrong, a clause to follow the parameter's name: `is not JSON: …`
 */
export function areaOfGeoJson(text: string): Area | string {
  const written = readGeoJson(text)
  if (typeof written === 'string') return written
  const lines = ringsOfLines(written.lines)
  if (typeof lines === 'string') return lines
  const points = ringsOfPoints(written.points)
  if (typeof points === 'string') return points
  const polygons: Polygon[] = []
  for (const one of written.polygons) {
    const polygon = polygonOf(one)
    if (typeof polygon === 'string') return polygon
    const fault = polygonFault(polygon, one.at)
    if (fault !== undefined) return fault
    polygons.push(polygon)
  }
  return oneArea(polygons, [...lines, ...points])
}
