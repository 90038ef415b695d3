import type { Token } from './cql2-tokens.ts'
import { Wrong } from './expression.ts'

/** What a shape is read from: the pieces of CQL2 text, of which it is a part. */
export type Pieces = {
  next(): Token
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

/** `[west, south, east, north]` as a polygon; six numbers have heights, which are left out. @throws {Wrong} */
export function boxShape(numbers: readonly number[]): object {
  const [west, south, east, north] =
    numbers.length === 6 ? [0, 1, 3, 4].map((index) => numbers[index]) : numbers
  const isBox = numbers.length === 4 || numbers.length === 6
  if (!isBox || west === undefined || south === undefined || east === undefined || north === undefined)
    throw new Wrong(`holds a box of ${numbers.length} numbers; it takes west, south, east, north`)
  if (west >= east || south >= north)
    throw new Wrong('holds a box whose west is not below its east or whose south is not below its north')
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  return { type: 'Polygon', coordinates: [corners] }
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

function position(pieces: Pieces): Position {
  const longitude = numberOf(pieces)
  return [longitude, numberOf(pieces)]
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
