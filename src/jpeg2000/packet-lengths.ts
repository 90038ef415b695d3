import { badImage, type MainHeader, type Uncuttable } from './codestream.ts'
import { packetsByResolution } from './precincts.ts'
import type { TilePartStart } from './tile-part-start.ts'

/**
 * Where the resolutions of a tile-part end, told by its PLT segments (A.7.3).
 * @param segments what stands behind the lengths of the PLT segments, in any order
 * @param from offset of the first packet from the SOT
 * @throws {Fault} bad-image
 */
export function endsFromLengths(
  segments: readonly Uint8Array[],
  from: number,
  header: MainHeader,
  { tile, length, isLengthTold, mayGoOn }: TilePartStart,
): { readonly ends: readonly number[] } | Uncuttable {
  const lies = (why: string) => badImage(`the PLT of its tile ${tile} ${why}`)
  const wanted = packetsByResolution(header, tile)
  const ends: number[] = []
  let seen = 0
  let end = from
  const closeResolutions = (): void => {
    // A resolution without packets ends where the one before it does.
    while (ends.length < wanted.length && seen === wanted[ends.length]) {
      ends.push(end)
      seen = 0
    }
  }
  closeResolutions()
  let packet = 0
  for (const byte of inOrder(segments, lies)) {
    // Seven bits a byte, and the high one says that more follow.
    packet = packet * 128 + (byte & 0x7f)
    if (end + packet > length) throw lies('names more bytes than its tile-part has')
    if (byte & 0x80) continue
    if (ends.length === wanted.length) throw lies('names more packets than it has')
    end += packet
    packet = 0
    seen++
    closeResolutions()
  }
  if (ends.length < wanted.length) {
    if (mayGoOn) return { uncuttable: `its tile ${tile} comes in several tile-parts` }
    throw lies('names fewer packets than it has')
  }
  if (isLengthTold && end !== length) throw lies(`ends at ${end} of the ${length} bytes of its tile-part`)
  return { ends }
}

/** The bytes of all segments behind Zplt, by Zplt. */
function* inOrder(segments: readonly Uint8Array[], lies: (why: string) => Error): Generator<number> {
  const sorted = segments.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
  for (const [i, segment] of sorted.entries()) {
    if (i > 0 && segment[0] === sorted[i - 1]?.[0]) throw lies('comes twice under one index')
    yield* segment.subarray(1)
  }
}
