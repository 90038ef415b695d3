/** Milliseconds of half a window. */
const HALF_MS = 60_000

export interface SlidingMost {
  add(value: number): void
  /** The largest of the last one to two minutes; 0 where there was none. */
  value(): number
}

/**
 * A maximum that forgets. It hangs on the clock alone, so that several scrapers, and one that misses a turn, see
 * the same.
 * @param now milliseconds of a clock that never goes back
 */
export function slidingMost(now: () => number): SlidingMost {
  let half = Math.floor(now() / HALF_MS)
  let [current, before] = [0, 0]
  const turn = () => {
    const today = Math.floor(now() / HALF_MS)
    if (today === half) return
    before = today === half + 1 ? current : 0
    current = 0
    half = today
  }
  return {
    add: (value) => {
      turn()
      if (value > current) current = value
    },
    value: () => {
      turn()
      return Math.max(current, before)
    },
  }
}
