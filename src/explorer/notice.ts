import { ask, type Estimate, Refusal } from './answers.ts'
import { isSample, SAMPLE_BOX } from './catalog.ts'
import { byId, element } from './elements.ts'
import { estimateParameters, FILTERS, type Filter, type Query } from './query.ts'
import { bytesText, counted } from './words.ts'

/** Something to read in place of granules, and what can be done about it. */
export type Notice = {
  readonly title: string
  readonly text: string
  readonly choices?: readonly { readonly label: string; readonly choose: () => void }[]
}

export function showNotice(notice: Notice | undefined): void {
  const place = byId('notice', HTMLElement)
  place.hidden = notice === undefined
  place.replaceChildren()
  if (!notice) return
  const buttons = (notice.choices ?? []).map(({ label, choose }) => {
    const button = element('button', { type: 'button' }, label)
    button.addEventListener('click', choose)
    return button
  })
  place.replaceChildren(
    element('h3', {}, notice.title),
    element('p', {}, notice.text),
    ...(buttons.length > 0 ? [element('div', { class: 'choices' }, ...buttons)] : []),
  )
}

const FILTER_NAMES: Readonly<Record<Filter, string>> = {
  datetime: 'any date',
  cloud: 'any cloud cover',
  tiles: 'all tiles',
  best: 'no choice of the best',
  level: 'L1C',
}

/**
 * What to relax where nothing was found: each filter that by itself stands between the query and some granules,
 * those that bring most first.
 * @throws {Refusal} as ask
 */
export async function relaxed(
  query: Query,
  signal: AbortSignal,
  choose: (query: Query) => void,
): Promise<Notice> {
  const given = FILTERS.filter((name) => query[name] !== '')
  const others = given.map((name) => ({ told: FILTER_NAMES[name], other: { ...query, [name]: '' } }))
  if (query.level === '') others.push({ told: 'L2A', other: { ...query, level: 'L2A' } })
  const tried = await Promise.all(
    others.map(async ({ told, other }) => {
      const asking = ask<Estimate>(`/estimate?${estimateParameters(other)}`, signal)
      // A catalog may have no L2A.
      const estimate = await (other.level === 'L2A' && query.level === ''
        ? asking.catch(() => undefined)
        : asking)
      signal.throwIfAborted()
      return { told, other, granules: estimate?.granules ?? 0 }
    }),
  )
  const found = tried.filter(({ granules }) => granules > 0).sort((a, b) => b.granules - a.granules)
  const title = 'Nothing matches'
  if (found.length > 0) {
    return {
      title,
      text: 'With one thing changed there would be:',
      choices: found.map(({ told, other, granules }) => ({
        label: `${counted(granules, 'granule')} with ${told}`,
        choose: () => choose(other),
      })),
    }
  }
  const bare = { ...query, datetime: '', cloud: '', tiles: '', best: '' }
  const all =
    given.length > 1 ? await ask<Estimate>(`/estimate?${estimateParameters(bare)}`, signal) : undefined
  if (all?.granules) {
    const label = `${counted(all.granules, 'granule')} without any filter`
    return {
      title,
      text: 'No single filter is the reason.',
      choices: [{ label, choose: () => choose(bare) }],
    }
  }
  const level = query.level || 'L1C'
  return {
    title,
    text: `There is no ${level} granule of this box. Draw a larger one or one elsewhere.`,
    ...(isSample()
      ? {
          choices: [
            { label: 'Show the sample', choose: () => choose({ ...bare, level: '', bbox: SAMPLE_BOX }) },
          ],
        }
      : {}),
  }
}

/** What could not be done, as a sentence. */
export const faultNotice = (thrown: unknown, again: () => void): Notice => ({
  title: 'That did not work',
  text: thrown instanceof Refusal ? thrown.message : 'Something is broken in this page; reload it.',
  choices: thrown instanceof Refusal ? [{ label: 'Try again', choose: again }] : [],
})

/** A catalog that bills a search asks first. */
export const billNotice = (bill: NonNullable<Estimate['query']>, run: () => void): Notice => ({
  title: 'This search costs money',
  text:
    `The catalog bills ${bytesText(bill.bytes_billed)} for it, about $${bill.dollars.toFixed(2)}. ` +
    'The monthly count and further pages are billed each by itself.',
  choices: [{ label: 'Search', choose: run }],
})
