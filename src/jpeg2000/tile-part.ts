import { badImage, type MainHeader, type NeedsMore, type TilePart, type Uncuttable } from './codestream.ts'
import { MARKER, nameOf, standsAlone, viewOf } from './markers.ts'
import { endsFromLengths } from './packet-lengths.ts'
import { endsFromPackets } from './packets.ts'
import { readStart, SOT_BYTES, type TilePartStart } from './tile-part-start.ts'

/**
 * What a tile-part tells of itself (A.4.2).
 * @param window begins at the SOT, and goes as far as it may
 * @param at offset of the SOT in the file
 * @param upTo the last resolution whose end is wanted, 0 to `levels`. Without a PLT the window must hold the
 * packets up to its last one, so a lower one needs fewer bytes.
 * @throws {Fault} bad-image
 */
export function readTilePart(
  window: Uint8Array,
  at: number,
  header: MainHeader,
  upTo: number = header.coding.levels,
): TilePart | NeedsMore | Uncuttable {
  if (header.uncuttable !== undefined) return { uncuttable: header.uncuttable }
  const room = header.end - at
  if (room < SOT_BYTES + 2) throw badImage(`it is cut short: no tile-part fits in at byte ${at}`)
  if (window.length < SOT_BYTES) return { need: SOT_BYTES }
  const start = readStart(window, at, room, header)
  if (start.isOneOfMany) return { uncuttable: `its tile ${start.tile} comes in several tile-parts` }
  const bytes = window.subarray(0, start.length)
  const own = readOwnHeader(bytes, start)
  if (!('headerLength' in own)) return own
  const ends =
    own.packetLengths.length > 0
      ? endsFromLengths(own.packetLengths, own.headerLength, header, start)
      : followPackets(bytes, own.headerLength, header, start, upTo)
  if (!('ends' in ends)) return ends
  return { tile: start.tile, length: start.length, headerLength: own.headerLength, ends: ends.ends }
}

/** What speaks of this tile alone, where a cut would have to follow it. */
const BINDING = {
  COD: MARKER.COD,
  COC: MARKER.COC,
  QCD: MARKER.QCD,
  QCC: MARKER.QCC,
  RGN: MARKER.RGN,
  POC: MARKER.POC,
  PPT: MARKER.PPT,
}
const NAMES = new Map<number, string>(Object.entries(BINDING).map(([name, code]) => [code, name]))

type OwnHeader = { readonly headerLength: number; readonly packetLengths: readonly Uint8Array[] }

/** The segments between SOT and SOD; of PLT what stands behind its length. */
function readOwnHeader(
  bytes: Uint8Array,
  { tile, length }: TilePartStart,
): OwnHeader | NeedsMore | Uncuttable {
  const view = viewOf(bytes)
  const packetLengths: Uint8Array[] = []
  const lacks = (until: number): boolean => {
    if (until > length) throw badImage(`the tile-part of its tile ${tile} ends within its header`)
    return until > bytes.length
  }
  let at = SOT_BYTES
  for (;;) {
    if (lacks(at + 2)) return { need: at + 2 }
    const code = view.getUint16(at)
    if (code === MARKER.SOD) return { headerLength: at + 2, packetLengths }
    const name = NAMES.get(code)
    if (name !== undefined) return { uncuttable: `its tile ${tile} has a ${name} marker of its own` }
    if (code < 0xff01 || code >= MARKER.SOT) {
      throw badImage(`the tile-part header of its tile ${tile} has ${nameOf(code)} in the place of a marker`)
    }
    if (standsAlone(code)) {
      at += 2
      continue
    }
    if (lacks(at + 4)) return { need: at + 4 }
    const segment = view.getUint16(at + 2)
    if (segment < 2) throw badImage(`a segment of its tile ${tile} has a length of ${segment}`)
    // SOD comes behind it.
    if (lacks(at + 4 + segment)) return { need: at + 4 + segment }
    if (code === MARKER.PLT) packetLengths.push(bytes.subarray(at + 4, at + 2 + segment))
    at += 2 + segment
  }
}

/** Packet headers cannot say how far they go, so each further window is twice as long. */
function followPackets(
  bytes: Uint8Array,
  headerLength: number,
  header: MainHeader,
  start: TilePartStart,
  upTo: number,
): { readonly ends: readonly number[] } | NeedsMore | Uncuttable {
  const { tile, length, isLengthTold, mayGoOn } = start
  const found = endsFromPackets(bytes, headerLength, header, tile, upTo)
  if ('uncuttable' in found) return found
  const reach = 'need' in found ? found.need : (found.ends.at(-1) ?? headerLength)
  if (reach > length) {
    if (mayGoOn) return { uncuttable: `its tile ${tile} comes in several tile-parts` }
    throw badImage(`the packets of its tile ${tile} do not fit in its tile-part`)
  }
  if ('need' in found) return { need: Math.min(length, Math.max(found.need, 2 * bytes.length)) }
  if (upTo === header.coding.levels && isLengthTold && reach < length) {
    throw badImage(`the packets of its tile ${tile} end at ${reach} of the ${length} bytes of its tile-part`)
  }
  return found
}
