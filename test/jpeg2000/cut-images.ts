import type { Cut, MainHeader, TilePart } from '../../src/jpeg2000/codestream.ts'
import { cutOut, type TileBytes, type TileRows } from '../../src/jpeg2000/cut.ts'
import { readMainHeader } from '../../src/jpeg2000/main-header.ts'
import { readTilePart } from '../../src/jpeg2000/tile-part.ts'

/** A tile-part as it was read, and its bytes. */
export type ReadPart = { readonly part: TilePart; readonly at: number; readonly bytes: Uint8Array }
export type ReadImage = { readonly header: MainHeader; readonly parts: readonly ReadPart[] }

/** A file's header from all of its bytes. */
export function headerOf(file: Uint8Array): MainHeader {
  const header = readMainHeader(file, file.length)
  if ('need' in header) throw new Error(`A whole file needs ${header.need} bytes.`)
  return header
}

/** All tile-parts of a file that can be cut. */
export function readImage(file: Uint8Array): ReadImage {
  const header = headerOf(file)
  const parts: ReadPart[] = []
  let at = header.firstTilePart
  while (parts.length < header.tilesAcross * header.tilesDown) {
    const part = partOf(file.subarray(at), at, header)
    parts.push({ part, at, bytes: file.subarray(at, at + part.length) })
    at += part.length
  }
  return { header, parts }
}

/** What a window that holds a whole tile-part tells. */
export function partOf(window: Uint8Array, at: number, header: MainHeader): TilePart {
  const part = readTilePart(window, at, header)
  if ('tile' in part) return part
  throw new Error(`The tile-part at byte ${at}: ${JSON.stringify(part)}`)
}

/** What is left of an image at a reduce, of some of its rows of tiles or of all. */
export function cutImage({ header, parts }: ReadImage, reduce: number, rows?: TileRows): Cut {
  const { from, until } = rows ?? { from: 0, until: header.tilesDown }
  const [first, last] = [from * header.tilesAcross, until * header.tilesAcross]
  const wanted = parts.flatMap(({ part, bytes }): TileBytes[] => {
    const end = part.ends[header.coding.levels - reduce]
    if (part.tile < first || part.tile >= last || end === undefined) return []
    return [{ tile: part.tile, headerLength: part.headerLength, bytes: bytes.subarray(0, end) }]
  })
  return cutOut(header, reduce, { from, until }, wanted)
}

/** The same tile-part without its PLT and other segments. */
export function withoutSegments({ part, bytes }: ReadPart): Uint8Array {
  const start = Uint8Array.from(bytes.subarray(0, 12))
  new DataView(start.buffer).setUint32(6, part.length - part.headerLength + 14)
  return Buffer.concat([start, Uint8Array.of(0xff, 0x93), bytes.subarray(part.headerLength)])
}
