import { cancelled } from '../errors.ts'

/** One asker's place at the slots: what it runs waits for its turn and for nobody else's slowness. */
export interface Lane {
  /**
   * Runs the work once a slot is free for it, and frees the slot when the work ends, however it ends.
   * @throws {Fault} cancelled where the signal aborts before the work has begun
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export interface Turns {
  lane(): Lane
  /** Slots taken now. */
  inFlight(): number
  /** Runs of all lanes that wait for a slot. */
  waiting(): number
}

type Waiter = { readonly start: () => void }
type Queue = Set<Waiter>

/**
 * A fixed number of slots shared by lanes in turn: a freed slot goes to the lane that has waited longest
 * since its last turn, and inside a lane to whoever came first. A lane with a thousand runs waiting delays
 * another by at most one of them for each slot.
 * @param slots runs at once, 1 and up
 */
export function takeTurns(slots: number): Turns {
  if (!Number.isInteger(slots) || slots < 1)
    throw new RangeError(`Turns need at least one slot, not ${slots}.`)
  // Sets keep the order of insertion and forget in constant time: both are queues here.
  const lanes = new Set<Queue>()
  let taken = 0
  let waiting = 0

  const join = (queue: Queue, waiter: Waiter) => {
    queue.add(waiter)
    lanes.add(queue)
    waiting++
  }

  const leave = (queue: Queue, waiter: Waiter) => {
    queue.delete(waiter)
    if (queue.size === 0) lanes.delete(queue)
    waiting--
  }

  /** Hands the slot on; it is never free in between, so no newcomer can take it from those who wait. */
  const release = () => {
    const [queue] = lanes
    const [waiter] = queue ?? []
    if (queue === undefined || waiter === undefined) {
      taken--
      return
    }
    leave(queue, waiter)
    if (lanes.delete(queue)) lanes.add(queue)
    waiter.start()
  }

  const slot = (queue: Queue, signal: AbortSignal | undefined): Promise<void> | undefined => {
    if (taken < slots) {
      taken++
      return undefined
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        leave(queue, waiter)
        reject(cancelled(signal?.reason))
      }
      const waiter: Waiter = {
        start: () => {
          signal?.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      join(queue, waiter)
    })
  }

  return {
    lane: () => {
      const queue: Queue = new Set()
      return {
        run: async (work, signal) => {
          if (signal?.aborted) throw cancelled(signal.reason)
          await slot(queue, signal)
          try {
            if (signal?.aborted) throw cancelled(signal.reason)
            return await work()
          } finally {
            release()
          }
        },
      }
    },
    inFlight: () => taken,
    waiting: () => waiting,
  }
}
