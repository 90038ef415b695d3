import { amount } from '../amount.ts'

/** What the store could not do since the start. */
export type Failures = {
  /**
   * @param reason a clause without a full stop
   * @param count of reads or writes that share it, 1 unless told otherwise
   */
  add(reason: string, count?: number): void
  /** The same of rows that could not be written, whatever they hold: the next ones may fare alike. */
  lost(reason: string, count?: number): void
  /** Rows could be written. */
  kept(): void
  count(): number
  /** Reason of the newest; undefined where there is none. */
  last(): string | undefined
  /** Whether rows could not be written the last time that some were to be. */
  isLosing(): boolean
}

export type Told = {
  /** Names the store in sentences. */
  readonly file: string
  /** Told a sentence when rows are lost, and when they are kept again. */
  readonly tell: (sentence: string) => void
  /** Milliseconds of a clock that never jumps. */
  readonly now?: () => number
}

/** A disk that takes some rows and some not is told of only so often. */
const QUIET_MS = 60_000

/** Counts them for all tables of one store. */
export function countFailures({ file, tell, now = () => performance.now() }: Told): Failures {
  let [failed, lostMeanwhile] = [0, 0]
  let newest: string | undefined
  let losing = false
  let isTold = false
  let toldAt = Number.NEGATIVE_INFINITY

  const add = (reason: string, count = 1) => {
    failed += count
    newest = reason
  }

  return {
    add,
    lost: (reason, count = 1) => {
      add(reason, count)
      losing = true
      lostMeanwhile += count
      if (isTold || now() - toldAt < QUIET_MS) return
      isTold = true
      toldAt = now()
      tell(
        `The store ${file} cannot be written: ${reason}. Answers stay right, and what they need is made anew ` +
          'each time. Once the cause is gone it goes on by itself; or name another file in SWATH_STORE=sqlite:<file>.',
      )
    },
    kept: () => {
      losing = false
      if (!isTold) return
      isTold = false
      tell(`The store ${file} is written again; not remembered meanwhile: ${amount(lostMeanwhile, 'row')}.`)
      lostMeanwhile = 0
    },
    count: () => failed,
    last: () => newest,
    isLosing: () => losing,
  }
}
