import type { ByteRange } from '../storage/port.ts'
import { findTileParts } from './chains.ts'
import { badImage, type MainHeader, type TilePartLayout } from './codestream.ts'
import { cuttableAt, type TileRows } from './cut.ts'
import { readMainHeader } from './main-header.ts'
import { CALL_WORTH, hold, type Pieces, type Plan, WHOLE_MOST } from './pieces.ts'
import { announcedPlaces, isPlausible, type Place, placesIn, rememberedPlaces } from './places.ts'
import { allRows, DECODE_SAMPLES, planStrips, samplesOf } from './strips.ts'
import { SOT_BYTES } from './tile-part-start.ts'

/** Files up to this size are read at once: what could be left out is worth no second round trip. */
export const SMALL = 256 * 1024
/** Carries the boxes and main header of the archive's files (2 to 6 KB) and the first tile-part's window. */
const HEAD = 12 * 1024
const HEAD_ROUNDS_MOST = 16
/** Boxes and all; a TLM of 65535 tiles takes 400 KB. */
const HEAD_MOST = 8 * 1024 * 1024
/** Windows up to this sum are read in one round with the head, before strips can be planned. */
const AT_ONCE = 4 * 1024 * 1024

/** A file to be cut, strip by strip. */
export type Cuttable = {
  readonly way: 'cut'
  readonly header: MainHeader
  /** The reduce that is really used: at most what was wanted. */
  readonly reduce: number
  readonly strips: readonly TileRows[]
  /** In order of the file. */
  readonly places: readonly Place[]
  /** Who says so: what was remembered or announced by TLM is hearsay until the windows were seen. */
  readonly by: 'memory' | 'TLM' | 'chains'
}

/** How a file is to be read. */
export type Opened =
  | Cuttable
  | { readonly way: 'whole'; readonly header: MainHeader; readonly file: Uint8Array }

/**
 * Reads the head and finds the tile-parts: by the layout remembered, by TLM, or from length to length.
 * @param wanted reduce
 * @param side pixels across that the reduce is meant for: a smaller image is halved fewer times
 * @throws {Fault} bad-image
 */
export function* openImage(
  pieces: Pieces,
  layout: TilePartLayout | undefined,
  wanted: number,
  side?: number,
): Plan<Opened> {
  const remembered = layout && isPlausible(layout, pieces.size) ? layout : undefined
  yield* hold(pieces, firstRound(pieces.size, remembered, wanted))
  const header = yield* mainHeader(pieces)
  const reduce = reduceFor(header, asFineAs(header, wanted, side), pieces.size)
  if (typeof reduce === 'string') return yield* openWhole(pieces, header, reduce)
  const strips = planStrips(header, reduce)
  const memory = remembered && rememberedPlaces(header, remembered, reduce)
  if (memory) return { way: 'cut', header, reduce, strips, places: memory, by: 'memory' }
  const announced = announcedPlaces(header, reduce)
  if (announced) return { way: 'cut', header, reduce, strips, places: announced, by: 'TLM' }
  return yield* openByChains(pieces, header, reduce)
}

/**
 * Finds the tile-parts where nothing is known, or where what was told is wrong.
 * @throws {Fault} bad-image
 */
export function* openByChains(pieces: Pieces, header: MainHeader, reduce: number): Plan<Opened> {
  const strips = planStrips(header, reduce)
  const mean = (header.end - header.firstTilePart) / (header.tilesAcross * header.tilesDown)
  if (pieces.size <= WHOLE_MOST && mean < CALL_WORTH) {
    yield* hold(pieces, [{ first: 0, last: pieces.size - 1 }])
  }
  // Packets of several strips at once would be too much to hold: their headers have to do at first.
  const places = yield* findTileParts(header, pieces, {
    load: strips.length > 1 ? 'headers' : 'packets',
    reduce,
  })
  if ('uncuttable' in places) return yield* openWhole(pieces, header, places.uncuttable)
  return { way: 'cut', header, reduce, strips, places, by: 'chains' }
}

/**
 * For a file that nothing can be cut out of.
 * @param reason a clause
 * @throws {Fault} bad-image where it is too large for that
 */
export function* openWhole(pieces: Pieces, header: MainHeader, reason: string): Plan<Opened> {
  if (!isSmallEnough(header, pieces.size)) {
    const size = `${pieces.size} bytes, ${samplesOf(header, allRows(header), 0)} samples`
    throw badImage(`${reason}, so that it had to be decoded whole, and it is too large for that (${size})`)
  }
  yield* hold(pieces, [{ first: 0, last: pieces.size - 1 }])
  return { way: 'whole', header, file: pieces.window(0, pieces.size) }
}

function firstRound(size: number, layout: TilePartLayout | undefined, wanted: number): ByteRange[] {
  if (size <= SMALL) return [{ first: 0, last: size - 1 }]
  if (!layout) return [{ first: 0, last: HEAD - 1 }]
  const head = { first: 0, last: layout.first + SOT_BYTES - 1 }
  const places = placesIn(layout, wanted)
  if (places.reduce((sum, { need }) => sum + need, 0) > AT_ONCE) return [head]
  return [head, ...places.map(({ at, need }) => ({ first: at, last: at + need - 1 }))]
}

function* mainHeader(pieces: Pieces): Plan<MainHeader> {
  for (let round = 0; round < HEAD_ROUNDS_MOST; round++) {
    const read = readMainHeader(pieces.window(0, pieces.size), pieces.size)
    if (!('need' in read)) return read
    if (read.need > HEAD_MOST) throw badImage(`its main header does not end within ${HEAD_MOST} bytes`)
    const length = Math.min(HEAD_MOST, Math.max(read.need, HEAD * 2 ** round))
    yield* hold(pieces, [{ first: 0, last: length - 1 }])
  }
  throw badImage(`its main header does not end within ${HEAD_ROUNDS_MOST} round trips`)
}

/** The reduce at which an image has pixels no larger than the wanted one gives to an image of that side. */
function asFineAs({ size }: MainHeader, wanted: number, side: number | undefined): number {
  const coarser = side === undefined ? 0 : Math.log2(side / (size.right - size.left))
  return Math.max(0, Math.min(wanted, Math.floor(wanted - coarser + 1e-9)))
}

/** A reduce that the file can be cut at, the one wanted or below; or the reason for decoding it whole. */
function reduceFor(header: MainHeader, wanted: number, size: number): number | string {
  const most = Math.min(wanted, header.coding.levels)
  const reason = cuttableAt(header, most)
  if (reason === undefined) return most
  for (let reduce = most - 1; reduce > 0 && !isSmallEnough(header, size); reduce--) {
    if (cuttableAt(header, reduce) === undefined) return reduce
  }
  return reason
}

const isSmallEnough = (header: MainHeader, size: number): boolean =>
  size <= WHOLE_MOST && samplesOf(header, allRows(header), 0) <= DECODE_SAMPLES
