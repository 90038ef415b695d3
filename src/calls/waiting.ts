import { Fault } from '../errors.ts'

/** How much may wait, and what it is called in the sentence that refuses more. */
export type Bounds = {
  /** Of what is waited for: `lists of the bucket`. */
  readonly what: string
  /** In all, and of one client. */
  readonly most: number
  readonly mostOfOne: number
}

/** One asker's place; what is added first is taken first. */
export interface Place<W> {
  /** @throws {Fault} too-many where this client has as much waiting as it may, overloaded where all have */
  add(work: W): void
  remove(work: W): void
  /** Notes a turn that this client had without waiting for it. */
  pass(): void
  /** Works that are taken before one that is added here now. */
  ahead(): number
}

/** Works that wait to be taken some at a time: those of several clients in turn, and of a client's askers in turn. */
export interface Waiting<W extends object> {
  /** @param client whose asker this is; one without a client is a client of its own */
  place(client?: string): Place<W>
  /**
   * At least one where any waits: of each client in turn, beginning with who has waited longest since their last.
   * @param which ends before the first in turn that it does not hold for
   */
  take(most: number, which?: (work: W) => boolean): W[]
  /** Puts works that were taken, and then not done, back in front of all others. */
  putBack(works: readonly W[]): void
  size(): number
}

type Name = string | symbol
type Queue<W> = { readonly works: Set<W>; readonly name: Name }
type Client<W> = { readonly queues: Set<Queue<W>>; waiting: number }

const USUAL: Bounds = { what: 'calls', most: 20_000, mostOfOne: 10_000 }
/** Seconds after which those who were refused may try again. */
const RETRY_AFTER = 2

/**
 * A client with any number of works waiting delays another by one of them at most: who has just had a turn goes
 * behind a newcomer, and otherwise newcomers go behind those who wait.
 */
export function waitInTurn<W extends object>(given: Partial<Bounds> = {}): Waiting<W> {
  const bounds = { ...USUAL, ...given }
  // Sets and maps keep the order of insertion and forget in constant time: all of them are queues here.
  const clients = new Map<Name, Client<W>>()
  const homes = new WeakMap<W, Queue<W>>()
  let waiting = 0
  let last: Name | undefined

  const clientOf = (name: Name): Client<W> => {
    const there = clients.get(name)
    if (there) return there
    const client = { queues: new Set<Queue<W>>(), waiting: 0 }
    const [first] = clients.keys()
    clients.set(name, client)
    if (first !== undefined && first === last && clients.size === 2) lastOf(clients, first)
    return client
  }

  const add = (queue: Queue<W>, work: W) => {
    const client = clientOf(queue.name)
    homes.set(work, queue)
    queue.works.add(work)
    client.queues.add(queue)
    client.waiting++
    waiting++
  }

  const remove = (queue: Queue<W>, work: W) => {
    const client = clients.get(queue.name)
    if (!client || !queue.works.delete(work)) return
    waiting--
    client.waiting--
    if (queue.works.size === 0) client.queues.delete(queue)
    if (client.waiting === 0) clients.delete(queue.name)
  }

  const takeOne = (which?: (work: W) => boolean): W | undefined => {
    const [named] = clients
    if (!named) return undefined
    const [name, client] = named
    const [queue] = client.queues
    const [work] = queue?.works ?? []
    if (queue === undefined || work === undefined || which?.(work) === false) return undefined
    remove(queue, work)
    last = name
    lastOf(clients, name)
    if (client.queues.delete(queue)) client.queues.add(queue)
    return work
  }

  return {
    place: (client) => {
      const queue: Queue<W> = { works: new Set(), name: client ?? Symbol() }
      return {
        add: (work) => {
          refuseBeyond(bounds, waiting, clients.get(queue.name)?.waiting ?? 0)
          add(queue, work)
        },
        remove: (work) => remove(queue, work),
        pass: () => {
          last = queue.name
        },
        ahead: () => {
          const own = clients.get(queue.name)?.waiting ?? 0
          return clients.values().reduce((sum, { waiting }) => sum + Math.min(waiting, own + 1), 0)
        },
      }
    },
    take: (most, which) => {
      const taken: W[] = []
      for (let work = takeOne(which); work !== undefined; work = takeOne(which)) {
        taken.push(work)
        if (taken.length === most) break
      }
      return taken
    },
    putBack: (works) => {
      for (const work of works.toReversed()) {
        const queue = homes.get(work)
        if (!queue) continue
        add(queue, work)
        for (const other of [...queue.works].slice(0, -1)) lastIn(queue.works, other)
        const { queues } = clientOf(queue.name)
        for (const other of [...queues]) if (other !== queue) lastIn(queues, other)
        for (const other of [...clients.keys()]) if (other !== queue.name) lastOf(clients, other)
      }
    },
    size: () => waiting,
  }
}

function refuseBeyond({ what, most, mostOfOne }: Bounds, waiting: number, ofOne: number): void {
  if (ofOne >= mostOfOne) {
    const sentence = `${ofOne} ${what} of yours wait already, as many as may; ask for less at once, or later.`
    throw new Fault('too-many', sentence, { retryAfter: RETRY_AFTER })
  }
  if (waiting < most) return
  const sentence = `${waiting} ${what} wait already, as many as may; try again a little later.`
  throw new Fault('overloaded', sentence, { retryAfter: RETRY_AFTER })
}

function lastOf<K, V>(map: Map<K, V>, key: K): void {
  const value = map.get(key)
  if (value === undefined) return
  map.delete(key)
  map.set(key, value)
}

function lastIn<T>(set: Set<T>, one: T): void {
  set.delete(one)
  set.add(one)
}
