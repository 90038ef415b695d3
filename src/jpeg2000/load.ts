import { badImage, type Coding, type ImageSize } from './codestream.ts'
import { bandsOf, blocksAcross, precinctsAcross, type Span } from './precincts.ts'

/*
 * What a header of a hundred bytes makes a decoder set up before it has read a single packet. OpenJPEG takes
 * 0.1 to 1 KB for each precinct, code-block and packet of a tile, and some KB for each tile.
 */

/** Tiles × components × resolutions. A preview of the archive has 1849 × 3 × 5 = 27,735, a band 605. */
const MOST_TILE_RESOLUTIONS = 64_000
/** Each takes the decoder some 13 KB, whatever is in it. */
const MOST_TILES = 10_000
/** Packets and code-blocks (by layer) of one tile; a tile of 1024² in three components has some 1100. */
const MOST_OF_A_TILE = 200_000
/**
 * The same of all tiles, where a packet counts for as many code-blocks as it costs to follow. A band of 10980²
 * has some 60,000, one of 5490² in code-blocks of 8 × 8 some 800,000.
 */
const MOST_OF_ALL = 2_000_000
const PACKET_COST = 8

/**
 * Refuses an image that would take far more memory than its samples do. Subsampled components count as if
 * they were not.
 * @throws {Fault} bad-image
 */
export function checkLoad(size: ImageSize, coding: Coding, tiles: { across: number; down: number }): void {
  const components = size.components.length
  const resolutions = tiles.across * tiles.down * components * (coding.levels + 1)
  if (resolutions > MOST_TILE_RESOLUTIONS || tiles.across * tiles.down > MOST_TILES) {
    throw badImage(
      `its header names ${tiles.across} by ${tiles.down} tiles of ${components} components and ${coding.levels} decompositions, more than is read`,
    )
  }
  // Rows and columns divide alike for all tiles of a column and of a row, so they are counted once.
  const columns = spans(size.left, size.right, size.tileLeft, size.tileWidth, tiles.across)
  const rows = spans(size.top, size.bottom, size.tileTop, size.tileHeight, tiles.down)
  let ofTile = 0
  let ofAll = 0
  for (let resolution = 0; resolution <= coding.levels; resolution++) {
    const packets = product(
      columns.map((span) => precinctsAcross(coding, span, resolution, 'width')),
      rows.map((span) => precinctsAcross(coding, span, resolution, 'height')),
    )
    ofTile += packets.most
    ofAll += PACKET_COST * packets.all
    for (const band of bandsOf(resolution)) {
      const blocks = product(
        columns.map((span) => blocksAcross(coding, span, resolution, 'width', band.x)),
        rows.map((span) => blocksAcross(coding, span, resolution, 'height', band.y)),
      )
      ofTile += blocks.most
      ofAll += blocks.all
    }
  }
  const times = components * coding.layers
  if (ofTile * times > MOST_OF_A_TILE) {
    throw badImage(`its header names ${ofTile * times} packets and code-blocks in a tile, more than are read`)
  }
  if (ofAll * times > MOST_OF_ALL)
    throw badImage('its header names more packets and code-blocks than are read')
}

function spans(start: number, end: number, first: number, side: number, count: number): Span[] {
  return Array.from({ length: count }, (_, i) => ({
    start: Math.max(start, first + i * side),
    end: Math.min(end, first + (i + 1) * side),
  }))
}

/** Of all pairs of a column and a row. */
function product(across: readonly number[], down: readonly number[]) {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
  return { most: Math.max(...across) * Math.max(...down), all: sum(across) * sum(down) }
}
