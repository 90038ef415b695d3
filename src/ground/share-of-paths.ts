import { moved, type Position } from '../sentinel2/area.ts'
import type { Box, Granule } from '../sentinel2/granule.ts'
import { type Paths, turnsOf } from './asked.ts'
import type { Room } from './kept.ts'
import type { Land } from './land.ts'
import { holdsPoint } from './line.ts'
import { groundOfTile, shifted, type TileGround } from './outlines.ts'
import { besideTile, isOffTile } from './own-box.ts'

/** A straight piece of a line; of a point both ends are the same. */
type Piece = readonly [lon1: number, lat1: number, lon2: number, lat2: number]
type Pieces = { readonly lines: readonly Piece[]; readonly points: readonly Piece[] }
/** What of them lies in a tile, longitudes as the tile counts them. */
type TilePaths = Pieces & { readonly tile: TileGround }

type Ground = Pick<Granule, 'mgrsTile' | 'box'>

/** Of a length, which adding pieces loses. */
const LACK = 1e-9

const TILE_BYTES = 200
const PIECE_BYTES = 80

/**
 * @param land whose edges they are, lines there and back, points from themselves to themselves
 * @param near what of it lies near a box
 */
export function pathsOf(land: Land, near: (box: Box) => Land, area: Box, room: Room): Paths {
  const kept = room.kept<string, TilePaths | undefined>(
    (paths) => TILE_BYTES + PIECE_BYTES * (paths ? paths.lines.length + paths.points.length : 0),
  )
  const all = toldApart(piecesOf(land.edges))
  const whole = { length: lengthOf(all.lines), count: all.points.length }

  const inTile = (mgrsTile: string): TilePaths | undefined => {
    const tile = groundOfTile(mgrsTile)
    if (!tile) return undefined
    const outline = shifted(tile.square.outline, tile.meridian)
    const within = turnsOf(tile, area).flatMap((turn) =>
      piecesOf(near(moved(tile.square.box, tile.meridian + turn)).edges).map(
        ([lon1, lat1, lon2, lat2]): Piece => [lon1 - turn, lat1, lon2 - turn, lat2],
      ),
    )
    const { lines, points } = toldApart(within)
    return {
      tile,
      lines: lines.flatMap((line) => piecesWithin(line, outline)),
      points: points.filter(([lon, lat]) => holdsPoint(outline, [lon, lat])),
    }
  }

  const inFootprint = ({ mgrsTile, box }: Ground): Pieces => {
    const paths = kept.of(mgrsTile, () => inTile(mgrsTile))
    if (!paths) return NONE
    const own = box && besideTile(box, paths.tile)
    if (!own || isOffTile(own, paths.tile)) return paths
    const inBox = (pieces: readonly Piece[]) => pieces.flatMap((piece) => pieceInBox(piece, own))
    return { lines: inBox(paths.lines), points: inBox(paths.points) }
  }

  return {
    share: (granule) => {
      const { lines, points } = inFootprint(granule)
      return whole.length > 0 ? lengthOf(lines) / whole.length : points.length / whole.count
    },
    areAllIn: (granule) => {
      const { lines, points } = inFootprint(granule)
      return points.length === whole.count && lengthOf(lines) >= whole.length * (1 - LACK)
    },
  }
}

const NONE: Pieces = { lines: [], points: [] }

function toldApart(pieces: readonly Piece[]): Pieces {
  const { lines = [], points = [] } = Object.groupBy(pieces, (piece) => (isPoint(piece) ? 'points' : 'lines'))
  return { lines, points }
}

const isPoint = ([lon1, lat1, lon2, lat2]: Piece): boolean => lon1 === lon2 && lat1 === lat2

/** Edges come there and back: those that go east, or north along a meridian, are each of them once. */
function piecesOf(edges: Float64Array): Piece[] {
  const pieces: Piece[] = []
  for (let i = 0; i < edges.length; i += 4) {
    const piece: Piece = [edges[i] ?? 0, edges[i + 1] ?? 0, edges[i + 2] ?? 0, edges[i + 3] ?? 0]
    const [lon1, lat1, lon2, lat2] = piece
    if (lon1 < lon2 || (lon1 === lon2 && lat1 <= lat2)) pieces.push(piece)
  }
  return pieces
}

/** What of a piece lies in an outline: between each two crossings all of it or nothing. */
function piecesWithin(piece: Piece, outline: readonly Position[]): Piece[] {
  const cuts = [0, ...crossings(piece, outline).sort((a, b) => a - b), 1]
  return cuts.flatMap((to, i) => {
    const from = cuts[i - 1] ?? to
    if (from === to || !holdsPoint(outline, at(piece, (from + to) / 2))) return []
    return [between(piece, from, to)]
  })
}

/** Where a piece crosses the edges of an outline, 0 to 1 of its way. */
function crossings([lon1, lat1, lon2, lat2]: Piece, outline: readonly Position[]): number[] {
  return outline.flatMap(([lon, lat], i) => {
    const [lonBefore, latBefore] = outline.at(i - 1) ?? [lon, lat]
    const [x, y] = [lon - lonBefore, lat - latBefore]
    const leaning = (lon2 - lon1) * y - (lat2 - lat1) * x
    if (leaning === 0) return []
    const way = ((lonBefore - lon1) * y - (latBefore - lat1) * x) / leaning
    return way > 0 && way < 1 ? [way] : []
  })
}

/** What of a piece lies in a box, its edges included: Y.-D. Liang and B. A. Barsky, ACM ToG 3 (1984). */
function pieceInBox(piece: Piece, [west, south, east, north]: Box): Piece[] {
  const [lon1, lat1, lon2, lat2] = piece
  let [from, to] = [0, 1]
  for (const [start, step, least, most] of [
    [lon1, lon2 - lon1, west, east],
    [lat1, lat2 - lat1, south, north],
  ] as const) {
    if (step === 0) {
      if (start < least || start > most) return []
      continue
    }
    const [enters, leaves] = [(least - start) / step, (most - start) / step]
    from = Math.max(from, Math.min(enters, leaves))
    to = Math.min(to, Math.max(enters, leaves))
  }
  return from > to ? [] : [between(piece, from, to)]
}

const at = ([lon1, lat1, lon2, lat2]: Piece, way: number): Position => [
  lon1 + (lon2 - lon1) * way,
  lat1 + (lat2 - lat1) * way,
]

const between = (piece: Piece, from: number, to: number): Piece =>
  from === 0 && to === 1 ? piece : [...at(piece, from), ...at(piece, to)]

const RADIANS = Math.PI / 180
/** Abscissas and weights of Gauss and Legendre's rule of three points on [0, 1]. */
const GAUSS = [
  [0.5 - Math.sqrt(0.15), 5 / 18],
  [0.5, 4 / 9],
  [0.5 + Math.sqrt(0.15), 5 / 18],
] as const

/** Radians on the sphere, straight in longitude and latitude, a degree of latitude at a time. */
function lengthOf(pieces: readonly Piece[]): number {
  let sum = 0
  for (const [lon1, lat1, lon2, lat2] of pieces) {
    const [x, y] = [(lon2 - lon1) * RADIANS, (lat2 - lat1) * RADIANS]
    const steps = Math.max(1, Math.ceil(Math.abs(lat2 - lat1)))
    for (let step = 0; step < steps; step++) {
      for (const [way, weight] of GAUSS) {
        const lat = lat1 + ((lat2 - lat1) * (step + way)) / steps
        sum += (Math.hypot(x * Math.cos(lat * RADIANS), y) * weight) / steps
      }
    }
  }
  return sum
}
