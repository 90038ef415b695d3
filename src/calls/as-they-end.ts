/**
 * Works on items a few at once and gives the results in the order in which they come. Items are asked for
 * while others are worked on, one ahead; nothing new is begun while the reader is busy elsewhere.
 * @param atOnce works under way, 1 and up
 * @throws whatever a work throws, at once; and what the items throw, once all works under way have ended
 */
export async function* asTheyEnd<Item, Result>(
  items: AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const source = items[Symbol.asyncIterator]()
  const underWay = new Set<Promise<Event<Item, Result>>>()
  let broken: { readonly thrown: unknown } | undefined

  const ask = (): Promise<Event<Item, Result>> =>
    source.next().then(
      (item) => ({ kind: 'item', item }),
      (thrown: unknown) => ({ kind: 'broken', thrown }),
    )
  const begin = (item: Item): void => {
    const task: Promise<Event<Item, Result>> = work(item).then((result) => {
      return { kind: 'result', result, end: () => underWay.delete(task) }
    })
    // Where another one throws first, nobody asks any more what became of this one.
    task.catch(() => {})
    underWay.add(task)
  }

  let coming: Promise<Event<Item, Result>> | undefined = ask()
  try {
    while (coming || underWay.size > 0) {
      const free = underWay.size < atOnce
      const event: Event<Item, Result> = await Promise.race(free && coming ? [coming, ...underWay] : underWay)
      switch (event.kind) {
        case 'item':
          if (!event.item.done) begin(event.item.value)
          coming = event.item.done ? undefined : ask()
          break
        case 'broken':
          broken = event
          coming = undefined
          break
        case 'result':
          event.end()
          yield event.result
      }
    }
  } finally {
    source.return?.().catch(() => {})
  }
  if (broken) throw broken.thrown
}

type Event<Item, Result> =
  | { readonly kind: 'item'; readonly item: IteratorResult<Item> }
  | { readonly kind: 'broken'; readonly thrown: unknown }
  | { readonly kind: 'result'; readonly result: Result; readonly end: () => void }
