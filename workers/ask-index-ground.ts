import type { DatabaseSync } from 'node:sqlite'
import { type Cover, coverOf, type Ground } from '../src/ground/cover.ts'
import { cellOf } from '../src/index-file/row.ts'
import type { Shape } from '../src/sentinel2/area.ts'
import type { Level } from '../src/sentinel2/bands.ts'
import type { Box } from '../src/sentinel2/granule.ts'
import { tileBox } from '../src/sentinel2/tiles.ts'

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

/** Degrees; boxes of valid data stick out of their tiles by up to 13 m. */
const PAST_TILE = 2e-3
/** A granule covers no more than its tile but for the last digits. */
const DIGITS = 1e-9
const MICRODEGREES = 1e6
/** Areas that pages and parts of counts come back to. */
const KEPT = 8
const covers = new Map<string, Cover>()

export function groundOf({ box, shape, level, tiles, leastCoverage }: AskedGround): KnownGround {
  const cover = coverOfArea(box, shape)
  const canMatch = (mgrsTile: string) =>
    (shape === undefined || meetsTile(cover, mgrsTile)) &&
    (leastCoverage === undefined || cover.coverage({ mgrsTile, box: undefined }) >= leastCoverage - DIGITS)
  const names = new Map(tiles.filter(canMatch).map((tile) => [cellOf(level, tile), tile]))
  return { cells: [...names.keys()], tileOf: (cell) => names.get(cell) ?? '', cover }
}

/** What is known of an area's tiles is kept for the next question about it. */
function coverOfArea(box: Box, shape: string | undefined): Cover {
  const name = `${box.join()} ${shape ?? ''}`
  const cover = covers.get(name) ?? coverOf(shape === undefined ? { box } : { box, shape: readShape(shape) })
  covers.delete(name)
  covers.set(name, cover)
  const [oldest] = covers.keys()
  if (covers.size > KEPT && oldest !== undefined) covers.delete(oldest)
  return cover
}

/** Written by the asking side from a Shape. */
const readShape = (json: string): Shape => JSON.parse(json) as Shape

function meetsTile(cover: Cover, mgrsTile: string): boolean {
  const tile = tileBox(mgrsTile)
  if (!tile) return false
  const [west, south, east, north] = tile
  const box: Box = [west - PAST_TILE, south - PAST_TILE, east + PAST_TILE, north + PAST_TILE]
  return cover.meets({ mgrsTile, box })
}

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

/** Box of a row in degrees; undefined where it has none. */
export function boxOf(west: unknown, south: unknown, east: unknown, north: unknown): Box | undefined {
  if (west === null || south === null || east === null || north === null) return undefined
  const degrees = (edge: unknown) => Number(edge) / MICRODEGREES
  return [degrees(west), degrees(south), degrees(east), degrees(north)]
}
