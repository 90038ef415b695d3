import type { Granule } from '../sentinel2/granule.ts'
import { NAMES_LENGTH } from './quick-names.ts'
import { AT, NUMBERS } from './quick-row.ts'
import { number, readAt, type Tile } from './read-tile.ts'
import { note, type RowTally } from './row-tally.ts'
import { compareSaid } from './said-twice.ts'
import { keyAt } from './settle-tile.ts'

/**
 * Its rows in the order of the table, one of each granule: of several that name one in one place the first. Few
 * have times or a datatake in common and need to be looked at.
 */
export function orderOf(tile: Tile, tally: RowTally): number[] {
  const compareTimes = (a: number, b: number) =>
    number(tile, a, 'cell') - number(tile, b, 'cell') ||
    number(tile, a, 'sensing') - number(tile, b, 'sensing') ||
    number(tile, a, 'generation') - number(tile, b, 'generation')
  const sorted = Array.from({ length: tile.starts.length }, (_, row) => row).sort(compareTimes)
  const later = laterOnes(tile, sorted, compareTimes)
  for (const row of later) note(tally.oddities['said twice'], () => readAt(tile, row).granule.granuleId)
  const rows = later.size === 0 ? sorted : sorted.filter((row) => !later.has(row))
  const order: number[] = []
  for (let i = 0; i < rows.length; ) {
    let end = i + 1
    while (end < rows.length && compareTimes(rows[i] ?? 0, rows[end] ?? 0) === 0) end++
    if (end - i === 1) order.push(rows[i] ?? 0)
    else order.push(...oneOfEach(tile, rows.slice(i, end), tally))
    i = end
  }
  return order
}

/** Rows of a granule that an earlier one has named with other times; those of equal times are left to oneOfEach. */
function laterOnes(
  tile: Tile,
  sorted: readonly number[],
  compareTimes: (a: number, b: number) => number,
): ReadonlySet<number> {
  const keys = new Float64Array(sorted.length)
  for (const [i, row] of sorted.entries()) keys[i] = keyAt(tile, row)
  const shared = sharedOf(keys)
  const ofDatatake = Map.groupBy(
    sorted.flatMap((row, i) => (shared.has(keys[i] ?? 0) ? [{ row, key: keys[i] }] : [])),
    ({ key }) => key,
  )
  const later = new Set<number>()
  for (const rows of [...ofDatatake.values(), withoutKey(tile, sorted)]) {
    const nameOf = rows.some(({ row }) => tile.plain.has(row)) ? readName : quickName
    const first = new Map<string, number>()
    for (const { row } of rows) {
      const name = nameOf(tile, row)
      const earlier = first.get(name)
      if (earlier === undefined) first.set(name, row)
      else if (compareTimes(earlier, row) !== 0) later.add(row)
    }
  }
  return later
}

/**
 * Rows whose key may be another than that of the same granule in another row: of the long form one may tell its
 * datatake and another not, and names kept verbatim may tell anything.
 */
function withoutKey(tile: Tile, sorted: readonly number[]): { row: number }[] {
  if (tile.plain.size === 0) return []
  const verbatim = new Set(
    [...tile.plain.values()].flatMap(({ read }) => (read.short ? [] : [read.granule.granuleId])),
  )
  const isSuspect = (row: number) =>
    tile.plain.has(row) || (verbatim.size > 0 && verbatim.has(quickName(tile, row).split(',', 1)[0] ?? ''))
  return sorted.flatMap((row) => (isSuspect(row) ? [{ row }] : []))
}

/** Keys that several have; few do, so that all are sorted before any is set apart. */
function sharedOf(keys: Float64Array): ReadonlySet<number> {
  const sorted = keys.slice().sort()
  const shared = new Set<number>()
  for (let i = 1; i < sorted.length; i++) {
    const [a = 0, b = 0] = [sorted[i - 1], sorted[i]]
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) shared.add(b)
  }
  return shared
}

function readName(tile: Tile, row: number): string {
  const { place, granuleId } = readAt(tile, row).granule
  return `${place}/${granuleId}`
}

/** The names of granule and product with which a row of the quick way begins; its place follows from them. */
function quickName({ bytes, starts }: Tile, row: number): string {
  const start = starts[row] ?? 0
  return bytes.toString('latin1', start, start + NAMES_LENGTH)
}

/** Rows of one time, in order. */
function oneOfEach(tile: Tile, rows: readonly number[], tally: RowTally): number[] {
  const read = rows.map((row) => ({ row, granule: readAt(tile, row).granule }))
  read.sort((a, b) => compareSaid(a.granule, b.granule))
  const kept = read.filter(({ granule }, i) => !isSameProduct(granule, read[i - 1]?.granule))
  for (const { granule } of read) {
    if (!kept.some((one) => one.granule === granule))
      note(tally.oddities['said twice'], () => granule.granuleId)
  }
  for (const [seq, { row }] of kept.entries()) tile.numbers[row * NUMBERS + AT.seq] = seq
  return kept.map(({ row }) => row)
}

const isSameProduct = (a: Granule, b: Granule | undefined): boolean =>
  a.granuleId === b?.granuleId && a.place === b.place
