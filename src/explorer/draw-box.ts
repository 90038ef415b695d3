import type { Map as MapLibre } from 'maplibre-gl'
import { byId, say } from './elements.ts'
import type { Edges } from './query.ts'

/** Pixels below which a drag was a click. */
const LEAST = 5

/** Boxes by dragging, once the button asks for one or while Shift is held; and the view as one. */
export function drawBoxes(map: MapLibre, onBox: (edges: Edges) => void): void {
  const button = byId('draw', HTMLButtonElement)
  const hint = byId('map-hint', HTMLElement)
  const canvas = map.getCanvasContainer()
  const outline = document.createElement('div')
  outline.className = 'outline'
  let isDrawing = false
  let start: { readonly x: number; readonly y: number } | undefined

  const setDrawing = (draws: boolean) => {
    isDrawing = draws
    button.setAttribute('aria-pressed', String(draws))
    hint.hidden = !draws
    canvas.classList.toggle('drawing', draws)
    for (const handler of [map.dragPan, map.touchZoomRotate, map.doubleClickZoom]) {
      if (draws) handler.disable()
      else handler.enable()
    }
    if (!draws) stop()
  }
  const stop = () => {
    start = undefined
    outline.remove()
  }
  const pointOf = (event: PointerEvent) => {
    const { left, top, width, height } = map.getCanvas().getBoundingClientRect()
    return {
      x: Math.min(Math.max(event.clientX - left, 0), width),
      y: Math.min(Math.max(event.clientY - top, 0), height),
    }
  }

  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0 || !(isDrawing || event.shiftKey)) return
      // Or the map would be dragged along.
      event.preventDefault()
      event.stopPropagation()
      if (!isDrawing) map.dragPan.disable()
      canvas.setPointerCapture(event.pointerId)
      start = pointOf(event)
    },
    { capture: true },
  )
  canvas.addEventListener('pointermove', (event) => {
    if (!start) return
    const to = pointOf(event)
    outline.style.left = `${Math.min(start.x, to.x)}px`
    outline.style.top = `${Math.min(start.y, to.y)}px`
    outline.style.width = `${Math.abs(to.x - start.x)}px`
    outline.style.height = `${Math.abs(to.y - start.y)}px`
    if (!outline.isConnected) canvas.append(outline)
  })
  canvas.addEventListener('pointerup', (event) => {
    if (!start) return
    const [from, to] = [start, pointOf(event)]
    // The end of a drag is no click on what lies there.
    canvas.addEventListener('click', (click) => click.stopPropagation(), { capture: true, once: true })
    stop()
    setDrawing(false)
    if (Math.abs(to.x - from.x) < LEAST || Math.abs(to.y - from.y) < LEAST) return
    const a = map.unproject([Math.min(from.x, to.x), Math.max(from.y, to.y)])
    const b = map.unproject([Math.max(from.x, to.x), Math.min(from.y, to.y)])
    onBox(rounded(a.lng, a.lat, b.lng, b.lat))
  })
  canvas.addEventListener('pointercancel', () => setDrawing(false))
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isDrawing) setDrawing(false)
  })
  button.addEventListener('click', () => {
    setDrawing(!isDrawing)
    if (isDrawing)
      say('Drag on the map from corner to corner. With the keyboard, move the map and use its view.')
  })
  byId('use-view', HTMLButtonElement).addEventListener('click', () => {
    const bounds = map.getBounds()
    onBox(rounded(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()))
  })
}

/** A box as wide as it was drawn, in longitudes of -180 to 180; one that goes round is the whole belt. */
function rounded(west: number, south: number, east: number, north: number): Edges {
  const decimals = east - west > 2 ? 2 : 4
  const round = (degrees: number) => Number(degrees.toFixed(decimals))
  const [bottom, top] = [round(Math.max(south, -90)), round(Math.min(north, 90))]
  if (east - west >= 360) return [-180, bottom, 180, top]
  const turn = (lon: number) => round(((((lon + 180) % 360) + 360) % 360) - 180)
  return [turn(west), bottom, turn(east), top]
}
