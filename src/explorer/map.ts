import type { FeatureCollection, Geometry, Feature as Ground } from 'geojson'
import type {
  ExpressionSpecification,
  FilterSpecification,
  GeoJSONSource,
  Map as MapLibre,
  PointLike,
  StyleSpecification,
} from 'maplibre-gl'
import type { Feature } from './answers.ts'
import { drawBoxes } from './draw-box.ts'
import { byId } from './elements.ts'
import { landPieces, readLand } from './land.ts'
import type { Edges } from './query.ts'
import { type Theme, themeColours } from './theme.ts'

export type MapOfGranules = {
  showBox(edges: Edges | undefined): void
  /** Moves to a box. */
  lookAt(edges: Edges): void
  showGranules(features: readonly Feature[]): void
  /** Colours the ground of one. */
  colour(key: number, colour: string): void
  /** Highlights some, by their places in the list. */
  highlight(keys: ReadonlySet<number>, kind: 'hovered' | 'selected'): void
}

export type MapEvents = {
  readonly onBox: (edges: Edges) => void
  /** The granules under the pointer, in the order of the list. */
  readonly onPoint: (keys: readonly number[]) => void
  readonly onPick: (keys: readonly number[]) => void
}

const EMPTY: FeatureCollection = { type: 'FeatureCollection', features: [] }

/** The map; it comes a moment after the list, which does not wait for it. */
export async function openMap({ onBox, onPoint, onPick }: MapEvents): Promise<MapOfGranules> {
  const [maplibre, land] = await Promise.all([
    import('maplibre-gl'),
    readLand(new URL('./land.json', import.meta.url)),
  ])
  maplibre.setWorkerUrl(new URL('./maplibre-gl-worker.mjs', import.meta.url).href)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const map = new maplibre.Map({
    container: byId('map', HTMLElement),
    style: styleOf(themeColours(), land),
    center: [12, 50],
    zoom: 2.4,
    maxZoom: 12,
    boxZoom: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    fadeDuration: 0,
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right')
  map.addControl(new maplibre.AttributionControl({ customAttribution: 'Coast: Natural Earth' }))
  map.getCanvas().setAttribute('aria-label', 'Map of the granules found; arrow keys move it, + and − zoom')
  drawBoxes(map, onBox)
  landPieces(map)
  await map.once('style.load')
  // Sources stay as they are, so that what was found stays drawn.
  dark.addEventListener('change', () =>
    map.setStyle(styleOf(themeColours(), land), { transformStyle: keepSources }),
  )

  let count = 0
  const lit = { hovered: new Set<number>(), selected: new Set<number>() }
  const under = (point: PointLike) =>
    [...new Set(map.queryRenderedFeatures(point, { layers: ['granules'] }).map(({ id }) => Number(id)))].sort(
      (a, b) => a - b,
    )
  map.on('mousemove', ({ point }) => {
    const keys = under(point)
    map.getCanvas().classList.toggle('over-granule', keys.length > 0)
    onPoint(keys)
  })
  map.on('mouseout', () => onPoint([]))
  map.on('click', ({ point }) => onPick(under(point)))

  return {
    showBox: (edges) => sourceOf(map, 'box').setData(edges ? boxFeature(edges) : EMPTY),
    lookAt: ([west, south, east, north]) => {
      const still = matchMedia('(prefers-reduced-motion: reduce)').matches
      const bounds: [number, number, number, number] = [west, south, east < west ? east + 360 : east, north]
      map.fitBounds(bounds, { padding: 56, maxZoom: 9, duration: still || count === 0 ? 0 : 500 })
    },
    showGranules: (features) => {
      count = features.length
      map.removeFeatureState({ source: 'granules' })
      const ground = features.flatMap(({ geometry }, id) =>
        geometry ? [{ type: 'Feature' as const, id, geometry, properties: { order: -id } }] : [],
      )
      sourceOf(map, 'granules').setData({ type: 'FeatureCollection', features: ground })
    },
    colour: (id, colour) => map.setFeatureState({ source: 'granules', id }, { colour }),
    highlight: (keys, kind) => {
      for (const id of lit[kind].difference(keys))
        map.setFeatureState({ source: 'granules', id }, { [kind]: false })
      for (const id of keys.difference(lit[kind]))
        map.setFeatureState({ source: 'granules', id }, { [kind]: true })
      lit[kind] = new Set(keys)
    },
  }
}

function sourceOf(map: MapLibre, name: string): GeoJSONSource {
  const source = map.getSource<GeoJSONSource>(name)
  if (source) return source
  throw new Error(`The map has no source ${name}.`)
}

const is = (state: 'hovered' | 'selected'): ExpressionSpecification => [
  'boolean',
  ['feature-state', state],
  false,
]

function styleOf(theme: Theme, land: Geometry): StyleSpecification {
  const geojson = { type: 'geojson', data: EMPTY } as const
  const polygons: FilterSpecification = ['==', ['geometry-type'], 'Polygon']
  return {
    version: 8,
    sources: {
      land: { type: 'geojson', data: land },
      'land-near': geojson,
      lines: { type: 'geojson', data: graticule() },
      box: geojson,
      granules: geojson,
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': theme.sea } },
      {
        id: 'land',
        type: 'fill',
        source: 'land',
        paint: { 'fill-color': theme.land, 'fill-antialias': false },
      },
      {
        id: 'land-near',
        type: 'fill',
        source: 'land-near',
        paint: {
          'fill-color': ['match', ['get', 'is'], 'sea', theme.sea, theme.land],
          'fill-antialias': false,
        },
      },
      { id: 'lines', type: 'line', source: 'lines', paint: { 'line-color': theme.line, 'line-width': 0.6 } },
      {
        id: 'granules',
        type: 'fill',
        source: 'granules',
        filter: polygons,
        layout: { 'fill-sort-key': ['get', 'order'] },
        paint: {
          'fill-color': ['to-color', ['feature-state', 'colour'], theme.granule],
          'fill-opacity': [
            'case',
            is('selected'),
            0.85,
            is('hovered'),
            0.7,
            ['to-boolean', ['feature-state', 'colour']],
            0.42,
            0.1,
          ],
        },
      },
      {
        id: 'granule-edges',
        type: 'line',
        source: 'granules',
        paint: {
          'line-color': ['case', is('selected'), theme.chosen, is('hovered'), theme.chosen, theme.granule],
          'line-width': ['case', is('selected'), 3, is('hovered'), 2.5, 1],
          'line-opacity': ['case', is('selected'), 1, is('hovered'), 1, 0.6],
        },
      },
      {
        id: 'box',
        type: 'line',
        source: 'box',
        paint: { 'line-color': theme.chosen, 'line-width': 2, 'line-dasharray': [3, 2] },
      },
    ],
  }
}

/** A style of other colours for what is drawn already. */
const keepSources = (
  before: StyleSpecification | undefined,
  next: StyleSpecification,
): StyleSpecification => ({
  ...next,
  sources: before?.sources ?? next.sources,
})

function boxFeature([west, south, east, north]: Edges): Ground {
  const far = east < west ? east + 360 : east
  const ring = [
    [west, south],
    [far, south],
    [far, north],
    [west, north],
    [west, south],
  ]
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } }
}

/** Lines of longitude and latitude, ten degrees apart. */
function graticule(): Ground {
  const steps = (from: number, to: number) =>
    Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + 10 * i)
  const meridians = steps(-180, 180).map((lon) => steps(-80, 80).map((lat) => [lon, lat]))
  const parallels = steps(-80, 80).map((lat) => steps(-180, 180).map((lon) => [lon, lat]))
  return {
    type: 'Feature',
    properties: {},
    geometry: { type: 'MultiLineString', coordinates: [...meridians, ...parallels] },
  }
}
