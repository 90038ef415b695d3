import proj4 from 'proj4'

/** `[west, south, east, north]`, degrees; longitudes count on past 180. */
export type TileBox = readonly [name: string, west: number, south: number, east: number, north: number]

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const SIDE = 109_800
const STEPS = 8
const SOUTH = 10_000_000

/**
 * The boxes of all squares that a Sentinel-2 tile may be named by, told by PROJ's formulas: the tile's upper
 * left corner is that of the MGRS square of 100 km, moved outward to 60 m; the band is that of its centre.
 */
export function tileBoxes(): TileBox[] {
  const boxes: TileBox[] = []
  for (let row = -93; row <= 93; row++) {
    for (let column = 1; column <= 8; column++) {
      const falseNorthing = row < 0 ? SOUTH : 0
      const toDegrees = proj4(`+proj=utm +zone=31 ${row < 0 ? '+south' : ''} +datum=WGS84 +units=m +no_defs`)
      const at = (x: number, y: number) => toDegrees.inverse([x, y + falseNorthing])
      const [, latitude = 0] = at((column + 0.5) * 1e5, (row + 0.5) * 1e5)
      const band = 'CDEFGHJKLMNPQRSTUVWX'[Math.min(19, Math.max(0, Math.floor(latitude / 8) + 10))]
      const left = Math.floor((column * 1e5) / 60) * 60
      const top = Math.ceil(((row + 1) * 1e5) / 60) * 60
      const outline = edge(left, 500_000).flatMap((x) => edge(top - SIDE, 0).map((y) => at(x, y)))
      const [lons, lats] = [outline.map(([lon = 0]) => lon), outline.map(([, lat = 0]) => lat)]
      const [west, east] = [Math.min(...lons) - 3, Math.max(...lons) - 3]
      const [south, north] = [Math.min(...lats), Math.max(...lats)]
      for (let zone = 1; zone <= 60; zone++) {
        const columnLetter = LETTERS[((zone - 1) % 3) * 8 + column - 1]
        const rowLetter = LETTERS[(((row + (zone % 2 === 0 ? 5 : 0)) % 20) + 20) % 20]
        const meridian = zone * 6 - 183
        const name = `${String(zone).padStart(2, '0')}${band}${columnLetter}${rowLetter}`
        boxes.push([name, meridian + west, south, meridian + east, north])
      }
    }
  }
  return boxes
}

/** Steps along a side, and where it crosses the central meridian or the equator, at which edges turn. */
function edge(from: number, line: number): number[] {
  const steps = Array.from({ length: STEPS + 1 }, (_, i) => from + (SIDE * i) / STEPS)
  return from < line && line < from + SIDE ? [...steps, line] : steps
}
