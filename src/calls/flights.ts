import { unlessLeft } from './unless-left.ts'

/** Work under way, one flight for all who ask for the same. */
export interface Flights<T> {
  /**
   * What the flight of this key gives; it takes off if there is none. It goes on when its askers leave.
   * @throws {Fault} cancelled where the signal aborts first
   * @throws whatever the work throws
   */
  join(key: string, takeOff: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** Shares what is under way; what has landed is nobody's any more, and the next asker makes it anew. */
export function shareFlights<T>(): Flights<T> {
  const flights = new Map<string, Promise<T>>()

  const begin = (key: string, takeOff: () => Promise<T>): Promise<T> => {
    const flight = takeOff().finally(() => flights.delete(key))
    // Those who ask hear of a failure; if all have left, nobody has to.
    flight.catch(() => {})
    flights.set(key, flight)
    return flight
  }

  return { join: (key, takeOff, signal) => unlessLeft(flights.get(key) ?? begin(key, takeOff), signal) }
}
