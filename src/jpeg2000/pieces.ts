import type { ByteRange } from '../storage/port.ts'

/**
 * A plan as data: it yields the ranges to be read at once and gets their bytes, in the same order and as long
 * as it asked for. One yield is one round trip; one of no ranges lets others have their turn, see `breather`.
 */
export type Plan<T> = Generator<readonly ByteRange[], T, readonly Uint8Array[]>

/** What of a file has been read so far. */
export type Pieces = {
  /** Size of the file, bytes. */
  readonly size: number
  /** Bytes held. */
  held(): number
  /** The bytes held without a gap from `at` on, at most `length` of them; none where `at` is not held. */
  window(at: number, length: number): Uint8Array
  /** What of a range is not held, in order. */
  gaps(range: ByteRange): ByteRange[]
  add(range: ByteRange, bytes: Uint8Array): void
  /** Lets go of everything. */
  clear(): void
}

/**
 * Bytes that one call more is worth: it takes the server some 0.3 ms of CPU, in which 16 KiB and more come
 * over the wire. Windows nearer to each other become one read.
 */
export const CALL_WORTH = 16 * 1024
/** Files up to this size may be held whole: 8 MiB, 50 of them at a time are 400 MB. */
export const WHOLE_MOST = 8 * 1024 * 1024
/** A merged read is cut here, so that big ones run side by side. */
const READ_MOST = 4 * 1024 * 1024

/** Reads what of the ranges is not held yet, in one round or in none. */
export function* hold(pieces: Pieces, ranges: readonly ByteRange[]): Plan<void> {
  const reads = readsFor(pieces, ranges)
  if (reads.length === 0) return
  const got = yield reads
  reads.forEach((range, i) => {
    pieces.add(range, got[i] ?? new Uint8Array())
  })
}

/** Milliseconds that a plan may work without a break: all other requests wait for it. */
const TURN_MS = 20

/** To be called between pieces of work: lets others have their turn where this plan has had its own. */
export function breather(): () => Plan<void> {
  let since = performance.now()
  return function* () {
    if (performance.now() - since < TURN_MS) return
    yield []
    since = performance.now()
  }
}

/** The fewest reads worth making: near ones merged, small files whole where more than half is wanted. */
function readsFor(pieces: Pieces, ranges: readonly ByteRange[]): ByteRange[] {
  const end = pieces.size - 1
  const missing = ranges
    .filter(({ first, last }) => first <= Math.min(last, end))
    .flatMap(({ first, last }) => pieces.gaps({ first, last: Math.min(last, end) }))
    .sort((a, b) => a.first - b.first)
  const reads = merged(missing)
  const bytes = reads.reduce((sum, { first, last }) => sum + last + 1 - first, 0)
  if (pieces.size > WHOLE_MOST || bytes <= pieces.size / 2) return reads
  return pieces.gaps({ first: 0, last: end })
}

function merged(ranges: readonly ByteRange[]): ByteRange[] {
  const reads: ByteRange[] = []
  for (const range of ranges) {
    const before = reads.at(-1)
    const last = Math.max(range.last, before?.last ?? 0)
    const near = before !== undefined && range.first - before.last - 1 < CALL_WORTH
    if (near && (last < before.first + READ_MOST || range.first <= before.last)) {
      reads[reads.length - 1] = { first: before.first, last }
    } else {
      reads.push(range)
    }
  }
  return reads
}

/** Nothing held yet of a file of so many bytes. */
export function noPieces(size: number): Pieces {
  /** Disjoint, in order. */
  let held: { readonly first: number; readonly bytes: Uint8Array }[] = []

  /** Index of the first piece that ends behind `at`. */
  const indexOf = (at: number): number => {
    let low = 0
    let high = held.length
    while (low < high) {
      const middle = (low + high) >> 1
      const piece = held[middle]
      if (piece && piece.first + piece.bytes.length <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  const gaps = ({ first, last }: ByteRange): ByteRange[] => {
    const missing: ByteRange[] = []
    let at = first
    for (let i = indexOf(first); at <= last; i++) {
      const piece = held[i]
      const until = piece === undefined ? last + 1 : Math.min(piece.first, last + 1)
      if (at < until) missing.push({ first: at, last: until - 1 })
      at = piece === undefined ? until : Math.max(until, piece.first + piece.bytes.length)
    }
    return missing
  }

  return {
    size,
    held: () => held.reduce((sum, { bytes }) => sum + bytes.length, 0),
    gaps,
    window: (at, length) => {
      const parts: Uint8Array[] = []
      let next = at
      for (let i = indexOf(at); next < at + length; i++) {
        const piece = held[i]
        if (piece === undefined || piece.first > next) break
        const part = piece.bytes.subarray(next - piece.first, at + length - piece.first)
        parts.push(part)
        next += part.length
      }
      return parts.length > 1 ? Buffer.concat(parts) : (parts[0] ?? new Uint8Array())
    },
    add: (range, bytes) => {
      for (const { first, last } of gaps(range)) {
        const piece = { first, bytes: bytes.subarray(first - range.first, last + 1 - range.first) }
        held.splice(indexOf(first), 0, piece)
      }
    },
    clear: () => {
      held = []
    },
  }
}
