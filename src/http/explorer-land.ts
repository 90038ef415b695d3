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
    .flatMap(partsOf)
}

/** A polygon in parts, none of which crosses the antimeridian; each hole goes with the part it lies in. */
function partsOf([outer = [], ...holes]: readonly (readonly Position[])[]): Land {
  return cutAtAntimeridian(outer).map((part) => {
    const box = boxOf(part)
    const within = holes.filter(([first]) => first && meet([...first, ...first], box))
    return { rings: [part, ...within], box }
  })
}

function cutAtAntimeridian(ring: readonly Position[]): Position[][] {
  const outline = unrolled(ring)
  return [-360, 0, 360]
    .map((turn) =>
      clipToBox(outline, [turn - 180, -90, turn + 180, 90]).map(([lon, lat]): Position => [lon - turn, lat]),
    )
    .filter((part) => {
      const [west, , east] = boxOf(part)
      return west < east
    })
}

/**
 * A ring whose longitudes count on past 180, since the package's rings jump to -180 there. One that goes round
 * the world, Antarctica, is closed by way of its pole.
 */
function unrolled(ring: readonly Position[]): Position[] {
  let turn = 0
  const points = [...ring, ...ring.slice(0, 1)].map(([lon, lat], i): Position => {
    const step = lon - (ring[i - 1]?.[0] ?? lon)
    if (Math.abs(step) > 180) turn -= Math.sign(step) * 360
    return [lon + turn, lat]
  })
  const [first, last] = [points[0], points.at(-1)]
  if (turn === 0 || !first || !last) return points.slice(0, -1)
  const pole = first[1] < 0 ? -90 : 90
  return [...points, [last[0], pole], [first[0], pole]]
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
