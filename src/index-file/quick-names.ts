import { LEVELS } from '../sentinel2/bands.ts'
import { SATELLITES } from '../sentinel2/names.ts'
import {
  stampAt,
  three,
  two,
  writeFour,
  writeSix,
  writeStampAt,
  writeThree,
  writeTwo,
} from './quick-digits.ts'
import type { ShortNames } from './short-names.ts'

/*
 * The names of a granule of the compact form, read from where their digits stand in a row, put together again from
 * the numbers and compared with the row byte by byte: whatever differs is no row for the quick way.
 */

const NAMES =
  'L1C_T00AAA_A000000_00000000T000000,S2A_MSIL1C_00000000T000000_N0000_R000_T00AAA_00000000T000000,' +
  'GS2A_00000000T000000_000000_N00.00,00AAA,'
/** Where in the row the fields begin that follow the names. */
export const AFTER_NAMES = NAMES.length
const PRODUCT = 35
const PRODUCT_LENGTH = 60
/** Bytes of the names of granule and product, which come first. */
export const NAMES_LENGTH = PRODUCT + PRODUCT_LENGTH
const DATATAKE = NAMES_LENGTH + 1
const LEVEL_LENGTH = 3
const TILE_LENGTH = 5
const TILES = [5, PRODUCT + 39, AFTER_NAMES - 6]
const LEVELS_AT = [0, PRODUCT + 7]
const ABSOLUTE_ORBITS = [12, DATATAKE + 21]
const STARTS = [PRODUCT + 11, DATATAKE + 5]
const STAMP = 19
const BASELINE = PRODUCT + 28
const PASS = PRODUCT + 34
const MADE = PRODUCT + 45

/** The names as they read, times in seconds since 1970. */
export type QuickNames = {
  level: number
  start: number
  stamp: number
  made: number
} & Pick<ShortNames, 'orbit' | 'pass' | 'baseline'>

const again = Buffer.from(NAMES)

/** Reads them into `names`. @returns whether the row is one of the usual form */
export function readQuickNames(bytes: Uint8Array, at: number, names: QuickNames): boolean {
  names.level = bytes[at + 1] === 50 ? 1 : 0
  names.start = stampAt(bytes, at + PRODUCT + 11)
  names.stamp = stampAt(bytes, at + STAMP)
  names.made = stampAt(bytes, at + MADE)
  names.orbit = three(bytes, at + 12) * 1000 + three(bytes, at + 15)
  names.baseline = two(bytes, at + BASELINE) * 100 + two(bytes, at + BASELINE + 2)
  const satellite = (bytes[at + PRODUCT + 2] ?? 0) - 65
  names.pass = satellite * 1000 + three(bytes, at + PASS)
  const sum = names.start + names.stamp + names.made + names.orbit + names.baseline + names.pass
  if (Number.isNaN(sum) || satellite < 0 || satellite >= SATELLITES.length) return false
  putTogether(names, bytes, at)
  return isSame(again, 0, bytes, at, AFTER_NAMES)
}

/** The tile is taken over from the row's own column, all else from the numbers. */
function putTogether(names: QuickNames, bytes: Uint8Array, at: number): void {
  const own = at + AFTER_NAMES - 6
  for (const tile of TILES) copy(bytes, own, again, tile, TILE_LENGTH)
  const level = LEVEL_BYTES[names.level] ?? again
  for (const place of LEVELS_AT) copy(level, 0, again, place, LEVEL_LENGTH)
  for (const place of ABSOLUTE_ORBITS) writeSix(again, place, names.orbit)
  for (const place of STARTS) writeStampAt(again, place, names.start)
  writeStampAt(again, STAMP, names.stamp)
  writeStampAt(again, MADE, names.made)
  const satellite = Math.floor(names.pass / 1000)
  again[PRODUCT + 2] = 65 + satellite
  again[DATATAKE + 3] = 65 + satellite
  writeThree(again, PASS, names.pass - satellite * 1000)
  writeFour(again, BASELINE, names.baseline)
  writeTwo(again, DATATAKE + 29, Math.floor(names.baseline / 100))
  writeTwo(again, DATATAKE + 32, names.baseline % 100)
}

const LEVEL_BYTES = LEVELS.map((level) => Buffer.from(level))
const ROOTS = [Buffer.from('tiles/'), Buffer.from('L2/tiles/')]
const BUCKET = Buffer.from('gs://gcp-public-data-sentinel-2/')
const ENDING = Buffer.from('.SAFE')

/**
 * Whether a field names the place that follows from the names, which lie where the row begins.
 * @param level of the names, 0 or 1
 */
export function isQuickPlace(
  bytes: Uint8Array,
  row: number,
  start: number,
  end: number,
  level: number,
): boolean {
  const root = ROOTS[level] ?? BUCKET
  const tile = start + BUCKET.length + root.length
  const product = tile + 8
  return (
    end === product + PRODUCT_LENGTH + ENDING.length &&
    isSame(BUCKET, 0, bytes, start, BUCKET.length) &&
    isSame(root, 0, bytes, start + BUCKET.length, root.length) &&
    isSame(bytes, row + 5, bytes, tile, 2) &&
    bytes[tile + 2] === SLASH &&
    bytes[tile + 3] === bytes[row + 7] &&
    bytes[tile + 4] === SLASH &&
    isSame(bytes, row + 8, bytes, tile + 5, 2) &&
    bytes[tile + 7] === SLASH &&
    isSame(bytes, row + PRODUCT, bytes, product, PRODUCT_LENGTH) &&
    isSame(ENDING, 0, bytes, product + PRODUCT_LENGTH, ENDING.length)
  )
}

const SLASH = 47

function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] ?? 0
}

export function isSame(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false
  return true
}
