import type { Position, Ring } from '../sentinel2/area.ts'
import { kindOf, type Written } from './read-geojson.ts'
import { isLong, positionOf } from './rings.ts'

/**
 * Points, each a ring of its position twice, the same one twice counting once; or what is wrong, as areaOfGeoJson
 * tells it.
 */
export function ringsOfPoints(written: readonly Written[]): Ring[] | string {
  const points = new Map<string, Position>()
  for (const { coordinates, at } of written) {
    const point = positionOf(coordinates, at)
    if (typeof point === 'string') return point
    const [lon, lat] = turned(point)
    points.set(`${lon},${lat}`, [lon, lat])
  }
  return Array.from(points.values(), (point) => [point, point])
}

/** Lines, each one ring there and back that lies in one round; or what is wrong. */
export function ringsOfLines(written: readonly Written[]): Ring[] | string {
  const lines: Position[][] = []
  for (const one of written) {
    const line = lineOf(one)
    if (typeof line === 'string') return line
    lines.push(...inRounds(line))
  }
  return lines.map(thereAndBack)
}

/** No position twice in a row. */
function lineOf({ coordinates, at }: Written): Position[] | string {
  if (!Array.isArray(coordinates)) return `has no list of positions at ${at}: it is ${kindOf(coordinates)}`
  if (coordinates.length === 0) return `has no coordinates: ${at} is empty`
  const line: Position[] = []
  for (const [i, one] of coordinates.entries()) {
    const position = positionOf(one, `${at}[${i}]`)
    if (typeof position === 'string') return position
    const before = line.at(-1)
    if (before && isLong(before, position)) return longEdge(before, position, at)
    if (before?.[0] !== position[0] || before[1] !== position[1]) line.push(position)
  }
  if (line.length > 1) return line
  return `has a line without length, ${at}: it takes two positions that differ; a Point takes one`
}

const longEdge = ([from]: Position, [to]: Position, at: string): string =>
  `has an edge from longitude ${from} to ${to} in ${at}, more than 180° long: cut the line in two at the ` +
  'antimeridian (RFC 7946 3.1.9), or count longitudes on past 180'

/** A point by whole rounds, to where its longitude lies in [-180, 180). */
const turned = ([lon, lat]: Position): Position => [lon - Math.floor((lon + 180) / 360) * 360, lat]

/** A line cut at the antimeridian and at each whole round from it, so that each piece lies in one round. */
function inRounds(line: readonly Position[]): Position[][] {
  const pieces: Position[][] = []
  let piece: Position[] = []
  for (const [i, to] of line.entries()) {
    const from = line[i - 1]
    const cut = from && cutBetween(from, to)
    if (cut) {
      piece.push(cut)
      pieces.push(piece)
      piece = [cut]
    }
    piece.push(to)
  }
  return [...pieces, piece].filter(({ length }) => length > 1)
}

/** Where an edge of less than half a round crosses the antimeridian; undefined where it ends there or before. */
function cutBetween([lon1, lat1]: Position, [lon2, lat2]: Position): Position | undefined {
  const edge = Math.floor((Math.max(lon1, lon2) + 180) / 360) * 360 - 180
  if (edge <= Math.min(lon1, lon2) || edge >= Math.max(lon1, lon2)) return undefined
  return [edge, lat1 + ((lat2 - lat1) * (edge - lon1)) / (lon2 - lon1)]
}

const thereAndBack = (line: readonly Position[]): Ring => [...line, ...line.toReversed().slice(1)]
