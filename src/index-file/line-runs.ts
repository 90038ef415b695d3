import { closeSync, openSync, readSync, write } from 'node:fs'
import { promisify } from 'node:util'

export type Runs = {
  /** A row that lies in a page, its line feed left out, and where in it the name of its tile begins. */
  add(page: Buffer, start: number, end: number, tile: number): void
  /** A row that lies nowhere, with its line feed; its fourth field is the tile. */
  addText(line: string, tile: string): void
  /** Lays the rows of a page out by tile; they go to disk while more rows are added. */
  write(page: Buffer): Promise<void>
  /** As write, but the last run can stay in memory. */
  finish(page: Buffer): Promise<void>
  /**
   * The rows of each tile, in order of its name, those without one last: lines that end in LF. The bytes are the
   * taker's.
   */
  tiles(): Generator<Buffer>
  close(): Promise<void>
}

const writeTo = promisify(write)
const NOTHING = Buffer.alloc(0)
/** Rows without the name of a tile come in groups of so many, since there may be any number of them. */
const NAMELESS = 10_000
const COMMA = 44
const LF = 10
/** Names are two digits and three letters. */
const CODES = 100 * 26 ** 3

/** Where the rows of a run lie: those of the tile n from offsets[n] to offsets[n + 1]. */
type Run = { readonly position: number; readonly memory: Buffer | undefined; readonly offsets: Uint32Array }

/** Runs of rows, each laid out by tile, in a file that is made when it is needed. */
export function createRuns(file: string): Runs {
  /** Tiles are numbered as they come. */
  const numbers = new Int32Array(CODES)
  const codes: number[] = []
  const nameless = { count: 0, number: -1 }
  const lines = createLines()
  const texts: Buffer[] = []
  const runs: Run[] = []
  let [fd, written]: [number | undefined, number] = [undefined, 0]
  let laidOut = Buffer.alloc(0)

  const numberOf = (code: number): number => {
    if (code >= 0) {
      const known = numbers[code] ?? 0
      if (known > 0) return known - 1
      numbers[code] = codes.push(code)
      return codes.length - 1
    }
    if (nameless.count++ % NAMELESS === 0) nameless.number = codes.push(CODES + nameless.count) - 1
    return nameless.number
  }

  /** Counting sort; the rows of a tile stay in their order. */
  const layOut = (page: Buffer): Run => {
    const { count } = lines
    const offsets = new Uint32Array(codes.length + 1)
    for (let i = 0; i < count; i++)
      offsets[lines.tile(i) + 1] = (offsets[lines.tile(i) + 1] ?? 0) + lines.bytes(i)
    for (let n = 1; n < offsets.length; n++) offsets[n] = (offsets[n] ?? 0) + (offsets[n - 1] ?? 0)
    const total = offsets.at(-1) ?? 0
    if (laidOut.length < total) laidOut = Buffer.allocUnsafeSlow(total)
    const next = offsets.slice()
    for (let i = 0; i < count; i++) {
      const tile = lines.tile(i)
      const at = next[tile] ?? 0
      const text = texts[lines.text(i)]
      if (text) text.copy(laidOut, at)
      else {
        page.copy(laidOut, at, lines.start(i), lines.end(i))
        laidOut[at + lines.bytes(i) - 1] = LF
      }
      next[tile] = at + lines.bytes(i)
    }
    lines.clear()
    texts.length = 0
    return { position: written, memory: laidOut.subarray(0, total), offsets }
  }
  /** What is being written, of which the buffer is in use until then. */
  let writing: Promise<void> = Promise.resolve()
  const toDisk = async (bytes: Buffer, position: number) => {
    fd ??= openSync(file, 'wx+')
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await writeTo(fd, bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }
  const readTile = (tile: number): Buffer => {
    const parts = runs.flatMap(({ position, memory, offsets }) => {
      const [from = 0, to = 0] = [offsets[tile], offsets[tile + 1]]
      return to > from ? [{ memory, from, at: position + from, length: to - from }] : []
    })
    const all = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0))
    let end = 0
    for (const { memory, from, at, length } of parts) {
      if (memory) memory.copy(all, end, from, from + length)
      else {
        for (let done = 0; done < length; ) {
          const read = readSync(fd ?? -1, all, end + done, length - done, at + done)
          if (read === 0) throw new Error(`${file} is shorter than what was written to it`)
          done += read
        }
      }
      end += length
    }
    return all
  }
  return {
    add: (page, start, end, tile) => lines.add(numberOf(codeIn(page, tile, end)), start, end),
    addText: (line, tile) => {
      const bytes = Buffer.from(line)
      lines.addText(numberOf(codeIn(Buffer.from(tile), 0, tile.length)), texts.push(bytes) - 1, bytes.length)
    },
    write: async (page) => {
      await writing
      const { memory = NOTHING, position, offsets } = layOut(page)
      runs.push({ position, memory: undefined, offsets })
      written += memory.length
      writing = toDisk(memory, position)
      // Its failure is told to whoever waits for it.
      writing.catch(() => {})
    },
    finish: async (page) => {
      await writing
      runs.push(layOut(page))
    },
    tiles: function* () {
      const order = [...codes.keys()].sort((a, b) => (codes[a] ?? 0) - (codes[b] ?? 0))
      for (const tile of order) yield readTile(tile)
    },
    close: async () => {
      await writing.catch(() => {})
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

/** A number by which the names of tiles sort; negative where the field is none. */
function codeIn(bytes: Buffer, start: number, end: number): number {
  if (start + 5 > end || (start + 5 < end && bytes[start + 5] !== COMMA)) return -1
  let code = 0
  for (let i = 0; i < 5; i++) {
    const value = (bytes[start + i] ?? 0) - (i < 2 ? 48 : 65)
    if (value < 0 || value >= (i < 2 ? 10 : 26)) return -1
    code = code * (i < 2 ? 10 : 26) + value
  }
  return code
}

/** Where the rows of a page lie and to which tile each belongs. */
function createLines() {
  let fields = new Int32Array(4 * 1024)
  let count = 0
  const push = (tile: number, start: number, end: number, text: number) => {
    if (4 * count === fields.length) {
      const more = new Int32Array(2 * fields.length)
      more.set(fields)
      fields = more
    }
    fields[4 * count] = tile
    fields[4 * count + 1] = start
    fields[4 * count + 2] = end
    fields[4 * count + 3] = text
    count++
  }
  const field = (i: number, which: number) => fields[4 * i + which] ?? 0
  return {
    get count() {
      return count
    },
    add: (tile: number, start: number, end: number) => push(tile, start, end, -1),
    addText: (tile: number, text: number, length: number) => push(tile, 0, length - 1, text),
    tile: (i: number) => field(i, 0),
    start: (i: number) => field(i, 1),
    end: (i: number) => field(i, 2),
    text: (i: number) => field(i, 3),
    /** With the line feed. */
    bytes: (i: number) => field(i, 2) - field(i, 1) + 1,
    clear: () => {
      count = 0
    },
  }
}
