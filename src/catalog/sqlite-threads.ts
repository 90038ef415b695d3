import type { Answer, Question } from '../../workers/ask-index.ts'
import { unlessLeft } from '../calls/unless-left.ts'
import { waitInTurn } from '../calls/waiting.ts'
import { cancelled, Fault } from '../errors.ts'
import type { Standing } from '../index-file/index-connection.ts'
import { isCurrent, type Known, newest, stampOf, type Told, toldBy } from './sqlite-known.ts'
import type { Look } from './sqlite-look.ts'
import { indexPool } from './sqlite-pool.ts'
import { unpackRows } from './sqlite-rows.ts'
import { askOnSpot } from './sqlite-spot.ts'

type Answered = Exclude<Answer, { readonly failed: unknown }>
export type Asked = Omit<Answered, 'rows'> & { readonly rows: readonly (readonly unknown[])[] }

export interface IndexLane {
  /**
   * All rows of a statement, and what the index says of itself, both of one commit of whatever index lies in the
   * file when its turn comes.
   * @param look what the question looks at, where it may be answered on the spot
   * @throws {Fault} misconfigured where there is no such index, upstream-busy, too-many, overloaded, cancelled
   */
  ask(question: Question, signal: AbortSignal | undefined, look?: Look): Promise<Asked>
}

export interface IndexThreads {
  /** One asker's place at the threads; a statement is a turn of its client. */
  lane(client?: string): IndexLane
  /** Statements that threads work on, and that wait for one. */
  inFlight(): number
  waiting(): number
  /** Threads that died, since the start. */
  replaced(): number
  /** What the index said of itself with the newest answer. */
  standing(): Standing
  close(): Promise<void>
}

type Work = {
  readonly question: Question
  readonly look: Look | undefined
  readonly resolve: (asked: Asked) => void
  readonly reject: (thrown: unknown) => void
  /** When it was asked, milliseconds of performance.now. */
  readonly since: number
  /** Nobody waits for it any more. */
  isLeft: boolean
}
type Outcome = { readonly answers: readonly Answer[] } | { readonly thrown: unknown }

/** A message to a thread and back costs a good part of a small question; pages that come together fill memory. */
const MOST_AT_ONCE = 8
const TRIES = 3
/** Statements that wait for a thread. */
const BOUNDS = { what: 'questions to the index', most: 5000, mostOfOne: 1000 }

/**
 * Threads that ask the index in a file, each with a connection of its own, because node:sqlite blocks the
 * thread it runs in and cannot be interrupted. An asker who leaves is answered at once; a statement still
 * waiting is dropped, one under way runs to its end and keeps its thread until then. Small ones are answered on the
 * spot (sqlite-spot.ts) where nobody waits, and while all threads are busy from among those who do, in their turn.
 * @param waited told of each statement how long it waited for a thread, milliseconds
 * @throws {Fault} misconfigured where the file is not there or no index
 */
export function indexThreads(
  file: string,
  threads: number,
  waited: (ms: number) => void = () => {},
): IndexThreads {
  // A thread starts for some 50 ms, while the file is looked at.
  const pool = indexPool(threads)
  let known: Known = { stamp: stampOf(file), ...checked(file, pool) }
  /** Checks a file that has taken the place of the one before; what is written to it, the answers tell. */
  const currentStamp = (): string => {
    const stamp = stampOf(file)
    if (known.stamp !== stamp) known = { stamp, ...toldBy(file) }
    return stamp
  }
  const spot = askOnSpot(file)
  const waiting = waitInTurn<Work>(BOUNDS)
  let busy = 0
  let inFlight = 0
  let isPlanned = false
  let isHelping = false

  /** Asked in one go, askers go to a thread together. */
  const plan = () => {
    if (isPlanned || busy === threads) return
    isPlanned = true
    queueMicrotask(() => {
      isPlanned = false
      sendWaiting()
    })
  }

  const sendWaiting = () => {
    while (busy < threads && waiting.size() > 0) {
      const share = Math.ceil(waiting.size() / (threads - busy))
      void send(waiting.take(Math.min(share, MOST_AT_ONCE)))
    }
    callHelp()
  }

  /** Answers small questions that wait while all threads are busy, in their turn, as long as the spot takes them. */
  const help = () => {
    isHelping = false
    let answered = 0
    while (busy === threads) {
      const [work] = waiting.take(1, ({ look }) => spot.takes(look, known))
      if (!work) break
      const asked = onSpot(work)
      if (!asked) {
        waiting.putBack([work])
        break
      }
      work.resolve(asked)
      answered++
    }
    if (answered > 0) callHelp()
  }

  /** In a turn of the event loop of its own, so that others' connections are served in between. */
  const callHelp = () => {
    if (isHelping || busy < threads || waiting.size() === 0) return
    isHelping = true
    setImmediate(help)
  }

  /** @returns undefined where a thread is to answer */
  const onSpot = ({
    question,
    look,
    since,
  }: Pick<Work, 'question' | 'look' | 'since'>): Asked | undefined => {
    if (!spot.takes(look, known) || !isCurrent(file, known)) return undefined
    const wait = performance.now() - since
    const answer = spot.answer(question, known)
    if (!answer) return undefined
    waited(wait)
    learn(answer.standing)
    return { ...answer, coverage: undefined }
  }

  const learn = (standing: Standing) => {
    known = { ...known, standing: newest(known.standing, standing) }
  }

  /** Hands works to a thread, and the next ones before the askers of these go on. */
  async function send(works: readonly Work[]): Promise<void> {
    busy++
    inFlight += works.length
    const now = performance.now()
    for (const { since } of works) waited(now - since)
    const outcome = await answersTo(works)
    busy--
    inFlight -= works.length
    const done = 'thrown' in outcome ? works.length : outcome.answers.length
    waiting.putBack(works.slice(done).filter(({ isLeft }) => !isLeft))
    sendWaiting()
    for (const [i, work] of works.slice(0, done).entries()) {
      const answer = 'thrown' in outcome ? undefined : outcome.answers[i]
      // Who has left reads nothing.
      if (answer && 'rows' in answer)
        work.resolve({ ...answer, rows: work.isLeft ? [] : unpackRows(answer.rows) })
      else work.reject(answer ? faultOf(answer) : 'thrown' in outcome ? outcome.thrown : undefined)
    }
  }

  async function answersTo(works: readonly Work[]): Promise<Outcome> {
    const questions = works.map(({ question }) => question)
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const stamp = currentStamp()
        const answers = await pool.ask({ file, stamp, questions })
        // Half a file, or none, may have been met while another took its place.
        if (answers.some((answer) => 'failed' in answer) && stamp !== stampOf(file)) continue
        for (const [i, answer] of answers.entries()) {
          // Meanwhile another file may have taken the place of the one that answers.
          if (!('rows' in answer) || stamp !== known.stamp) continue
          learn(answer.standing)
          const look = works[i]?.look
          if (look) spot.note(look, known)
        }
        return { answers }
      }
      throw new Fault('misconfigured', `The index ${file} is replaced faster than it can be asked.`)
    } catch (thrown) {
      return { thrown }
    }
  }

  return {
    lane: (client) => {
      const place = waiting.place(client)
      return {
        ask: async (question, signal, look) => {
          if (signal?.aborted) throw cancelled(signal.reason)
          const since = performance.now()
          const asked = waiting.size() === 0 ? onSpot({ question, look, since }) : undefined
          if (asked) {
            place.pass()
            return asked
          }
          const { promise, resolve, reject } = Promise.withResolvers<Asked>()
          const work = { question, look, resolve, reject, since, isLeft: false }
          place.add(work)
          plan()
          try {
            return await unlessLeft(promise, signal)
          } finally {
            work.isLeft = true
            place.remove(work)
          }
        },
      }
    },
    inFlight: () => inFlight,
    waiting: waiting.size,
    replaced: pool.replaced,
    standing: () => known.standing,
    close: () => {
      spot.close()
      return pool.destroy()
    },
  }
}

/** What the index says of itself; threads that were started for it end where it is none. */
function checked(file: string, pool: { destroy(): Promise<void> }): Told {
  try {
    return toldBy(file)
  } catch (thrown) {
    void pool.destroy()
    throw thrown
  }
}

const faultOf = ({ failed }: Extract<Answer, { readonly failed: unknown }>): Fault =>
  new Fault(failed.code, failed.sentence, { retryAfter: failed.retryAfter })
