import type { Feature } from './answers.ts'
import { isBilled } from './catalog.ts'
import type { Outcome } from './colours.ts'
import { element } from './elements.ts'
import { bytesText, clockText, counted, dayText, percentText } from './words.ts'

/** Pixels of a preview's width. */
const SMALL = 96
const LARGE = 640

export type Card = {
  readonly item: HTMLLIElement
  readonly button: HTMLButtonElement
  showColour(outcome: Outcome): void
  setOpen(isOpen: boolean): void
}

/** A granule in the list: its look in a line, and all of it once opened. */
export function cardOf(feature: Feature, place: number, rank: string): Card {
  const { properties } = feature
  const swatch = element('span', { class: isBilled() ? 'swatch unknown' : 'swatch waiting' })
  const hex = element('span', { class: 'hex' })
  const details = element('div', { class: 'details', id: `granule-${place}`, hidden: true })
  const button = element(
    'button',
    { type: 'button', class: 'card', 'aria-expanded': 'false', 'aria-controls': details.id },
    isBilled() ? element('span', { class: 'preview missing' }) : previewOf(properties.granule_id, SMALL),
    element(
      'span',
      { class: 'said' },
      element('strong', {}, dayText(properties.sensing_time)),
      ' ',
      element('span', { class: 'tile' }, properties.mgrs_tile),
      element('span', { class: 'line quiet' }, lineOf(feature)),
      ...scoreOf(feature, rank),
    ),
    element('span', { class: 'colour' }, swatch, hex),
  )
  const item = element('li', { 'data-granule': properties.granule_id }, button, details)

  return {
    item,
    button,
    showColour: (outcome) => {
      swatch.classList.remove('waiting', 'unknown')
      if ('failed' in outcome) {
        swatch.classList.add('unknown')
        hex.textContent = 'no colour'
        hex.title = outcome.failed
        return
      }
      swatch.style.backgroundColor = outcome.colour
      hex.textContent = outcome.colour
    },
    setOpen: (isOpen) => {
      button.setAttribute('aria-expanded', String(isOpen))
      item.classList.toggle('selected', isOpen)
      details.hidden = !isOpen
      if (isOpen && details.childElementCount === 0) details.append(...detailsOf(feature))
    },
  }
}

function lineOf({ properties }: Feature): string {
  const { cloud_cover, coverage } = properties
  const cloud = cloud_cover === null ? 'cloud not known' : `cloud ${percentText(cloud_cover)}`
  const share = coverage === null ? '' : ` · covers ${percentText(coverage * 100)}`
  return cloud + share
}

function scoreOf({ properties: { score, reason } }: Feature, rank: string): HTMLElement[] {
  if (rank === '') return []
  if (typeof score !== 'number') return reason ? [element('span', { class: 'line score' }, reason)] : []
  const isShare = ['red', 'green', 'blue'].includes(rank)
  const text = isShare
    ? `${(score * 100).toFixed(1)} % ${rank}`
    : `${score.toFixed(1)} away from #${rank.replace('#', '')}`
  return [element('span', { class: 'line score' }, text)]
}

function previewOf(granuleId: string, width: number, alt = ''): HTMLElement {
  const source = `/granules/${encodeURIComponent(granuleId)}/preview.webp?width=${width}`
  const size = String(width === LARGE ? 320 : 64)
  const image = element('img', {
    src: source,
    alt,
    width: size,
    height: size,
    loading: 'lazy',
    decoding: 'async',
  })
  const frame = element('span', { class: width === LARGE ? 'preview large' : 'preview' }, image)
  image.addEventListener('error', () => {
    image.remove()
    frame.classList.add('missing')
  })
  return frame
}

function detailsOf({ properties }: Feature): HTMLElement[] {
  const day = dayText(properties.sensing_time)
  const bytes = properties.images.reduce((sum, { size }) => sum + size, 0)
  const facts = [
    ['Sensed', `${day}, ${clockText(properties.sensing_time)} UTC`],
    ['Granule', properties.granule_id],
    ['Product', properties.product_id],
    ['Baseline', properties.processing_baseline ?? 'not known'],
    ['Quality', properties.geometric_quality_flag ?? 'not known'],
  ] as const
  const list = facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
  const images = properties.images.map(({ band, resolution, url, size }) =>
    element(
      'li',
      {},
      element('a', { href: url, rel: 'noreferrer' }, resolution ? `${band} ${resolution} m` : band),
      element('span', { class: 'quiet' }, ` ${bytesText(size)}`),
    ),
  )
  return [
    ...(isBilled()
      ? []
      : [previewOf(properties.granule_id, LARGE, `Preview of ${properties.mgrs_tile}, ${day}`)]),
    element('dl', {}, ...list),
    element('p', { class: 'quiet' }, `${counted(images.length, 'image')}, ${bytesText(bytes)}`),
    element('ul', { class: 'images' }, ...images),
  ]
}
