import {
  compareGranules,
  folderName,
  folderProduct,
  type Granule,
  LONG_FORM_END,
} from '../sentinel2/granule.ts'
import { parseDatatake } from '../sentinel2/names.ts'
import type { ReadRow } from './csv-granule.ts'
import { baselineOf, COLUMN, type IndexRow, readIndexRow, toIndexRow } from './row.ts'
import { type ShortNames, shortBaseline, shortNames } from './short-names.ts'
import { supersededOf } from './superseded.ts'

/** What the rows of an update do to the rows of a cell. */
export type CellChange = {
  /** Rows of the cell that are no longer as they were; their keys are free then. */
  readonly out: readonly IndexRow[]
  /** Rows to write once those are out. */
  readonly in: readonly IndexRow[]
  readonly added: number
  readonly changed: number
  readonly unchanged: number
}

/** Which of a cell's rows are known: all, or all of these datatake starts (seconds) and sensing times. */
export type CellScope =
  | 'whole'
  | { readonly starts: ReadonlySet<number>; readonly sensings: ReadonlySet<number> }

/**
 * Brings the rows of an update into those of a cell: what is there is known by place and granule name. The
 * outcome is what a build of both would give, ordered by seq and flagged as superseded anew.
 * @param rows as the index has them, as far as the scope reaches
 * @param news one of each granule
 * @returns undefined where the scope is too narrow to tell
 */
export function changeOfCell(
  rows: readonly IndexRow[],
  news: readonly ReadRow[],
  { scope, batch }: { readonly scope: CellScope; readonly batch: number },
): CellChange | undefined {
  const tally = { added: 0, changed: 0, unchanged: 0 }
  // Most rows of a newer CSV are known to the letter, and nothing more has to be found out of those.
  const known = new Set(rows.map(lettersOf))
  const told = news.map(added).filter(({ row }) => !known.has(lettersOf(row)))
  tally.unchanged = news.length - told.length
  if (told.length === 0) return { out: [], in: [], ...tally }
  const entries = entriesOf(rows)
  for (const entry of told) {
    const name = nameOf(entry.read.granule)
    const before = entries.get(name)
    const after = before ? merged(before, entry.read) : entry
    tally[!before ? 'added' : after ? 'changed' : 'unchanged']++
    if (!after) continue
    if (scope !== 'whole' && before && hasMoved(before.read.granule, after.read.granule)) return undefined
    entries.set(name, after)
  }
  if (tally.added + tally.changed === 0) return { out: [], in: [], ...tally }
  if (scope !== 'whole' && [...entries.values()].some(({ read }) => isVague(read.granule))) return undefined
  const before = new Map(rows.map((row) => [keyOf(row), row]))
  const after = new Map(placed([...entries.values()], scope, batch).map((row) => [keyOf(row), row]))
  const same = (a: IndexRow, b: IndexRow | undefined) =>
    b !== undefined && a.every((value, i) => value === b[i])
  return {
    out: rows.filter((row) => !same(row, after.get(keyOf(row)))),
    in: [...after.values()].filter((row) => !same(row, before.get(keyOf(row)))),
    ...tally,
  }
}

/** More news than this of one cell, and reading all of it is no more work than looking for rows. */
const FEW = 64

/** Which rows of a cell have to be known for these, of that cell, to be brought in. */
export function scopeOf(news: readonly ReadRow[]): CellScope {
  if (news.length > FEW) return 'whole'
  return {
    starts: new Set(
      news.flatMap(({ granule, short }) => (short ? startOf(granule, short) : startsOf(granule))),
    ),
    sensings: new Set(news.map(({ granule }) => granule.sensingTime)),
  }
}

/** When a granule's datatake began by its names, seconds since 1970; that of the first is what bestProducts takes. */
function startsOf({ datatake, place }: Granule): number[] {
  const told = [parseDatatake(datatake ?? '')?.start, folderProduct(place)?.start]
  return told.flatMap((start) => (start === undefined ? [] : [start / 1e6]))
}

const startOf = ({ sensingTime }: Granule, short: ShortNames): number =>
  Math.floor(sensingTime / 1e6) - short.start

/** A row of the cell to be; `row` holds all but its seq and its flag. */
type Entry = { readonly read: ReadRow; readonly row: IndexRow; readonly isNew: boolean }

const nameOf = ({ place, granuleId }: Granule): string => `${place} ${granuleId}`
const keyOf = ([cell, sensing, generation, seq]: IndexRow): string =>
  `${cell} ${sensing} ${generation} ${seq}`

const NOT_PLACED = { seq: 0, batch: 0, superseded: false }
const OUTSIDE: ReadonlySet<number> = new Set([COLUMN.seq, COLUMN.batch, COLUMN.superseded])

/** All that a row tells of its granule, as one text. */
const lettersOf = (row: IndexRow): string => JSON.stringify(row.filter((_, i) => !OUTSIDE.has(i)))

/** By name; of a name that is there twice, which no build should leave, the later ones are kept as they are. */
function entriesOf(rows: readonly IndexRow[]): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const row of rows) {
    const entry = entryOf(row)
    const name = nameOf(entry.read.granule)
    entries.set(entries.has(name) ? `${name} ${keyOf(row)}` : name, entry)
  }
  return entries
}

function entryOf(row: IndexRow): Entry {
  const [, , , , start, stamp, made, orbit, pass, baseline] = row
  const isShort =
    start !== null && stamp !== null && made !== null && orbit !== null && pass !== null && baseline !== null
  const short = isShort ? { start, stamp, made, orbit, pass, baseline } : undefined
  return { read: { granule: readIndexRow(row), short }, row, isNew: false }
}

const added = (read: ReadRow): Entry => ({
  read,
  row: toIndexRow(read.granule, NOT_PLACED, read.short),
  isNew: true,
})

/** What is known of a granule with what an update tells of it; undefined where that is no news. */
function merged(
  { read: { granule: old }, row: before }: Entry,
  { granule: told }: ReadRow,
): Entry | undefined {
  const product = folderProduct(told.place)
  const named = {
    ...told,
    // Who knows no more than the folder's name gives what that says, which is no news of what is known better.
    productId: told.productId === folderName(told.place) ? old.productId : told.productId,
    sensingTime: told.sensingTime === product?.start ? old.sensingTime : told.sensingTime,
    generationTime:
      told.generationTime === product?.generation
        ? (old.generationTime ?? told.generationTime)
        : (told.generationTime ?? old.generationTime),
    datatake: told.datatake ?? old.datatake,
    cloudCover: told.cloudCover ?? old.cloudCover,
    totalSize: told.totalSize ?? old.totalSize,
    quality: told.quality ?? old.quality,
    box: told.box ?? old.box,
  }
  const short = shortNames(named)
  const granule = { ...named, baseline: short ? shortBaseline(short) : baselineOf(named) }
  const row = toIndexRow(granule, NOT_PLACED, short)
  // A box that was rounded outward once must not be rounded again.
  const kept = told.box ? row : withBoxOf(row, before)
  if (kept.every((value, i) => value === before[i] || OUTSIDE.has(i))) return undefined
  return { read: { granule, short }, row: kept, isNew: true }
}

/** Whether its place among the others is another, or what it is compared with by bestProducts. */
const hasMoved = (a: Granule, b: Granule): boolean =>
  a.sensingTime !== b.sensingTime || a.generationTime !== b.generationTime || a.datatake !== b.datatake

/** Whether bestProducts takes it for one of any datatake within an hour. */
const isVague = ({ datatake, place }: Granule): boolean =>
  parseDatatake(datatake ?? '') === undefined && (folderProduct(place)?.start ?? Infinity) < LONG_FORM_END

/** The rows with their seq and flags, ascending, as the table is laid out. */
function placed(entries: readonly Entry[], scope: CellScope, batch: number): IndexRow[] {
  const sorted = entries.toSorted((a, b) => compareGranules(b.read.granule, a.read.granule))
  const outdated = supersededOf(sorted.map(({ read }) => read))
  let seq = 0
  return sorted.map(({ read: { granule }, row, isNew }, i) => {
    const before = sorted[i - 1]?.read.granule
    const sameTimes =
      before?.sensingTime === granule.sensingTime &&
      (before.generationTime ?? 0) === (granule.generationTime ?? 0)
    seq = sameTimes ? seq + 1 : 0
    const isOrdered = scope === 'whole' || scope.sensings.has(granule.sensingTime)
    const isCompared = scope === 'whole' || scope.starts.has(startsOf(granule)[0] ?? Number.NaN)
    return withPlace(row, {
      seq: isOrdered ? seq : row[COLUMN.seq],
      batch: isNew ? batch : row[COLUMN.batch],
      superseded: isCompared ? Number(outdated.has(granule)) : row[COLUMN.superseded],
    })
  })
}

type Place = { readonly seq: number; readonly batch: number; readonly superseded: number }

function withPlace(row: IndexRow, { seq, batch, superseded }: Place): IndexRow {
  const values: unknown[] = [...row]
  values[COLUMN.seq] = seq
  values[COLUMN.batch] = batch
  values[COLUMN.superseded] = superseded
  return asIndexRow(values)
}

const withBoxOf = (row: IndexRow, other: IndexRow): IndexRow =>
  asIndexRow([
    ...row.slice(0, COLUMN.west),
    ...other.slice(COLUMN.west, COLUMN.north + 1),
    ...row.slice(COLUMN.north + 1),
  ])

/** Columns of rows in the order of the table, put together from such rows. */
const asIndexRow = (columns: readonly unknown[]) => columns as unknown as IndexRow
