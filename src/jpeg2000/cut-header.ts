import { type Coding, type ImageSize, type MainHeader, PROGRESSIONS } from './codestream.ts'
import { stepBytes } from './main-segments.ts'
import { MARKER, viewOf } from './markers.ts'

/**
 * SOC, SIZ, COD and QCD of a codestream that lacks the `reduce` highest resolutions. All else that may stand
 * in a main header tells of the file it came from (TLM) or nothing that a decoder needs (COM).
 * @param size the reduced one
 */
export function headerBytes(
  { coding, quantization }: MainHeader,
  reduce: number,
  size: ImageSize,
): Uint8Array<ArrayBuffer> {
  const levels = coding.levels - reduce
  const style = (quantization[0] ?? 0) & 0x1f
  const segments: readonly (readonly [code: number, segment: Uint8Array])[] = [
    [MARKER.SIZ, sizeSegment(size)],
    [MARKER.COD, codingSegment(coding, levels)],
    // Steps stand in the order of the resolutions; the one of a derived style counts from the lowest (E-5).
    [MARKER.QCD, quantization.subarray(0, 1 + stepBytes(style, levels))],
  ]
  const bytes = new Uint8Array(segments.reduce((sum, [, segment]) => sum + 4 + segment.length, 2))
  const view = viewOf(bytes)
  view.setUint16(0, MARKER.SOC)
  let at = 2
  for (const [code, segment] of segments) {
    view.setUint16(at, code)
    view.setUint16(at + 2, segment.length + 2)
    bytes.set(segment, at + 4)
    at += 4 + segment.length
  }
  return bytes
}

/** A.5.1, with Rsiz 0: no profile is claimed. */
function sizeSegment(size: ImageSize): Uint8Array {
  const bytes = new Uint8Array(36 + 3 * size.components.length)
  const view = viewOf(bytes)
  const words = [
    size.right,
    size.bottom,
    size.left,
    size.top,
    size.tileWidth,
    size.tileHeight,
    size.tileLeft,
    size.tileTop,
  ]
  words.forEach((word, i) => {
    view.setUint32(2 + 4 * i, word)
  })
  view.setUint16(34, size.components.length)
  size.components.forEach(({ bits, signed, stepX, stepY }, c) => {
    bytes.set([bits - 1 + (signed ? 0x80 : 0), stepX, stepY], 36 + 3 * c)
  })
  return bytes
}

/** A.6.1, with all precincts named: 2^15 a side is what an unnamed one has. */
function codingSegment(coding: Coding, levels: number): Uint8Array {
  const style = 1 + (coding.sop ? 2 : 0) + (coding.eph ? 4 : 0)
  return Uint8Array.from([
    style,
    PROGRESSIONS.indexOf(coding.progression),
    coding.layers >> 8,
    coding.layers & 0xff,
    coding.componentTransform ? 1 : 0,
    levels,
    Math.log2(coding.codeBlockWidth) - 2,
    Math.log2(coding.codeBlockHeight) - 2,
    coding.codeBlockStyle,
    coding.reversible ? 1 : 0,
    ...coding.precincts.slice(0, levels + 1).map(({ width, height }) => width + 16 * height),
  ])
}
