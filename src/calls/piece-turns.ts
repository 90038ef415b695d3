import { cancelled } from '../errors.ts'
import { expectedWait } from './expected-wait.ts'
import { type Place, waitInTurn } from './waiting.ts'

/** One answer's turns. */
export interface PieceLane {
  /**
   * Makes the next piece in its turn.
   * @throws {Fault} cancelled where the signal aborts before; overloaded where a long answer would begin too late
   */
  run<T>(make: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export interface PieceTurns {
  /**
   * @param client whose answer it is; one without a client is a client of its own
   * @param isShort whether it is over in a piece or two
   */
  of(client: string | undefined, isShort: boolean): PieceLane
  /** Notes that a connection was accepted: others may wait to be. */
  accepted(): void
  /** Answers that wait for their turn. */
  waiting(): number
}

type Waiter = { readonly start: () => void }

/** Short pieces of one turn of the loop, beside those of long answers. */
const SHORT_AT_ONCE = 16
/** Turns in a row that long answers leave to newcomers, at most. */
const MOST_LEFT = 8
/** Milliseconds of one turn that pieces of long answers take at most. */
const MOST_MS = 5
/** Pieces of an answer that come before those of others: some thousand links. Some answers have no end. */
const PIECES_IN_A_ROW = 32
/** Requests wait here, which were let in before: each has one piece under way, until it leaves. */
const UNBOUNDED = { most: Number.POSITIVE_INFINITY, mostOfOne: Number.POSITIVE_INFINITY }
/** A third of a request's usual deadline; and what a thousand links take. */
const WAIT = { what: 'long answers', slots: 1, mostMs: 20_000, usualMs: 10, memory: 256 }

/**
 * Shares the event loop's thread between answers that it could make to their ends without a pause. A turn of the loop
 * accepts one connection (libuv 1.45 and later) and reads what has arrived: long turns would keep newcomers out. So a
 * turn makes some pieces of short answers, and of long ones at least one, and for as long as all else took since the
 * last, within bounds. Clients come in turn. While connections come, long answers wait for
 * some turns. One that has begun comes before one that has not, since half-made ones fill memory; one that goes on
 * and on takes turns with those that are to begin.
 */
export function takePieceTurns(): PieceTurns {
  const short = waitInTurn<Waiter>(UNBOUNDED)
  const fresh = waitInTurn<Waiter>(UNBOUNDED)
  const begun = waitInTurn<Waiter>(UNBOUNDED)
  const endless = waitInTurn<Waiter>(UNBOUNDED)
  const wait = expectedWait(WAIT)
  /** Whether a piece was begun in this turn of the loop, so that others wait for the next. */
  let isTaken = false
  let hasAccepted = false
  let left = 0
  let wasEndless = false
  let turns = 0
  /** When the last piece of a long answer was made, and until when more are made in this turn. */
  let madeAt = performance.now()
  let until = 0
  /** When a long answer was begun that others waited behind. */
  let lastBegun: number | undefined

  const waitingLong = () => begun.size() + fresh.size() + endless.size()

  const nextTurn = () => {
    turns++
    const now = performance.now()
    const next = short.size() > 0 ? short.take(SHORT_AT_ONCE) : []
    isTaken = next.length > 0 || waitingLong() > 0
    if (isTaken) setImmediate(nextTurn)
    for (const { start } of next) start()
    until = 0
    if (waitingLong() > 0 && hasAccepted && left < MOST_LEFT) left++
    else {
      left = 0
      until = now + Math.min(now - madeAt, MOST_MS)
      startLong()
    }
    hasAccepted = false
  }

  const startLong = () => {
    const [next] = waitingLong() > 0 ? takeLong() : []
    next?.start()
  }

  const takeLong = (): Waiter[] => {
    if (begun.size() > 0) return begun.take(1)
    wasEndless = endless.size() > 0 && (fresh.size() === 0 || !wasEndless)
    if (wasEndless) return endless.take(1)
    const now = performance.now()
    if (lastBegun !== undefined) wait.took(now - lastBegun)
    const next = fresh.take(1)
    lastBegun = fresh.size() > 0 ? now : undefined
    return next
  }

  const ofShort = (client: string | undefined): PieceLane => {
    const place = short.place(client)
    return {
      run: async (make, signal) => {
        await turn(place, signal)
        return make()
      },
    }
  }

  const ofLong = (client: string | undefined): PieceLane => {
    const [first, next, later] = [fresh.place(client), begun.place(client), endless.place(client)]
    let pieces = 0
    return {
      run: async (make, signal) => {
        if (pieces === 0 && isTaken) wait.refuse(first.ahead())
        pieces++
        await turn(pieces === 1 ? first : pieces <= PIECES_IN_A_ROW ? next : later, signal)
        const mine = turns
        try {
          return await make()
        } finally {
          // Where it had to wait for something else this is another turn. The tick is behind what is done with it.
          if (mine === turns) process.nextTick(goOn)
        }
      },
    }
  }

  const goOn = () => {
    madeAt = performance.now()
    if (madeAt < until) startLong()
  }

  const turn = (place: Place<Waiter>, signal: AbortSignal | undefined): Promise<void> | undefined => {
    if (signal?.aborted) throw cancelled(signal.reason)
    if (isTaken) return inTurn(place, signal)
    isTaken = true
    setImmediate(nextTurn)
    place.pass()
    return undefined
  }

  return {
    of: (client, isShort) => (isShort ? ofShort(client) : ofLong(client)),
    accepted: () => {
      hasAccepted = true
    },
    waiting: () => short.size() + waitingLong(),
  }
}

const inTurn = (place: Place<Waiter>, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const start = () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }
    const waiter = { start }
    const leave = () => {
      place.remove(waiter)
      reject(cancelled(signal?.reason))
    }
    signal?.addEventListener('abort', leave, { once: true })
    place.add(waiter)
  })
