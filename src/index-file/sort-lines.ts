import { join } from 'node:path'
import { joinLine } from './csv.ts'
import { lineReader } from './csv-lines.ts'
import { bytesOf, COLUMNS, type CsvSource } from './csv-source.ts'
import { createRuns, type Runs } from './line-runs.ts'

/*
 * Sorts the rows of CSVs by tile: rows gather in one large buffer; whenever it is full they are laid out by tile
 * and go to disk as a run. In the end a tile's rows are put together from all runs. Rows are bytes all the way,
 * since strings cost several times as much.
 */

/** Bytes that are gathered before they become a run; as many again while they do. */
const GATHERED = 128 << 20
const TILE = COLUMNS.indexOf('MGRS_TILE')
const FIRST_PAGE = 1 << 16

export type Reading = {
  /** Rows so far. */
  readonly rows: number
  /** How much of the files was read, 0 to 1. */
  readonly share: number
}

export type SortedLines = Pick<Runs, 'tiles' | 'close'> & { readonly rows: number }

/**
 * @param folder for what does not fit in memory
 * @param gathered bytes
 * @throws {Fault} misconfigured where a file is broken; what Node throws where the disk is full
 */
export async function sortLines(
  sources: readonly CsvSource[],
  folder: string,
  signal: AbortSignal,
  onReading: (reading: Reading) => void = () => {},
  gathered: number = GATHERED,
): Promise<SortedLines> {
  const runs = createRuns(join(folder, 'rows'))
  const page = createPage(gathered)
  const total = sources.reduce((sum, source) => sum + source.size, 0)
  let [rows, bytesBefore] = [0, 0]
  try {
    for (const source of sources) {
      const reader = lineReader(source, {
        take: (start, end, tile) => runs.add(page.bytes, start, end, tile),
        rewrite: (fields) => runs.addText(`${joinLine(fields)}\n`, fields[TILE] ?? ''),
      })
      const onBytes = (bytes: number) =>
        onReading({ rows: rows + reader.rows, share: (bytesBefore + bytes) / total })
      for await (const bytes of bytesOf(source, signal, onBytes)) {
        if (!page.fits(bytes)) await page.turn(() => runs.write(page.bytes))
        page.add(bytes)
        page.start = reader.read(page.bytes, page.start, page.end)
      }
      reader.last(page.bytes, page.start, page.end)
      page.start = page.end
      bytesBefore += source.size
      rows += reader.rows
    }
    onReading({ rows, share: 1 })
    await runs.finish(page.bytes)
    return { rows, tiles: runs.tiles, close: runs.close }
  } catch (thrown) {
    await runs.close()
    throw thrown
  }
}

/** The buffer that rows gather in; it grows as far as it may, and further for a row that is longer. */
function createPage(most: number) {
  let bytes = Buffer.allocUnsafeSlow(Math.min(most, FIRST_PAGE))
  /** `start`: of the row that is not whole yet; `end`: of all. */
  let [start, end] = [0, 0]
  const room = (wanted: number) => {
    if (wanted <= bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, Math.min(most, bytes.length * 2)))
    larger.set(bytes.subarray(0, end))
    bytes = larger
  }
  return {
    get bytes() {
      return bytes
    },
    get start() {
      return start
    },
    set start(at: number) {
      start = at
    },
    get end() {
      return end
    },
    fits: (more: Uint8Array) => end + more.length <= Math.max(most, bytes.length),
    /** Empties it but for the row that is not whole yet. */
    turn: async (write: () => Promise<void>) => {
      await write()
      bytes.copyWithin(0, start, end)
      end -= start
      start = 0
    },
    add: (more: Uint8Array) => {
      room(end + more.length)
      bytes.set(more, end)
      end += more.length
    },
  }
}
