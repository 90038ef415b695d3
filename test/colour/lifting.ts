/** An image of one component, row by row; DN, 0 is nodata. */
export type Drawn = { readonly values: Int32Array; readonly width: number; readonly height: number }

export function draw(width: number, height: number, at: (x: number, y: number) => number): Drawn {
  const values = new Int32Array(width * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) values[y * width + x] = at(x, y)
  return { values, width, height }
}

/**
 * The lowest resolution of the reversible 5/3 wavelet, the image being one tile: ISO/IEC 15444-1 F.4.8.1, the
 * two steps of the forward transform with symmetric extension, down and then across (F.4.2).
 */
export function halve(image: Drawn, reduce: number): Drawn {
  let halved = image
  for (let n = 0; n < reduce; n++) halved = transpose(halveAcross(transpose(halveAcross(halved))))
  return halved
}

function halveAcross({ values, width, height }: Drawn): Drawn {
  const half = Math.ceil(width / 2)
  const low = new Int32Array(half * height)
  const high = new Int32Array(Math.max(width - half, 1))
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width, (y + 1) * width)
    const odds = width - half
    for (let i = 0; i < odds; i++) {
      const left = row[2 * i] ?? 0
      const right = row[2 * i + 2] ?? left
      high[i] = (row[2 * i + 1] ?? 0) - ((left + right) >> 1)
    }
    for (let i = 0; i < half; i++) {
      const before = high[Math.max(i - 1, 0)] ?? 0
      const after = i < odds ? (high[i] ?? 0) : before
      low[y * half + i] = odds === 0 ? (row[0] ?? 0) : (row[2 * i] ?? 0) + ((before + after + 2) >> 2)
    }
  }
  return { values: low, width: half, height }
}

const transpose = ({ values, width, height }: Drawn): Drawn =>
  draw(height, width, (x, y) => values[x * width + y] ?? 0)

/** Mean of the pixels that are not 0, and their share. */
export function truthOf({ values }: Drawn): { readonly mean: number; readonly valid: number } {
  let [sum, count] = [0, 0]
  for (const value of values) {
    if (value === 0) continue
    sum += value
    count++
  }
  return { mean: sum / count, valid: count / values.length }
}

/** Random numbers from 0 to 1, the same for a seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
