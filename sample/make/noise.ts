/** A number from 0 up to 1 that depends on nothing but its arguments; x and y are whole numbers. */
export function hash(seed: number, x: number, y: number): number {
  let h = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(x | 0, 0x85ebca6b) ^ Math.imul(y | 0, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32
}

/** Smooth noise, 0 to 1, of a seeded lattice with one cell a unit. */
export function noise(seed: number, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [fade(x - ix), fade(y - iy)]
  const top = mix(hash(seed, ix, iy), hash(seed, ix + 1, iy), u)
  const bottom = mix(hash(seed, ix, iy + 1), hash(seed, ix + 1, iy + 1), u)
  return mix(top, bottom, v)
}

/** Octaves of noise, each half as large and half as strong as the one before, 0 to 1, 0.5 on the average. */
export function fractal(seed: number, x: number, y: number, octaves: number): number {
  let sum = 0
  let weight = 0
  for (let octave = 0; octave < octaves; octave++) {
    const [scale, share] = [2 ** octave, 0.5 ** octave]
    // Turned by a fixed angle each time, so that the lattices do not lie on one another.
    const turned = octave * 0.7
    const [c, s] = [Math.cos(turned) * scale, Math.sin(turned) * scale]
    sum += share * noise(seed + octave * 101, x * c - y * s, x * s + y * c)
    weight += share
  }
  return sum / weight
}

/** From a at t = 0 to b at t = 1. */
export const mix = (a: number, b: number, t: number): number => a + (b - a) * t

/** 0 below `from`, 1 above `to`, a smooth slope between. */
export function slope(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)))
  return t * t * (3 - 2 * t)
}

const fade = (t: number): number => t * t * t * (t * (t * 6 - 15) + 10)
