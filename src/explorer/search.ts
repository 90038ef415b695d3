import { type AreaSummary, ask, type Estimate, Refusal } from './answers.ts'
import { isBilled, isSample, SAMPLE_BOX } from './catalog.ts'
import { copyWindow } from './copy.ts'
import { byId, say } from './elements.ts'
import { searchForm } from './form.ts'
import { foundGranules } from './found.ts'
import { billNotice, faultNotice, type Notice, relaxed, showNotice } from './notice.ts'
import {
  estimateParameters,
  NAMES_TOLD,
  NO_QUERY,
  parametersOf,
  type Query,
  queryOf,
  readable,
  strangersIn,
  summaryParameters,
} from './query.ts'
import { bytesText, counted } from './words.ts'

/** Ground that is worth a first look. */
const PLACES = {
  Øresund: '12.3,55.4,13.2,56.1',
  'Venice lagoon': '12.1,45.1,12.8,45.7',
  'Nile delta': '30,30.8,32.4,31.7',
  'Great Barrier Reef': '145.4,-17.2,146.6,-16.2',
} as const

/** Reads the address, asks, shows; and again whenever something is changed. */
export function openSearch(): void {
  let query = NO_QUERY
  let granules: number | undefined
  let run = new AbortController()

  const form = searchForm((next) => go(next))
  const found = foundGranules({
    onBox: (edges) => go({ ...query, bbox: edges.join(',') }),
    onDates: (datetime) => go({ ...query, datetime }),
    onOpen: (granuleId) => remember(query, granuleId, 'replace'),
    onFault: (thrown) => fail(thrown),
  })
  copyWindow(() => ({ query, granules }))

  const go = (next: Query) => {
    remember(next, undefined, 'push')
    void refresh(next)
  }
  const read = () => {
    const address = new URLSearchParams(location.search)
    const asked = queryOf(address)
    const next = asked.bbox === '' && isSample() ? { ...asked, bbox: SAMPLE_BOX } : asked
    const strangers = strangersIn(address)
    if (strangers.length === 0) return void refresh(next, address.get('granule') ?? undefined)
    form.show(next)
    tell(
      '',
      strangersNotice(strangers, () => go(next)),
    )
    byId('results', HTMLElement).ariaBusy = 'false'
  }
  const fail = (thrown: unknown) => {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return
    if (!(thrown instanceof Refusal)) console.error(thrown)
    const rest = thrown instanceof Refusal ? form.showErrors(thrown.errors) : []
    const isShown = thrown instanceof Refusal && thrown.errors.length > 0 && rest.length === 0
    const notice = isShown ? CORRECT : faultNotice(thrown, () => void refresh(query))
    tell('', notice)
    byId('results', HTMLElement).ariaBusy = 'false'
  }
  const tell = (text: string, notice: Notice | undefined) => {
    byId('told', HTMLElement).textContent = text
    showNotice(notice)
    say(notice ? `${notice.title}. ${notice.text}` : text)
  }

  const refresh = async (next: Query, granuleId?: string) => {
    run.abort()
    run = new AbortController()
    const { signal } = run
    const isMoved = next.bbox !== query.bbox
    query = next
    granules = undefined
    form.show(query)
    found.clear(query, isMoved)
    byId('results', HTMLElement).ariaBusy = 'true'
    try {
      if (query.bbox !== '') await search(signal, granuleId)
      else
        tell(
          '',
          startNotice((bbox) => go({ ...query, bbox })),
        )
    } catch (thrown) {
      if (!signal.aborted) fail(thrown)
    } finally {
      if (!signal.aborted) byId('results', HTMLElement).ariaBusy = 'false'
    }
  }

  const search = async (signal: AbortSignal, granuleId: string | undefined) => {
    tell('Counting…', undefined)
    const estimating = ask<Estimate>(`/estimate?${estimateParameters(query)}`, signal).then((estimate) => {
      granules = estimate.granules ?? undefined
      // Not before: what moves while a button is pressed is missed by the pointer.
      form.showErrors([])
      tell(toldOf(estimate), undefined)
      return estimate.query
    })
    if (isBilled() && !(await isAgreed(await estimating, signal))) return
    ask<AreaSummary>(`/area/summary?${summaryParameters(query, ['datetime'])}`, signal).then(
      (summary) => {
        found.showSummary(summary, query)
        form.showTiles(summary.tiles)
      },
      // Some catalogs cannot count; the list goes on without.
      () => signal.aborted || found.showSummary(undefined, query),
    )
    const listing = found.list(query, { granuleId, signal })
    // The list's fault first, which names all that is wrong; and after the count, which would take its place.
    for (const ended of (await Promise.allSettled([estimating, listing])).reverse()) {
      if (ended.status === 'rejected') throw ended.reason
    }
    if (found.count() === 0) showNotice(await relaxed(query, signal, go))
  }

  const isAgreed = async (bill: Estimate['query'], signal: AbortSignal) =>
    bill === null ||
    new Promise<boolean>((resolve) => {
      signal.addEventListener('abort', () => resolve(false))
      showNotice(
        billNotice(bill, () => {
          showNotice(undefined)
          resolve(true)
        }),
      )
    })

  addEventListener('popstate', read)
  if (matchMedia('(max-width: 999px)').matches) byId('filters', HTMLDetailsElement).open = false
  if (isSample()) byId('origin', HTMLElement).textContent = SAMPLE_TOLD
  read()
}

const SAMPLE_TOLD = 'The embedded sample: drawn, not measured, and links to its images lead nowhere.'

const CORRECT: Notice = {
  title: 'Not asked yet',
  text: 'A field of the search is not right; beside it stands what.',
}

/** As the service itself, which refuses what it would have to leave out. */
const strangersNotice = (names: readonly string[], choose: () => void): Notice => ({
  title: 'Not asked yet',
  text:
    `The address holds what this page does not know: ${names.join(', ')}. ` +
    `It takes ${NAMES_TOLD}, in the words of /area.`,
  choices: [{ label: 'Search without', choose }],
})

const startNotice = (choose: (bbox: string) => void): Notice => ({
  title: 'Where to look?',
  text: 'Draw a box on the map, type its edges, or begin with one of these.',
  choices: Object.entries(PLACES).map(([label, bbox]) => ({ label, choose: () => choose(bbox) })),
})

function toldOf({ granules, images, bytes }: Estimate): string {
  if (granules === null) return 'This catalog does not count beforehand.'
  if (granules === 0) return counted(0, 'granule')
  const size = bytes === null ? '' : ` · about ${bytesText(bytes)}`
  return `${counted(granules, 'granule')} · ${counted(images ?? 0, 'image')}${size}`
}

/** Puts a query into the address, so that it can be gone back to, reloaded and handed on. */
function remember(query: Query, granuleId: string | undefined, how: 'push' | 'replace'): void {
  const parameters = parametersOf(query)
  if (granuleId !== undefined) parameters.set('granule', granuleId)
  const address = `${location.pathname}?${readable(parameters)}`
  // Enter in a changed field asks twice: for the change, and for the search.
  const isNew = new URL(address, location.href).href !== location.href
  if (how === 'push' && isNew) history.pushState(null, '', address)
  else history.replaceState(null, '', address)
}
