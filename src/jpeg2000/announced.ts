import type { Announced } from './codestream.ts'
import { viewOf } from './markers.ts'

/** Shortest tile-part: SOT and SOD. */
const LEAST_LENGTH = 14

/**
 * The tile-parts that TLM segments announce (A.7.1), in order of the file.
 * @param segments what stands behind the lengths of the TLM segments, in any order
 * @param room bytes from the first SOT to the end of the codestream
 * @returns undefined unless they name all of them without contradiction
 */
export function readAnnounced(
  segments: readonly Uint8Array[],
  tiles: number,
  room: number,
): readonly Announced[] | undefined {
  if (segments.length === 0) return undefined
  const sorted = segments.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
  if (sorted.some((segment, i) => i > 0 && segment[0] === sorted[i - 1]?.[0])) return undefined
  const announced: Announced[] = []
  for (const segment of sorted) {
    if (!addSegment(segment, announced)) return undefined
  }
  const sound = announced.every(({ tile, length }) => tile < tiles && length >= LEAST_LENGTH)
  const sum = announced.reduce((total, { length }) => total + length, 0)
  // Behind the last tile-part stands EOC, which a file may lack.
  return sound && (sum + 2 === room || sum === room) ? announced : undefined
}

/** Stlm says how long a tile's index is (0: tiles in order, one part each) and a length (Table A.34). */
function addSegment(segment: Uint8Array, announced: Announced[]): boolean {
  const sizes = segment[1] ?? 0xff
  const indexBytes = (sizes >> 4) & 3
  const lengthBytes = sizes & 0x40 ? 4 : 2
  const entryBytes = indexBytes + lengthBytes
  if (sizes & 0x8f || indexBytes === 3 || (segment.length - 2) % entryBytes !== 0) return false
  const view = viewOf(segment)
  for (let at = 2; at < segment.length; at += entryBytes) {
    const tile =
      indexBytes === 0 ? announced.length : indexBytes === 1 ? view.getUint8(at) : view.getUint16(at)
    const length = lengthBytes === 4 ? view.getUint32(at + indexBytes) : view.getUint16(at + indexBytes)
    announced.push({ tile, length })
  }
  return true
}
