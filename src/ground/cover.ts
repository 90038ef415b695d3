import { type Area, moved, widened } from '../sentinel2/area.ts'
import type { Box, Granule } from '../sentinel2/granule.ts'
import { TOUCH, tileBox } from '../sentinel2/tiles.ts'
import { type Asked, askedBox, isApart, isWithin, type Part } from './asked.ts'
import { askedShape } from './asked-shape.ts'
import { type Room, roomOf } from './kept.ts'
import { shareOfLine } from './line.ts'
import { groundWithin } from './measure.ts'
import { groundOfTile, type TileGround } from './outlines.ts'
import { besideTile, isOffTile } from './own-box.ts'

/** What of a granule tells where it lies. */
export type Ground = Pick<Granule, 'mgrsTile' | 'box'>

/**
 * How granules lie to an area. The box of a granule without one is its tile's; its footprint is what footprintOf
 * draws: the tile cut to its box, or the whole tile where that leaves nothing. A tile that is none of the grid
 * has no footprint.
 */
export interface Cover {
  /** Whether any box inside this tile's may meet the area; false is certain. */
  touches(mgrsTile: string): boolean
  /** Whether the granule's own box shares at least a point with the area, edges included. */
  meets(granule: Ground): boolean
  /**
   * Share of the area that the granule's footprint covers, 0 to 1. It is of the ground, on the sphere, where the
   * area has any; else of the length of its lines; else of the number of its points. It is exactly 1 where less
   * than a billionth lacks and no line or point beside the ground is left out, which `contains` asks for.
   */
  coverage(granule: Ground): number
  /** Whether the footprint lies in the area's ground, but for a billionth of it; none lies in points or lines. */
  isWithin(granule: Ground): boolean
}

/** Shares nearer to 0 or 1 are these: digits that adding edges lost, the latter a metre for each thousand km. */
const NOTHING = 1e-12
const LACK = 1e-9

/** The share of a granule that covers all but a line or a point beside what the share is of. */
const NEARLY = 1 - 1e-6

const rounded = (share: number): number => (share > 1 - LACK ? 1 : share < NOTHING ? 0 : share)

/** What of the area lies in a tile, kept while its granules are asked about. */
type TileCover = {
  readonly tile: TileGround
  readonly parts: readonly Part[]
  readonly ground: number
  /** Ground that is as good as none of the area. */
  readonly least: number
}
/** Of a tile some 10 KB where the area ends in it, and little where it does not; of a shape what lies near it, too. */
const MOST_BYTES = 36 * 2 ** 20
const TILE_BYTES = 400

/** Room for what the covers of a few areas know of their tiles. */
export const roomForCovers = (): Room => roomOf(MOST_BYTES)

/**
 * Nothing is computed of a tile before a granule of it, or itself, is asked about.
 * @param room which several covers may share
 */
export function coverOf(area: Area, room: Room = roomForCovers()): Cover {
  const asked = area.shape ? askedShape(area.box, area.shape, room) : askedBox(area.box)
  const kept = room.kept<string, TileCover | undefined>(bytesOf)
  const coverOfTile = (mgrsTile: string) => kept.of(mgrsTile, () => tileCover(mgrsTile, asked))
  const touches = (mgrsTile: string): boolean => {
    const box = tileBox(mgrsTile)
    // Widened as the tiles of an area are found (tilesOf).
    return box !== undefined && asked.meets(widened(box, TOUCH), mgrsTile)
  }
  const share = (granule: Ground): number => {
    if (asked.ground === 0)
      return asked.paths ? rounded(asked.paths.share(granule)) : shareOfLine(area.box, granule)
    const found = coverOfTile(granule.mgrsTile)
    if (!found || found.ground === 0) return 0
    return rounded(groundIn(found, granule.box) / asked.ground)
  }
  const coverage: Cover['coverage'] = (granule) => {
    const of = share(granule)
    return of === 1 && asked.paths?.areAllIn(granule) === false ? NEARLY : of
  }
  return {
    touches,
    meets: ({ mgrsTile, box }) => (box ? asked.meets(box, mgrsTile) : touches(mgrsTile)),
    coverage,
    isWithin: (granule) => {
      const found = asked.ground === 0 ? undefined : coverOfTile(granule.mgrsTile)
      if (!found || found.ground === 0) return false
      const { square } = found.tile
      if (found.parts.some(({ edges }) => edges === square.edges)) return true
      const own = footprintGround(found, granule.box)
      return groundIn(found, granule.box) >= own * (1 - LACK)
    },
  }
}

function tileCover(mgrsTile: string, asked: Asked): TileCover | undefined {
  const tile = groundOfTile(mgrsTile)
  if (!tile) return undefined
  const parts = asked.partsOf(tile).filter(({ edges }) => edges.ground > 0)
  const ground = parts.reduce((sum, { edges }) => sum + edges.ground, 0)
  return { tile, parts, ground, least: asked.ground * NOTHING }
}

/** A part that is the whole tile shares the edges of all tiles like it. */
const bytesOf = (cover: TileCover | undefined): number =>
  (cover?.parts ?? []).reduce(
    (sum, { edges }) => sum + (edges === cover?.tile.square.edges ? 0 : edges.numbers.byteLength),
    TILE_BYTES,
  )

/** Of the area, what a granule of the tile covers with its box. */
function groundIn({ tile, parts, ground, least }: TileCover, box: Box | undefined): number {
  if (!box) return ground
  const own = besideTile(box, tile)
  let sum = 0
  for (const part of parts) {
    const there = moved(own, part.shift)
    if (isWithin(part.box, there)) sum += part.edges.ground
    else if (!isApart(part.box, there)) sum += groundWithin(part.edges, there)
  }
  return sum <= least && isOffTile(own, tile) ? ground : sum
}

function footprintGround({ tile }: TileCover, box: Box | undefined): number {
  const { edges } = tile.square
  if (!box) return edges.ground
  const own = besideTile(box, tile)
  return isOffTile(own, tile) ? edges.ground : groundWithin(edges, moved(own, -tile.meridian))
}
