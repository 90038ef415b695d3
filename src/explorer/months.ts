import type { AreaSummary } from './answers.ts'
import { byId, element } from './elements.ts'
import { datetimeOf, daysOf, daysOfMonths } from './query.ts'
import { counted, monthText, percentText } from './words.ts'

type Month = AreaSummary['months'][number]

export type Months = {
  /** The months of an answer, and which of them the dates hold; undefined where nothing can be told. */
  show(months: readonly Month[] | undefined, datetime: string): void
  highlight(months: ReadonlySet<string>): void
}

/** A bar for each month; one is chosen by a click, several by dragging over them or with Shift. */
export function monthBars(events: {
  readonly onChoose: (datetime: string) => void
  readonly onPoint: (month: string | undefined) => void
}): Months {
  const place = byId('months', HTMLElement)
  const told = byId('when-told', HTMLElement)
  const all = byId('all-times', HTMLButtonElement)
  let bars: HTMLButtonElement[] = []
  let shown: ReadonlyMap<string, Month> = new Map()
  let anchor: string | undefined
  let chosen = ''
  let resting = ''

  const nameOf = (target: EventTarget | null) =>
    target instanceof Element ? target.closest('button')?.dataset.month : undefined
  const rest = (text: string) => {
    resting = text
    told.textContent = text
  }
  const point = (month: string | undefined) => {
    told.textContent = month === undefined ? resting : toldOf(month, shown.get(month))
    events.onPoint(month)
  }
  const mark = (first: string | undefined, last: string | undefined) => {
    const [from, to] = [first ?? '', last ?? ''].sort()
    for (const bar of bars) {
      const { month = '' } = bar.dataset
      const within = from !== undefined && from !== '' && month >= from && month <= (to ?? '')
      bar.setAttribute('aria-pressed', String(within))
    }
  }
  const choose = (first: string, last: string) => {
    const [from = first, to = last] = [first, last].sort()
    const datetime = daysOfMonths(from, to)
    events.onChoose(datetime === chosen ? '' : datetime)
  }

  place.addEventListener('pointerdown', (event) => {
    const month = nameOf(event.target)
    if (month === undefined || event.button !== 0 || event.pointerType === 'touch') return
    if (!event.shiftKey || anchor === undefined) anchor = month
    mark(anchor, month)
  })
  place.addEventListener('pointerover', (event) => {
    const month = nameOf(event.target)
    point(month)
    if (month !== undefined && anchor !== undefined && event.buttons === 1) mark(anchor, month)
  })
  place.addEventListener('pointerleave', () => point(undefined))
  place.addEventListener('focusin', ({ target }) => point(nameOf(target)))
  place.addEventListener('focusout', () => point(undefined))
  place.addEventListener('click', (event) => {
    const month = nameOf(event.target)
    if (month === undefined) return
    // A key presses the button without a pointer going down before.
    const first = event.detail === 0 && !event.shiftKey ? month : (anchor ?? month)
    choose(first, month)
    anchor = month
  })
  // A drag over several bars ends on another one than it began with, which is no click.
  place.addEventListener('pointerup', (event) => {
    const month = nameOf(document.elementFromPoint(event.clientX, event.clientY))
    if (month !== undefined && anchor !== undefined && month !== anchor && !event.shiftKey)
      choose(anchor, month)
  })
  place.addEventListener('keydown', (event) => {
    const at = bars.findIndex((bar) => bar.matches(':focus'))
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: bars.length - 1 }[event.key]
    const next = to === undefined ? undefined : bars[to]
    if (at < 0 || !next) return
    event.preventDefault()
    focus(bars, next)
  })
  all.addEventListener('click', () => events.onChoose(''))

  return {
    show: (months, datetime) => {
      const before =
        document.activeElement instanceof HTMLElement ? document.activeElement.dataset.month : undefined
      const hadFocus = place.contains(document.activeElement)
      chosen = datetime
      all.hidden = datetime === ''
      shown = new Map(months?.map((month) => [month.month, month]))
      bars = spanOf(months ?? []).map((month) => barOf(month, shown, months ?? []))
      place.replaceChildren(...bars)
      // Where there is not room for all, the newest are of most interest.
      place.scrollLeft = place.scrollWidth
      const days = daysOf(datetime)
      const [first, last] = [days?.from.slice(0, 7) || '0000-00', days?.to.slice(0, 7) || '9999-99']
      if (datetime === '') mark(undefined, undefined)
      else mark(first, last)
      const current = bars.find((bar) => bar.dataset.month === before) ?? bars.at(-1)
      if (current) {
        current.tabIndex = 0
        if (hadFocus) current.focus()
      }
      rest(restingText(months, datetime))
    },
    highlight: (names) => {
      for (const bar of bars) bar.classList.toggle('hovered', names.has(bar.dataset.month ?? ''))
    },
  }
}

function focus(bars: readonly HTMLButtonElement[], next: HTMLButtonElement): void {
  for (const bar of bars) bar.tabIndex = bar === next ? 0 : -1
  next.focus()
}

/** A finger that drags scrolls the bars. */
const HINT = matchMedia('(pointer: coarse)').matches ? 'tap a month' : 'click a month, or drag over several'

function restingText(months: readonly Month[] | undefined, datetime: string): string {
  if (months === undefined) return 'not known'
  if (months.length === 0) return 'no granules at any time'
  const days = daysOf(datetime)
  return datetime === '' || !days ? HINT : datetimeOf(days.from, days.to)
}

const toldOf = (month: string, found: Month | undefined): string => {
  if (!found) return `${monthText(month)}: none`
  const cloud = found.least_cloud === null ? '' : `, least cloud ${percentText(found.least_cloud)}`
  return `${monthText(month)}: ${counted(found.granules, 'granule')}${cloud}`
}

/** Every month from the first to the last, whole years of them. */
function spanOf(months: readonly Month[]): string[] {
  const years = months.map(({ month }) => Number(month.slice(0, 4)))
  if (years.length === 0) return []
  const first = Math.min(...years)
  const count = (Math.max(...years) - first + 1) * 12
  return Array.from({ length: count }, (_, i) => {
    const year = first + Math.floor(i / 12)
    return `${year}-${String((i % 12) + 1).padStart(2, '0')}`
  })
}

function barOf(
  month: string,
  shown: ReadonlyMap<string, Month>,
  months: readonly Month[],
): HTMLButtonElement {
  const found = shown.get(month)
  const most = Math.max(...months.map(({ granules }) => granules))
  const bar = element('button', {
    type: 'button',
    tabindex: '-1',
    'aria-label': toldOf(month, found),
    'aria-pressed': 'false',
    'data-month': month,
    ...(month.endsWith('-01') ? { 'data-year': month.slice(0, 4) } : {}),
  })
  const fill = element('span', { class: found ? 'bar' : 'bar none' })
  fill.style.blockSize = `${found ? Math.max(8, (100 * found.granules) / most) : 0}%`
  bar.append(fill)
  return bar
}
