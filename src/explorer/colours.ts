import { ask, type Colour } from './answers.ts'

/** Colours asked for at once; the service makes eight at a time for everybody. */
const AT_ONCE = 4

/** A colour, as a screen shows it, or why there is none. */
export type Outcome = Colour | { readonly failed: string }

type Flight = { readonly outcome: Promise<Outcome>; readonly signal: AbortSignal }

export type Colours = {
  /** The colour of a granule; asked for once and kept. */
  of(granuleId: string, signal: AbortSignal): Promise<Outcome>
}

/** The mean colours of granules, a few at a time. */
export function colourQueue(): Colours {
  const known = new Map<string, Outcome>()
  const flights = new Map<string, Flight>()
  const waiting: (() => void)[] = []
  let running = 0

  const turn = async () => {
    if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
  }
  const fetchColour = async (granuleId: string, signal: AbortSignal): Promise<Outcome> => {
    await turn()
    try {
      signal.throwIfAborted()
      const outcome = await ask<Colour>(`/granules/${encodeURIComponent(granuleId)}/colour`, signal)
      known.set(granuleId, outcome)
      return outcome
    } catch (thrown) {
      signal.throwIfAborted()
      return { failed: thrown instanceof Error ? thrown.message : String(thrown) }
    } finally {
      running--
      if (flights.get(granuleId)?.signal === signal) flights.delete(granuleId)
      waiting.shift()?.()
    }
  }

  return {
    of: (granuleId, signal) => {
      const outcome = known.get(granuleId)
      if (outcome) return Promise.resolve(outcome)
      const flight = flights.get(granuleId)
      if (flight && !flight.signal.aborted) return flight.outcome
      const begun = fetchColour(granuleId, signal)
      flights.set(granuleId, { outcome: begun, signal })
      return begun
    },
  }
}
