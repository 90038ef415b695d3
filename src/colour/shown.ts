import type { Pixels } from './port.ts'

/** A picture as a screen shows it. */
export type Shown = {
  /** Red, green, blue and alpha, interleaved by pixel; alpha is 0 where there is no data, else 255. */
  readonly values: Uint8Array<ArrayBuffer>
  readonly width: number
  readonly height: number
  /** Whether there is data everywhere. */
  readonly opaque: boolean
}

type Size = { readonly width: number; readonly height: number }
/** 1 for each pixel that holds data, else 0. */
type Data = Uint8Array

/** In a preview 0 is nodata and 1 the darkest data; lossy packing moves either by this much. */
const NODATA_MOST = 1

/**
 * Of a preview (PVI). Nodata is the black that reaches in from its sides: black ground in the middle is data.
 * @param pixels red, green and blue, 8 bits each
 */
export function shownPreview({ values, ...size }: Pixels): Shown {
  const data: Data = new Uint8Array(size.width * size.height)
  for (let pixel = 0; pixel < data.length; pixel++) {
    const at = 3 * pixel
    if (Math.max(values[at] ?? 0, values[at + 1] ?? 0, values[at + 2] ?? 0) > NODATA_MOST) data[pixel] = 1
  }
  const shown = blank(size, withoutHoles(data, size))
  for (let part = 0; part < 3; part++) paint(shown, part, values.subarray(part), 3, BYTES)
  return shown
}

/**
 * Of three bands of one size, DN, 0 is nodata. Halving has blended the rim of the data with nodata and made
 * it dark: it is left out, unless nothing else is there.
 * @param bands red, green and blue
 * @param byteOf byte of a DN above 0; the larger, the brighter
 * @param reduce how often they are halved
 */
export function shownBands(
  bands: readonly [red: Pixels, green: Pixels, blue: Pixels],
  byteOf: (dn: number) => number,
  reduce: number,
): Shown {
  const [size] = bands
  const data: Data = new Uint8Array(size.width * size.height).fill(1)
  for (const { values } of bands) {
    for (let pixel = 0; pixel < data.length; pixel++) if (values[pixel] === 0) data[pixel] = 0
  }
  const inner = reduce === 0 ? data : withoutRim(data, size)
  const shown = blank(size, inner.includes(1) ? inner : data)
  const bytes = bytesOf(byteOf)
  for (const [part, { values }] of bands.entries()) paint(shown, part, values, 1, bytes)
  return shown
}

/** A value's own byte. */
const BYTES = Uint8Array.from({ length: 256 }, (_, value) => value)

/** Of every DN; those past the first that is as bright as can be are not asked for. */
function bytesOf(byteOf: (dn: number) => number): Uint8Array {
  const bytes = new Uint8Array(2 ** 16).fill(255)
  for (let dn = 0; dn < bytes.length; dn++) {
    const byte = byteOf(dn)
    if (byte === 255) break
    bytes[dn] = byte
  }
  return bytes
}

function blank({ width, height }: Size, data: Data): Shown {
  const values = new Uint8Array(width * height * 4)
  for (let pixel = 0; pixel < data.length; pixel++) if (data[pixel] === 1) values[4 * pixel + 3] = 255
  return { values, width, height, opaque: !data.includes(0) }
}

/** Paints red, green or blue where there is data, from every `step`th value, by the byte that it stands for. */
function paint(
  { values }: Shown,
  part: number,
  from: Pixels['values'],
  step: number,
  bytes: Uint8Array,
): void {
  for (let at = 0, i = 0; at < values.length; at += 4, i += step) {
    if (values[at + 3] === 255) values[at + part] = bytes[from[i] ?? 0] ?? 0
  }
}

/** Data as well: what is none, and is not joined to a side of the picture by such pixels alone. */
function withoutHoles(given: Data, { width, height }: Size): Data {
  const data: Data = new Uint8Array(given.length).fill(1)
  const found: number[] = []
  const reach = (pixel: number) => {
    if (given[pixel] !== 0 || data[pixel] === 0) return
    data[pixel] = 0
    found.push(pixel)
  }
  for (let x = 0; x < width; x++) {
    reach(x)
    reach((height - 1) * width + x)
  }
  for (let y = 0; y < height; y++) {
    reach(y * width)
    reach(y * width + width - 1)
  }
  for (let pixel = found.pop(); pixel !== undefined; pixel = found.pop()) {
    if (pixel % width > 0) reach(pixel - 1)
    if (pixel % width < width - 1) reach(pixel + 1)
    reach(pixel - width)
    reach(pixel + width)
  }
  return data
}

/** Without those that have a pixel without data among their eight neighbours. */
function withoutRim(data: Data, { width, height }: Size): Data {
  const inner = data.slice()
  for (let pixel = 0; pixel < data.length; pixel++) {
    if (data[pixel] === 1) continue
    const x = pixel % width
    const y = (pixel - x) / width
    for (let near = Math.max(y - 1, 0); near <= Math.min(y + 1, height - 1); near++) {
      for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, width - 1); i++) inner[near * width + i] = 0
    }
  }
  return inner
}
