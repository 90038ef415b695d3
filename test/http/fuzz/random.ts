import { createHash } from 'node:crypto'

/** Choices that are the same for the same seed. */
export type Random = {
  /** A whole number from 0 up to and without n. */
  below(n: number): number
  /** A number from a to b. */
  between(a: number, b: number): number
  /** Whether something of this likelihood, 0 to 1, happens. */
  chance(likelihood: number): boolean
  pick<T>(choices: readonly T[]): T
}

/** By mulberry32 (Tommy Ettinger, public domain), which starts at a hash of the seed. */
export function randomOf(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    below,
    between: (a, b) => a + next() * (b - a),
    chance: (likelihood) => next() < likelihood,
    pick: (choices) => {
      const [chosen] = choices.slice(below(choices.length))
      if (chosen === undefined) throw new RangeError('There is nothing to choose from.')
      return chosen
    },
  }
}
