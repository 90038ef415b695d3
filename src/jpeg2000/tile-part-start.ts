import { badImage, type MainHeader } from './codestream.ts'
import { MARKER, nameOf, viewOf } from './markers.ts'

/** Of the segment SOT with its marker. */
export const SOT_BYTES = 12

/** What SOT says. */
export type TilePartStart = {
  readonly tile: number
  /** Bytes, to the codestream's end where Psot is 0. */
  readonly length: number
  /** Whether Psot says so. */
  readonly isLengthTold: boolean
  readonly isOneOfMany: boolean
  /** Whether more parts of this tile may follow, which TNsot leaves open. */
  readonly mayGoOn: boolean
}

/**
 * SOT (A.4.2), which begins a tile-part.
 * @param at its offset in the file
 * @param room bytes from there to the end of the codestream
 * @throws {Fault} bad-image
 */
export function readStart(window: Uint8Array, at: number, room: number, header: MainHeader): TilePartStart {
  const view = viewOf(window)
  const code = view.getUint16(0)
  if (code !== MARKER.SOT || view.getUint16(2) !== 10) {
    throw badImage(`it has ${nameOf(code)} at byte ${at}, where a tile-part should begin`)
  }
  const tile = view.getUint16(4)
  const told = view.getUint32(6)
  const tiles = header.tilesAcross * header.tilesDown
  if (tile >= tiles) {
    throw badImage(`its tile-part at byte ${at} is of tile ${tile}, and it has ${tiles} tiles`)
  }
  if (told !== 0 && told < SOT_BYTES + 2) {
    throw badImage(`its tile-part at byte ${at} has a length of ${told}`)
  }
  if (told > room) {
    throw badImage(
      `it is cut short: its tile-part at byte ${at} ends at byte ${at + told}, its codestream at byte ${header.end}`,
    )
  }
  const [index, count] = [view.getUint8(10), view.getUint8(11)]
  return {
    tile,
    length: told === 0 ? room : told,
    isLengthTold: told !== 0,
    isOneOfMany: index > 0 || count > 1,
    mayGoOn: count === 0,
  }
}
