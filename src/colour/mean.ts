import type { Cut } from '../jpeg2000/codestream.ts'
import type { Pixels } from './port.ts'

/** Decoded rows of an image, from edge to edge, 0 is nodata; and how they were made. */
export type Strip = Pixels & Pick<Cut, 'reduce' | 'reversible' | 'lastColumn' | 'lastRow'>

/** What is known of an image's means after some strips: plain data that may cross threads. */
export type MeanSoFar = {
  /** Sums of the values by component, and the pixels they count for. */
  readonly sums: readonly number[]
  readonly weights: readonly number[]
  /** Pixels seen: as far as the image covers them, and by number. */
  readonly area: number
  readonly sampled: number
  /** Pixels with data that no whole pixel lies beside: what share of them holds data cannot be told. */
  readonly untold: number
  /** Rows of a halved image on whose pixels the next rows have a say. */
  readonly open: OpenRows | undefined
}

type OpenRows = Omit<Strip, 'values' | 'components' | 'height'> & {
  readonly values: Uint16Array<ArrayBuffer>
  /** Rows at the beginning that are added already and stand there as neighbours. */
  readonly added: number
}

/** Of one component. */
export type ComponentMean = {
  /** Of the pixels that hold data, DN; undefined where none does. */
  readonly mean: number | undefined
  /** Share of the image that holds data, 0 to 1. */
  readonly valid: number
  /** Pixels, with and without data. */
  readonly sampled: number
  /** Whether data is there that is too narrow to be told apart from its edge at this reduce. */
  readonly isNarrow: boolean
}

/**
 * What the rounding of the reversible 5/3 wavelet adds to textured data in each halving, DN: the floors of its
 * two steps (ISO/IEC 15444-1 F.4.8.1) give 1/4 in the mean, once across and once down. Flat data has none.
 */
const ROUNDING = 0.5
/** Rows on either side that decide about a pixel: its neighbours, and theirs. */
const REACH = 2

/**
 * Adds the next strip of an image, top to bottom.
 *
 * At full size a pixel counts where any of its components is not 0. Halving blends data with nodata along
 * their edge. There a pixel counts for the share of it that holds data, which is its value over the mean of
 * the whole pixels around it, because the wavelet's low-pass keeps sums. Leaving such pixels out would move
 * the mean to the middle of the swath, taking them as whole would darken it.
 */
export function addStrip(before: MeanSoFar | undefined, strip: Strip): MeanSoFar {
  const start = before ?? nothingYet(strip.components)
  return strip.reduce === 0 || strip.components > 1 ? addFull(start, strip) : addHalved(start, strip)
}

/** The means once the last strip has been added. */
export function meansOf(soFar: MeanSoFar): ComponentMean[] {
  const { sums, weights, area, sampled, untold } = soFar.open
    ? addRows(soFar, soFar.open, soFar.open.values.length / soFar.open.width)
    : soFar
  return sums.map((sum, component) => {
    const weight = weights[component] ?? 0
    const mean = weight > 0 ? sum / weight : undefined
    return { mean, valid: Math.min(weight / area, 1), sampled, isNarrow: weight === 0 && untold > 0 }
  })
}

const nothingYet = (components: number): MeanSoFar => ({
  sums: new Array<number>(components).fill(0),
  weights: new Array<number>(components).fill(0),
  area: 0,
  sampled: 0,
  untold: 0,
  open: undefined,
})

function addFull(before: MeanSoFar, { values, width, height, components }: Strip): MeanSoFar {
  const sums = [...before.sums]
  const pixels = width * height
  let valid = 0
  for (let pixel = 0; pixel < pixels * components; pixel += components) {
    let any = 0
    for (let c = 0; c < components; c++) any |= values[pixel + c] ?? 0
    if (any === 0) continue
    valid++
    for (let c = 0; c < components; c++) sums[c] = (sums[c] ?? 0) + (values[pixel + c] ?? 0)
  }
  const weights = before.weights.map((weight) => weight + valid)
  return { ...before, sums, weights, area: before.area + pixels, sampled: before.sampled + pixels }
}

/** Adds all rows but the last, which wait for their neighbours. */
function addHalved(before: MeanSoFar, { values, ...strip }: Strip): MeanSoFar {
  const old = before.open?.values ?? new Uint16Array()
  const rows = new Uint16Array(old.length + values.length)
  rows.set(old)
  rows.set(values, old.length)
  const open = { ...strip, values: rows, added: before.open?.added ?? 0 }
  return addRows(before, open, rows.length / strip.width - REACH)
}

/** Adds the open rows before `until`. */
function addRows(before: MeanSoFar, open: OpenRows, until: number): MeanSoFar {
  const { values, width } = open
  const height = values.length / width
  const mixed = mixedRows(values, width)
  const whole = new Uint8Array(mixed.includes(1) ? values.length : 0)
  const marked = new Uint8Array(height)
  const rounding = open.reversible ? ROUNDING * open.reduce : 0
  let {
    sums: [sum = 0],
    weights: [weight = 0],
    area,
    sampled,
    untold,
  } = before
  let added = open.added
  for (; added < until; added++) {
    const share = shareOf(sampled === 0, added === height - 1, open.lastRow)
    const near = mixed.subarray(Math.max(added - REACH, 0), added + REACH + 1)
    const isMixed = near.includes(1)
    if (isMixed) markWhole(whole, marked, values, width, added)
    const row = isMixed ? sumMixedRow(open, added, whole) : sumFullRow(open, added)
    sum += share * (row.sum - rounding * row.weight)
    weight += share * row.weight
    area += share * widthOf(open)
    sampled += width
    untold += row.untold
  }
  const kept = Math.max(added - REACH, 0)
  const rest = { ...open, values: values.slice(kept * width), added: added - kept }
  return { sums: [sum], weights: [weight], area, sampled, untold, open: rest }
}

/**
 * What the first and the last of a row or column of samples count for. A halved sample lies at the beginning
 * of the pixels it stands for (ISO/IEC 15444-1 F.4.8: the even ones are kept), so the first one speaks for half
 * of them, and the last one for half and for what the image covers of its own.
 */
function shareOf(isFirst: boolean, isLast: boolean, covered: number): number {
  if (isFirst && isLast) return covered
  if (isLast) return 0.5 + covered
  return isFirst ? 0.5 : 1
}

const widthOf = ({ width, lastColumn }: OpenRows): number => width - 1 + lastColumn

/** 1 for each row with nodata in it. */
function mixedRows(values: Uint16Array, width: number): Uint8Array {
  const mixed = new Uint8Array(values.length / width)
  for (let y = 0; y < mixed.length; y++) {
    mixed[y] = values.subarray(y * width, (y + 1) * width).includes(0) ? 1 : 0
  }
  return mixed
}

type RowSum = { readonly sum: number; readonly weight: number; readonly untold: number }

function sumFullRow(open: OpenRows, y: number): RowSum {
  const { values, width, lastColumn } = open
  const [start, last] = [y * width, (y + 1) * width - 1]
  let sum = 0
  for (let at = start; at <= last; at++) sum += values[at] ?? 0
  sum -= (values[start] ?? 0) * (1 - shareOf(true, width === 1, lastColumn))
  if (width > 1) sum -= (values[last] ?? 0) * (1 - shareOf(false, true, lastColumn))
  return { sum, weight: widthOf(open), untold: 0 }
}

function sumMixedRow({ values, width, lastColumn }: OpenRows, y: number, whole: Uint8Array): RowSum {
  let [sum, weight, untold] = [0, 0, 0]
  const start = y * width
  for (let x = 0; x < width; x++) {
    const value = values[start + x] ?? 0
    if (value === 0) continue
    const covered = shareOf(x === 0, x === width - 1, lastColumn)
    const mean = whole[start + x] === 1 ? value : meanAround(values, width, x, y, whole)
    if (mean === undefined) {
      untold++
      continue
    }
    sum += covered * value
    weight += (covered * value) / mean
  }
  return { sum, weight, untold }
}

/** 1 for each pixel that holds data and has no nodata beside it, of the rows from `y - 1` to `y + 1`. */
function markWhole(
  whole: Uint8Array,
  marked: Uint8Array,
  values: Uint16Array,
  width: number,
  y: number,
): void {
  const height = marked.length
  const holes = new Uint8Array(width + 2)
  for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++) {
    if (marked[row] === 1) continue
    marked[row] = 1
    holes.fill(0)
    for (let near = Math.max(row - 1, 0); near <= Math.min(row + 1, height - 1); near++) {
      for (let x = 0; x < width; x++) if (values[near * width + x] === 0) holes[x + 1] = 1
    }
    for (let x = 0; x < width; x++) {
      whole[row * width + x] = holes[x] === 0 && holes[x + 1] === 0 && holes[x + 2] === 0 ? 1 : 0
    }
  }
}

/** Mean of the whole pixels among the eight around; undefined where there are none. */
function meanAround(
  values: Uint16Array,
  width: number,
  x: number,
  y: number,
  whole: Uint8Array,
): number | undefined {
  let [sum, count] = [0, 0]
  for (let ny = Math.max(y - 1, 0); ny <= y + 1; ny++) {
    for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, width - 1); nx++) {
      if (whole[ny * width + nx] !== 1) continue
      sum += values[ny * width + nx] ?? 0
      count++
    }
  }
  return count > 0 ? sum / count : undefined
}
