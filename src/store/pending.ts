import { isBusy } from './database.ts'

/** Gathers for so long before it writes, and waits for so long when another process is writing. */
const GATHER_MS = 5
const AGAIN_MS = 20
/** A row that could not be written for so long is given up. */
const PATIENCE_MS = 5000
/** More than this many waiting are not kept: whatever holds up the writer must not fill the memory. */
const MOST_WAITING = 20_000
/** Written at once; more would hold up everything else for too long. */
const MOST_AT_ONCE = 1000

export type Pending<Row> = {
  /** What waits under a key, as if it were written. */
  get(key: string): Row | undefined
  /** Resolves when the row, or a newer one of the same key, is written; false where it was given up. */
  put(key: string, row: Row): Promise<boolean>
  /** Rows that were given up. */
  failed(): number
  /** Writes what waits; the writer may take its time. */
  close(): void
}

type Waiting<Row> = {
  row: Row
  /** When it is given up, milliseconds of performance.now(). */
  readonly until: number
  readonly written: Promise<boolean>
  readonly settle: (written: boolean) => void
}

/**
 * Rows that are written together a moment later, so that a slow or locked writer holds up nobody.
 * @param write writes all of them or throws; SQLite's "locked" and "busy" are tried again
 */
export function createPending<Row>(write: (rows: readonly Row[]) => void): Pending<Row> {
  const waiting = new Map<string, Waiting<Row>>()
  let timer: NodeJS.Timeout | undefined
  let failed = 0

  function settle(batch: readonly [string, Waiting<Row>][], written: boolean): void {
    for (const [key, { settle }] of batch) {
      waiting.delete(key)
      settle(written)
    }
    if (!written) failed += batch.length
  }

  /** Undefined where it is worth another try. */
  function attempt(batch: readonly [string, Waiting<Row>][]): boolean | undefined {
    try {
      write(batch.map(([, { row }]) => row))
      return true
    } catch (thrown) {
      return isBusy(thrown) ? undefined : false
    }
  }

  function flush(): void {
    timer = undefined
    const batch = [...waiting.entries().take(MOST_AT_ONCE)]
    const written = attempt(batch)
    if (written === undefined) {
      const now = performance.now()
      settle(
        [...waiting].filter(([, { until }]) => until <= now),
        false,
      )
    } else settle(batch, written)
    if (waiting.size > 0) schedule(written === undefined ? AGAIN_MS : 0)
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
        return there.written
      }
      if (waiting.size >= MOST_WAITING) {
        failed++
        return false
      }
      const { promise: written, resolve } = Promise.withResolvers<boolean>()
      waiting.set(key, { row, until: performance.now() + PATIENCE_MS, written, settle: resolve })
      schedule(GATHER_MS)
      return written
    },
    failed: () => failed,
    close: () => {
      clearTimeout(timer)
      timer = undefined
      const batch = [...waiting]
      if (batch.length > 0) settle(batch, attempt(batch) ?? false)
    },
  }
}
