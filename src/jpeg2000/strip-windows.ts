import { Fault } from '../errors.ts'
import type { ByteRange } from '../storage/port.ts'
import { badImage, type MainHeader, type NeedsMore, type TilePart, type Uncuttable } from './codestream.ts'
import type { TileRows } from './cut.ts'
import { breather, hold, type Pieces, type Plan } from './pieces.ts'
import { type Place, rowsMost } from './places.ts'
import { readTilePart } from './tile-part.ts'
import type { Cuttable } from './window-plan.ts'

/** Rounds that complete the windows of a strip: without a PLT each of them doubles a window. */
const COMPLETIONS_MOST = 32

/** A tile-part of which all wanted bytes are held: `bytes` from its SOT to the last packet wanted. */
export type TileSeen = { readonly part: TilePart; readonly bytes: Uint8Array }

/**
 * Reads what the tiles of a strip need: in one round, and where windows were too short in one more, which
 * brings just what is missing.
 * @returns 'contradicted' where the file is not as it was told
 * @throws {Fault} bad-image
 */
export function* readStrip(
  pieces: Pieces,
  opened: Cuttable,
  rows: TileRows,
): Plan<readonly TileSeen[] | Uncuttable | 'contradicted'> {
  const { header, reduce, places, by } = opened
  const first = rows.from * header.tilesAcross
  const until = rows.until * header.tilesAcross
  const mine = places.filter(({ tile }) => tile >= first && tile < until)
  const most = rowsMost(header, rows, reduce)
  const breathe = breather()
  let wanted: readonly ByteRange[] = mine.map(({ at, need }) => ({ first: at, last: at + need - 1 }))
  for (let round = 0; round <= COMPLETIONS_MOST; round++) {
    const bytes = wanted.reduce((sum, range) => sum + range.last + 1 - range.first, 0)
    if (bytes > most) {
      if (by !== 'chains') return 'contradicted'
      throw badImage(`its tiles are said to take ${bytes} bytes, more than their samples can`)
    }
    yield* hold(pieces, wanted)
    const views: (TileSeen | ByteRange)[] = []
    for (const place of mine) {
      const view = look(pieces, place, opened)
      if (view === 'contradicted' || 'uncuttable' in view) return view
      views.push(view)
      yield* breathe()
    }
    wanted = views.filter((view) => 'first' in view)
    if (wanted.length === 0) return views.filter((view) => 'part' in view)
  }
  throw badImage(`the ends of its packets cannot be found within ${COMPLETIONS_MOST} round trips`)
}

/** What is held of a tile-part: all that is wanted of it, or else the range that is. */
function look(
  pieces: Pieces,
  place: Place,
  { header, reduce, by }: Cuttable,
): TileSeen | ByteRange | Uncuttable | 'contradicted' {
  const { at, length } = place
  const upTo = header.coding.levels - reduce
  const window = pieces.window(at, length)
  const part =
    by === 'chains' ? readTilePart(window, at, header, upTo) : believed(window, place, header, upTo)
  if (part === 'contradicted' || 'uncuttable' in part) return part
  const need = 'need' in part ? part.need : (part.ends[upTo] ?? part.length)
  if (need > length) {
    if (by !== 'chains') return 'contradicted'
    throw badImage(`its tile-part at byte ${at} ends before its packets do`)
  }
  if ('need' in part || need > window.length) return { first: at, last: at + need - 1 }
  return { part, bytes: window.subarray(0, need) }
}

/** Reads the header of a tile-part that is known from hearsay, and holds it against what was told. */
function believed(
  window: Uint8Array,
  { tile, at, length }: Place,
  header: MainHeader,
  upTo: number,
): TilePart | NeedsMore | Uncuttable | 'contradicted' {
  try {
    const part = readTilePart(window, at, header, upTo)
    if ('tile' in part && (part.tile !== tile || part.length !== length)) return 'contradicted'
    return part
  } catch (error) {
    if (error instanceof Fault) return 'contradicted'
    throw error
  }
}
