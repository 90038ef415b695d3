import { Fault } from '../errors.ts'

type WaitOptions = {
  /** Of what is waited for: `colours and pictures`. */
  readonly what: string
  /** Works done at once. */
  readonly slots: number
  /** Milliseconds: the longest wait that is begun, and what a work takes while none is known. */
  readonly mostMs: number
  readonly usualMs: number
  /** Works that the average looks back on, about; more where they end in bursts. */
  readonly memory: number
}

/** How long those would wait who come now, judged by what works took of late. */
export interface ExpectedWait {
  /** Notes what a work took that ended well, milliseconds; how long one fails says nothing of the next. */
  took(ms: number): void
  /** @throws {Fault} overloaded where so many works before one's own would take too long */
  refuse(ahead: number): void
}

/** What works took so long ago tells nothing of what they take now, milliseconds. */
const FORGET_MS = 60_000
/** Seconds: later than this nobody is told to come back. */
const LATEST = 60

/** Tells at once who would wait in vain, in place of a minute later. */
export function expectedWait({ what, slots, mostMs, usualMs, memory }: WaitOptions): ExpectedWait {
  let average = usualMs
  let noted = performance.now()
  return {
    took: (ms) => {
      noted = performance.now()
      average += (ms - average) / memory
    },
    refuse: (ahead) => {
      if (performance.now() - noted > FORGET_MS) average = usualMs
      const wait = (ahead * average) / slots
      if (wait <= mostMs) return
      const seconds = Math.ceil(wait / 1000)
      const sentence = `What comes before yours (${what}: ${ahead}) takes some ${seconds} s; try again then, or ask for less.`
      throw new Fault('overloaded', sentence, { retryAfter: Math.min(seconds, LATEST) })
    },
  }
}
