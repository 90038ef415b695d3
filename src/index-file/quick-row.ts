import type { Level } from '../sentinel2/bands.ts'
import { decimalAt, timeAt } from './quick-digits.ts'
import { AFTER_NAMES, isQuickPlace, isSame, type QuickNames, readQuickNames } from './quick-names.ts'
import { cellOf } from './row.ts'

/*
 * A row of the usual form straight from its bytes to the numbers of the index: nine of ten rows of the archive.
 * What granuleOfRow and toIndexRow make of a row is the truth; this makes the same of it or leaves it to them.
 */

/** Numbers of a row in the order of the table's columns, without quality, batch and verbatim; NaN is NULL. */
export const AT = {
  cell: 0,
  sensing: 1,
  generation: 2,
  seq: 3,
  start: 4,
  stamp: 5,
  made: 6,
  orbit: 7,
  pass: 8,
  baseline: 9,
  cloud: 10,
  size: 11,
  west: 12,
  south: 13,
  east: 14,
  north: 15,
  superseded: 16,
} as const
export const NUMBERS = 17

/** What a row tells that the index does not keep of it alone. */
export type Aside = {
  /** When it came into BigQuery's table, microseconds since 1970; 0 where it does not tell. */
  etl: number
  /** Whether its place stands in source_url. */
  isMoved: boolean
}

const COMMA = 44
const MICRO = 1e6
const TIME_LENGTH = 27
const PASSED = Buffer.from('PASSED')
const INDEX_FILE = Buffer.from('index.csv.gz')

export type Cells = Readonly<Record<Level, number>>
export const cellsOf = (mgrsTile: string): Cells => ({
  L1C: cellOf('L1C', mgrsTile),
  L2A: cellOf('L2A', mgrsTile),
})

const names: QuickNames = { level: 0, start: 0, stamp: 0, made: 0, orbit: 0, pass: 0, baseline: 0 }

/** Where the field ends that begins at a place. */
function fieldEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== COMMA) at++
  return at
}

/** A number between bounds, NaN for an empty field; undefined where it is not of the usual form. */
function numberAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  min: number,
  max: number,
): number | undefined {
  if (start === end) return Number.NaN
  const value = decimalAt(bytes, start, end)
  return value >= min && value <= max ? value : undefined
}

/**
 * Reads a row into `into` from `at` on.
 * @param cells of its tile at either level
 * @returns whether it is one of the usual form; if not, what was written is to be written over
 */
export function readQuickRow(
  bytes: Uint8Array,
  start: number,
  end: number,
  cells: Cells,
  into: Float64Array,
  at: number,
  aside: Aside,
): boolean {
  if (end - start < AFTER_NAMES + TIME_LENGTH || !readQuickNames(bytes, start, names)) return false
  let from = start + AFTER_NAMES
  const sensing = timeAt(bytes, from)
  if (Number.isNaN(sensing) || bytes[from + TIME_LENGTH] !== COMMA) return false

  from += TIME_LENGTH + 1
  let to = fieldEnd(bytes, from, end)
  const size = numberAt(bytes, from, to, 0, Number.MAX_SAFE_INTEGER)
  from = to + 1
  to = fieldEnd(bytes, from, end)
  const cloud = numberAt(bytes, from, to, 0, 100)
  from = to + 1
  if (size === undefined || cloud === undefined || size % 1 > 0) return false
  if (!isSame(PASSED, 0, bytes, from, PASSED.length) || bytes[from + PASSED.length] !== COMMA) return false

  from += PASSED.length + 1
  const generation = timeAt(bytes, from)
  if (Number.isNaN(generation) || bytes[from + TIME_LENGTH] !== COMMA) return false
  from += TIME_LENGTH + 1
  to = fieldEnd(bytes, from, end)
  const north = decimalAt(bytes, from, to)
  from = to + 1
  to = fieldEnd(bytes, from, end)
  const south = decimalAt(bytes, from, to)
  from = to + 1
  to = fieldEnd(bytes, from, end)
  const west = decimalAt(bytes, from, to)
  from = to + 1
  to = fieldEnd(bytes, from, end)
  const east = decimalAt(bytes, from, to)
  const isBox = west >= -180 && west <= east && east <= 360 && east - west <= 180
  if (!isBox || !(south >= -90 && south <= 90 && north >= -90 && north <= 90)) return false
  if (!readPlace(bytes, start, to + 1, end, aside)) return false

  const seconds = Math.floor(sensing / MICRO)
  into[at + AT.cell] = names.level === 1 ? cells.L2A : cells.L1C
  into[at + AT.sensing] = sensing
  into[at + AT.generation] = generation / MICRO
  into[at + AT.start] = seconds - names.start
  into[at + AT.stamp] = names.stamp - names.start
  into[at + AT.made] = Math.floor(generation / MICRO) - names.made
  into[at + AT.orbit] = names.orbit
  into[at + AT.pass] = names.pass
  into[at + AT.baseline] = names.baseline
  into[at + AT.cloud] = cloud
  into[at + AT.size] = size
  into[at + AT.west] = Math.floor(west * MICRO)
  into[at + AT.south] = Math.floor(south * MICRO)
  into[at + AT.east] = Math.ceil(east * MICRO)
  into[at + AT.north] = Math.ceil(north * MICRO)
  return true
}

/** base_url, source_url and etl_timestamp, of which the last two need not be there; as placeOf takes them. */
function readPlace(bytes: Uint8Array, row: number, start: number, end: number, aside: Aside): boolean {
  const baseEnd = fieldEnd(bytes, start, end)
  const sourceEnd = baseEnd < end ? fieldEnd(bytes, baseEnd + 1, end) : baseEnd
  const sourceStart = Math.min(baseEnd + 1, sourceEnd)
  aside.isMoved = sourceEnd > sourceStart && !endsAsIndexFile(bytes, sourceStart, sourceEnd)
  aside.etl = 0
  if (sourceEnd + 1 < end) {
    if (end - sourceEnd - 1 !== TIME_LENGTH) return false
    aside.etl = timeAt(bytes, sourceEnd + 1)
    if (Number.isNaN(aside.etl)) return false
  }
  return aside.isMoved
    ? isQuickPlace(bytes, row, sourceStart, sourceEnd, names.level)
    : isQuickPlace(bytes, row, start, baseEnd, names.level)
}

function endsAsIndexFile(bytes: Uint8Array, start: number, end: number): boolean {
  const at = end - INDEX_FILE.length
  return at >= start && isSame(INDEX_FILE, 0, bytes, at, INDEX_FILE.length)
}
