import type { Feature, Geometry } from 'geojson'
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'

/** From here on the first look's coast shows its corners. */
const NEAR = 4
/** Degrees that the service's pieces of land span. */
const CELL = 20

/** Fetches the finer pieces of land that come into view, each once. */
export function landPieces(map: MapLibre): void {
  const pieces = new Map<string, readonly Feature[]>()
  const show = () => {
    const features = [...pieces.values()].flat()
    map.getSource<GeoJSONSource>('land-near')?.setData({ type: 'FeatureCollection', features })
  }
  const look = async () => {
    const names = map.getZoom() < NEAR ? [] : cellsInView(map)
    const missing = names.filter((name) => !pieces.has(name))
    for (const name of missing) pieces.set(name, [])
    await Promise.all(
      missing.map(async (name) => {
        try {
          pieces.set(name, [seaOf(name), landOf(await readLand(new URL(name, import.meta.url)))])
        } catch {
          // The coarse coast stays; the next look asks again.
          pieces.delete(name)
        }
      }),
    )
    if (missing.length > 0) show()
  }
  map.on('load', look)
  map.on('moveend', look)
}

const landOf = (geometry: Geometry): Feature => ({
  type: 'Feature',
  properties: { is: 'land' },
  geometry,
})

/** The ground of a piece: it covers the coarse coast, whose capes would stand out to sea. */
function seaOf(name: string): Feature {
  const [west = 0, south = 0] = (name.match(/[+-]\d+/g) ?? []).map(Number)
  const [east, north] = [west + CELL, Math.min(south + CELL, 90)]
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  return { type: 'Feature', properties: { is: 'sea' }, geometry: { type: 'Polygon', coordinates: [ring] } }
}

/** A piece of land, or all of it. @throws where it cannot be had */
export async function readLand(address: URL): Promise<Geometry> {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}.`)
  return answer.json()
}

function cellsInView(map: MapLibre): string[] {
  const bounds = map.getBounds()
  const names: string[] = []
  for (let lon = floor(bounds.getWest(), -180); lon < bounds.getEast(); lon += CELL) {
    for (let lat = Math.max(-80, floor(bounds.getSouth(), -80)); lat < bounds.getNorth(); lat += CELL) {
      names.push(`./land${signed(turned(lon), 3)}${signed(lat, 2)}.json`)
    }
  }
  return names
}

const floor = (degrees: number, first: number): number => Math.floor((degrees - first) / CELL) * CELL + first

const turned = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180

const signed = (degrees: number, digits: number): string =>
  `${degrees < 0 ? '-' : '+'}${String(Math.abs(degrees)).padStart(digits, '0')}`
