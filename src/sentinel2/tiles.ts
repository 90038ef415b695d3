import { type Area, boxesMeet, moved, widened } from './area.ts'
import type { Box } from './granule.ts'
import { isTileName } from './names.ts'
import { centralMeridian, type Hemisphere, utmToLonLat } from './utm.ts'

/*
 * The grid of Sentinel-2 tiles by closed form: a tile is the square of 109.8 km whose upper left corner is
 * that of its MGRS 100 km square, moved outward to the 60 m grid; a square that straddles two latitude
 * bands is named by the band of its centre. Both rules hold for all 56,686 tiles that ESA lists.
 */

const SQUARE = 100_000
const SIDE = 109_800
const GRID = 60
export const LATITUDE_BANDS = 'CDEFGHJKLMNPQRSTUVWX'
const COLUMNS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const ROWS = 'ABCDEFGHJKLMNPQRSTUV'
const FALSE_NORTHING = { north: 0, south: 10_000_000 } as const satisfies Record<Hemisphere, number>
/** Degrees. Floating point must not lose a tile that touches an area with its edge: about a tenth of a millimetre. */
export const TOUCH = 1e-9
/** Degrees. Boxes of valid data stick out of their tiles by up to 13 m, so the next tiles are looked at, too. */
export const PAST_TILE = 2e-3

/** Where a tile lies in its zone. */
export type TileGrid = {
  /** 32601–32660 north, 32701–32760 south. */
  readonly epsg: number
  readonly zone: number
  readonly hemisphere: Hemisphere
  /** West edge, metres. */
  readonly xmin: number
  /** South edge, metres, with the false northing of the south. */
  readonly ymin: number
  /** Metres. */
  readonly side: typeof SIDE
}

/** A square of the grid in a zone whose central meridian is taken as 0°; the zones all look alike. */
type Square = {
  readonly hemisphere: Hemisphere
  /** West edge in units of 100 km, 1 to 8. */
  readonly column: number
  /** South edge in units of 100 km from the equator, negative in the south. */
  readonly row: number
  readonly band: string
  /** Bands that the square reaches into. */
  readonly bands: readonly string[]
  /** West and east of the 100 km square. */
  readonly square: readonly [west: number, east: number]
  /** Box of the tile. */
  readonly tile: Box
}

/**
 * The tiles whose ground may meet an area, in order of name: never too few. Some squares named here are not
 * tiles in ESA's list, since a neighbouring zone covers them.
 * @param wanted only these of them, if given
 */
export function tilesOf(area: Area, wanted?: readonly string[]): string[] {
  const ground = widened(area.box, TOUCH)
  if (wanted) return [...new Set(wanted)].filter((tile) => meets(tile, ground)).sort()
  const names: string[] = []
  for (const row of rowsAt(ground[1], ground[3])) {
    if (row.south > ground[3] || row.north < ground[1]) continue
    for (const zone of zonesBetween(ground[0] - row.east, ground[2] - row.west)) {
      const meridian = centralMeridian(zone)
      for (const square of row.squares) {
        if (boxesMeet(moved(square.tile, meridian), ground) && belongsTo(zone, square)) {
          names.push(nameOf(zone, square))
        }
      }
    }
  }
  return names.sort()
}

const ZONES = Array.from({ length: 60 }, (_, i) => i + 1)

/** The zones whose central meridian may lie between two longitudes, which count on past ±180. */
function zonesBetween(west: number, east: number): readonly number[] {
  const first = Math.ceil((west + 183) / 6 - TOUCH)
  const last = Math.floor((east + 183) / 6 + TOUCH)
  if (last - first >= 59) return ZONES
  const zones: number[] = []
  for (let turned = first; turned <= last; turned++) zones.push(((((turned - 1) % 60) + 60) % 60) + 1)
  return zones
}

/** Place of a tile in its zone; undefined where the name is none of the grid. */
export function tileGrid(mgrsTile: string): TileGrid | undefined {
  const square = squareOf(mgrsTile)
  if (!square) return undefined
  const zone = Number(mgrsTile.slice(0, 2))
  const { hemisphere } = square
  const epsg = (hemisphere === 'north' ? 32600 : 32700) + zone
  return { epsg, zone, hemisphere, ...corner(square), side: SIDE }
}

/** Box of a tile, `[west, south, east, north]`; undefined where the name is none of the grid. */
export function tileBox(mgrsTile: string): Box | undefined {
  const square = squareOf(mgrsTile)
  if (!square) return undefined
  const [west, south, east, north] = moved(square.tile, centralMeridian(Number(mgrsTile.slice(0, 2))))
  return west < -180 ? [west + 360, south, east + 360, north] : [west, south, east, north]
}

function meets(mgrsTile: string, ground: Box): boolean {
  const box = tileBox(mgrsTile)
  return box !== undefined && boxesMeet(box, ground)
}

function squareOf(mgrsTile: string): Square | undefined {
  return isTileName(mgrsTile) ? squaresByName().get(lettersOf(mgrsTile)) : undefined
}

/** What of a tile's name fixes its square: column letters repeat every 3 zones, row letters every 2. */
const lettersOf = (mgrsTile: string): string => `${Number(mgrsTile.slice(0, 2)) % 6}${mgrsTile.slice(2)}`

function nameOf(zone: number, { band, column, row }: Square): string {
  const columnLetter = COLUMNS[((zone - 1) % 3) * 8 + column - 1]
  const rowLetter = ROWS[(row + 100 + (zone % 2 === 0 ? 5 : 0)) % 20]
  return `${String(zone).padStart(2, '0')}${band}${columnLetter}${rowLetter}`
}

const belongsTo = (zone: number, { bands, square }: Square): boolean =>
  bands.some((band) => {
    const [west, east] = zoneEdges(zone, band)
    return square[1] + TOUCH >= west && square[0] - TOUCH <= east
  })

/**
 * West and east of a zone from its central meridian. Zone 32V is widened over 31V, of which ESA keeps all
 * tiles nevertheless; in X the odd zones from 31 to 37 share out 32, 34 and 36.
 */
function zoneEdges(zone: number, band: string): readonly [west: number, east: number] {
  if (band === 'V' && zone === 32) return [-6, 3]
  if (band === 'X' && zone >= 31 && zone <= 37) {
    if (zone % 2 === 0) return [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    return [zone === 31 ? -3 : -6, zone === 37 ? 3 : 6]
  }
  return [-3, 3]
}

/** Lower left corner of the tile, metres: the upper left one of the square, outward to the 60 m grid. */
function corner({ hemisphere, column, row }: Pick<Square, 'hemisphere' | 'column' | 'row'>) {
  const top = Math.ceil(((row + 1) * SQUARE) / GRID) * GRID + FALSE_NORTHING[hemisphere]
  return { xmin: Math.floor((column * SQUARE) / GRID) * GRID, ymin: top - SIDE }
}

/** Squares of one row of the grid, and what bounds them: longitudes from the central meridian. */
type GridRow = {
  readonly squares: readonly Square[]
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

/** All rows cost 10 ms, which the first question of a process need not wait for: each is made when it is looked at. */
const grid = new Map<number, GridRow>()
let gridByName: ReadonlyMap<string, Square> | undefined

/** Rows of the grid from the equator, of 100 km each; tiles reach to 84° north and 83° south. */
const [SOUTHMOST, NORTHMOST] = [-93, 93] as const
/** What a row spans along its central meridian, degrees, and how far off its tiles may lie: most at the poles. */
const [ROW, OFF] = [0.9, 2] as const

/** The rows whose tiles may meet these latitudes. */
function rowsAt(south: number, north: number): GridRow[] {
  const rows: GridRow[] = []
  const last = Math.min(Math.floor((north + OFF) / ROW), NORTHMOST)
  for (let row = Math.max(Math.floor((south - OFF) / ROW) - 1, SOUTHMOST); row <= last; row++) {
    const made = grid.get(row) ?? rowAt(row)
    grid.set(row, made)
    rows.push(made)
  }
  return rows
}

function squaresByName(): ReadonlyMap<string, Square> {
  gridByName ??= new Map(
    rowsAt(-90, 90)
      .flatMap(({ squares }) => squares)
      .flatMap((square) =>
        [1, 2, 3, 4, 5, 6].map((zone) => [lettersOf(nameOf(zone, square)), square] as const),
      ),
  )
  return gridByName
}

function rowAt(row: number): GridRow {
  const squares = [1, 2, 3, 4, 5, 6, 7, 8].map((column) => squareAt(row < 0 ? 'south' : 'north', column, row))
  const edges = (edge: 0 | 1 | 2 | 3) => squares.map(({ tile }) => tile[edge])
  return {
    squares,
    west: Math.min(...edges(0)),
    south: Math.min(...edges(1)),
    east: Math.max(...edges(2)),
    north: Math.max(...edges(3)),
  }
}

function squareAt(hemisphere: Hemisphere, column: number, row: number): Square {
  const square = boxOf(hemisphere, column * SQUARE, row * SQUARE + FALSE_NORTHING[hemisphere], SQUARE)
  const { xmin, ymin } = corner({ hemisphere, column, row })
  const bands = LATITUDE_BANDS.slice(bandIndex(square[1]), bandIndex(square[3]) + 1).split('')
  const centre = (column + 0.5) * SQUARE
  const [, lat] = relative(hemisphere, centre, (row + 0.5) * SQUARE + FALSE_NORTHING[hemisphere])
  const band = LATITUDE_BANDS.charAt(bandIndex(lat))
  const tile = boxOf(hemisphere, xmin, ymin, SIDE)
  return { hemisphere, column, row, band, bands, square: [square[0], square[2]], tile }
}

/** Latitude bands are 8° from -80; C takes what is south of it, X reaches to the end of the north. */
const bandIndex = (lat: number): number => Math.max(0, Math.min(19, Math.floor((lat + 80) / 8)))

/**
 * Box of a square. Along an edge of constant northing the latitude is extreme at the central meridian, along
 * one of constant easting the longitude at the equator: corners and these two crossings bound it.
 */
function boxOf(hemisphere: Hemisphere, x: number, y: number, side: number): Box {
  const eastings = withCrossing(x, x + side, 500_000)
  const northings = withCrossing(y, y + side, FALSE_NORTHING[hemisphere])
  const points = eastings.flatMap((easting) =>
    northings.map((northing) => relative(hemisphere, easting, northing)),
  )
  const lons = points.map(([lon]) => lon)
  const lats = points.map(([, lat]) => lat)
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}

const withCrossing = (low: number, high: number, line: number): number[] =>
  low < line && line < high ? [low, high, line] : [low, high]

/** Longitude from the central meridian, and latitude. */
function relative(hemisphere: Hemisphere, easting: number, northing: number): [lon: number, lat: number] {
  const [lon, lat] = utmToLonLat(31, hemisphere, easting, northing)
  return [lon - centralMeridian(31), lat]
}
