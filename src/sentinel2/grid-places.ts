import { LATITUDE_BANDS, tilesOf } from './tiles.ts'
import { centralMeridian } from './utm.ts'

/** Degrees east and west of its meridian that the widest zone reaches, and its tiles past it. */
const REACH = 12

/**
 * The places of the grid one step down the names of tiles: the zones (`33`) of the world (''), the bands of
 * latitude (`33U`) of a zone, the tiles (`33UUB`) of one of these; in order of name. Undefined where the name is
 * none of a place that holds others.
 */
export function gridPlacesIn(place: string): readonly string[] | undefined {
  if (place === '') return ZONES
  const zone = place.slice(0, 2)
  if (!ZONES.includes(zone)) return undefined
  const bands = [...LATITUDE_BANDS].map((band) => zone + band)
  if (place === zone) return bands
  if (!bands.includes(place)) return undefined
  const meridian = centralMeridian(Number(zone))
  const tiles = tilesOf({ box: [meridian - REACH, -90, meridian + REACH, 90] })
  return tiles.filter((tile) => tile.startsWith(place))
}

const ZONES: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i + 1).padStart(2, '0'))
