/** Microseconds since 1970, by two clocks that agree unless the one on the wall is set while the process runs. */
type TwoClocks = {
  /** For what must not be taken for older than it is: a clock that is wrongly set forward settles nothing. */
  earlier(): number
  /** For what must not be overlooked: a clock that is wrongly set back hides nothing that is newer. */
  later(): number
}

/**
 * The clock on the wall, and what it showed at first with the time that has passed since.
 * @param wall milliseconds since 1970
 * @param passed milliseconds of a clock that never jumps
 */
export function twoClocks(wall = () => Date.now(), passed = () => performance.now()): TwoClocks {
  const began = wall() - passed()
  const micros = (ms: number) => Math.round(ms * 1000)
  return {
    earlier: () => micros(Math.min(wall(), began + passed())),
    later: () => micros(Math.max(wall(), began + passed())),
  }
}
