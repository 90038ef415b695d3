/** Works that wait to be taken some at a time, those of several askers in turn. */
export interface Waiting<W extends object> {
  /** One asker's place; what is added first is taken first. */
  queue(): { add(work: W): void; remove(work: W): void }
  /** At least one where any waits: of each asker in turn, beginning with who has waited longest since their last. */
  take(most: number): W[]
  /** Puts works that were taken, and then not done, back in front of all others. */
  putBack(works: readonly W[]): void
  size(): number
}

export function waitInTurn<W extends object>(): Waiting<W> {
  // Sets keep the order of insertion and forget in constant time: both are queues here.
  type Queue = Set<W>
  const queues = new Set<Queue>()
  const homes = new WeakMap<W, Queue>()
  let waiting = 0

  const leave = (queue: Queue, work: W) => {
    if (!queue.delete(work)) return
    waiting--
    if (queue.size === 0) queues.delete(queue)
  }

  const takeOne = (): W | undefined => {
    const [queue] = queues
    const [work] = queue ?? []
    if (queue === undefined || work === undefined) return undefined
    leave(queue, work)
    if (queues.delete(queue)) queues.add(queue)
    return work
  }

  return {
    queue: () => {
      const queue: Queue = new Set()
      return {
        add: (work) => {
          homes.set(work, queue)
          queue.add(work)
          queues.add(queue)
          waiting++
        },
        remove: (work) => leave(queue, work),
      }
    },
    take: (most) => {
      const taken: W[] = []
      for (let work = takeOne(); work !== undefined; work = takeOne()) {
        taken.push(work)
        if (taken.length === most) break
      }
      return taken
    },
    putBack: (works) => {
      for (const work of works.toReversed()) {
        const queue = homes.get(work)
        if (!queue) continue
        toFront(queue, work)
        toFront(queues, queue)
        waiting++
      }
    },
    size: () => waiting,
  }
}

function toFront<T>(queue: Set<T>, one: T): void {
  const others = [...queue]
  queue.clear()
  queue.add(one)
  for (const other of others) queue.add(other)
}
