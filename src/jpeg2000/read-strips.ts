import { setImmediate as nextTurn } from 'node:timers/promises'
import { Fault } from '../errors.ts'
import type { ByteRange } from '../storage/port.ts'
import { badImage, type Cut, type TilePart, type TilePartLayout, type Uncuttable } from './codestream.ts'
import { cutOut, type TileBytes, type TileRows } from './cut.ts'
import { checkEnds } from './packets.ts'
import { breather, noPieces, type Pieces, type Plan, WHOLE_MOST } from './pieces.ts'
import { readStrip } from './strip-windows.ts'
import { wholeOf } from './whole.ts'
import { type Cuttable, openByChains, openImage, openWhole, SMALL } from './window-plan.ts'

/** The file to read from. */
export type ImageFile = {
  /** Bytes, as listed. */
  readonly size: number
  /** Where its tile-parts lie, if that is remembered. */
  readonly layout: TilePartLayout | undefined
  /** Pixels across that the wanted reduce is meant for; a smaller image is halved fewer times. */
  readonly side?: number
  /** @throws {Fault} as the storage does */
  readonly read: (range: ByteRange) => Promise<Uint8Array>
}

/** What reading took so far. */
export type Reading = {
  /** Round trips, one after the other. */
  readonly rounds: number
  /** Ranges read. */
  readonly reads: number
  readonly bytes: number
  /** Milliseconds in which a read was under way. */
  readonly ms: number
}

export type Strips = {
  /**
   * Top to bottom, from edge to edge; the next one is read when it is asked for. Each tells how often it is
   * halved: fewer times than wanted where the file has no more levels.
   */
  readonly strips: AsyncGenerator<Cut, void, undefined>
  readonly reading: () => Reading
  /** What is worth remembering once the last strip came; undefined where nothing new was learnt. */
  readonly learnt: () => TilePartLayout | undefined
}

/**
 * Reads of an image what its strips need at a reduce, and cuts them out.
 * @param wanted reduce, 0 or more
 * @throws {Fault} from the strips: bad-image, with a clause that speaks of the file as `its …`; and as `read`
 */
export function readStrips(file: ImageFile, wanted: number): Strips {
  const reading = { rounds: 0, reads: 0, bytes: 0, ms: 0 }
  let learnt: TilePartLayout | undefined

  async function* strips(): AsyncGenerator<Cut, void, undefined> {
    const run = runnerOf(file, reading)
    const pieces = noPieces(file.size)
    let opened = await run(openImage(pieces, file.layout, wanted, file.side))
    const seen = new Map<number, TilePart>()
    let next = 0
    while (opened.way === 'cut' && next < opened.strips.length) {
      const { header, reduce }: Cuttable = opened
      const rows = opened.strips[next]
      if (!rows) break
      const cut = await run(cutStrip(pieces, opened, rows, seen))
      if (cut === 'contradicted') {
        opened = await run(openByChains(pieces, header, reduce))
      } else if ('uncuttable' in cut) {
        opened = await run(openWhole(pieces, header, cut.uncuttable))
      } else {
        next++
        // While a strip is decoded, only what the next one can make use of is held beside it.
        if (next === opened.strips.length || pieces.held() > WHOLE_MOST) pieces.clear()
        yield cut
      }
    }
    if (opened.way === 'cut') {
      if (opened.by !== 'memory' && file.size > SMALL) learnt = layoutOf(opened, seen)
      return
    }
    // Strips that were given already would count twice.
    if (next > 0)
      throw badImage('it cannot be cut to its end, and is not what was remembered or announced of it')
    yield wholeOf(opened.header, opened.file)
  }

  return { strips: strips(), reading: () => ({ ...reading }), learnt: () => learnt }
}

/** Reads a strip and cuts it out; nothing else holds on to its tiles. */
function* cutStrip(
  pieces: Pieces,
  opened: Cuttable,
  rows: TileRows,
  seen: Map<number, TilePart>,
): Plan<Cut | Uncuttable | 'contradicted'> {
  const { header, reduce } = opened
  const tiles = yield* readStrip(pieces, opened, rows)
  if (tiles === 'contradicted' || 'uncuttable' in tiles) return tiles
  const breathe = breather()
  const parts: TileBytes[] = []
  for (const { part, bytes } of tiles) {
    const { tile, headerLength } = part
    seen.set(tile, part)
    checkEnds({ tile, headerLength, bytes }, header, header.coding.levels - reduce)
    parts.push({ tile, headerLength, bytes })
    yield* breathe()
  }
  return cutOut(header, reduce, rows, parts)
}

type Tally = { rounds: number; reads: number; bytes: number; ms: number }

/** Bytes of one range, far above what one decode may have; plans keep below it. */
const READ_CEILING = 128 * 1024 * 1024

/** Carries a plan out: all ranges of a round at once, each of which must come whole. */
function runnerOf({ size, read }: ImageFile, tally: Tally) {
  const whole = async (range: ByteRange): Promise<Uint8Array> => {
    const length = range.last + 1 - range.first
    if (length > READ_CEILING) throw badImage(`it would take ${length} bytes at once, too many to hold`)
    const bytes = await read(range).catch((error: unknown) => {
      if (!(error instanceof Fault && error.code === 'bad-request')) throw error
      throw new Fault('bad-image', `it ends before byte ${range.first}, its listing says ${size}`, {
        cause: error,
      })
    })
    tally.reads++
    tally.bytes += bytes.length
    if (bytes.length === length) return bytes
    if (bytes.length > length) return bytes.subarray(0, length)
    throw badImage(`it ends at byte ${range.first + bytes.length}, its listing says ${size}`)
  }
  return async <T>(plan: Plan<T>): Promise<T> => {
    let step = plan.next([])
    while (!step.done) {
      if (step.value.length === 0) {
        await nextTurn()
        step = plan.next([])
        continue
      }
      const started = performance.now()
      tally.rounds++
      const got = await Promise.all(step.value.map(whole))
      tally.ms += performance.now() - started
      step = plan.next(got)
    }
    return step.value
  }
}

/**
 * What is worth remembering of a file that was read to its last strip. Nothing where its tiles stand in
 * another order than a layout takes for granted, which no file of the archive has them in.
 */
function layoutOf(
  { header, places }: Cuttable,
  seen: ReadonlyMap<number, TilePart>,
): TilePartLayout | undefined {
  if (places.some(({ tile }, i) => tile !== i)) return undefined
  const { levels } = header.coding
  const lengths = places.map(({ length }) => length)
  const longest = Math.max(...lengths)
  const parts = [...seen.values()]
  const most: number[] = []
  for (let reduce = levels; reduce >= 0; reduce--) {
    // Without a PLT the ends of higher resolutions are not known: each takes some four times the bytes.
    const known = parts.every(({ ends }) => ends.length > levels - reduce)
    const guess = 4 * (most[0] ?? longest)
    most.unshift(
      known ? Math.max(...parts.map(({ ends }) => ends[levels - reduce] ?? 0)) : Math.min(longest, guess),
    )
  }
  return { first: header.firstTilePart, lengths, most }
}
