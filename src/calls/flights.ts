import { cancelled } from '../errors.ts'
import type { Lane } from './turns.ts'
import { unlessLeft } from './unless-left.ts'

/** Work under way, one flight for all who ask for the same. */
export interface Flights<T> {
  /**
   * What the flight of this key gives; it takes off if there is none, in the lane of whoever asks first. The
   * last asker to leave gives it up while it waits for its slot; once begun it goes on without askers.
   * @throws {Fault} cancelled where the signal aborts first
   * @throws whatever the lane and the work throw
   */
  join(key: string, lane: Lane, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

type Flight<T> = {
  readonly landing: Promise<T>
  askers: number
  /** Leaves the queue; does nothing once the work has begun. */
  readonly giveUp: () => void
}

/** Shares what is under way; what has landed is nobody's any more, and the next asker makes it anew. */
export function shareFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>()

  const begin = (key: string, lane: Lane, work: () => Promise<T>): Flight<T> => {
    const waiting = new AbortController()
    let begun = false
    const run = () => {
      begun = true
      return work()
    }
    // The next of this key may be under way already where this one was given up.
    const forget = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    const landing = lane.run(run, waiting.signal).finally(forget)
    // Those who ask hear of a failure; if all have left, nobody has to.
    landing.catch(() => {})
    const giveUp = () => {
      if (begun) return
      // At once, so that no newcomer joins what is given up.
      forget()
      waiting.abort()
    }
    const flight = { landing, askers: 0, giveUp }
    flights.set(key, flight)
    return flight
  }

  return {
    join: async (key, lane, work, signal) => {
      if (signal?.aborted) throw cancelled(signal.reason)
      const flight = flights.get(key) ?? begin(key, lane, work)
      flight.askers++
      try {
        return await unlessLeft(flight.landing, signal)
      } finally {
        flight.askers--
        if (flight.askers === 0) flight.giveUp()
      }
    },
  }
}
