import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cut } from '../../src/jpeg2000/codestream.ts'
import { readMainHeader } from '../../src/jpeg2000/main-header.ts'
import { wholeOf } from '../../src/jpeg2000/whole.ts'

const BUCKET = join(import.meta.dirname, '../../sample/bucket')

/** Paths of the sample's images whose names match. */
export const sampleImages = (name: RegExp): string[] =>
  readdirSync(BUCKET, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.jp2') && name.test(path))
    .map((path) => join(BUCKET, path))
    .sort()

/**
 * A file's codestream, and what must come out of it by its own header.
 * @throws {Fault} bad-image
 */
export function wholeCut(file: Uint8Array): Cut {
  const header = readMainHeader(file, file.length)
  if ('need' in header) throw new Error(`The whole file is there, and ${header.need} bytes are asked for.`)
  return wholeOf(header, file)
}

export const readCut = (path: string): Cut => wholeCut(readFileSync(path))

/**
 * A valid codestream of one tile and empty packets (ISO/IEC 15444-1 B.10.3), so that every pixel is half of
 * the full scale: a hundred bytes, however large the image.
 */
export function flatCut(side: number, components: number, bits: number): Cut {
  const levels = 4
  const segment = (marker: number, body: readonly number[]) => [
    0xff,
    marker,
    ...u16(body.length + 2),
    ...body,
  ]
  const corners = [side, side, 0, 0, side, side, 0, 0].flatMap(u32)
  const siz = [
    ...u16(0),
    ...corners,
    ...u16(components),
    ...Array(components)
      .fill([bits - 1, 1, 1])
      .flat(),
  ]
  const cod = [0, 0, ...u16(1), 0, levels, 4, 4, 0, 1]
  const qcd = [0x40, ...Array<number>(3 * levels + 1).fill((bits + 1) << 3)]
  const packets = Array<number>((levels + 1) * components).fill(0)
  const sot = [...u16(0), ...u32(14 + packets.length), 0, 1]
  const codestream = new Uint8Array([
    ...[0xff, 0x4f],
    ...segment(0x51, siz),
    ...segment(0x52, cod),
    ...segment(0x5c, qcd),
    ...segment(0x90, sot),
    ...[0xff, 0x93, ...packets],
    ...[0xff, 0xd9],
  ])
  const rest = { components, bits, zero: 0, reduce: 0, reversible: true, lastColumn: 1, lastRow: 1 }
  return { codestream, width: side, height: side, ...rest }
}

/** Offsets of the tile-parts: FF90 and its length stand nowhere else. */
export function tilePartsOf(file: Uint8Array): number[] {
  const buffer = Buffer.from(file)
  const found: number[] = []
  const sot = Buffer.from([0xff, 0x90, 0, 10])
  for (let at = buffer.indexOf(sot); at !== -1; at = buffer.indexOf(sot, at + 1)) found.push(at)
  return found
}

const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]
