import { badImage, type Coding, type Component, type ImageSize, PROGRESSIONS } from './codestream.ts'
import { viewOf } from './markers.ts'

/*
 * SIZ, COD and QCD: what stands behind the length of their segments, checked against every limit before
 * anything grows with it. The standard allows more than the limits here; no Sentinel-2 image comes near them.
 */

/** Pixels; a Sentinel-2 image has at most 10980. */
const MOST_PIXELS_A_SIDE = 32_768
/** Isot has 16 bits (A.4.2), and 65535 is not used. */
const MOST_TILES = 65_535
/** Grey or colour: the decoder knows no others, and no picture of the archive has them (its masks do). */
const COMPONENTS_READ: readonly number[] = [1, 3]
const MOST_BITS = 16
const MOST_LEVELS = 32

/**
 * SIZ (A.5.1).
 * @throws {Fault} bad-image
 */
export function readSize(segment: Uint8Array): ImageSize {
  if (segment.length < 36) throw badImage(`its SIZ is ${segment.length + 2} bytes long`)
  const view = viewOf(segment)
  const at = (word: number) => view.getUint32(2 + 4 * word)
  const count = view.getUint16(34)
  if (!COMPONENTS_READ.includes(count)) {
    throw badImage(`its SIZ names ${count} components, and 1 or 3 are read`)
  }
  if (segment.length !== 36 + 3 * count) {
    throw badImage(`its SIZ is ${segment.length + 2} bytes long for ${count} components`)
  }
  const size: ImageSize = {
    right: at(0),
    bottom: at(1),
    left: at(2),
    top: at(3),
    tileWidth: at(4),
    tileHeight: at(5),
    tileLeft: at(6),
    tileTop: at(7),
    components: Array.from({ length: count }, (_, c) => readComponent(view, 36 + 3 * c)),
  }
  checkGrid(size)
  checkComponents(size.components)
  return size
}

function readComponent(view: DataView, at: number): Component {
  const depth = view.getUint8(at)
  return {
    bits: (depth & 0x7f) + 1,
    signed: depth >= 0x80,
    stepX: view.getUint8(at + 1),
    stepY: view.getUint8(at + 2),
  }
}

function checkGrid(size: ImageSize): void {
  const width = size.right - size.left
  const height = size.bottom - size.top
  if (width < 1 || height < 1) throw badImage(`its SIZ names an image of ${width} by ${height}`)
  if (width > MOST_PIXELS_A_SIDE || height > MOST_PIXELS_A_SIDE) {
    throw badImage(
      `its SIZ names an image of ${width} by ${height}, and ${MOST_PIXELS_A_SIDE} a side are read`,
    )
  }
  const { tileWidth, tileHeight, tileLeft, tileTop } = size
  if (tileWidth < 1 || tileHeight < 1) throw badImage(`its SIZ names a tile of ${tileWidth} by ${tileHeight}`)
  const startsInside = tileLeft <= size.left && tileTop <= size.top
  if (!startsInside || tileLeft + tileWidth <= size.left || tileTop + tileHeight <= size.top) {
    throw badImage('its SIZ names a first tile that does not hold the corner of the image')
  }
  const { across, down } = tilesOf(size)
  if (across * down > MOST_TILES) throw badImage(`its SIZ names ${across} by ${down} tiles`)
}

function checkComponents(components: readonly Component[]): void {
  for (const { bits, signed, stepX, stepY } of components) {
    if (signed) throw badImage('its SIZ names signed samples, and only unsigned ones are read')
    if (bits > MOST_BITS) throw badImage(`its SIZ names ${bits} bits a sample, and ${MOST_BITS} are read`)
    if (stepX < 1 || stepY < 1) throw badImage(`its SIZ names a subsampling of ${stepX} by ${stepY}`)
    if (bits !== components[0]?.bits) throw badImage('its SIZ names components of different bits')
  }
}

/** The grid of tiles (B-5). */
export function tilesOf(size: ImageSize) {
  return {
    across: Math.ceil((size.right - size.tileLeft) / size.tileWidth),
    down: Math.ceil((size.bottom - size.tileTop) / size.tileHeight),
  }
}

/**
 * COD (A.6.1).
 * @throws {Fault} bad-image
 */
export function readCoding(segment: Uint8Array, components: number): Coding {
  if (segment.length < 10) throw badImage(`its COD is ${segment.length + 2} bytes long`)
  const view = viewOf(segment)
  const byte = (i: number) => view.getUint8(i)
  const style = byte(0)
  const levels = byte(5)
  if (style > 7) throw badImage(`its COD has the unknown style ${style}`)
  if (levels > MOST_LEVELS)
    throw badImage(`its COD names ${levels} decompositions, and ${MOST_LEVELS} is the most`)
  const explicit = (style & 1) === 1
  if (segment.length !== 10 + (explicit ? levels + 1 : 0)) {
    throw badImage(`its COD is ${segment.length + 2} bytes long for ${levels} decompositions`)
  }
  const progression = PROGRESSIONS[byte(1)]
  if (progression === undefined) throw badImage(`its COD names the unknown progression ${byte(1)}`)
  const layers = view.getUint16(2)
  if (layers < 1) throw badImage('its COD names no layer')
  if (byte(4) > 1 || (byte(4) === 1 && components < 3)) {
    throw badImage(`its COD names the component transform ${byte(4)} for ${components} components`)
  }
  if (byte(9) > 1) throw badImage(`its COD names the unknown wavelet ${byte(9)}`)
  return {
    progression,
    layers,
    componentTransform: byte(4) === 1,
    levels,
    ...readCodeBlock(byte(6), byte(7)),
    codeBlockStyle: byte(8),
    reversible: byte(9) === 1,
    precincts: Array.from({ length: levels + 1 }, (_, resolution) =>
      explicit ? readPrecinct(byte(10 + resolution), resolution) : { width: 15, height: 15 },
    ),
    sop: (style & 2) !== 0,
    eph: (style & 4) !== 0,
  }
}

/** Exponents less 2, of 4 to 1024 samples a side and at most 4096 in all (Table A.18). */
function readCodeBlock(width: number, height: number) {
  if (width > 8 || height > 8 || width + height > 8) {
    throw badImage(`its COD names code-blocks of 2^${width + 2} by 2^${height + 2} samples`)
  }
  return { codeBlockWidth: 2 ** (width + 2), codeBlockHeight: 2 ** (height + 2) }
}

/** Two exponents in a byte; above resolution 0 a precinct is at least 2 by 2, to be halved (Table A.21). */
function readPrecinct(exponents: number, resolution: number) {
  const precinct = { width: exponents & 0x0f, height: exponents >> 4 }
  if (resolution > 0 && (precinct.width === 0 || precinct.height === 0)) {
    throw badImage(`its COD names a precinct one sample wide at resolution ${resolution}`)
  }
  return precinct
}

/**
 * QCD (A.6.4), as it stands: it must have a step for each subband.
 * @throws {Fault} bad-image
 */
export function readQuantization(segment: Uint8Array, levels: number): Uint8Array<ArrayBuffer> {
  const style = (segment[0] ?? 0xff) & 0x1f
  if (segment.length < 2 || style > 2) throw badImage('its QCD has an unknown style')
  const wanted = 1 + stepBytes(style, levels)
  if (segment.length < wanted) {
    throw badImage(`its QCD is ${segment.length + 2} bytes long for ${levels} decompositions`)
  }
  return segment.slice(0, wanted)
}

/** Bytes of the steps: an exponent each, one step for all, or a step each (Table A.28). */
export const stepBytes = (style: number, levels: number): number =>
  style === 1 ? 2 : (3 * levels + 1) * (style === 0 ? 1 : 2)
