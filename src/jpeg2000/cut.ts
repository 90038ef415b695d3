import { badImage, type Cut, type ImageSize, type MainHeader } from './codestream.ts'
import { headerBytes } from './cut-header.ts'
import { MARKER, viewOf } from './markers.ts'

/** A tile's only tile-part. */
export type TileBytes = {
  readonly tile: number
  /** From SOT up to and with SOD. */
  readonly headerLength: number
  /** From SOT to the last packet wanted. */
  readonly bytes: Uint8Array
}

/** Rows of tiles, `until` excluded. */
export type TileRows = { readonly from: number; readonly until: number }

/** Why no smaller codestream can be cut out at a reduce, or undefined where one can: `it has a POC marker`. */
export function cuttableAt(header: MainHeader, reduce: number): string | undefined {
  if (header.uncuttable !== undefined) return header.uncuttable
  const { levels } = header.coding
  if (!(Number.isInteger(reduce) && reduce >= 0 && reduce <= levels)) {
    return `it is halved ${levels} times in all, and its sides cannot be divided by ${2 ** reduce}`
  }
  const [x, y] = axesOf(header)
  return whyNotReduced(x, reduce) ?? whyNotReduced(y, reduce)
}

/**
 * A codestream of its own: the image reduced by 2^reduce, of which some rows of tiles. It keeps its place on
 * the grid, so that samples, precincts and code-blocks fall where they fell before.
 * @param reduce one that `cuttableAt` allows
 * @param parts all tiles of the rows, each once, in any order
 * @throws {Fault} bad-image where a tile is missing or there twice
 */
export function cutOut(header: MainHeader, reduce: number, rows: TileRows, parts: readonly TileBytes[]): Cut {
  checkTiles(header, rows, parts)
  const size = reducedSize(header, reduce, rows)
  const main = headerBytes(header, reduce, size)
  const packets = parts.map(({ bytes, headerLength }) => bytes.subarray(headerLength))
  const length = packets.reduce((sum, { length }) => sum + PART_HEADER_BYTES + length, main.length + 2)
  const codestream = new Uint8Array(length)
  const view = viewOf(codestream)
  codestream.set(main)
  let at = main.length
  for (const [i, packet] of packets.entries()) {
    const tile = (parts[i]?.tile ?? 0) - rows.from * header.tilesAcross
    writePartHeader(view, at, tile, packet.length)
    codestream.set(packet, at + PART_HEADER_BYTES)
    at += PART_HEADER_BYTES + packet.length
  }
  view.setUint16(at, MARKER.EOC)
  return { codestream, ...expectedOf(header, size, reduce) }
}

/** What must come out of a codestream whose (reduced) grid is `size`. */
export function expectedOf(
  { size: full, coding }: MainHeader,
  size: ImageSize,
  reduce: number,
): Omit<Cut, 'codestream'> {
  const side = 2 ** reduce
  // Only the image's own end may cut through a reduced pixel: the ends of its tiles are multiples of the side.
  const covered = (end: number, fullEnd: number) => Math.min(1, fullEnd / side - (end - 1))
  return {
    width: size.right - size.left,
    height: size.bottom - size.top,
    components: size.components.length,
    bits: size.components[0]?.bits ?? 0,
    zero: 0,
    reduce,
    reversible: coding.reversible,
    lastColumn: covered(size.right, full.right),
    lastRow: covered(size.bottom, full.bottom),
  }
}

/** Of the first component's depth in a codestream that begins with SIZ (A.5.1, Ssiz). */
const DEPTH_AT = 42

/**
 * The same cut, said to be one bit deeper: then the decoder clamps nothing that the low-pass makes of dark
 * beside bright, below 0 as it is. Values are those of the cut plus the new zero, half of its range (G.1.2).
 * A cut that is not halved, not reversible, of several components or of 16 bits already stays as it is.
 */
export function withHeadroom(cut: Cut): Cut {
  const { reduce, reversible, components, bits } = cut
  if (reduce === 0 || !reversible || components !== 1 || bits > 15) return cut
  const codestream = cut.codestream.slice()
  codestream[DEPTH_AT] = bits
  return { ...cut, codestream, bits: bits + 1, zero: 2 ** (bits - 1) }
}

/** Image and tiles along one side. */
type Axis = {
  readonly start: number
  readonly end: number
  readonly tileStart: number
  readonly tile: number
  readonly tiles: number
}

function axesOf({ size, tilesAcross, tilesDown }: MainHeader): readonly [Axis, Axis] {
  return [
    {
      start: size.left,
      end: size.right,
      tileStart: size.tileLeft,
      tile: size.tileWidth,
      tiles: tilesAcross,
    },
    { start: size.top, end: size.bottom, tileStart: size.tileTop, tile: size.tileHeight, tiles: tilesDown },
  ]
}

function whyNotReduced({ start, end, tileStart, tile, tiles }: Axis, reduce: number): string | undefined {
  const side = 2 ** reduce
  const firstEnd = tiles > 1 ? tileStart + tile : end
  if (tiles > 1 && (tile % side !== 0 || tileStart % side !== 0)) {
    return `its tiles of ${tile} pixels from ${tileStart} on cannot be divided by ${side}`
  }
  // The samples of a reduced image are those at multiples of the side.
  if (Math.ceil(start / side) >= Math.ceil(firstEnd / side)) {
    return `nothing is left of its first tile when its sides are divided by ${side}`
  }
  return undefined
}

/** The grid divided by 2^reduce (B-14), and of it the rows of tiles. */
function reducedSize(header: MainHeader, reduce: number, rows: TileRows): ImageSize {
  const [x, y] = axesOf(header)
  const across = reducedAxis(x, reduce, { from: 0, until: header.tilesAcross })
  const down = reducedAxis(y, reduce, rows)
  return {
    left: across.start,
    right: across.end,
    tileLeft: across.tileStart,
    tileWidth: across.tile,
    top: down.start,
    bottom: down.end,
    tileTop: down.tileStart,
    tileHeight: down.tile,
    components: header.size.components,
  }
}

function reducedAxis(axis: Axis, reduce: number, tiles: TileRows) {
  const side = 2 ** reduce
  const first = axis.tileStart + tiles.from * axis.tile
  const last = axis.tileStart + tiles.until * axis.tile
  const start = Math.ceil(Math.max(axis.start, first) / side)
  const end = Math.ceil(Math.min(axis.end, last) / side)
  // A single tile needs no size that can be halved: it only has to hold the image.
  return axis.tiles === 1
    ? { start, end, tileStart: start, tile: end - start }
    : { start, end, tileStart: first / side, tile: axis.tile / side }
}

function checkTiles({ tilesAcross }: MainHeader, rows: TileRows, parts: readonly TileBytes[]): void {
  const first = rows.from * tilesAcross
  const count = (rows.until - rows.from) * tilesAcross
  const seen = new Set<number>()
  for (const { tile } of parts) {
    if (tile < first || tile >= first + count)
      throw badImage(`its tile ${tile} stands among those of other rows`)
    if (seen.has(tile)) throw badImage(`its tile ${tile} comes in several tile-parts`)
    seen.add(tile)
  }
  for (let tile = first; tile < first + count; tile++) {
    if (!seen.has(tile)) throw badImage(`its tile ${tile} is missing`)
  }
}

/** SOT and SOD. */
const PART_HEADER_BYTES = 14

/** A.4.2: the first and only tile-part of its tile. */
function writePartHeader(view: DataView, at: number, tile: number, packets: number): void {
  view.setUint16(at, MARKER.SOT)
  view.setUint16(at + 2, 10)
  view.setUint16(at + 4, tile)
  view.setUint32(at + 6, PART_HEADER_BYTES + packets)
  view.setUint8(at + 10, 0)
  view.setUint8(at + 11, 1)
  view.setUint16(at + 12, MARKER.SOD)
}
