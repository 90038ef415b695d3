import { type AreaSummary, type Feature, readArea } from './answers.ts'
import { isBilled } from './catalog.ts'
import { colourQueue, type Outcome } from './colours.ts'
import { byId, say } from './elements.ts'
import { granuleList } from './list.ts'
import { makeColours } from './make-colours.ts'
import { openMap } from './map.ts'
import { monthBars } from './months.ts'
import { type Notice, showNotice } from './notice.ts'
import { progressBar } from './progress.ts'
import { type Edges, edgesOf, PAGE_LIMIT, parametersOf, type Query } from './query.ts'
import { counted } from './words.ts'

export type Found = {
  /** Forgets what was found, and shows the box that is asked for. */
  clear(query: Query, isMoved: boolean): void
  showSummary(summary: AreaSummary | undefined, query: Query): void
  /** Fills the list, page by page. @throws {Refusal} as readArea */
  list(query: Query, options: ListOptions): Promise<void>
  /** Granules in the list. */
  count(): number
}

type ListOptions = {
  /** The granule that is to be opened. */
  readonly granuleId: string | undefined
  readonly signal: AbortSignal
}

type Events = {
  readonly onBox: (edges: Edges) => void
  readonly onDates: (datetime: string) => void
  readonly onOpen: (granuleId: string | undefined) => void
  readonly onFault: (thrown: unknown) => void
}

/** What was found, in the list, on the map and by month; what is pointed at in one is seen in all. */
export function foundGranules({ onBox, onDates, onOpen, onFault }: Events): Found {
  let features: Feature[] = []
  let opened: number | undefined
  let edges: Edges | undefined
  let limit = PAGE_LIMIT
  let seen: (key: number) => void = () => {}
  const shades = new Map<number, string>()
  const colours = colourQueue()
  const progress = progressBar()
  const more = byId('more', HTMLButtonElement)
  let onMore = () => {}
  more.addEventListener('click', () => onMore())

  const point = (keys: readonly number[], month?: string) => {
    const set = new Set(keys)
    list.highlight(set)
    map?.highlight(set, 'hovered')
    const named = keys.flatMap((key) => features[key] ?? []).map(monthOf)
    months.highlight(new Set(month === undefined ? named : [month]))
  }
  const open = (key: number | undefined) => {
    opened = key
    list.open(key)
    map?.highlight(new Set(key === undefined ? [] : [key]), 'selected')
    onOpen(key === undefined ? undefined : features[key]?.properties.granule_id)
  }
  const list = granuleList({
    onPoint: (key) => point(key === undefined ? [] : [key]),
    onPick: (key) => open(key === opened ? undefined : key),
    onSeen: (key) => seen(key),
  })
  const months = monthBars({
    onChoose: onDates,
    onPoint: (month) => {
      const keys = features.flatMap((feature, key) => (monthOf(feature) === month ? [key] : []))
      point(keys, month)
    },
  })
  let map: Awaited<ReturnType<typeof openMap>> | undefined
  const draw = () => {
    map?.showBox(edges)
    map?.showGranules(features)
    for (const [key, shade] of shades) map?.colour(key, shade)
    map?.highlight(new Set(opened === undefined ? [] : [opened]), 'selected')
  }
  openMap({
    onBox,
    onPoint: (keys) => point(keys),
    onPick: (keys) => {
      // Of several on one ground each click takes the next.
      const next = keys[(keys.indexOf(opened ?? -1) + 1) % keys.length]
      if (next === undefined) return
      open(next)
      list.goTo(next)
    },
  }).then((opening) => {
    map = opening
    draw()
    if (edges) map.lookAt(edges)
    performance.mark('map')
    document.documentElement.dataset.map = 'drawn'
  }, showNoMap)

  const showColour = (key: number, outcome: Outcome) => {
    list.showColour(key, outcome)
    if ('failed' in outcome) return
    shades.set(key, outcome.colour)
    map?.colour(key, outcome.colour)
  }
  const add = (feature: Feature, rank: string) => {
    const key = features.push(feature) - 1
    list.add(feature, rank)
    const told = toldColour(feature)
    if (told) showColour(key, told)
  }
  const forget = () => {
    features = []
    shades.clear()
    opened = undefined
    list.clear()
    more.hidden = true
  }

  /** A page of the list; as it comes, or all at once where it takes the place of another. */
  const fill = async (parameters: URLSearchParams, rank: string, signal: AbortSignal) => {
    const told: { next?: string | undefined } = {}
    let drawn = performance.now()
    for await (const feature of readArea(parameters, signal, told)) {
      add(feature, rank)
      if (performance.now() - drawn < 250) continue
      drawn = performance.now()
      draw()
    }
    draw()
    return told.next
  }

  const fillRanked = async (query: Query, signal: AbortSignal) => {
    const parameters = parametersOf(query)
    parameters.set('format', 'geojson')
    parameters.set('limit', String(limit))
    if (!isBilled()) {
      const plain = new URLSearchParams(parameters)
      plain.delete('rank')
      await fill(plain, '', signal)
      const making = { colours, progress, onColour: showColour, signal }
      if (!(await makeColours(features, making))) return showNotice(STOPPED)
    }
    forget()
    const next = await fill(parameters, query.rank, signal)
    showMore(next, () => {
      limit *= 2
      forget()
      return fillRanked(query, signal)
    })
  }
  const fillPlain = async (query: Query, signal: AbortSignal, token?: string): Promise<void> => {
    const parameters = parametersOf(query)
    parameters.set('format', 'geojson')
    parameters.set('limit', String(PAGE_LIMIT))
    if (token !== undefined) parameters.set('token', token)
    const next = await fill(parameters, '', signal)
    showMore(next, () => fillPlain(query, signal, next))
  }
  const showMore = (next: string | undefined, load: () => Promise<void>) => {
    more.hidden = next === undefined
    onMore = () => {
      more.hidden = true
      load().catch(onFault)
    }
  }

  return {
    clear: (query, isMoved) => {
      forget()
      progress.hide()
      limit = PAGE_LIMIT
      edges = edgesOf(query.bbox)
      draw()
      if (isMoved && edges) map?.lookAt(edges)
    },
    showSummary: (summary, query) => months.show(summary?.months, query.datetime),
    list: async (query, options) => {
      const { granuleId, signal } = options
      seen = (key) => {
        const feature = features[key]
        if (isBilled() || !feature || shades.has(key)) return
        colours.of(feature.properties.granule_id, signal).then(
          (outcome) => features[key] === feature && showColour(key, outcome),
          // The search was left.
          () => undefined,
        )
      }
      if (query.rank) await fillRanked(query, signal)
      else await fillPlain(query, signal)
      const key = features.findIndex(({ properties }) => properties.granule_id === granuleId)
      if (granuleId !== undefined && key >= 0) open(key)
      performance.mark('list')
      say(`${counted(features.length, 'granule')} listed.`)
    },
    count: () => features.length,
  }
}

const STOPPED: Notice = { title: 'Stopped', text: 'The list stays newest first; what has a colour keeps it.' }

const monthOf = ({ properties }: Feature): string => properties.sensing_time.slice(0, 7)

/** The colour that a ranked list tells by itself. */
function toldColour({ properties }: Feature): Outcome | undefined {
  const { colour, reason } = properties
  if (typeof reason === 'string') return { failed: reason }
  return typeof colour === 'string' ? { colour } : undefined
}

function showNoMap(thrown: unknown): void {
  console.warn('No map:', thrown)
  const fault = byId('map-fault', HTMLElement)
  fault.hidden = false
  fault.textContent = 'This browser draws no map (it has no WebGL 2). Type the box; all else works without.'
  for (const id of ['draw', 'use-view']) byId(id, HTMLButtonElement).disabled = true
  document.documentElement.dataset.map = 'missing'
}
