import { byId, element } from './elements.ts'
import { datetimeOf, daysOf, edgesOf, type Query } from './query.ts'

/** Of each level, as the service has them. */
const BANDS: Readonly<Record<string, readonly string[]>> = {
  L1C: ['B01', 'B02', 'B03', 'B04', 'B05', 'B06', 'B07', 'B08', 'B8A', 'B09', 'B10', 'B11', 'B12', 'TCI'],
  L2A: [
    'AOT',
    'B01',
    'B02',
    'B03',
    'B04',
    'B05',
    'B06',
    'B07',
    'B08',
    'B8A',
    'B09',
    'B11',
    'B12',
    'SCL',
    'TCI',
    'WVP',
  ],
}
const RANKS = ['red', 'green', 'blue']
const EDGES = ['west', 'south', 'east', 'north'] as const

export type Form = {
  /** Puts a query into the fields. */
  show(query: Query): void
  /** Puts what is wrong beside the fields it is wrong with, and gives the rest. */
  showErrors(errors: readonly { parameter: string; message: string }[]): readonly string[]
  /** Tiles that are there to be chosen, most granules first. */
  showTiles(tiles: readonly { readonly mgrs_tile: string; readonly granules: number }[]): void
}

/** The fields of a search; every change of one gives a new query. */
export function searchForm(onChange: (query: Query) => void): Form {
  const form = byId('search', HTMLFormElement)
  let shown: Query | undefined

  const changed = (event?: Event) => {
    const name = event?.target instanceof HTMLElement ? event.target.getAttribute('name') : undefined
    const next = read(form, shown, name ?? undefined)
    if (next.level !== shown?.level) showBands(next)
    shown = next
    tell(next)
    onChange(next)
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    changed()
  })
  form.addEventListener('change', changed)
  // They stand beside the list, outside of the form.
  for (const name of ['order', 'pick']) byId(name, HTMLElement).addEventListener('change', changed)
  field(form, 'cloud').addEventListener('input', () => tellCloud(read(form, shown, 'cloud').cloud))
  byId('box', HTMLFieldSetElement).addEventListener('paste', (event) => {
    const edges = edgesOf(event.clipboardData?.getData('text').replaceAll(/[\s[\]]/g, '') ?? '')
    if (!edges) return
    event.preventDefault()
    for (const [i, name] of EDGES.entries()) field(form, name).value = String(edges[i])
    changed()
  })
  byId('clear', HTMLButtonElement).addEventListener('click', () => {
    const bbox = shown?.bbox ?? ''
    form.reset()
    shown = undefined
    showBox(form, bbox)
    changed()
  })

  return {
    show: (query) => {
      shown = query
      showBox(form, query.bbox)
      const days = daysOf(query.datetime)
      field(form, 'from').value = days?.from ?? ''
      field(form, 'to').value = days?.to ?? ''
      field(form, 'cloud').value = query.cloud.split(',').at(-1) || '100'
      choose(form, 'level', query.level || 'L1C')
      field(form, 'tiles').value = query.tiles
      choose(form, 'dedupe', query.dedupe || 'latest')
      choose(form, 'best', query.best)
      const isPicked = query.rank !== '' && !RANKS.includes(query.rank)
      choose(form, 'order', isPicked ? 'pick' : query.rank || query.sort)
      if (isPicked) field(form, 'pick').value = `#${query.rank.replace('#', '')}`
      showBands(query)
      tell(query)
    },
    showErrors: (errors) => showErrors(form, errors),
    showTiles: (tiles) => showTileChoices(form, tiles, changed),
  }
}

/** The query of the fields. What a field cannot show, as a lower end of clouds, stays until it is changed. */
function read(form: HTMLFormElement, before: Query | undefined, changed: string | undefined): Query {
  const data = new FormData(form)
  const text = (name: string) => String(data.get(name) ?? '').trim()
  // Some keyboards have a comma alone, which between edges would shift them.
  const edges = EDGES.map((name) => text(name).replaceAll(',', '.'))
  const times = datetimeOf(text('from'), text('to'))
  const cloud = text('cloud') === '100' ? '' : text('cloud')
  const order = text('order')
  const isRank = RANKS.includes(order) || order === 'pick'
  const bands = data.getAll('band').map(String)
  const level = text('level')
  const known = BANDS[level] ?? []
  const wanted = bands.filter((band) => known.includes(band))
  return {
    bbox: edges.every((edge) => edge === '') ? '' : edges.join(','),
    datetime: before && changed !== 'from' && changed !== 'to' ? before.datetime : times,
    cloud: before && changed !== 'cloud' ? before.cloud : cloud,
    level: level === 'L1C' ? '' : level,
    tiles: text('tiles')
      .replaceAll(/[\s,;]+/g, ',')
      .replace(/^,|,$/g, ''),
    dedupe: text('dedupe') === 'latest' ? '' : text('dedupe'),
    best: text('best'),
    bands: wanted.length === known.length ? '' : wanted.join(','),
    sort: isRank ? '' : order,
    rank: order === 'pick' ? text('pick').replace('#', '') : isRank ? order : '',
  }
}

function field(form: HTMLFormElement, name: string): HTMLInputElement {
  const found = form.elements.namedItem(name)
  if (found instanceof HTMLInputElement) return found
  throw new Error(`The form has no field ${name}.`)
}

/** Chooses what a group of buttons or a list holds; what it does not hold chooses nothing. */
function choose(form: HTMLFormElement, name: string, value: string): void {
  const found = form.elements.namedItem(name)
  if (found instanceof HTMLSelectElement || found instanceof RadioNodeList) found.value = value
}

function showBox(form: HTMLFormElement, bbox: string): void {
  const edges = bbox.split(',')
  for (const [i, name] of EDGES.entries()) field(form, name).value = edges[i] ?? ''
}

/** What the fields say in words. */
function tell(query: Query): void {
  tellCloud(query.cloud)
  const isPick = byId('order', HTMLSelectElement).value === 'pick'
  byId('pick-field', HTMLElement).hidden = !isPick
  byId('bands-told', HTMLElement).textContent = query.bands.replaceAll(',', ', ') || 'all'
  const told = [query.level || 'L1C', query.datetime, query.cloud && `cloud ${query.cloud}`, query.tiles]
  byId('asked', HTMLElement).textContent = told.filter(Boolean).join(' · ')
}

function tellCloud(cloud: string): void {
  const [a = '', b] = cloud.split(',')
  const told = b === undefined ? `at most ${a} %` : `${a} to ${b} %`
  byId('cloud-told', HTMLOutputElement).value = cloud === '' ? 'any' : told
}

function showBands({ level, bands }: Query): void {
  const place = byId('bands', HTMLFieldSetElement)
  const known = BANDS[level || 'L1C'] ?? []
  // Left in place where they are the same, so that the focus stays on one of them.
  if (place.dataset.bands !== known.join()) {
    place.dataset.bands = known.join()
    place.replaceChildren(
      ...known.map((band) =>
        element('label', {}, element('input', { type: 'checkbox', name: 'band', value: band }), band),
      ),
    )
  }
  const chosen = bands.split(',').map((band) => band.trim().toUpperCase())
  for (const box of place.querySelectorAll('input')) box.checked = chosen.includes(box.value)
}

const MOST_TILES = 12

function showTileChoices(
  form: HTMLFormElement,
  tiles: Parameters<Form['showTiles']>[0],
  changed: () => void,
): void {
  const input = field(form, 'tiles')
  const chosen = input.value.toUpperCase().split(',').filter(Boolean)
  const most = tiles.toSorted((a, b) => b.granules - a.granules).slice(0, MOST_TILES)
  const names = [...new Set([...chosen, ...most.map((tile) => tile.mgrs_tile)])].sort()
  const chips = names.map((name) => {
    const isChosen = chosen.includes(name)
    const chip = element('button', { type: 'button', 'aria-pressed': String(isChosen) }, name)
    chip.addEventListener('click', () => {
      const next = isChosen ? chosen.filter((one) => one !== name) : [...chosen, name]
      input.value = next.join(',')
      changed()
    })
    return chip
  })
  const focused = document.activeElement?.textContent
  const group = byId('tile-choices', HTMLElement)
  const hadFocus = group.contains(document.activeElement)
  group.replaceChildren(...(names.length > 1 || chosen.length > 0 ? chips : []))
  if (hadFocus) chips.find((chip) => chip.textContent === focused)?.focus()
}

/** Which fields show what is wrong with a parameter. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  bbox: EDGES,
  datetime: ['from', 'to'],
  rank: ['order'],
  sort: ['order'],
}

function showErrors(form: HTMLFormElement, errors: Parameters<Form['showErrors']>[0]): readonly string[] {
  for (const marked of document.querySelectorAll('[aria-invalid]')) marked.removeAttribute('aria-invalid')
  for (const place of document.querySelectorAll('.error')) place.textContent = ''
  return errors.flatMap(({ parameter, message }) => {
    const name = parameter === 'sort' ? 'rank' : /^(lat|lng)[12]$/.test(parameter) ? 'bbox' : parameter
    const place = document.getElementById(`${name}-error`)
    if (!place) return [message]
    if (!place.textContent?.includes(message)) place.textContent = `${place.textContent} ${message}.`.trim()
    for (const control of FIELDS[name] ?? [name]) {
      const found = form.elements.namedItem(control)
      if (found instanceof HTMLElement) found.setAttribute('aria-invalid', 'true')
    }
    for (const closed of document.querySelectorAll('details:not([open])')) {
      if (closed.contains(place)) closed.setAttribute('open', '')
    }
    return []
  })
}
