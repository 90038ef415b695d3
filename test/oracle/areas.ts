import { type Area, areaOfBox, type Position, WORLD } from '../../src/sentinel2/area.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'
import type { Chances } from './chances.ts'
import type { Known } from './scan.ts'

/** Kinds of areas, and of a hundred so many. */
const SHARES = {
  city: 28,
  country: 16,
  continent: 5,
  world: 3,
  pole: 12,
  antimeridian: 12,
  point: 6,
  line: 6,
  edge: 12,
} as const
export type Kind = keyof typeof SHARES
export const KINDS = Object.keys(SHARES) as readonly Kind[]

const HUNDRED = KINDS.flatMap((kind) => Array.from({ length: SHARES[kind] }, () => kind))

export const anyKind = (random: Chances): Kind => random.of(HUNDRED)

/** An area of a kind; most lie where granules are, `near` one that is known. */
export function areaOf(kind: Kind, near: Known, random: Chances): Area {
  const [west, south, east, north] = near.box
  const [lon, lat] = random.oneIn(4)
    ? [random.between(-180, 180), random.between(-80, 84)]
    : [random.between(west, east), random.between(south, north)]
  switch (kind) {
    case 'city':
      return around(lon, lat, random.between(0.01, 0.5), random.between(0.01, 0.5), random)
    case 'country':
      return around(lon, lat, random.between(2, 20), random.between(2, 20), random)
    case 'continent':
      return around(lon, lat, random.between(20, 200), random.between(20, 90), random)
    case 'world':
      return random.of([
        WORLD,
        areaOfBox(0, -90, 360, 90),
        areaOfBox(-180, -90, 0, 0),
        areaOfBox(lon, -60, lon + 360, 60),
      ])
    case 'pole':
      return rim(lon, random)
    case 'antimeridian':
      return areaOfBox(
        random.of([180, 179, 180 - random.between(0, 8), 180 - random.between(0, 0.5)]),
        lat - random.between(0, 6),
        random.of([-180, -179, random.between(0, 8) - 180, random.between(0, 0.5) - 180]),
        Math.min(90, lat + random.between(0, 6)),
      )
    case 'point':
      return pointOf(
        random.of<Position>([
          [lon, lat],
          [lon, 0],
          [180, lat],
          [-180, lat],
          [lon, 90],
          [west, south],
          [east, north],
        ]),
      )
    case 'line':
      return random.oneIn(2)
        ? areaOfBox(lon, lat, lon + random.between(0, 9), lat)
        : areaOfBox(lon, Math.max(-90, lat - random.between(0, 9)), lon, lat)
    case 'edge':
      return beside(near, random)
  }
}

/** Tiles that a question may name: some that the area touches, and one elsewhere. */
export function tilesFor(area: Area, near: Known, random: Chances): string[] {
  const touched = tilesOf(area)
  const some = Array.from({ length: 1 + random.below(12) }, () =>
    random.of(touched.length > 0 ? touched : [near.mgrsTile]),
  )
  return [...new Set([...some, near.mgrsTile, random.of(['33UUB', '60KXF', '01CCV', '99ZZZ'])])]
}

function around(lon: number, lat: number, width: number, height: number, random: Chances): Area {
  const box = [
    lon - width / 2,
    Math.max(-90, lat - height / 2),
    lon + width / 2,
    Math.min(90, lat + height / 2),
  ]
  // As people write them, or with all the digits there are.
  const [west = 0, south = 0, east = 0, north = 0] = random.oneIn(2)
    ? box
    : box.map((edge) => Number(edge.toFixed(2)))
  return areaOfBox(west, Math.min(south, north), east, Math.max(south, north))
}

/** Where the tiles end, 80° to 84°, and from there to the pole. */
function rim(lon: number, random: Chances): Area {
  const [from, to] = [random.between(76, 84), random.of([90, 90, 84, 82, random.between(82, 90)])]
  const [low, high] = from < to ? [from, to] : [to, from]
  const width = random.of([360, 0, random.between(0, 20), random.between(20, 359)])
  return random.oneIn(2) ? areaOfBox(lon, low, lon + width, high) : areaOfBox(lon, -high, lon + width, -low)
}

const pointOf = ([lon, lat]: Position): Area => areaOfBox(lon, lat, lon, lat)

/** What shares no more than an edge or a corner with the box of a granule. */
function beside({ box: [west, south, east, north] }: Known, random: Chances): Area {
  const [wide, high] = [
    random.of([0, 1e-6, random.between(0, 3)]),
    random.of([0, 1e-6, random.between(0, 3)]),
  ]
  const [onEast, onNorth] = [east + wide, Math.min(90, north + high)]
  return random.of([
    () => areaOfBox(east, south, onEast, north),
    () => areaOfBox(west - wide, south, west, north),
    () => areaOfBox(west, north, east, onNorth),
    () => areaOfBox(west, Math.max(-90, south - high), east, south),
    () => areaOfBox(east, north, onEast, onNorth),
    () => areaOfBox(west - wide, Math.max(-90, south - high), west, south),
    () => areaOfBox(east + 2e-6, south, east + 2e-6 + wide, north),
  ])()
}
