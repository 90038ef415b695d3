import { cancelled } from '../errors.ts'
import { type Bounds, type Place, waitInTurn } from './waiting.ts'

/** One asker's place at the slots: what it runs waits for its turn and for nobody else's slowness. */
export interface Lane {
  /**
   * Runs the work once a slot is free for it, and frees the slot when the work ends, however it ends.
   * @throws {Fault} cancelled where the signal aborts before the work has begun; too-many where the client has
   * as much waiting as it may, overloaded where all have
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export type TurnLane = Lane & {
  /** Runs that come before one that begins to wait here now. */
  ahead(): number
}

export interface Turns {
  /** @param client whose request this is; one without a client is a client of its own */
  lane(client?: string): TurnLane
  /** Slots taken now. */
  inFlight(): number
  /** Runs of all lanes that wait for a slot. */
  waiting(): number
}

export type TurnOptions = Partial<Bounds> & {
  /** Told of each run, just before it begins, how long it waited for its slot, milliseconds. */
  readonly waited?: ((ms: number) => void) | undefined
}

type Waiter = { readonly start: () => void }

/**
 * A fixed number of slots shared by clients in turn, and by a client's lanes in turn: a freed slot goes to the
 * client that has waited longest since its last turn, in it to the lane that has, and inside a lane to whoever
 * came first. A client with a thousand runs waiting delays another by at most one of them.
 * @param slots runs at once, 1 and up
 */
export function takeTurns(slots: number, options: TurnOptions = {}): Turns {
  if (!Number.isInteger(slots) || slots < 1)
    throw new RangeError(`Turns need at least one slot, not ${slots}.`)
  const waiting = waitInTurn<Waiter>(options)
  let taken = 0

  /** Hands the slot on; it is never free in between, so no newcomer can take it from those who wait. */
  const release = () => {
    const [waiter] = waiting.take(1)
    if (waiter === undefined) taken--
    else waiter.start()
  }

  const slot = (place: Place<Waiter>, signal: AbortSignal | undefined): Promise<void> | undefined => {
    if (taken < slots) {
      taken++
      place.pass()
      return undefined
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        place.remove(waiter)
        reject(cancelled(signal?.reason))
      }
      const waiter: Waiter = {
        start: () => {
          signal?.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      place.add(waiter)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  return {
    lane: (client) => {
      const place = waiting.place(client)
      return {
        ahead: place.ahead,
        run: async (work, signal) => {
          if (signal?.aborted) throw cancelled(signal.reason)
          const asked = performance.now()
          const free = slot(place, signal)
          await free
          try {
            if (signal?.aborted) throw cancelled(signal.reason)
            options.waited?.(free ? performance.now() - asked : 0)
            return await work()
          } finally {
            release()
          }
        },
      }
    },
    inFlight: () => taken,
    waiting: () => waiting.size(),
  }
}
