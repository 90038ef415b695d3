import { readAnnounced } from './announced.ts'
import {
  HEADER_SLACK,
  headerTooLong,
  type ImageHeaderBox,
  locateCodestream,
  MOST_HEADER_BYTES,
} from './boxes.ts'
import { badImage, type Coding, type ImageSize, type MainHeader, type NeedsMore } from './codestream.ts'
import { checkLoad } from './load.ts'
import { readCoding, readQuantization, readSize, tilesOf } from './main-segments.ts'
import { MARKER, nameOf, standsAlone, viewOf } from './markers.ts'

/**
 * All that stands ahead of the first tile-part (A.2, Figure A.2).
 * @param head the file's first bytes
 * @throws {Fault} bad-image
 */
export function readMainHeader(head: Uint8Array, fileSize: number): MainHeader | NeedsMore {
  const located = locateCodestream(head, fileSize)
  if ('need' in located) return located
  const { imageHeader, ...extent } = located
  const segments = readSegments(head.subarray(0, extent.end), extent.start, extent.end)
  if ('need' in segments) return { need: Math.min(fileSize, segments.need + HEADER_SLACK) }
  const { found, firstTilePart } = segments
  const size = readSize(only(found, MARKER.SIZ, 'SIZ'))
  const coding = readCoding(only(found, MARKER.COD, 'COD'), size.components.length)
  const quantization = readQuantization(only(found, MARKER.QCD, 'QCD'), coding.levels)
  const tiles = tilesOf(size)
  checkLoad(size, coding, tiles)
  if (imageHeader !== undefined) checkImageHeader(imageHeader, size)
  return {
    ...extent,
    firstTilePart,
    size,
    coding,
    quantization,
    announced: readAnnounced(
      found.get(MARKER.TLM) ?? [],
      tiles.across * tiles.down,
      extent.end - firstTilePart,
    ),
    tilesAcross: tiles.across,
    tilesDown: tiles.down,
    uncuttable: whyUncuttable(found, size, coding),
  }
}

/** A .jp2 says twice how large it is; a damaged one may not agree with itself (I.5.3.1). */
function checkImageHeader(box: ImageHeaderBox, { right, left, bottom, top, components }: ImageSize): void {
  const [width, height] = [right - left, bottom - top]
  const bits = components[0]?.bits ?? 0
  const agrees =
    box.width === width &&
    box.height === height &&
    box.components === components.length &&
    (box.bits === undefined || box.bits === bits)
  if (agrees) return
  const told = `${box.width} by ${box.height} pixels, ${box.components} components, ${box.bits ?? bits} bits`
  throw badImage(
    `its ihdr box says ${told}, and its SIZ ${width} by ${height}, ${components.length}, ${bits}`,
  )
}

/** Segments behind their lengths, by marker. */
type Segments = ReadonlyMap<number, readonly Uint8Array[]>

function readSegments(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly found: Segments; readonly firstTilePart: number } | NeedsMore {
  const found = new Map<number, Uint8Array[]>()
  const view = viewOf(bytes)
  const lacks = (until: number): boolean => {
    if (until > end) throw badImage('it is cut short: its codestream ends within its main header')
    if (until > MOST_HEADER_BYTES) throw headerTooLong()
    return until > bytes.length
  }
  if (lacks(start + 4)) return { need: start + 4 }
  if (view.getUint16(start) !== MARKER.SOC || view.getUint16(start + 2) !== MARKER.SIZ) {
    throw badImage('its codestream does not begin with SOC and SIZ')
  }
  let at = start + 2
  for (;;) {
    if (lacks(at + 2)) return { need: at + 2 }
    const code = view.getUint16(at)
    if (code === MARKER.SOT) return { found, firstTilePart: at }
    if (!isHeaderMarker(code)) {
      throw badImage(`its main header has ${nameOf(code)} at byte ${at} and not a marker that belongs there`)
    }
    if (standsAlone(code)) {
      at += 2
      continue
    }
    if (lacks(at + 4)) return { need: at + 4 }
    const length = view.getUint16(at + 2)
    if (length < 2) throw badImage(`its segment ${nameOf(code)} at byte ${at} has a length of ${length}`)
    if (lacks(at + 2 + length)) return { need: at + 2 + length }
    const segment = bytes.subarray(at + 4, at + 2 + length)
    const others = found.get(code)
    if (others === undefined) found.set(code, [segment])
    else others.push(segment)
    at += 2 + length
  }
}

/** Any code but those of tile-parts, packets and the ends (Table A.2); unknown ones have a length, too. */
const isHeaderMarker = (code: number): boolean =>
  code > 0xff00 && code !== MARKER.SOC && code !== MARKER.EOC && (code < MARKER.SOT || code > MARKER.SOD)

function only(found: Segments, code: number, name: string): Uint8Array {
  const [segment, another] = found.get(code) ?? []
  if (segment === undefined) throw badImage(`its main header has no ${name}`)
  if (another !== undefined) throw badImage(`its main header has more than one ${name}`)
  return segment
}

/** What speaks of single components, tiles or places, where a cut would have to follow it. */
const BINDING = {
  COC: MARKER.COC,
  QCC: MARKER.QCC,
  RGN: MARKER.RGN,
  POC: MARKER.POC,
  PPM: MARKER.PPM,
  CAP: MARKER.CAP,
}

/** Code-block styles from here on are those of other parts of the standard (Table A.19). */
export const FOREIGN_STYLES = 0x40

function whyUncuttable(found: Segments, size: ImageSize, coding: Coding): string | undefined {
  for (const [name, code] of Object.entries(BINDING)) {
    if (found.has(code)) return `it has a ${name} marker`
  }
  if (size.components.some(({ stepX, stepY }) => stepX !== 1 || stepY !== 1)) {
    return 'its components are subsampled'
  }
  if (coding.codeBlockStyle >= FOREIGN_STYLES) return `it has the code-block style ${coding.codeBlockStyle}`
  const { progression, layers } = coding
  if (progression === 'PCRL' || progression === 'CPRL') return `its packets come in ${progression} order`
  if (progression === 'LRCP' && layers > 1) return `its ${layers} layers come in LRCP order`
  return undefined
}
