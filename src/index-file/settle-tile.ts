import { AT, NUMBERS } from './quick-row.ts'
import { number, readAt, type Tile } from './read-tile.ts'
import { APART, passKey, passKeyOf, supersededOf } from './superseded.ts'

/**
 * Marks what is superseded. Only granules that have another near them in their pass are looked at, and those of
 * the quick way by their numbers: the baseline decides, then the generation.
 */
export function settle(tile: Tile, order: readonly number[]): void {
  const keys = new Float64Array(order.length)
  for (const [i, row] of order.entries()) keys[i] = keyAt(tile, row)
  const sorted = keys.slice().sort()
  const near = new Set<number>()
  for (let i = 1; i < sorted.length; i++) {
    const [a = Number.NaN, b = Number.NaN] = [sorted[i - 1], sorted[i]]
    if (b - a < APART) near.add(a).add(b)
  }
  if (near.size === 0) return
  const rivals: Rival[] = []
  for (const [i, row] of order.entries()) {
    const key = keys[i] ?? Number.NaN
    if (near.has(key)) rivals.push({ row, key })
  }
  rivals.sort((a, b) => a.key - b.key)
  for (let i = 0; i < rivals.length; ) {
    let end = i + 1
    while (end < rivals.length && (rivals[end]?.key ?? 0) - (rivals[end - 1]?.key ?? 0) < APART) end++
    settleNear(tile, rivals.slice(i, end))
    i = end
  }
}

type Rival = { readonly row: number; readonly key: number }

/** Of granules of one pass that are near one another. */
function settleNear(tile: Tile, rivals: readonly Rival[]): void {
  const outdated = rivals.some(({ row }) => tile.plain.has(row)) ? undefined : outdatedByNumbers(tile, rivals)
  for (const row of outdated ?? outdatedByNames(tile, rivals)) tile.numbers[row * NUMBERS + AT.superseded] = 1
}

/** As outdatedByNames, where all say when their datatake began; undefined where it takes their names to tell. */
function outdatedByNumbers(tile: Tile, rivals: readonly Rival[]): number[] | undefined {
  const outdated: number[] = []
  let isTie = false
  for (const { row, key } of rivals) {
    const isBeaten = rivals.some((other) => {
      if (other.row === row || other.key !== key) return false
      const better =
        number(tile, other.row, 'baseline') - number(tile, row, 'baseline') ||
        number(tile, other.row, 'generation') - number(tile, row, 'generation')
      isTie ||= better === 0
      return better > 0
    })
    if (isBeaten) outdated.push(row)
  }
  return isTie ? undefined : outdated
}

function outdatedByNames(tile: Tile, rivals: readonly Rival[]): number[] {
  const read = rivals.map(({ row }) => ({ row, read: readAt(tile, row) }))
  const outdated = supersededOf(read.map(({ read }) => read))
  return read.flatMap(({ row, read }) => (outdated.has(read.granule) ? [row] : []))
}

/** Rows of the two levels are never near one another. */
const LEVELS_APART = 1e15

/** The same for the granules of one datatake, pass and level; NaN where the names do not tell. */
export function keyAt(tile: Tile, row: number): number {
  const plain = tile.plain.get(row)
  const start = Math.floor(number(tile, row, 'sensing') / 1e6) - number(tile, row, 'start')
  const key = plain ? passKeyOf(plain.read) : passKey(number(tile, row, 'pass'), start)
  return key + (number(tile, row, 'cell') % 2) * LEVELS_APART
}
