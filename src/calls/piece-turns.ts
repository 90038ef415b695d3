import { cancelled } from '../errors.ts'
import { expectedWait } from './expected-wait.ts'
import { type Place, waitInTurn } from './waiting.ts'

/**
 * Undefined: make the next piece at once. Else resolves when it is this answer's turn.
 * @throws {Fault} cancelled where the signal aborts before; overloaded where a long answer would begin too late
 */
export type PieceTurn = (signal?: AbortSignal) => Promise<void> | undefined

export interface PieceTurns {
  /**
   * One answer's turns.
   * @param client whose answer it is; one without a client is a client of its own
   * @param isShort whether it is over in a piece or two
   */
  of(client: string | undefined, isShort: boolean): PieceTurn
  /** Notes that a connection was accepted: others may wait to be. */
  accepted(): void
  /** Answers that wait for their turn. */
  waiting(): number
}

type Waiter = { readonly start: () => void }

/** Short pieces of one turn of the loop, beside one of a long answer. */
const SHORT_AT_ONCE = 4
/** Turns in a row that long answers leave to newcomers, at most. */
const MOST_LEFT = 8
/** Pieces of an answer that come before those of others: some thousand links. Some answers have no end. */
const PIECES_IN_A_ROW = 32
/** Requests wait here, which were let in before: each has one piece under way, until it leaves. */
const UNBOUNDED = { most: Number.POSITIVE_INFINITY, mostOfOne: Number.POSITIVE_INFINITY }
/** A third of a request's usual deadline; and what a thousand links take. */
const WAIT = { what: 'long answers', slots: 1, mostMs: 20_000, usualMs: 10 }

/**
 * Shares the event loop's thread between answers that it could make to their ends without a pause: in each turn of
 * the loop one piece of a long answer and a few of short ones, those of clients in turn. A turn accepts one
 * connection (libuv 1.45 and later) and reads what has arrived: long turns would keep newcomers out, and while these
 * come long answers wait. One that has begun comes before one that has not, since half-made ones fill memory; one
 * that goes on and on takes turns with those that are to begin.
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
  /** When a long answer was begun that others waited behind. */
  let lastBegun: number | undefined

  const waitingLong = () => begun.size() + fresh.size() + endless.size()

  const nextTurn = () => {
    const next = short.size() > 0 ? short.take(SHORT_AT_ONCE) : []
    if (hasAccepted && left < MOST_LEFT) left++
    else {
      left = 0
      if (waitingLong() > 0) next.push(...takeLong())
    }
    hasAccepted = false
    isTaken = next.length > 0 || waitingLong() > 0
    if (isTaken) setImmediate(nextTurn)
    for (const { start } of next) start()
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

  const ofShort = (client: string | undefined): PieceTurn => {
    const place = short.place(client)
    return (signal) => turn(place, signal)
  }

  const ofLong = (client: string | undefined): PieceTurn => {
    const [first, next, later] = [fresh.place(client), begun.place(client), endless.place(client)]
    let pieces = 0
    return (signal) => {
      if (pieces === 0 && isTaken) wait.refuse(first.ahead())
      pieces++
      if (pieces === 1) return turn(first, signal)
      return turn(pieces <= PIECES_IN_A_ROW ? next : later, signal)
    }
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
