import type { DatabaseSync } from 'node:sqlite'
import { canMatch } from '../src/catalog/can-match.ts'
import { type Cover, coverOf, type Ground, roomForCovers } from '../src/ground/cover.ts'
import { boxOf, cellOf } from '../src/index-file/row.ts'
import type { Shape } from '../src/sentinel2/area.ts'
import type { Level } from '../src/sentinel2/bands.ts'
import type { Box } from '../src/sentinel2/granule.ts'

/** The ground that granules are compared with. */
export type AskedGround = {
  readonly box: Box
  /** JSON of Area.shape: a text is handed to a thread, and compared, much faster than its positions. */
  readonly shape: string | undefined
  readonly level: Level
  /** Candidate tiles. */
  readonly tiles: readonly string[]
  /** Share of the area that a granule must cover. */
  readonly leastCoverage: number | undefined
}

export type KnownGround = {
  /** Cells of the tiles in which a granule can match. */
  readonly cells: readonly number[]
  readonly tileOf: (cell: number) => string
  readonly cover: Cover
}

/** Areas that pages and parts of counts come back to: so many, and as shapes so many characters of JSON together. */
const KEPT = 8
/** Some twice the longest shape. What a shape is made into takes up to ten times its text. */
const MOST_CHARACTERS = 4_000_000
const covers = new Map<string, Cover>()
const room = roomForCovers()

export function groundOf({ box, shape, level, tiles, leastCoverage }: AskedGround): KnownGround {
  const cover = coverOfArea(box, shape)
  const tests = { isShaped: shape !== undefined, leastCoverage }
  const matching = tiles.filter((mgrsTile) => canMatch(mgrsTile, cover, tests))
  const names = new Map(matching.map((tile) => [cellOf(level, tile), tile]))
  return { cells: [...names.keys()], tileOf: (cell) => names.get(cell) ?? '', cover }
}

/** What is known of an area's tiles is kept for the next question about it. */
function coverOfArea(box: Box, shape: string | undefined): Cover {
  const name = `${box.join()} ${shape ?? ''}`
  const area = () => (shape === undefined ? { box } : { box, shape: readShape(shape) })
  const cover = covers.get(name) ?? coverOf(area(), room)
  covers.delete(name)
  let characters = name.length
  for (const other of covers.keys()) characters += other.length
  for (const oldest of covers.keys()) {
    if (covers.size < KEPT && characters <= MOST_CHARACTERS) break
    covers.delete(oldest)
    characters -= oldest.length
  }
  covers.set(name, cover)
  return cover
}

/** Written by the asking side from a Shape. */
const readShape = (json: string): Shape => JSON.parse(json) as Shape

/** Functions of SQL by which rows are compared with the ground of the present question. */
export function defineGround(db: DatabaseSync, ground: () => KnownGround): void {
  const define = (name: string, tell: (at: Ground, cover: Cover) => number) =>
    db.function(name, { deterministic: true }, (cell, west, south, east, north) => {
      const { tileOf, cover } = ground()
      return tell({ mgrsTile: tileOf(Number(cell)), box: boxOf(west, south, east, north) }, cover)
    })
  define('meets', (at, cover) => Number(cover.meets(at)))
  define('is_within', (at, cover) => Number(cover.isWithin(at)))
  define('coverage', (at, cover) => cover.coverage(at))
}
