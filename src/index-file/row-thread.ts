import { Piscina } from 'piscina'
import type { Lines } from '../../workers/index-rows.ts'
import { type MadeRows, madeRows } from './made-rows.ts'
import type { SortedLines } from './sort-lines.ts'

/** Bytes of lines that are handed over at once; whole tiles, so it may be more. */
const AT_ONCE = 4 << 20
/** Making rows takes twice as long as writing them. */
const THREADS = 2
/** Batches under way, so that no thread waits for the next. */
const AHEAD = 2 * THREADS
/** Below so many rows a thread takes longer to start than to work. */
const WORTH_A_THREAD = 50_000

/**
 * The rows of sorted lines, tile by tile. They are made in threads of their own while those before are taken.
 * @throws {Error} where the thread broke, which is a bug
 */
export async function* rowsOf(lines: SortedLines, signal: AbortSignal): AsyncGenerator<MadeRows> {
  const maker = lines.rows < WORTH_A_THREAD ? inPlace() : inThreads()
  const waiting: Promise<MadeRows>[] = []
  try {
    for (const batch of batchesOf(lines)) {
      signal.throwIfAborted()
      const made = maker.make(batch)
      // Its failure is told when its turn comes.
      made.catch(() => {})
      waiting.push(made)
      const next = waiting.length > AHEAD ? waiting.shift() : undefined
      if (next) yield await next
    }
    for (const next of waiting) {
      signal.throwIfAborted()
      yield await next
    }
  } finally {
    await maker.close()
  }
}

function* batchesOf(lines: SortedLines): Generator<Lines> {
  let tiles: Buffer[] = []
  let bytes = 0
  for (const tile of lines.tiles()) {
    tiles.push(tile)
    bytes += tile.length
    if (bytes < AT_ONCE) continue
    yield batchOf(tiles, bytes)
    tiles = []
    bytes = 0
  }
  if (bytes > 0) yield batchOf(tiles, bytes)
}

function batchOf(tiles: readonly Buffer[], bytes: number): Lines {
  const lines = new Uint8Array(bytes)
  let at = 0
  for (const tile of tiles) {
    lines.set(tile, at)
    at += tile.length
  }
  return { lines, lengths: tiles.map(({ length }) => length) }
}

type Maker = { make(lines: Lines): Promise<MadeRows>; close(): Promise<unknown> }

const inPlace = (): Maker => ({
  make: async ({ lines, lengths }) => madeRows(lines, lengths),
  close: async () => {},
})

/** A thread has its next batch before it is done with one. */
function inThreads(): Maker {
  const pool = new Piscina<Lines, MadeRows>({
    filename: new URL('../../workers/index-rows.ts', import.meta.url).href,
    minThreads: THREADS,
    maxThreads: THREADS,
    concurrentTasksPerWorker: AHEAD / THREADS,
  })
  return {
    make: (lines) => pool.run(lines, { transferList: [lines.lines.buffer] }),
    close: () => pool.destroy(),
  }
}
