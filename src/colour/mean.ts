import type { Cut } from '../jpeg2000/codestream.ts'
import type { Pixels } from './port.ts'

/** Decoded rows of an image, from edge to edge; and how they were made. */
export type Strip = Pixels & Pick<Cut, 'reduce' | 'reversible' | 'zero' | 'lastColumn' | 'lastRow'>

/** What is known of an image's means after some strips: plain data that may cross threads. */
export type MeanSoFar = {
  /** Sums of the values by component, and the pixels they count for. */
  readonly sums: readonly number[]
  readonly weights: readonly number[]
  /** Of a halved image: sides that pixels with traces of data share with such without. */
  readonly faces: number
  /** Pixels seen: as far as the image covers them, and by number. */
  readonly area: number
  readonly sampled: number
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
  /** Whether the data is so narrow that its edges make the mean unsure by more than about a percent. */
  readonly isNarrow: boolean
}

/**
 * What the rounding of the reversible 5/3 wavelet adds to textured data in each halving, DN: the floors of its
 * two steps (ISO/IEC 15444-1 F.4.8.1) give 1/4 in the mean, once across and once down. Flat data has none.
 */
const ROUNDING = 0.5
/**
 * How far traces of data reach past its true edge, in halved pixels, by reduce, where it has 1000 DN; and what
 * a decade of DN adds, since faint traces round to 0. `npm run bench -- colour-edges` measures both.
 */
const TRACES = [0, 1.13, 1.48, 1.53, 1.49] as const
const TRACES_A_DECADE = [0, 0.02, 0.07, 0.15, 0.2] as const
/**
 * Sides along nodata for each pixel of data, from which on it is too narrow: where the reach of traces is off
 * by a third of a pixel, which single edges are, the mean is off by a percent.
 */
const MOST_FACES = 0.03
/** Rows before a row, and after it, that decide about its pixels. */
const BEFORE = 2
const AFTER = 1

/**
 * Adds the next strip of an image, top to bottom.
 *
 * At full size a pixel counts where any of its components is not 0. Halving blends data with nodata along
 * their edge, and the wavelet rings there, below 0 too; yet its low-pass keeps sums as long as nothing is
 * clamped. So all that is not nodata is added up, and of the pixels it lies in those are taken off that only
 * hold traces: as many as the edge is long, times how far traces reach.
 */
export function addStrip(before: MeanSoFar | undefined, strip: Strip): MeanSoFar {
  const start = before ?? nothingYet(strip.components)
  return strip.reduce === 0 || strip.components > 1 ? addFull(start, strip) : addHalved(start, strip)
}

/** The means once the last strip has been added. */
export function meansOf(soFar: MeanSoFar): ComponentMean[] {
  const { open } = soFar
  if (open) return [meanOfHalved(addRows(soFar, open, open.values.length / open.width), open)]
  const { sums, weights, area, sampled } = soFar
  return sums.map((sum, component) => {
    const weight = weights[component] ?? 0
    const mean = weight > 0 ? sum / weight : undefined
    return { mean, valid: weight / area, sampled, isNarrow: false }
  })
}

function meanOfHalved(soFar: MeanSoFar, { reduce, reversible }: OpenRows): ComponentMean {
  const {
    sums: [sum = 0],
    weights: [traced = 0],
    faces,
    area,
    sampled,
  } = soFar
  if (traced === 0) return { mean: undefined, valid: 0, sampled, isNarrow: false }
  const decades = Math.log10(Math.max(Math.abs(sum / traced), 1) / 1000)
  const reach = (TRACES[reduce] ?? TRACES[4]) + (TRACES_A_DECADE[reduce] ?? TRACES_A_DECADE[4]) * decades
  const held = traced - Math.max(reach, 0) * faces
  if (held <= 0) return { mean: undefined, valid: 0, sampled, isNarrow: true }
  const mean = sum / held - (reversible ? ROUNDING * reduce : 0)
  return { mean, valid: Math.min(held / area, 1), sampled, isNarrow: faces > MOST_FACES * held }
}

const nothingYet = (components: number): MeanSoFar => ({
  sums: new Array<number>(components).fill(0),
  weights: new Array<number>(components).fill(0),
  faces: 0,
  area: 0,
  sampled: 0,
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

/** Adds all rows but the last, which waits for the one below. */
function addHalved(before: MeanSoFar, { values, ...strip }: Strip): MeanSoFar {
  const old = before.open?.values ?? new Uint16Array()
  const rows = new Uint16Array(old.length + values.length)
  rows.set(old)
  rows.set(values, old.length)
  const open = { ...strip, values: rows, added: before.open?.added ?? 0 }
  return addRows(before, open, rows.length / strip.width - AFTER)
}

/** Adds the open rows before `until`. */
function addRows(before: MeanSoFar, open: OpenRows, until: number): MeanSoFar {
  const { values, width, zero } = open
  const height = values.length / width
  const mixed = mixedRows(values, width, zero)
  const nodata = nodataOf(values, width, zero, mixed)
  let {
    sums: [sum = 0],
    weights: [weight = 0],
    faces,
    area,
    sampled,
  } = before
  let added = open.added
  for (; added < until; added++) {
    const share = shareOf(sampled === 0, added === height - 1, open.lastRow)
    const isMixed = mixed.subarray(Math.max(added - 1, 0), added + 1).includes(1)
    const row = isMixed ? sumMixedRow(open, added, nodata) : sumFullRow(open, added)
    sum += share * row.sum
    weight += share * row.weight
    faces += share * row.faces
    area += share * widthOf(open)
    sampled += width
  }
  const kept = Math.max(added - BEFORE, 0)
  const rest = { ...open, values: values.slice(kept * width), added: added - kept }
  return { sums: [sum], weights: [weight], faces, area, sampled, open: rest }
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

/** 1 for each row with a pixel of exactly 0 DN in it. */
function mixedRows(values: Uint16Array, width: number, zero: number): Uint8Array {
  const mixed = new Uint8Array(values.length / width)
  for (let y = 0; y < mixed.length; y++) {
    mixed[y] = values.subarray(y * width, (y + 1) * width).includes(zero) ? 1 : 0
  }
  return mixed
}

/**
 * 1 for each pixel of nodata: of 0 DN, with three such in a square of four. A single 0 is data that happens
 * to be 0 there, since values between bright and dark swing through it. Empty where all rows are full.
 */
function nodataOf(values: Uint16Array, width: number, zero: number, mixed: Uint8Array): Uint8Array {
  if (!mixed.includes(1)) return new Uint8Array()
  const nodata = new Uint8Array(values.length)
  for (let y = 1; y < mixed.length; y++) {
    if (mixed[y] === 0 || mixed[y - 1] === 0) continue
    for (let at = y * width + 1; at < (y + 1) * width; at++) {
      if (values[at] !== zero || values[at - 1] !== zero) continue
      if (values[at - width] !== zero || values[at - width - 1] !== zero) continue
      nodata[at] = 1
      nodata[at - 1] = 1
      nodata[at - width] = 1
      nodata[at - width - 1] = 1
    }
  }
  return nodata
}

type RowSum = { readonly sum: number; readonly weight: number; readonly faces: number }

function sumFullRow(open: OpenRows, y: number): RowSum {
  const { values, width, zero, lastColumn } = open
  const [start, last] = [y * width, (y + 1) * width - 1]
  let sum = 0
  for (let at = start; at <= last; at++) sum += values[at] ?? 0
  sum -= (values[start] ?? 0) * (1 - shareOf(true, width === 1, lastColumn))
  if (width > 1) sum -= (values[last] ?? 0) * (1 - shareOf(false, true, lastColumn))
  return { sum: sum - zero * widthOf(open), weight: widthOf(open), faces: 0 }
}

/** A side is counted at the pixel right of it or below it. */
function sumMixedRow(open: OpenRows, y: number, nodata: Uint8Array): RowSum {
  const { values, width, zero, lastColumn } = open
  let [sum, weight, faces] = [0, 0, 0]
  const start = y * width
  for (let x = 0; x < width; x++) {
    const at = start + x
    const covered = x === 0 || x === width - 1 ? shareOf(x === 0, x === width - 1, lastColumn) : 1
    const isNodata = nodata[at]
    if (x > 0 && nodata[at - 1] !== isNodata) faces += covered
    if (y > 0 && nodata[at - width] !== isNodata) faces += covered
    if (isNodata === 1) continue
    sum += covered * ((values[at] ?? 0) - zero)
    weight += covered
  }
  return { sum, weight, faces }
}
