import type { Feature } from './answers.ts'
import { type Card, cardOf } from './card.ts'
import type { Outcome } from './colours.ts'
import { byId } from './elements.ts'

export type List = {
  clear(): void
  add(feature: Feature, rank: string): void
  showColour(key: number, outcome: Outcome): void
  highlight(keys: ReadonlySet<number>): void
  /** Opens one and closes the others; undefined closes all. */
  open(key: number | undefined): void
  /** Brings one into view, and the focus to it. */
  goTo(key: number): void
}

/** The granules as cards, in the order they are added; their places are their keys. */
export function granuleList(events: {
  readonly onPoint: (key: number | undefined) => void
  readonly onPick: (key: number) => void
  /** Once, when a card comes into view. */
  readonly onSeen: (key: number) => void
}): List {
  const place = byId('list', HTMLOListElement)
  let cards: Card[] = []

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue
        seen.unobserve(target)
        const key = cards.findIndex(({ item }) => item === target)
        if (key >= 0) events.onSeen(key)
      }
    },
    { rootMargin: '100px' },
  )
  const keyOf = (target: EventTarget | null) => {
    const item = target instanceof Element ? target.closest('li[data-granule]') : null
    const key = cards.findIndex((card) => card.item === item)
    return key < 0 ? undefined : key
  }
  place.addEventListener('pointerover', ({ target }) => events.onPoint(keyOf(target)))
  place.addEventListener('pointerleave', () => events.onPoint(undefined))
  place.addEventListener('focusin', ({ target }) => events.onPoint(keyOf(target)))
  place.addEventListener('focusout', () => events.onPoint(undefined))
  place.addEventListener('click', ({ target }) => {
    const key = target instanceof Element && target.closest('button.card') ? keyOf(target) : undefined
    if (key !== undefined) events.onPick(key)
  })
  place.addEventListener('keydown', (event) => {
    const at = cards.findIndex(({ button }) => button === document.activeElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: cards.length - 1 }[event.key]
    const next = to === undefined ? undefined : cards[to]
    if (at < 0 || !next) return
    event.preventDefault()
    next.button.focus()
  })

  return {
    clear: () => {
      seen.disconnect()
      cards = []
      place.replaceChildren()
    },
    add: (feature, rank) => {
      const card = cardOf(feature, cards.length, rank)
      cards.push(card)
      place.append(card.item)
      seen.observe(card.item)
    },
    showColour: (key, outcome) => cards[key]?.showColour(outcome),
    highlight: (keys) => {
      for (const [key, { item }] of cards.entries()) item.classList.toggle('hovered', keys.has(key))
    },
    open: (opened) => {
      for (const [key, card] of cards.entries()) card.setOpen(key === opened)
    },
    goTo: (key) => {
      const card = cards[key]
      card?.button.focus({ preventScroll: true })
      card?.item.scrollIntoView({ block: 'nearest', behavior: 'auto' })
    },
  }
}
