import type { Token } from './cql2-tokens.ts'
import { Wrong } from './expression.ts'

/** What a shape is read from: the pieces of CQL2 text, of which it is a part. */
export type Pieces = {
  peek(): Token
  next(): Token
  word(word: string): boolean
  sign(sign: string): boolean
  expect(sign: string): void
}

type Position = readonly number[]

/** Well-known text of the shapes an area may have (OGC 06-103r4, 7), and CQL2's BBOX, as GeoJSON geometries. */
const SHAPES = {
  point: (pieces) => ({ type: 'Point', coordinates: position(pieces) }),
  linestring: (pieces) => ({ type: 'LineString', coordinates: positions(pieces) }),
  polygon: (pieces) => ({ type: 'Polygon', coordinates: lines(pieces) }),
  multipoint: (pieces) => ({ type: 'MultiPoint', coordinates: several(pieces, loosePosition) }),
  multilinestring: (pieces) => ({ type: 'MultiLineString', coordinates: lines(pieces) }),
  multipolygon: (pieces) => ({
    type: 'MultiPolygon',
    coordinates: several(pieces, () => bracketed(pieces, lines)),
  }),
  geometrycollection: (pieces) => ({ type: 'GeometryCollection', geometries: several(pieces, member) }),
  bbox: (pieces) => boxShape(several(pieces, numberOf)),
} as const satisfies Record<string, (pieces: Pieces) => object>

type Shape = keyof typeof SHAPES

export const isShapeWord = (word: string): word is Shape => Object.hasOwn(SHAPES, word)

/** Reads a shape whose first bracket is open, up to the one that closes it. @throws {Wrong} */
export function readShape(word: Shape, pieces: Pieces): object {
  const shape = SHAPES[word](pieces)
  pieces.expect(')')
  return shape
}

/**
 * `[west, south, east, north]` as a polygon, or as two where it crosses the antimeridian (RFC 7946, 3.1.9), west
 * being more than east; six numbers have heights, which are left out.
 * @throws {Wrong}
 */
export function boxShape(numbers: readonly number[]): object {
  const [west, south, east, north] =
    numbers.length === 6 ? [0, 1, 3, 4].map((index) => numbers[index]) : numbers
  const isBox = numbers.length === 4 || numbers.length === 6
  if (!isBox || west === undefined || south === undefined || east === undefined || north === undefined)
    throw new Wrong(`holds a box of ${numbers.length} numbers; it takes west, south, east, north`)
  if (west === east || south >= north)
    throw new Wrong('holds a box whose west is its east or whose south is not below its north')
  if (west < east) return { type: 'Polygon', coordinates: [outline(west, south, east, north)] }
  if (west > 180 || east < -180)
    throw new Wrong('holds a box that crosses the antimeridian and has a longitude beyond ±180')
  if (west > 180 || east < -180)
    throw new Wrong('holds a box that crosses the antimeridian from or to beyond ±180')
  const halves = [
    [west, 180],
    [-180, east],
  ] as const
  const coordinates = halves
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => [outline(from, south, to, north)])
  if (coordinates.length === 0)
    throw new Wrong('holds a box whose west and east are the antimeridian, between which nothing lies')
  return { type: 'MultiPolygon', coordinates }
}

const outline = (west: number, south: number, east: number, north: number): Position[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
]

/** A shape of a collection, from its name on. */
function member(pieces: Pieces): object {
  const token = pieces.next()
  const word = token.kind === 'name' ? token.name.toLowerCase() : ''
  if (!isShapeWord(word) || word === 'bbox')
    throw new Wrong(`holds a GEOMETRYCOLLECTION of other than shapes at letter ${token.at}`)
  pieces.word('z')
  pieces.expect('(')
  return readShape(word, pieces)
}

function several<T>(pieces: Pieces, read: (pieces: Pieces) => T): T[] {
  const all = [read(pieces)]
  while (pieces.sign(',')) all.push(read(pieces))
  return all
}

function bracketed<T>(pieces: Pieces, read: (pieces: Pieces) => T): T {
  pieces.expect('(')
  const inner = read(pieces)
  pieces.expect(')')
  return inner
}

/** A height may stand behind longitude and latitude, as in GeoJSON. */
function position(pieces: Pieces): Position {
  const ground = [numberOf(pieces), numberOf(pieces)]
  return pieces.peek().kind === 'number' ? [...ground, numberOf(pieces)] : ground
}

const positions = (pieces: Pieces): Position[] => several(pieces, position)
const lines = (pieces: Pieces): Position[][] => several(pieces, () => bracketed(pieces, positions))

/** The points of a MULTIPOINT may each have brackets or none. */
function loosePosition(pieces: Pieces): Position {
  if (!pieces.sign('(')) return position(pieces)
  const inner = position(pieces)
  pieces.expect(')')
  return inner
}

function numberOf(pieces: Pieces): number {
  const token = pieces.next()
  if (token.kind === 'number') return token.number
  throw new Wrong(`holds a shape without a number at letter ${token.at}; shapes are longitudes and latitudes`)
}
