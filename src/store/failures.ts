/** What the store could not do since the start. */
export type Failures = {
  /**
   * @param reason a clause without a full stop
   * @param count of reads or writes that share it, 1 unless told otherwise
   */
  add(reason: string, count?: number): void
  count(): number
  /** Reason of the newest; undefined where there is none. */
  last(): string | undefined
}

/** Counts them for all tables of one store. */
export function countFailures(): Failures {
  let failed = 0
  let newest: string | undefined
  return {
    add: (reason, count = 1) => {
      failed += count
      newest = reason
    },
    count: () => failed,
    last: () => newest,
  }
}
