/** Raised whenever the drawing changes: bands that are kept name the drawing they were made of. */
export const DRAWING = 1

export type LandBand = 'B02' | 'B03' | 'B04'

/** Rows of the land: DN of each pixel, 1 to 8000, row after row, `side` a row. */
export type Strip = {
  readonly firstRow: number
  readonly rows: number
  readonly pixels: Readonly<Record<LandBand, Uint16Array<ArrayBuffer>>>
}

/**
 * One made-up ground as three bands see it: farmland in parcels, woods, water, some cloud. The same every
 * time and whatever the height of a strip; only one strip is in memory.
 *
 * Of a pixel, with r, g, c, t sums of octaves of value noise (relief, greenness, cloud, texture; about -1 to 1):
 *   ground = water where r < -0.5, else base + slope·r + fine·t + (parcel where g > -0.1, else woods)
 *   seen   = ground + (white - ground)·cloud, cloud = 3·(c - 0.45) held to 0..1
 *   DN     = seen + noise, whose spread is 11 + 0.009·seen; one pixel of 32,768 is nearly black (1 to 64)
 * Octaves of few pixels and the noise give the 7 to 8 bits a pixel that real bands pack to.
 *
 * @param side pixels
 * @param height rows of a strip; the last one may have fewer
 */
export function* drawnLand(side: number, height: number): Generator<Strip> {
  const sheets = { relief: sheet(side), green: sheet(side), cloud: sheet(side), texture: sheet(side) }
  for (let firstRow = 0; firstRow < side; firstRow += height) {
    const rows = Math.min(height, side - firstRow)
    const pixels = {
      B02: new Uint16Array(rows * side),
      B03: new Uint16Array(rows * side),
      B04: new Uint16Array(rows * side),
    }
    for (let row = 0; row < rows; row++) drawRow(sheets, firstRow + row, pixels, row * side)
    yield { firstRow, rows, pixels }
  }
}

/**
 * What the swath covers of rows: what lies east of a line from 38 % of the ground's north side to 60 % of its
 * south side. The rest is 0.
 */
export function pastEdge(pixels: Uint16Array, side: number, firstRow: number): Uint16Array<ArrayBuffer> {
  const covered = Uint16Array.from(pixels)
  for (let at = 0; at < covered.length; at += side) {
    covered.fill(0, at, at + Math.round(side * 0.38 + (firstRow + at / side) * 0.22))
  }
  return covered
}

/** Rounded means of block × block pixels; `block` divides the side and the number of rows. */
export function blockMeans(pixels: Uint16Array, side: number, block: number): Uint16Array<ArrayBuffer> {
  const columns = side / block
  const means = new Uint16Array(pixels.length / block ** 2)
  for (let at = 0; at < means.length; at++) {
    const corner = Math.floor(at / columns) * block * side + (at % columns) * block
    let sum = 0
    for (let row = corner; row < corner + block * side; row += side) {
      for (let x = row; x < row + block; x++) sum += pixels[x] ?? 0
    }
    means[at] = Math.round(sum / block ** 2)
  }
  return means
}

/** What a band makes of the ground, in DN. */
type Look = {
  readonly seed: number
  readonly base: number
  readonly slope: number
  readonly fine: number
  readonly woods: number
  readonly water: number
  readonly white: number
  /** What each of 256 kinds of crop adds. */
  readonly crops: Float32Array
}

const LOOKS: readonly (readonly [LandBand, Look])[] = [
  ['B02', look(2, { base: 1150, slope: 260, fine: 150, woods: -420, water: 620, white: 5200 }, 260)],
  ['B03', look(3, { base: 1400, slope: 320, fine: 180, woods: -480, water: 540, white: 5000 }, 340)],
  ['B04', look(4, { base: 1650, slope: 430, fine: 220, woods: -980, water: 330, white: 4900 }, 620)],
]
/** Spread of the noise: its part that is always there in DN, and its part that grows with the light. */
const STILL = 11
const SHOT = 0.009

const OCTAVES = {
  relief: octaves(11, [2400, 0.6], [720, 0.3], [190, 0.12]),
  green: octaves(23, [1500, 0.5], [360, 0.35], [96, 0.2]),
  cloud: octaves(37, [1800, 0.6], [420, 0.35], [110, 0.15], [30, 0.08]),
  texture: octaves(51, [44, 0.5], [15, 0.45], [6, 0.3], [3, 0.1]),
}

/** Parcels lie askew: turned by the angle of the triangle 5, 12, 13. */
const [COSINE, SINE] = [12 / 13, 5 / 13]
/** Pixels across a row of parcels; their length differs from row to row. */
const PARCEL = 38
/** Pixels of a parcel's edge, and the share by which a track there is brighter. */
const [EDGE, TRACK] = [2, 0.25]

type Sheet = Float32Array
const sheet = (side: number): Sheet => new Float32Array(side)

function drawRow(
  sheets: Readonly<Record<keyof typeof OCTAVES, Sheet>>,
  y: number,
  pixels: Readonly<Record<LandBand, Uint16Array>>,
  at: number,
): void {
  const { relief, green, cloud, texture } = sheets
  noiseRow(relief, y, OCTAVES.relief)
  noiseRow(green, y, OCTAVES.green)
  noiseRow(cloud, y, OCTAVES.cloud)
  noiseRow(texture, y, OCTAVES.texture)
  const crops = cropRow(relief.length, y)
  for (const [band, { base, slope, fine, woods, water, white, crops: adds, seed }] of LOOKS) {
    const out = pixels[band]
    let random = hash(seed, y, 7) | 1
    for (let x = 0; x < relief.length; x++) {
      const [height, grain, crop] = [relief[x] ?? 0, texture[x] ?? 0, crops[x] ?? 0]
      let seen = water + 12 * grain
      if (height >= -0.5) {
        const farmed = (green[x] ?? 0) > -0.1
        seen =
          base + slope * height + fine * grain + (farmed ? (adds[crop & 255] ?? 0) : woods + fine * grain)
        if (farmed && crop > 255) seen += TRACK * base
      }
      const veil = Math.min(1, Math.max(0, 3 * ((cloud[x] ?? 0) - 0.45)))
      seen += (white - seen) * veil
      random ^= random << 13
      random ^= random >>> 17
      random ^= random << 5
      // Two even draws of 16 bits make a triangle, of spread 1 once divided by 2^16/√6.
      const draw = ((random & 0xffff) + (random >>> 16) - 0xffff) * (Math.sqrt(6) / 0x10000)
      const dark = (random & 0x7fff) === 0x1abc
      const dn = dark ? 1 + ((random >>> 16) & 63) : Math.round(seen + draw * (STILL + SHOT * seen))
      out[at + x] = Math.min(8000, Math.max(1, dn))
    }
  }
}

/** Kind of crop of each pixel of a row, 0 to 255; 256 more on the track round a parcel. */
function cropRow(side: number, y: number): Uint16Array {
  const kinds = new Uint16Array(side)
  for (let x = 0; x < side; x++) {
    // Moved by whole rows of parcels, so that no coordinate is negative.
    const across = COSINE * x - SINE * y + PARCEL * 1000
    const along = SINE * x + COSINE * y
    const lane = (across / PARCEL) | 0
    const length = 50 + (hash(61, lane, 0) & 127)
    const parcel = (along / length) | 0
    const onTrack = across - lane * PARCEL < EDGE || along - parcel * length < EDGE
    kinds[x] = (hash(67, lane, parcel) & 255) + (onTrack ? 256 : 0)
  }
  return kinds
}

type Octave = { readonly seed: number; readonly height: number; readonly ease: Float32Array }

/** @param pairs pixels between the points of the lattice, and the height of the octave */
function octaves(seed: number, ...pairs: readonly (readonly [number, number])[]): readonly Octave[] {
  return pairs.map(([cell, height], n) => {
    // 3t² - 2t³ leads from point to point without a kink.
    const ease = Float32Array.from({ length: cell }, (_, k) => (k / cell) ** 2 * (3 - (2 * k) / cell))
    return { seed: seed + n, height, ease }
  })
}

/** Fills a row with the sum of octaves of value noise. */
function noiseRow(row: Sheet, y: number, sum: readonly Octave[]): void {
  row.fill(0)
  for (const { seed, height, ease } of sum) {
    const cell = ease.length
    const above = Math.floor(y / cell)
    const down = ease[y % cell] ?? 0
    const point = (column: number) => {
      const upper = signed(hash(seed, column, above))
      return height * (upper + (signed(hash(seed, column, above + 1)) - upper) * down)
    }
    let left = point(0)
    for (let column = 0, x = 0; x < row.length; column++) {
      const right = point(column + 1)
      for (let k = 0; k < cell && x < row.length; k++, x++) {
        row[x] = (row[x] ?? 0) + left + (right - left) * (ease[k] ?? 0)
      }
      left = right
    }
  }
}

/** -1 to 1. */
function signed(bits: number): number {
  return bits / 2 ** 31
}

/** 32 bits of three numbers, signed; the mixing is murmur3's last step. */
function hash(seed: number, i: number, j: number): number {
  let mixed = Math.imul(seed, 0x9e3779b1) ^ Math.imul(i, 0x85ebca77) ^ Math.imul(j, 0xc2b2ae3d)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function look(
  seed: number,
  levels: Pick<Look, 'base' | 'slope' | 'fine' | 'woods' | 'water' | 'white'>,
  cropSpread: number,
): Look {
  const crops = Float32Array.from({ length: 256 }, (_, kind) => cropSpread * signed(hash(71 + seed, kind, 0)))
  return { seed, ...levels, crops }
}
