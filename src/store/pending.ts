import { isBusy, whyRefused } from './database.ts'
import type { Failures } from './failures.ts'

/** Gathers for so long before it writes, and waits for so long when another process is writing. */
const GATHER_MS = 5
const AGAIN_MS = 20
/** A row that could not be written for so long is given up. */
const PATIENCE_MS = 5000
/** More than this many waiting are not kept: whatever holds up the writer must not fill the memory. */
const MOST_WAITING = 20_000
/** Written at once; more would hold up everything else for too long. */
const MOST_AT_ONCE = 1000

const LOCKED = `another process kept it locked for ${PATIENCE_MS / 1000} s`
const CROWDED = `${MOST_WAITING} rows wait to be written to it already`

export type Pending<Row> = {
  /** What waits under a key, as if it were written. */
  get(key: string): Row | undefined
  /**
   * Resolves to undefined when the row, or a newer one of the same key, is written; where it was given up to
   * why, as a clause.
   */
  put(key: string, row: Row): Promise<string | undefined>
  /** Writes what waits; the writer may take its time. */
  close(): void
}

type Waiting<Row> = {
  row: Row
  /** When it is given up, milliseconds of performance.now(). */
  readonly until: number
  readonly settled: Promise<string | undefined>
  readonly settle: (lost: string | undefined) => void
}

/**
 * Rows that are written together a moment later, so that a slow or locked writer holds up nobody.
 * @param write writes all of them or throws; SQLite's "locked" and "busy" are tried again
 */
export function createPending<Row>(write: (rows: readonly Row[]) => void, failures: Failures): Pending<Row> {
  const waiting = new Map<string, Waiting<Row>>()
  let timer: NodeJS.Timeout | undefined

  /** @param lost why they could not be written; undefined where they are */
  function settle(batch: readonly [string, Waiting<Row>][], lost: string | undefined): void {
    for (const [key, { settle }] of batch) {
      waiting.delete(key)
      settle(lost)
    }
    if (batch.length === 0) return
    if (lost === undefined) failures.kept()
    else failures.lost(lost, batch.length)
  }

  /** Writes and settles; true where another process was in the way, and nothing is settled. */
  function isHeldUp(batch: readonly [string, Waiting<Row>][]): boolean {
    try {
      write(batch.map(([, { row }]) => row))
    } catch (thrown) {
      if (isBusy(thrown)) return true
      settle(batch, whyRefused(thrown))
      return false
    }
    settle(batch, undefined)
    return false
  }

  function flush(): void {
    timer = undefined
    const heldUp = isHeldUp([...waiting.entries().take(MOST_AT_ONCE)])
    if (heldUp) {
      const now = performance.now()
      settle(
        [...waiting].filter(([, { until }]) => until <= now),
        LOCKED,
      )
    }
    if (waiting.size > 0) schedule(heldUp ? AGAIN_MS : 0)
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(flush, ms)
  }

  return {
    get: (key) => waiting.get(key)?.row,
    put: async (key, row) => {
      const there = waiting.get(key)
      if (there) {
        there.row = row
        return there.settled
      }
      if (waiting.size >= MOST_WAITING) {
        failures.lost(CROWDED)
        return CROWDED
      }
      const { promise: settled, resolve: settle } = Promise.withResolvers<string | undefined>()
      waiting.set(key, { row, until: performance.now() + PATIENCE_MS, settled, settle })
      schedule(GATHER_MS)
      return settled
    },
    close: () => {
      clearTimeout(timer)
      timer = undefined
      const batch = [...waiting]
      if (batch.length > 0 && isHeldUp(batch)) settle(batch, LOCKED)
    },
  }
}
