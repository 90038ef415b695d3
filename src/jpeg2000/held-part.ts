import { badImage, type MainHeader, type NeedsMore, type TilePart, type Uncuttable } from './codestream.ts'
import type { Pieces } from './pieces.ts'
import { canTake, tileMost } from './places.ts'
import { readTilePart } from './tile-part.ts'
import { SOT_BYTES } from './tile-part-start.ts'

/** Enough for the header of most tile-parts: 35 to 173 bytes in files of the archive. */
export const PART_LEAST = 512

/**
 * The tile-part that starts at an offset, as far as bytes of it are held. Only so much is looked at as is
 * needed: what is held may be long, and in pieces that had to be joined.
 * @throws {Fault} bad-image, also where it claims more bytes than its samples can take at this reduce
 */
export function heldPart(
  pieces: Pieces,
  header: MainHeader,
  at: number,
  reduce: number,
): TilePart | NeedsMore | Uncuttable {
  const room = header.end - at
  for (let ask = PART_LEAST; ; ) {
    const window = pieces.window(at, Math.min(room, ask))
    if (window.length < SOT_BYTES) return { need: SOT_BYTES }
    // Its length is wanted: without a PLT, the packets of all resolutions would have to be followed.
    const part = readTilePart(window, at, header, 0)
    if ('uncuttable' in part) return part
    if ('tile' in part) {
      requireRoom(header, part.tile, reduce, part.ends[header.coding.levels - reduce] ?? 0)
      return part
    }
    const need = affordable(header, ((window[4] ?? 0) << 8) + (window[5] ?? 0), reduce, window.length, part)
    if (window.length < Math.min(room, ask)) return { need }
    ask = need
  }
}

/** As much of what is asked for as the tile can take: without a PLT, a window is doubled each time. */
function affordable(
  header: MainHeader,
  tile: number,
  reduce: number,
  had: number,
  { need }: NeedsMore,
): number {
  if (canTake(header, tile, reduce, need)) return need
  const most = tileMost(header, tile, reduce)
  if (had >= most) requireRoom(header, tile, reduce, need)
  return most
}

/** @throws {Fault} bad-image */
function requireRoom(header: MainHeader, tile: number, reduce: number, bytes: number): void {
  if (canTake(header, tile, reduce, bytes)) return
  throw badImage(`its tile ${tile} is said to take ${bytes} bytes, more than its samples can`)
}
