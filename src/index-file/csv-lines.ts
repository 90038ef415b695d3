import { Fault } from '../errors.ts'
import { splitLine } from './csv.ts'
import { COLUMNS, type CsvSource } from './csv-source.ts'
import { isSurelyWhole } from './last-row.ts'

/*
 * Finds the rows in the bytes of a CSV (RFC 4180, each on one line) and looks at their form alone: how many fields,
 * quotes in pairs, one way of ending lines. A row of the usual form is handed on where it lies; another is
 * written anew in the order of COLUMNS.
 */

const COMMA = 44
const QUOTE = 34
const LF = 10
const CR = 13
/** Bytes; longer than any row, shorter than what would hurt. */
const LONGEST = 1 << 20
const TILE = COLUMNS.indexOf('MGRS_TILE')

export type LineTaker = {
  /** A row that lies in the bytes, its end left out, and where in it the name of its tile begins. */
  take(start: number, end: number, tile: number): void
  /** A row that does not lie there as it should: its fields in the order of COLUMNS. */
  rewrite(fields: readonly string[]): void
}

export type LineReader = {
  /**
   * Goes over bytes that begin with a row, and gives where the first row begins that has no end there.
   * @throws {Fault} misconfigured where a row is broken
   */
  read(bytes: Buffer, start: number, end: number): number
  /**
   * The last row, which no line feed ends. Many a CSV lacks that one; a plain one may have been cut off, too.
   * @throws {Fault} misconfigured where it is broken, or may be cut
   */
  last(bytes: Buffer, start: number, end: number): void
  /** Rows so far. */
  readonly rows: number
}

export function lineReader(source: CsvSource, { take, rewrite }: LineTaker): LineReader {
  const { header, gzipped } = source
  const wanted = header.length
  const isUsual = header.every((name, i) => name === COLUMNS[i])
  const order = COLUMNS.map((name) => header.indexOf(name))
  let [line, rows] = [0, 0]
  const found: Found = { end: 0, commas: 0, tile: 0, isPlain: true }
  let returns: boolean | undefined

  const broken = (why: string) =>
    new Fault(
      'misconfigured',
      `The index CSV ${source.file}: line ${line} is broken (${why}). Download it again.`,
    )

  const unended = () =>
    new Fault(
      'misconfigured',
      `The index CSV ${source.file}: line ${line}, the last, is not ended; the file may be cut off. ` +
        'Download it again, or put a line feed at its end if it is whole.',
    )

  /** One row, its line feed left out. */
  const one = (bytes: Buffer, start: number, { end, commas, isPlain, tile }: Found) => {
    line++
    const hasReturn = end > start && bytes[end - 1] === CR
    const stop = hasReturn ? end - 1 : end
    // Byte order mark and header are for the source.
    if (line === 1) {
      returns = hasReturn
      return
    }
    if (stop === start) return
    if (hasReturn !== returns) throw severalEnds(source)
    rows++
    if (isUsual && isPlain) {
      if (commas !== wanted - 1) throw broken(fieldCount(commas + 1, wanted))
      take(start, stop, tile)
      return
    }
    const fields = fieldsOf(bytes.subarray(start, stop))
    rewrite(order.map((at) => fields[at] ?? ''))
  }

  const fieldsOf = (row: Buffer): string[] => {
    const text = decoded(row)
    if (text === undefined) throw broken('it is not UTF-8')
    const fields = splitLine(text)
    if (!fields) throw broken('a quote in it has no partner on the line')
    if (fields.length !== wanted) throw broken(fieldCount(fields.length, wanted))
    return fields
  }

  return {
    get rows() {
      return rows
    },
    read: (bytes, begin, end) => {
      let start = begin
      while (findEnd(bytes, start, end, found)) {
        one(bytes, start, found)
        start = found.end + 1
      }
      if (end - start > LONGEST) {
        line++
        throw broken('it does not end within a megabyte')
      }
      return start
    },
    last: (bytes, start, end) => {
      if (start === end) return
      findEnd(bytes, start, end, found)
      // Nothing ends it, so it does not tell how lines end.
      returns = bytes[end - 1] === CR
      one(bytes, start, found)
      // A gzip file that is cut cannot be unpacked to its end, and the header has been looked at.
      if (gzipped || line === 1) return
      const stop = returns ? end - 1 : end
      if (stop > start && !isSurelyWhole(header, fieldsOf(bytes.subarray(start, stop)))) throw unended()
    },
  }
}

/** What a walk over a row has found. */
type Found = {
  /** Where its line feed stands; the end of the bytes where it has none. */
  end: number
  commas: number
  /** Where the name of its tile begins, if the columns are the usual ones. */
  tile: number
  /** Whether it has neither quotes nor letters beyond ASCII. */
  isPlain: boolean
}

/** Of ASCII, a comma and all that ends or quotes are the comma's number or less, letters, digits and dashes are more. */
const LARGEST = COMMA
const NOT_ASCII = 128

/**
 * Every byte passes here: four at once take half of what one by one take, since fields are long. They may reach
 * into the next row, for whose strange letters this one is then looked at closely, too.
 * @returns whether the row ends
 */
function findEnd(bytes: Buffer, start: number, stop: number, found: Found): boolean {
  let [commas, tile, quotes, any, end] = [0, start, 0, 0, start]
  while (end < stop) {
    const byte = bytes[end] ?? 0
    if (byte > LARGEST && end + 4 <= stop) {
      const [b, c, d] = [bytes[end + 1] ?? 0, bytes[end + 2] ?? 0, bytes[end + 3] ?? 0]
      any |= byte | b | c | d
      end += b <= LARGEST ? 1 : c <= LARGEST ? 2 : d <= LARGEST ? 3 : 4
      continue
    }
    any |= byte
    if (byte === COMMA) {
      commas++
      if (commas === TILE) tile = end + 1
    } else if (byte === LF) break
    else if (byte === QUOTE) quotes++
    end++
  }
  found.end = end
  found.commas = commas
  found.tile = tile
  found.isPlain = quotes === 0 && any < NOT_ASCII
  return end < stop
}

const fieldCount = (fields: number, wanted: number): string =>
  `${fields} ${fields === 1 ? 'field' : 'fields'}, the header has ${wanted}`

const severalEnds = ({ file }: CsvSource): Fault =>
  new Fault(
    'misconfigured',
    `The index CSV ${file}: its lines end in several ways, some in CR LF and some in LF. ` +
      `Download it again.`,
  )

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
