import { badImage, type Coding, type Cut, type MainHeader } from './codestream.ts'
import { expectedOf } from './cut.ts'
import { FOREIGN_STYLES } from './main-header.ts'
import { MARKER, standsAlone, viewOf } from './markers.ts'
import { packetsMissing } from './packets.ts'
import { packetsByResolution } from './precincts.ts'
import { readStart, SOT_BYTES } from './tile-part-start.ts'

/**
 * A whole codestream, for a file that nothing can be cut out of. Its tile-parts are followed to their end
 * first, since the decoder takes packets that are not there for empty ones and says nothing.
 * @param file all of its bytes
 * @throws {Fault} bad-image where the file is cut short, a tile or packets are missing, or its components are
 * subsampled
 */
export function wholeOf(header: MainHeader, file: Uint8Array): Cut {
  const { size, start, end } = header
  if (file.length < end) throw badImage(`it is cut short: ${file.length} of ${end} bytes came`)
  // The decoder takes all components for as large as the first.
  if (size.components.some(({ stepX, stepY }) => stepX !== 1 || stepY !== 1)) {
    throw badImage('its components are subsampled, which no image of Sentinel-2 is')
  }
  checkTiles(header, file)
  return { codestream: new Uint8Array(file.subarray(start, end)), ...expectedOf(header, size, 0) }
}

/** What keeps packets from being followed: their headers are elsewhere, or they are coded in other ways. */
type Hindrance = 'none' | 'coding' | 'packet headers'

/** What of a tile stands in all of its tile-parts. */
type TileBodies = { readonly bodies: Uint8Array[]; hindrance: Hindrance }

function checkTiles(header: MainHeader, file: Uint8Array): void {
  const tiles = readTiles(header, file)
  const count = header.tilesAcross * header.tilesDown
  if (tiles.size < count) throw badImage(`it has ${tiles.size} of its ${count} tiles`)
  const main = readSegments(file.subarray(header.start, header.firstTilePart), 2, header.coding).hindrance
  for (const [tile, { bodies, hindrance }] of tiles) {
    const worst = worse(main, hindrance)
    if (worst === 'packet headers') continue
    const bytes = bodies.length === 1 && bodies[0] ? bodies[0] : Buffer.concat(bodies)
    const missing = worst === 'coding' ? isTooShort(header, tile, bytes) : packetsMissing(bytes, header, tile)
    if (missing) throw badImage(`it is cut short: the packets of its tile ${tile} are not all there`)
  }
}

/** Where packets cannot be followed: each of them has one byte at least (B.10.3). */
const isTooShort = (header: MainHeader, tile: number, bytes: Uint8Array): boolean =>
  bytes.length < packetsByResolution(header, tile).reduce((sum, count) => sum + count, 0)

/** Steps from SOT to SOT (A.4.2) up to EOC, or to the codestream's end, where a decoder will miss it. */
function readTiles(header: MainHeader, file: Uint8Array): ReadonlyMap<number, TileBodies> {
  const view = viewOf(file)
  const tiles = new Map<number, TileBodies>()
  let at = header.firstTilePart
  while (at + 2 <= header.end && view.getUint16(at) !== MARKER.EOC) {
    if (at + SOT_BYTES + 2 > header.end) throw badImage(`it is cut short: no tile-part fits in at byte ${at}`)
    const { tile, length } = readStart(file.subarray(at), at, header.end - at, header)
    const part = file.subarray(at, at + length)
    const { hindrance, end } = readSegments(part, SOT_BYTES, header.coding)
    if (end === undefined) throw badImage(`the tile-part of its tile ${tile} ends within its header`)
    const known = tiles.get(tile)
    if (known === undefined) tiles.set(tile, { bodies: [part.subarray(end)], hindrance })
    else {
      known.bodies.push(part.subarray(end))
      known.hindrance = worse(known.hindrance, hindrance)
    }
    at += length
  }
  return tiles
}

/**
 * What stands in the segments of a header, and where SOD ends it, if it does. The main header was read
 * before; a tile-part's may be damaged, which the decoder will say.
 */
function readSegments(bytes: Uint8Array, from: number, { codeBlockStyle }: Coding) {
  const view = viewOf(bytes)
  const isMain = from < SOT_BYTES
  let hindrance: Hindrance = codeBlockStyle >= FOREIGN_STYLES ? 'coding' : 'none'
  for (let at = from; at + 2 <= bytes.length; ) {
    const code = view.getUint16(at)
    if (code === MARKER.SOD) return { hindrance, end: at + 2 }
    if (code === MARKER.PPM || code === MARKER.PPT) hindrance = 'packet headers'
    else if (OWN_CODING.has(code) && !(isMain && code === MARKER.COD)) hindrance = worse(hindrance, 'coding')
    at += 2
    if (!standsAlone(code) && at + 2 <= bytes.length) at += Math.max(2, view.getUint16(at))
  }
  return { hindrance, end: undefined }
}

const worse = (a: Hindrance, b: Hindrance): Hindrance =>
  a === 'packet headers' || b === 'none' ? a : b === 'packet headers' || a === 'none' ? b : a

/** What changes how many packets a tile has, how they are read, or in which order they come. */
const OWN_CODING = new Set<number>([MARKER.COD, MARKER.COC, MARKER.POC])
