/** Gathers for so long before it writes, and waits for so long when another process is writing. */
const GATHER_MS = 20
const AGAIN_MS = 200
/** More than this many waiting are not kept: whatever holds up the writer must not fill the memory. */
const MOST_WAITING = 20_000

export type Pending<Row> = {
  /** What waits under a key, as if it were written. */
  get(key: string): Row | undefined
  put(key: string, row: Row): void
  /** Rows that were given up. */
  failed(): number
  /** Writes what waits; the writer may take its time. */
  close(): void
}

/**
 * Rows that are written together a moment later, so that a slow or locked writer holds up nobody.
 * @param write writes all of them or throws; SQLite's "locked" and "busy" are tried again
 */
export function createPending<Row>(write: (rows: readonly Row[]) => void): Pending<Row> {
  const waiting = new Map<string, Row>()
  let timer: NodeJS.Timeout | undefined
  let failed = 0

  function flush(isLast: boolean): void {
    clearTimeout(timer)
    timer = undefined
    if (waiting.size === 0) return
    try {
      write([...waiting.values()])
      waiting.clear()
    } catch (thrown) {
      if (!isLast && isBusy(thrown)) {
        schedule(AGAIN_MS)
        return
      }
      failed += waiting.size
      waiting.clear()
    }
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(() => flush(false), ms)
    timer.unref()
  }

  return {
    get: (key) => waiting.get(key),
    put: (key, row) => {
      if (waiting.size >= MOST_WAITING) {
        failed++
        return
      }
      waiting.set(key, row)
      schedule(GATHER_MS)
    },
    failed: () => failed,
    close: () => flush(true),
  }
}

const isBusy = (thrown: unknown): boolean => thrown instanceof Error && /locked|busy/.test(thrown.message)
