import { atAntimeridian, type Footprint, footprintOf, tileOutline } from './footprint.ts'
import type { Box, Granule } from './granule.ts'
import { tileGrid } from './tiles.ts'

/** A footprint as bytes. */
export type FootprintBytes = {
  /** Well-known binary (OGC 06-103r4, 8.2), two-dimensional, in the byte order it names. */
  readonly wkb: Uint8Array
  readonly type: Footprint['type']
  /** Around all of its positions; from -180 to 180 where it lies on both sides of the antimeridian. */
  readonly bounds: Box
}

/**
 * A maker of what footprintOf gives, written straight into bytes: of millions of them each costs a few
 * microseconds, as long as they come in order of tile. Undefined where the tile's name is none of the grid.
 */
export function footprintMaker(): (granule: Pick<Granule, 'mgrsTile' | 'box'>) => FootprintBytes | undefined {
  const tiles = new Map<string, Tile>()
  // In memory of their own, since they outlive the cuts.
  const writeWhole = createPolygonWriter()
  const cutter = createCutter()
  return (granule) => {
    const { mgrsTile, box } = granule
    let tile = tiles.get(mgrsTile)
    if (!tile) {
      tile = tileOf(mgrsTile, writeWhole)
      if (!tile) return undefined
      if (tiles.size >= MOST_TILES) tiles.clear()
      tiles.set(mgrsTile, tile)
    }
    if (!box) return tile.whole
    // Over the antimeridian, where few tiles reach, a cut may fall into two.
    return tile.crosses ? bytesOf(footprintOf(granule)) : (cutter(tile, box) ?? tile.whole)
  }
}

/** More than are asked for in turn; one takes 3 KB. */
const MOST_TILES = 2000
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] ?? 1
const POLYGON = 3
const MULTI_POLYGON = 6

type Tile = {
  /** Its outline: longitudes and latitudes in turn. */
  readonly outline: Float64Array
  /** Mean longitude of the outline. */
  readonly middle: number
  readonly crosses: boolean
  readonly whole: FootprintBytes | undefined
}

function tileOf(mgrsTile: string, write: PolygonWriter): Tile | undefined {
  const grid = tileGrid(mgrsTile)
  if (!grid) return undefined
  const outline = tileOutline(grid)
  const numbers = Float64Array.from(outline.flat())
  const crosses = outline.some(([lon]) => Math.abs(lon) > 180)
  return {
    outline: numbers,
    middle: outline.reduce((sum, [lon]) => sum + lon, 0) / outline.length,
    crosses,
    whole: crosses ? bytesOf(atAntimeridian(outline)) : write(numbers, numbers.length),
  }
}

/** The bytes of any footprint; none has holes. */
function bytesOf(footprint: Footprint | undefined): FootprintBytes | undefined {
  if (!footprint) return undefined
  const { type } = footprint
  const polygons = type === 'Polygon' ? [footprint.coordinates] : footprint.coordinates
  const rings = polygons.flat()
  const parts = rings.map((ring) => polygonBytes(Float64Array.from(ring.flat())))
  const head = Buffer.concat([bytes(Uint8Array.of(LITTLE_ENDIAN)), words(MULTI_POLYGON, parts.length)])
  const wkb = Buffer.concat(type === 'Polygon' ? parts : [head, ...parts])
  return { wkb, type, bounds: boundsOf(Float64Array.from(rings.flat(2))) }
}

/** @param ring closed, longitudes and latitudes in turn */
function polygonBytes(ring: Float64Array): Uint8Array {
  const head = [bytes(Uint8Array.of(LITTLE_ENDIAN)), words(POLYGON, 1, ring.length / 2)]
  return Buffer.concat([...head, bytes(ring)])
}

const words = (...values: readonly number[]): Uint8Array => bytes(Uint32Array.from(values))

const bytes = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The sides of a box in the order in which footprintOf cuts: which number of it, along which axis, inward. */
const SIDES = [
  { edge: 0, axis: 0, sign: 1 },
  { edge: 2, axis: 0, sign: -1 },
  { edge: 1, axis: 1, sign: 1 },
  { edge: 3, axis: 1, sign: -1 },
] as const
type Cut = { readonly axis: 0 | 1; readonly sign: 1 | -1; readonly at: number }

/** An outline of 64 positions that is cut four times has far fewer numbers. */
const MOST_NUMBERS = 1024

/**
 * Cuts outlines to boxes as footprintOf does, by the same steps and to the same bits, in arrays that are used
 * again. Undefined where nothing is left of an outline.
 */
function createCutter(): (tile: Tile, box: Box) => FootprintBytes | undefined {
  const [one, other] = [new Float64Array(MOST_NUMBERS), new Float64Array(MOST_NUMBERS)]
  const write = createPolygonWriter()
  return ({ outline, middle, whole }, box) => {
    const turn = Math.round((middle - (box[0] + box[2]) / 2) / 360) * 360
    let from = outline
    let length = outline.length
    for (const { edge, axis, sign } of SIDES) {
      const cut: Cut = { axis, sign, at: box[edge] + (axis === 0 ? turn : 0) }
      if (liesInside(from, length, cut)) continue
      const to = from === one ? other : one
      length = cutSide(from, length, to, cut)
      from = to
    }
    return from === outline ? whole : write(from, length)
  }
}

function liesInside(ring: Float64Array, length: number, { axis, sign, at }: Cut): boolean {
  for (let i = axis; i < length; i += 2) if (((ring[i] ?? 0) - at) * sign < 0) return false
  return true
}

/** One step of Sutherland and Hodgman; tells how many numbers it wrote. */
function cutSide(from: Float64Array, length: number, to: Float64Array, { axis, sign, at }: Cut): number {
  let written = 0
  let lonBefore = from[length - 2] ?? 0
  let latBefore = from[length - 1] ?? 0
  let there = ((axis === 0 ? lonBefore : latBefore) - at) * sign
  for (let i = 0; i < length; i += 2) {
    const lon = from[i] ?? 0
    const lat = from[i + 1] ?? 0
    const here = ((axis === 0 ? lon : lat) - at) * sign
    if (here >= 0 !== there >= 0) {
      const share = there / (there - here)
      to[written++] = lonBefore + (lon - lonBefore) * share
      to[written++] = latBefore + (lat - latBefore) * share
    }
    if (here >= 0) {
      to[written++] = lon
      to[written++] = lat
    }
    lonBefore = lon
    latBefore = lat
    there = here
  }
  return written
}

/** Bytes of memory that are taken at a time; the polygons lie in it one behind the other. */
const SLAB_BYTES = 1 << 20
/** The head of a polygon takes 13 bytes; behind three empty ones its numbers lie as Float64Array needs them. */
const HEAD_BYTES = 16

type PolygonWriter = (ring: Float64Array, length: number) => FootprintBytes | undefined

/** Rounds, closes and writes down what a cut left over; undefined where that holds no ground. */
function createPolygonWriter(): PolygonWriter {
  let slab = new ArrayBuffer(SLAB_BYTES)
  let used = 0
  return (ring, length) => {
    const size = HEAD_BYTES + (length + 2) * Float64Array.BYTES_PER_ELEMENT
    if (used + size > SLAB_BYTES) {
      slab = new ArrayBuffer(SLAB_BYTES)
      used = 0
    }
    const numbers = new Float64Array(slab, used + HEAD_BYTES, length + 2)
    for (let i = 0; i < length; i++) numbers[i] = asToFixed(ring[i] ?? 0)
    if (isFlat(numbers, length)) return undefined
    numbers[length] = numbers[0] ?? 0
    numbers[length + 1] = numbers[1] ?? 0
    const head = new Uint32Array(slab, used, HEAD_BYTES / 4)
    head[1] = POLYGON
    head[2] = 1
    head[3] = length / 2 + 1
    const wkb = new Uint8Array(slab, used + 3, size - 3)
    wkb[0] = LITTLE_ENDIAN
    used += size
    return { wkb, type: 'Polygon', bounds: boundsOf(numbers) }
  }
}

/** As Number(value.toFixed(6)), which is asked only where the tenth of a metre hangs on the last bits. */
function asToFixed(value: number): number {
  const millionths = value * 1e6
  const whole = Math.round(millionths)
  const isClose = Math.abs(Math.abs(millionths - whole) - 0.5) < 1e-6
  return isClose ? Number(value.toFixed(6)) : whole / 1e6
}

/** As footprintOf tells it: by twice the area, square degrees. */
function isFlat(ring: Float64Array, length: number): boolean {
  const [lon0 = 0, lat0 = 0] = ring
  let twice = 0
  let lonBefore = ring[length - 2] ?? 0
  let latBefore = ring[length - 1] ?? 0
  for (let i = 0; i < length; i += 2) {
    const lon = ring[i] ?? 0
    const lat = ring[i + 1] ?? 0
    twice = twice + (lonBefore - lon0) * (lat - lat0) - (lon - lon0) * (latBefore - lat0)
    lonBefore = lon
    latBefore = lat
  }
  return Math.abs(twice) < 1e-12
}

function boundsOf(numbers: Float64Array): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let i = 0; i < numbers.length; i += 2) {
    const lon = numbers[i] ?? 0
    const lat = numbers[i + 1] ?? 0
    if (lon < west) west = lon
    if (lon > east) east = lon
    if (lat < south) south = lat
    if (lat > north) north = lat
  }
  return [west, south, east, north]
}
