import { Fault } from '../errors.ts'
import type { ByteRange } from '../storage/port.ts'
import { badImage, type MainHeader, type NeedsMore, type TilePart, type Uncuttable } from './codestream.ts'
import { heldPart, PART_LEAST } from './held-part.ts'
import { MARKER } from './markers.ts'
import { breather, hold, type Pieces, type Plan, WHOLE_MOST } from './pieces.ts'
import { expectedNeed, type Place, rowsMost, tileMost } from './places.ts'
import { allRows, tileSamples } from './strips.ts'
import { SOT_BYTES } from './tile-part-start.ts'

/** What windows on tile-parts should carry. */
export type Carry = {
  /** Whether the wanted packets are to come along, or the headers alone. */
  readonly load: 'packets' | 'headers'
  readonly reduce: number
}

/**
 * One chain steps from SOT to SOT, one round trip each. `scan` says that it still looks for its first SOT
 * and where it gives up.
 */
type Chain = {
  at: number
  scan: { readonly until: number } | undefined
  /** The tile-part that it came from. */
  last: Place | undefined
}

/** What all chains share. */
type Walk = {
  readonly header: MainHeader
  readonly pieces: Pieces
  readonly carry: Carry
  /** By offset. */
  readonly found: Map<number, Place>
  readonly breathe: () => Plan<void>
}

/** What a tile needs is what the one before it needed, give or take a tenth. */
const HOP_MARGIN = 1.1
/**
 * Bytes that chains other than the first may spend on looking for a place to start. Nothing tells how far
 * the next SOT is, half a tile-part on average: 0.5 MB where a tile-part of a 10 m band has 950 KB, which
 * halves 121 serial hops. Giving up earlier wastes what was spent and mostly finds nothing.
 */
const SCAN_BUDGET = 1024 * 1024
/** Where windows are big, the search for starts may cost this share of them. */
const SCAN_SHARE = 0.1
const SCAN_WINDOW = { least: 4 * 1024, most: 64 * 1024 }
const CHAINS_MOST = 12
/** Serial hops that a further chain must save to be worth its search. */
const HOPS_WORTH = 8
/** Rounds that a search takes on average; the first chain gets as many tile-parts more to walk. */
const SCAN_ROUNDS = 8
/** 512 rounds of 30 ms are 15 s; the archive's files have at most 121 tile-parts, their TCI 1849. */
const ROUNDS_MOST = 512

/**
 * Finds all tile-parts by their lengths (Psot), several chains at a time, since each hop is a round trip.
 * 0xFF90 stands nowhere but at an SOT (A.1.3), so a chain can start in the middle of the file.
 * @returns in order of the file
 * @throws {Fault} bad-image
 */
export function* findTileParts(header: MainHeader, pieces: Pieces, carry: Carry): Plan<Place[] | Uncuttable> {
  const walk: Walk = { header, pieces, carry, found: new Map(), breathe: breather() }
  const main: Chain = { at: header.firstTilePart, scan: undefined, last: undefined }
  let chains = [main, ...furtherChains(walk)]
  const most = pieces.held() + bytesMost(walk)
  for (let round = 0; round < ROUNDS_MOST; round++) {
    const steps = new Map<Chain, ByteRange>()
    for (const chain of chains) {
      const step = yield* chain === main ? hop(walk, chain) : guarded(walk, chain)
      if (step === 'done') {
        if (chain === main) return inOrder(walk)
        continue
      }
      if ('uncuttable' in step) return step
      steps.set(chain, step)
    }
    chains = worthGoing([...steps.keys()])
    const ranges = chains.flatMap((chain) => steps.get(chain) ?? [])
    const bytes = ranges.reduce((sum, { first, last }) => sum + last + 1 - first, pieces.held())
    if (bytes > most) throw badImage(`its tile-parts cannot be found within ${most} bytes`)
    yield* hold(pieces, ranges)
  }
  throw badImage(`its tile-parts cannot be found within ${ROUNDS_MOST} round trips`)
}

/** Bytes that the search may take: those of the packets it carries, of the starts, and of a small file. */
function bytesMost({ header, carry: { load, reduce } }: Walk): number {
  const carried = rowsMost(header, allRows(header), load === 'packets' ? reduce : header.coding.levels)
  return carried + scanBudget(header, reduce) + WHOLE_MOST
}

const scanBudget = (header: MainHeader, reduce: number): number =>
  Math.max(SCAN_BUDGET, SCAN_SHARE * header.tilesAcross * header.tilesDown * expectedNeed(header, 0, reduce))

/** Leaves out chains that an earlier one has overtaken, or whose way it goes on from here. */
function worthGoing(chains: readonly Chain[]): Chain[] {
  let reached = -1
  return chains.filter(({ at, scan }) => {
    if (at <= reached) return false
    if (!scan) reached = at
    return true
  })
}

/** The chains after the first: each looks for its start where its share of the tile-parts should begin. */
function furtherChains({ header, pieces, carry }: Walk): Chain[] {
  const tiles = header.tilesAcross * header.tilesDown
  const mean = (header.end - header.firstTilePart) / tiles
  const budget = scanBudget(header, carry.reduce)
  if (pieces.gaps({ first: header.firstTilePart, last: header.end - 1 }).length === 0) return []
  const worth = Math.floor(tiles / HOPS_WORTH)
  const count = Math.min(CHAINS_MOST, worth, 1 + Math.max(1, Math.floor(budget / mean)))
  const share = (tiles - SCAN_ROUNDS) / count
  return Array.from({ length: Math.max(0, count - 1) }, (_, i) => {
    const tile = Math.round(SCAN_ROUNDS + (i + 1) * share)
    const at = Math.round(header.firstTilePart + mean * (tile - 0.25))
    return {
      at,
      last: undefined,
      scan: { until: Math.min(header.end, at + Math.floor(budget / (count - 1))) },
    }
  })
}

/** Of a chain that is not the first: what it stumbles over is for the first one to judge. */
function* guarded(walk: Walk, chain: Chain): Plan<ByteRange | 'done'> {
  try {
    const step = yield* chain.scan ? search(walk, chain, chain.scan.until) : hop(walk, chain)
    return typeof step === 'object' && 'uncuttable' in step ? 'done' : step
  } catch (error) {
    if (error instanceof Fault) return 'done'
    throw error
  }
}

/** Follows the lengths as far as bytes are held, and says what to read to go on. */
function* hop(walk: Walk, chain: Chain): Plan<ByteRange | Uncuttable | 'done'> {
  const { header, pieces, found, breathe } = walk
  const tiles = header.tilesAcross * header.tilesDown
  for (;;) {
    const known = found.get(chain.at)
    if (known) {
      chain.at += known.length
      chain.last = known
      continue
    }
    if (chain.at + SOT_BYTES > header.end) return 'done'
    const [high = 0, low = 0] = pieces.window(chain.at, 2)
    if (high * 256 + low === MARKER.EOC) return 'done'
    yield* breathe()
    const part = partAt(walk, chain.at)
    if ('uncuttable' in part) return part
    if ('need' in part) return hopWindow(walk, chain, part.need)
    found.set(chain.at, placeOf(walk, part, chain.at))
    if (found.size > 2 * tiles) return { uncuttable: 'a tile of it comes in several tile-parts' }
  }
}

/** Looks through what is held for an SOT that can be believed, and says what to read to go on. */
function* search(walk: Walk, chain: Chain, until: number): Plan<ByteRange | Uncuttable | 'done'> {
  const { header, pieces, breathe } = walk
  for (;;) {
    yield* breathe()
    if (chain.at >= until) return 'done'
    const window = pieces.window(chain.at, until - chain.at)
    const start = indexOfSot(window)
    if (start < 0) {
      // The marker may lie across the window's end.
      chain.at += Math.max(0, window.length - 3)
      if (chain.at + 3 >= until) return 'done'
      return { first: chain.at, last: Math.min(until, chain.at + scanWindow(header)) - 1 }
    }
    chain.at += start
    const part = believed(walk, chain.at)
    if (part && 'need' in part) return hopWindow(walk, chain, part.need)
    if (part) {
      chain.scan = undefined
      return yield* hop(walk, chain)
    }
    chain.at += 1
  }
}

/** The tile-part that starts here, if what stands here is one. */
function believed(walk: Walk, at: number): TilePart | NeedsMore | undefined {
  try {
    const part = partAt(walk, at)
    return 'uncuttable' in part ? undefined : part
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

const partAt = ({ header, pieces, carry }: Walk, at: number): TilePart | NeedsMore | Uncuttable =>
  heldPart(pieces, header, at, carry.reduce)

function placeOf({ header, carry }: Walk, { tile, length, ends }: TilePart, at: number): Place {
  const need = ends[header.coding.levels - carry.reduce] ?? expectedNeed(header, tile, carry.reduce)
  return { tile, at, length, need: Math.min(length, need) }
}

/** The window of the next tile-part: wide enough for most, so that few need a second read. */
function hopWindow({ header, carry: { load, reduce } }: Walk, { at, last }: Chain, least: number): ByteRange {
  const next = Math.min((last?.tile ?? -1) + 1, header.tilesAcross * header.tilesDown - 1)
  const samples = last ? Math.max(1, tileSamples(header, last.tile, reduce)) : 1
  const packets = last
    ? (HOP_MARGIN * last.need * tileSamples(header, next, reduce)) / samples
    : expectedNeed(header, next, reduce)
  const carried = load === 'packets' ? Math.min(Math.ceil(packets), tileMost(header, next, reduce)) : 0
  const length = Math.max(least, PART_LEAST, carried)
  return { first: at, last: at + length - 1 }
}

function scanWindow(header: MainHeader): number {
  const mean = (header.end - header.firstTilePart) / (header.tilesAcross * header.tilesDown)
  return Math.round(Math.min(SCAN_WINDOW.most, Math.max(SCAN_WINDOW.least, mean / 8)))
}

/** Index of FF90 000A, the marker and length of an SOT segment; -1 where there is none. */
function indexOfSot(window: Uint8Array): number {
  for (let i = window.indexOf(0xff); i >= 0; i = window.indexOf(0xff, i + 1)) {
    if (window[i + 1] === 0x90 && window[i + 2] === 0 && window[i + 3] === 0x0a) return i
  }
  return -1
}

/** What the first chain came along, which is all of the file; starts found elsewhere may have been none. */
function inOrder({ header, found }: Walk): Place[] | Uncuttable {
  const places: Place[] = []
  for (let at = header.firstTilePart; ; ) {
    const place = found.get(at)
    if (!place) break
    places.push(place)
    at += place.length
  }
  const tiles = header.tilesAcross * header.tilesDown
  const seen = new Set(places.map(({ tile }) => tile))
  if (seen.size < places.length) return { uncuttable: 'a tile of it comes in several tile-parts' }
  if (seen.size < tiles) throw badImage(`it has ${seen.size} of its ${tiles} tiles`)
  return places
}
