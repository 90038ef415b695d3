import { seeded } from '../../bench/made-index.ts'

/** Seeded choices; the same for the same seed, in the order in which they are asked for. */
export type Chances = {
  /** From low to high. */
  between(low: number, high: number): number
  /** A whole number from 0 to below. */
  below(count: number): number
  /** One of them; there is at least one. */
  of<T>(choices: readonly T[]): T
  oneIn(count: number): boolean
}

export function chances(seed: number): Chances {
  const next = seeded(seed)
  const below = (count: number) => Math.floor(next() * count)
  return {
    between: (low, high) => low + next() * (high - low),
    below,
    of: <T>(choices: readonly T[]) => choices[below(choices.length)] as T,
    oneIn: (count) => below(count) === 0,
  }
}
