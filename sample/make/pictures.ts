import { type Drawing, offsetOf, PIXEL, SIDE } from './draw.ts'
import type { Plan } from './granules.ts'

/** Components of one size, each in rows from the north. */
export type Planes<P extends Uint8Array | Uint16Array> = {
  readonly side: number
  readonly planes: readonly P[]
}

/** The archive's previews are 343 × 343 at 320 m; at twice the pixel four of them fit into the room of one. */
const PREVIEW_SIDE = 171
export const PREVIEW_PIXEL = 640

/** Reflectance that becomes 255 in a true colour image. */
const TCI_FULL = 0.3558

type Bands = Pick<Drawing, 'red' | 'green' | 'blue'>

/** True colour: reflectance 0 to 0.3558 as 1 to 255, nodata 0, 0, 0. */
export function trueColour(plan: Plan, bands: Bands, side: number): Planes<Uint8Array> {
  const offset = offsetOf(plan)
  const display = (dn: number) =>
    dn === 0 ? 0 : Math.round(1 + 254 * Math.min(1, Math.max(0, (dn - offset) / 10000 / TCI_FULL)))
  const planes = [bands.red, bands.green, bands.blue].map((band) => Uint8Array.from(band, display))
  return { side, planes }
}

/** The preview: means of the true colour image over 640 m; nodata where some of it is. */
export function preview({ planes }: Planes<Uint8Array>): Planes<Uint8Array> {
  return { side: PREVIEW_SIDE, planes: planes.map(resample) }
}

function resample(plane: Uint8Array): Uint8Array {
  const spans = Array.from({ length: PREVIEW_SIDE }, (_, i) => weights(i))
  return Uint8Array.from({ length: PREVIEW_SIDE * PREVIEW_SIDE }, (_, i) => {
    const [columns = [], rows = []] = [spans[i % PREVIEW_SIDE], spans[Math.floor(i / PREVIEW_SIDE)]]
    let sum = 0
    for (const [y, high] of rows)
      for (const [x, wide] of columns) {
        const value = plane[y * SIDE + x] ?? 0
        if (value === 0) return 0
        sum += value * high * wide
      }
    return Math.round(sum)
  })
}

/** The pixels that a preview pixel covers along one axis, each with its share of it. */
function weights(i: number): [pixel: number, share: number][] {
  const [from, to] = [(i * PREVIEW_PIXEL) / PIXEL, ((i + 1) * PREVIEW_PIXEL) / PIXEL]
  const pixels = Array.from({ length: Math.ceil(to) - Math.floor(from) }, (_, k) => Math.floor(from) + k)
  return pixels.map((pixel) => [pixel, (Math.min(to, pixel + 1) - Math.max(from, pixel)) / (to - from)])
}

/** Means of factor × factor pixels; of those that are not 0, where any is not. */
export function coarser(plane: Uint16Array, factor: number): Uint16Array {
  return reduce(plane, factor, (block) => {
    const valid = block.filter((dn) => dn !== 0)
    return valid.length === 0 ? 0 : Math.round(valid.reduce((sum, dn) => sum + dn, 0) / valid.length)
  })
}

/** The upper left of each factor × factor pixels: classes and masks are not averaged. */
export const coarserClasses = (plane: Uint8Array, factor: number): Uint8Array =>
  Uint8Array.from(reduce(Uint16Array.from(plane), factor, ([first = 0]) => first))

function reduce(plane: Uint16Array, factor: number, one: (block: number[]) => number): Uint16Array {
  const side = SIDE / factor
  return Uint16Array.from({ length: side * side }, (_, i) => {
    const corner = Math.floor(i / side) * factor * SIDE + (i % side) * factor
    const block = Array.from(
      { length: factor * factor },
      (_, j) => corner + Math.floor(j / factor) * SIDE + (j % factor),
    )
    return one(block.map((pixel) => plane[pixel] ?? 0))
  })
}

/** The twelve detectors' slanting strips, numbered 1 to 12 from the west, as masks of footprints show them. */
export const detectorStrips = (drawing: Drawing): Uint8Array =>
  Uint8Array.from(drawing.red, (dn, pixel) => {
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)]
    return dn === 0 ? 0 : 3 + Math.floor((x + 0.27 * y) / 86)
  })
