import { readFileSync } from 'node:fs'
import proj4, { type Converter } from 'proj4'

/** A tile as ESA lists it; west and south edge in metres of its zone. */
export type OracleTile = {
  readonly name: string
  readonly epsg: number
  readonly xmin: number
  readonly ymin: number
}

export type Point = readonly [lon: number, lat: number]

/** Which tiles hold a point, told by PROJ's formulas and ESA's list alone. */
export type TileOracle = {
  readonly tiles: readonly OracleTile[]
  readonly names: ReadonlySet<string>
  holding(point: Point): string[]
}

const SIDE = 109_800
const CELL = 100_000
/** A tile of 109.8 km that touches its zone at 84° reaches 10° past the zone's edge. */
const REACH = 15

export function readTileOracle(csv: string): TileOracle {
  const tiles = readFileSync(csv, 'utf8').trim().split('\n').slice(1).map(readLine)
  const cells = Map.groupBy(tiles, ({ epsg, xmin, ymin }) => cellOf(epsg, xmin, ymin))
  return {
    tiles,
    names: new Set(tiles.map(({ name }) => name)),
    holding: (point) =>
      zonesNear(point[0]).flatMap((zone) => {
        const [x, y] = toUtm(32600 + zone, point)
        return [
          { epsg: 32600 + zone, northing: y },
          { epsg: 32700 + zone, northing: y + 10_000_000 },
        ].flatMap(({ epsg, northing }) =>
          cellsRound(epsg, x, northing)
            .flatMap((cell) => cells.get(cell) ?? [])
            .filter(
              ({ xmin, ymin }) =>
                x >= xmin && x <= xmin + SIDE && northing >= ymin && northing <= ymin + SIDE,
            )
            .map(({ name }) => name),
        )
      }),
  }
}

/** Points along the edges of a tile, `steps` to an edge, corners among them. */
export function edgeOf({ epsg, xmin, ymin }: OracleTile, steps: number): Point[] {
  return Array.from({ length: steps + 1 }, (_, i) => (SIDE * i) / steps).flatMap((along) =>
    [
      [xmin + along, ymin],
      [xmin + along, ymin + SIDE],
      [xmin, ymin + along],
      [xmin + SIDE, ymin + along],
    ].map(([x = 0, y = 0]) => fromUtm(epsg, x, y)),
  )
}

/** A point of a tile, `right` and `up` from its lower left corner as shares of its side. */
export const insideOf = ({ epsg, xmin, ymin }: OracleTile, right: number, up: number): Point =>
  fromUtm(epsg, xmin + right * SIDE, ymin + up * SIDE)

/** Longitude in [-180, 180], latitude. */
export function fromUtm(epsg: number, x: number, y: number): Point {
  const [lon = 0, lat = 0] = projection(epsg).inverse([x, y])
  return [lon, lat]
}

export function toUtm(epsg: number, [lon, lat]: Point): readonly [x: number, y: number] {
  const [x = 0, y = 0] = projection(epsg).forward([lon, lat])
  return [x, y]
}

const projections = new Map<number, Converter>()

function projection(epsg: number): Converter {
  const known = projections.get(epsg)
  if (known) return known
  const south = epsg > 32700 ? ' +south' : ''
  const made = proj4(`+proj=utm +zone=${epsg % 100}${south} +datum=WGS84 +units=m +no_defs`)
  projections.set(epsg, made)
  return made
}

function readLine(line: string): OracleTile {
  const [name = '', epsg, xmin, ymin] = line.trim().split(',')
  return { name, epsg: Number(epsg), xmin: Number(xmin), ymin: Number(ymin) }
}

const ZONES = Array.from({ length: 60 }, (_, i) => i + 1)

function zonesNear(lon: number): number[] {
  return ZONES.filter((zone) => {
    const away = Math.abs(lon - (zone * 6 - 183)) % 360
    return Math.min(away, 360 - away) <= REACH
  })
}

const cellOf = (epsg: number, x: number, y: number): string =>
  `${epsg} ${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`

/** A tile that holds the point starts in the point's cell or in one of the two before it, on each axis. */
const cellsRound = (epsg: number, x: number, y: number): string[] =>
  [0, 1, 2].flatMap((left) => [0, 1, 2].map((down) => cellOf(epsg, x - left * CELL, y - down * CELL)))
