import { badImage, type NeedsMore } from './codestream.ts'
import { viewOf } from './markers.ts'

/** More than this ahead of the first tile-part is refused; real files have some 3 KB. */
export const MOST_HEADER_BYTES = 1024 * 1024

/** What is asked for beyond the needed byte, so that the header that follows comes along. */
export const HEADER_SLACK = 4096

/** Offsets in the file, bytes: of SOC, and behind the last byte of its box. */
export type Extent = { readonly start: number; readonly end: number }

/** What ihdr says (I.5.3.1). */
export type ImageHeaderBox = {
  readonly width: number
  readonly height: number
  readonly components: number
  /** Undefined where they differ from component to component. */
  readonly bits: number | undefined
}

/** Where the codestream lies, and of a .jp2 what its own header says ahead of it. */
export type Located = Extent & { readonly imageHeader?: ImageHeaderBox | undefined }

/**
 * Where the codestream of a .jp2 or of a raw codestream lies (Annex I.4: boxes).
 * @param head the file's first bytes
 * @throws {Fault} bad-image
 */
export function locateCodestream(head: Uint8Array, fileSize: number): Located | NeedsMore {
  const bytes = head.subarray(0, fileSize)
  if (fileSize < SIGNATURE.length)
    throw badImage(fileSize === 0 ? 'it is empty' : `it has ${fileSize} bytes only`)
  if (bytes.length < SIGNATURE.length) return { need: Math.min(fileSize, HEADER_SLACK) }
  if (startsWith(bytes, RAW)) return { start: 0, end: fileSize }
  if (!startsWith(bytes, SIGNATURE)) throw badImage(`it is no JPEG 2000: ${beginning(bytes)}`)
  return findCodestreamBox(bytes, fileSize)
}

/** The box `jP  ` with which every .jp2 begins (I.5.1). */
const SIGNATURE = [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a]
/** SOC and SIZ. */
const RAW = [0xff, 0x4f, 0xff, 0x51]
const JP2C = 0x6a703263
const JP2H = 0x6a703268
const IHDR = 0x69686472
const IHDR_BYTES = 22

function findCodestreamBox(bytes: Uint8Array, fileSize: number): Located | NeedsMore {
  const view = viewOf(bytes)
  let at = SIGNATURE.length
  let imageHeader: ImageHeaderBox | undefined
  while (at + 8 <= fileSize) {
    if (at > MOST_HEADER_BYTES) throw headerTooLong()
    const wanted = at + Math.min(16, fileSize - at)
    if (bytes.length < wanted) return { need: Math.min(fileSize, wanted + HEADER_SLACK) }
    const box = readBox(view, at, fileSize)
    if (box.type === JP2C) return { start: at + box.headerLength, end: box.end, imageHeader }
    if (box.type === JP2H && imageHeader === undefined) {
      const needed = Math.min(box.end, at + box.headerLength + IHDR_BYTES)
      if (bytes.length < needed) return { need: Math.min(fileSize, needed + HEADER_SLACK) }
      imageHeader = readImageHeader(view, at + box.headerLength, box.end)
    }
    at = box.end
  }
  throw badImage('it holds no codestream: none of its boxes is a jp2c')
}

/** Length and type; a length of 1 stands for eight more bytes, 0 for the rest of the file (I.4). */
function readBox(view: DataView, at: number, fileSize: number) {
  const short = view.getUint32(at)
  const type = view.getUint32(at + 4)
  const isLong = short === 1 && view.byteLength >= at + 16
  const headerLength = isLong ? 16 : 8
  const length = isLong ? Number(view.getBigUint64(at + 8)) : short === 0 ? fileSize - at : short
  if (length < headerLength) throw badImage(`its box at byte ${at} has a length of ${length}`)
  const end = at + length
  if (end > fileSize) {
    throw badImage(`it is cut short: its box at byte ${at} ends at byte ${end}, the file at byte ${fileSize}`)
  }
  return { type, headerLength, end }
}

/** The first box within jp2h (I.5.3); undefined where something else stands there. */
function readImageHeader(view: DataView, at: number, end: number): ImageHeaderBox | undefined {
  if (at + IHDR_BYTES > end || view.getUint32(at) !== IHDR_BYTES || view.getUint32(at + 4) !== IHDR) {
    return undefined
  }
  const depth = view.getUint8(at + 18)
  return {
    height: view.getUint32(at + 8),
    width: view.getUint32(at + 12),
    components: view.getUint16(at + 16),
    bits: depth === 0xff ? undefined : (depth & 0x7f) + 1,
  }
}

export const headerTooLong = () =>
  badImage(`more than ${MOST_HEADER_BYTES / 1024} KiB stand ahead of its first tile-part`)

const startsWith = (bytes: Uint8Array, beginning: readonly number[]): boolean =>
  beginning.every((byte, i) => bytes[i] === byte)

/** What a file that is something else looks like. */
function beginning(bytes: Uint8Array): string {
  const first = bytes.subarray(0, 64)
  if (first.every((byte) => byte === 0)) return 'it begins with zeros'
  const text = new TextDecoder('latin1').decode(first).replace(/^ï»¿/, '').trimStart()
  if (/^<(!doctype html|html)/i.test(text)) return 'it is an HTML page'
  if (text.startsWith('<?xml') || /^<[a-z]/i.test(text)) return 'it is XML'
  const hex = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
  return `it begins with ${hex.join(' ')}`
}
