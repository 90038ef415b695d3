import type { Geometry, Position as Place } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import type { Position } from '../sentinel2/area.ts'
import { clipToBox } from '../sentinel2/clip.ts'
import type { Box } from '../sentinel2/granule.ts'

/** Degrees of longitude and latitude that a piece of land is cut to. */
const CELL = 20

/** Rings of land, given open, with the boxes they lie in. */
export type Land = readonly { readonly rings: readonly (readonly Position[])[]; readonly box: Box }[]

/** Natural Earth's land, from the topology that the package world-atlas holds. */
export function readLand(topology: string): Land {
  const land = topologyOf(topology)
  return feature(land, land.objects.land)
    .features.flatMap(({ geometry }) => polygonsOf(geometry))
    .map((rings) => rings.map((ring) => ring.slice(0, -1).map(([lon = 0, lat = 0]): Position => [lon, lat])))
    .map((rings) => ({ rings, box: boxOf(rings[0] ?? []) }))
}

/**
 * Land as GeoJSON.
 * @param decimals of a degree: 2 are a kilometre, 3 a tenth of it
 * @param cell what to cut it to; undefined: all of it
 */
export function writeLand(land: Land, decimals: number, cell?: Box): string {
  const unit = 10 ** decimals
  const rounded = ([lon, lat]: Position) => [Math.round(lon * unit) / unit, Math.round(lat * unit) / unit]
  const coordinates = land
    .filter(({ box }) => !cell || meet(box, cell))
    .map(({ rings }) => (cell ? rings.map((ring) => clipToBox(ring, cell)) : rings))
    .map((rings) => rings.filter((ring) => ring.length > 2).map((ring) => closed(ring).map(rounded)))
    .filter((rings) => rings.length > 0)
  return JSON.stringify({ type: 'MultiPolygon', coordinates })
}

const PIECE = /^land(?<west>[+-]\d{3})(?<south>[+-]\d{2})\.json$/

/** The cell of a piece by its name, `land+000+40.json`: the west and south of it. Undefined for any other name. */
export function cellOf(name: string): Box | undefined {
  const { west, south } = PIECE.exec(name)?.groups ?? {}
  const [x, y] = [Number(west), Number(south)]
  const isOfGrid =
    (x + 180) % CELL === 0 && (y + 80) % CELL === 0 && x >= -180 && x < 180 && y >= -80 && y < 90
  return isOfGrid ? [x, y, x + CELL, Math.min(y + CELL, 90)] : undefined
}

type Atlas = Topology<{ land: GeometryCollection }>

/** Land is areas; a geometry of another kind is none. */
function polygonsOf(geometry: Geometry): Place[][][] {
  if (geometry.type === 'Polygon') return [geometry.coordinates]
  return geometry.type === 'MultiPolygon' ? geometry.coordinates : []
}

/** Its form is the package's promise; another one fails where the land is first asked for. */
const topologyOf = (text: string): Atlas => JSON.parse(text)

const closed = (ring: readonly Position[]): readonly Position[] => [...ring, ...ring.slice(0, 1)]

function boxOf(ring: readonly Position[]): Box {
  let [west, south, east, north] = [180, 90, -180, -90]
  for (const [lon, lat] of ring) {
    west = Math.min(west, lon)
    east = Math.max(east, lon)
    south = Math.min(south, lat)
    north = Math.max(north, lat)
  }
  return [west, south, east, north]
}

const meet = (a: Box, b: Box): boolean => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
