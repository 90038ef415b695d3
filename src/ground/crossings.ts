import type { Position } from '../sentinel2/area.ts'
import type { Polygon } from './rings.ts'

/*
 * Which edges come near each other, by a sweep over the axis along which they overlap least. It goes before the
 * exact operations of jsts, whose time and memory grow with the crossings of an area that is all crossings.
 */

/** Beyond so many pairs of edges that overlap along an axis, along both, or touch, an area is too intricate. */
const MOST_PAIRS = 30_000_000
const MOST_BESIDE = 3_000_000
const MOST_TOUCHES = 300_000

/** The axis along which edges are sorted: 0 for longitude, 1 for latitude. */
export type Axis = 0 | 1

/**
 * Where two edges of a polygon certainly cross, and the axis along which its edges overlap least; undefined
 * where it is too intricate to tell.
 */
export function crossingIn(
  polygon: Polygon,
): { readonly at: Position | undefined; readonly axis: Axis } | undefined {
  const sorted = sortedEdges([polygon])
  let at: Position | undefined
  const told = sweep(sorted, (one, other, meeting) => {
    if (meeting === 'cross') at = crossingOf(one, other)
    return at !== undefined
  })
  return told ? { at, axis: sorted.axis } : undefined
}

/**
 * Pairs of polygons, by their places in the list, whose edges share a point or nearly do; undefined where that
 * is too intricate to tell.
 */
export function touchingAmong(polygons: readonly Polygon[]): (readonly [a: number, b: number])[] | undefined {
  const pairs = new Map<number, readonly [number, number]>()
  const told = sweep(sortedEdges(polygons), ({ of: a }, { of: b }) => {
    if (a !== b) pairs.set(a * polygons.length + b, [a, b])
    return false
  })
  return told ? [...pairs.values()] : undefined
}

type Edge = { readonly a: Position; readonly b: Position; readonly of: number }
type Sorted = {
  readonly axis: Axis
  readonly edges: readonly Edge[]
  /** Least and most of each edge along the axis, and across it. */
  readonly from: Float64Array
  readonly to: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  readonly pairs: number
}

function sortedEdges(polygons: readonly Polygon[]): Sorted {
  const edges = polygons.flatMap((polygon, of) =>
    polygon.flatMap((ring) => ring.slice(1).map((b, i): Edge => ({ a: ring[i] ?? b, b, of }))),
  )
  const [byLon, byLat] = [sortedAlong(edges, 0), sortedAlong(edges, 1)]
  return byLat.pairs < byLon.pairs ? byLat : byLon
}

function sortedAlong(all: readonly Edge[], axis: Axis): Sorted {
  const across = axis === 0 ? 1 : 0
  const edges = all.toSorted((one, other) => least(one, axis) - least(other, axis))
  const from = Float64Array.from(edges, (edge) => least(edge, axis))
  const to = Float64Array.from(edges, (edge) => most(edge, axis))
  const low = Float64Array.from(edges, (edge) => least(edge, across))
  const high = Float64Array.from(edges, (edge) => most(edge, across))
  const pairs = to.reduce((sum, end, i) => sum + firstAfter(from, end) - i - 1, 0)
  return { axis, edges, from, to, low, high, pairs }
}

const least = ({ a, b }: Edge, axis: Axis): number => Math.min(a[axis], b[axis])
const most = ({ a, b }: Edge, axis: Axis): number => Math.max(a[axis], b[axis])

/** How many of the sorted numbers are no greater. */
function firstAfter(numbers: Float64Array, than: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) <= than) low = middle + 1
    else high = middle
  }
  return low
}

type Meeting = 'touch' | 'cross'

/** Every two edges that meet, until `stops` does; false where there is more of them than can be told. */
function sweep(
  { edges, from, to, low, high }: Sorted,
  stops: (one: Edge, other: Edge, meeting: Meeting) => boolean,
): boolean {
  let pairs = 0
  let beside = 0
  let touches = 0
  for (const [i, one] of edges.entries()) {
    const end = to[i] ?? 0
    const [bottom, top] = [low[i] ?? 0, high[i] ?? 0]
    for (let j = i + 1; j < edges.length && (from[j] ?? 0) <= end; j++) {
      if (++pairs > MOST_PAIRS) return false
      if ((low[j] ?? 0) > top || (high[j] ?? 0) < bottom) continue
      if (++beside > MOST_BESIDE) return false
      const other = edges[j] ?? one
      const meeting = meetingOf(one, other)
      if (meeting === 'apart') continue
      if (stops(one, other, meeting)) return true
      if (++touches > MOST_TOUCHES) return false
    }
  }
  return true
}

/** `touch`: they share a point, or lie too near each other for plain arithmetic to tell. */
function meetingOf(one: Edge, other: Edge): 'apart' | Meeting {
  const [a, b] = [side(one, other.a), side(one, other.b)]
  if (a * b > 0) return 'apart'
  const [c, d] = [side(other, one.a), side(other, one.b)]
  if (c * d > 0) return 'apart'
  return a * b < 0 && c * d < 0 ? 'cross' : 'touch'
}

/** On which side of an edge's line a point lies, 1 or -1; 0 where rounding could hide it. */
function side({ a, b }: Edge, [lon, lat]: Position): -1 | 0 | 1 {
  const [left, right] = [(b[0] - a[0]) * (lat - a[1]), (b[1] - a[1]) * (lon - a[0])]
  const error = (Math.abs(left) + Math.abs(right)) * 4e-16
  return left - right > error ? 1 : left - right < -error ? -1 : 0
}

/** Where the lines of two edges that cross meet. */
function crossingOf({ a, b }: Edge, { a: c, b: d }: Edge): Position {
  const [x, y] = [b[0] - a[0], b[1] - a[1]]
  const [u, v] = [d[0] - c[0], d[1] - c[1]]
  const share = ((c[0] - a[0]) * v - (c[1] - a[1]) * u) / (x * v - y * u)
  return [a[0] + x * share, a[1] + y * share]
}
