import { boxAround, boxesMeet, moved } from '../sentinel2/area.ts'
import { clipToBox } from '../sentinel2/clip.ts'
import type { Box, Granule } from '../sentinel2/granule.ts'
import { type Edges, edgesOf } from './measure.ts'
import { shifted, type TileGround } from './outlines.ts'

/** The area that is asked for, as the tiles see it. */
export type Asked = {
  /** Whether a box shares at least a point with it. @param mgrsTile the tile whose box it lies in, if any */
  meets(box: Box, mgrsTile: string): boolean
  /** Its ground, as Measure counts it; 0: points or lines. */
  readonly ground: number
  /** The lines and points of a shape; undefined where it has none. */
  readonly paths?: Paths | undefined
  /** What of its ground lies in a tile: one part for each time round the globe that the tile meets it. */
  partsOf(tile: TileGround): readonly Part[]
}

/** Lines and points that are asked for, as granules lie to them; edges of footprints are part of them. */
export type Paths = {
  /**
   * How much of them a granule's footprint covers, 0 to 1: of the lines by their length on the sphere, those that
   * lie on one another counting each; where there are none, of the points by their number.
   */
  share(granule: Pick<Granule, 'mgrsTile' | 'box'>): number
  /** Whether it covers all lines, but for a billionth of their length, and all points. */
  areAllIn(granule: Pick<Granule, 'mgrsTile' | 'box'>): boolean
}

/** Edges of what of the area lies in a tile. */
export type Part = {
  readonly edges: Edges
  readonly box: Box
  /** What is to be added to longitudes as the tile counts them, to be those of the edges. */
  readonly shift: number
}

/** A box that is asked for. */
export function askedBox(area: Box): Asked {
  const [west, south, east, north] = area
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ] as const
  const { ground } = edgesOf([corners], south)
  return {
    meets: (box) => boxesMeet(area, box),
    ground,
    partsOf: (tile) =>
      turnsOf(tile, area).flatMap((turn) => {
        const by = tile.meridian + turn
        if (isWithin(moved(tile.square.box, by), area)) return [wholeTile(tile)]
        const cut = clipToBox(shifted(tile.square.outline, by), area)
        return cut.length < 3 ? [] : [{ edges: edgesOf([cut], south), box: boxAround(cut), shift: turn }]
      }),
  }
}

/** The part of an area that holds all of a tile. */
export const wholeTile = ({ square, meridian }: TileGround): Part => ({
  edges: square.edges,
  box: square.box,
  shift: -meridian,
})

/** The turns, whole rounds in degrees, by which a tile's outline meets an area's box. */
export const turnsOf = ({ square, meridian }: TileGround, area: Box): number[] =>
  turnsTo(moved(square.box, meridian), area)

/** The turns by which a box meets another. */
export function turnsTo(box: Box, area: Box): number[] {
  if (box[1] > area[3] || area[1] > box[3]) return []
  const first = Math.floor((area[0] - box[2]) / 360) * 360
  return [first, first + 360, first + 720].filter((by) => box[0] + by <= area[2] && area[0] <= box[2] + by)
}

/** Whether a box lies in another, edges included, longitudes as they are counted. */
export const isWithin = (box: Box, around: Box): boolean =>
  box[0] >= around[0] && box[1] >= around[1] && box[2] <= around[2] && box[3] <= around[3]

/** Whether two boxes share no ground, longitudes as they are counted. */
export const isApart = (a: Box, b: Box): boolean =>
  a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]
