import type { Resolution } from '../../sentinel2/bands.ts'
import { type TileGrid, tileGrid } from '../../sentinel2/tiles.ts'

/** Where a tile's pixels lie, for the extension projection: what its granules share, and what each image has. */
export type TileProjection = {
  readonly tile: {
    readonly 'proj:code': string
    /** What readers from before 1.2 of the extension look for. */
    readonly 'proj:epsg': number
    /** West, south, east, north; metres. */
    readonly 'proj:bbox': readonly [number, number, number, number]
  }
  readonly image: ImageProjector
}

export type ImageProjector = (resolution: Resolution) => ImageProjection

export type ImageProjection = {
  /** Rows, columns. */
  readonly 'proj:shape': readonly [number, number]
  /** Affine, row by row, of the upper left corner of pixels: pixel width, 0, west, 0, minus height, north. */
  readonly 'proj:transform': readonly number[]
}

/** Undefined where the tile's name is none of the grid. */
export function projectionOf(mgrsTile: string): TileProjection | undefined {
  const grid = tileGrid(mgrsTile)
  if (!grid) return undefined
  const { epsg, xmin, ymin, side } = grid
  return projectionAt(epsg, [xmin, ymin, xmin + side, ymin + side])
}

/** @param box west, south, east, north; metres */
export function projectionAt(
  epsg: number,
  [west, south, east, north]: readonly [number, number, number, number],
): TileProjection {
  return {
    tile: { 'proj:code': `EPSG:${epsg}`, 'proj:epsg': epsg, 'proj:bbox': [west, south, east, north] },
    image: imageProjector(west, north),
  }
}

const imageProjector =
  (west: number, north: number): ImageProjector =>
  (resolution) => ({
    'proj:shape': [SIDE / resolution, SIDE / resolution],
    'proj:transform': [resolution, 0, west, 0, -resolution, north],
  })

/** Metres, of all tiles. */
const SIDE = 109_800 satisfies TileGrid['side']
