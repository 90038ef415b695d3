import { statSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { Piscina } from 'piscina'
import type { Answer, Batch, Question, Standing } from '../../workers/ask-index.ts'
import { unlessLeft } from '../calls/unless-left.ts'
import { waitInTurn } from '../calls/waiting.ts'
import { cancelled, Fault } from '../errors.ts'
import { aboutIndex } from '../index-file/about.ts'
import { unpackRows } from './sqlite-rows.ts'

type Answered = Exclude<Answer, { readonly failed: unknown }>
export type Asked = Omit<Answered, 'rows'> & { readonly rows: readonly (readonly unknown[])[] }

export interface IndexLane {
  /**
   * All rows of a statement, and what the index says of itself, both of one commit of whatever index lies in the
   * file when its turn comes.
   * @throws {Fault} misconfigured where there is no such index, upstream-busy, too-many, overloaded, cancelled
   */
  ask(question: Question, signal: AbortSignal | undefined): Promise<Asked>
}

export interface IndexThreads {
  /** One asker's place at the threads; a statement is a turn of its client. */
  lane(client?: string): IndexLane
  /** Statements that threads work on, and that wait for one. */
  inFlight(): number
  waiting(): number
  /** What the index said of itself with the newest answer. */
  standing(): Standing
  close(): Promise<void>
}

type Work = {
  readonly question: Question
  readonly resolve: (answered: Answered) => void
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
 * waiting is dropped, one under way runs to its end and keeps its thread until then.
 * @param waited told of each statement how long it waited for a thread, milliseconds
 * @throws {Fault} misconfigured where the file is not there or no index
 */
export function indexThreads(
  file: string,
  threads: number,
  waited: (ms: number) => void = () => {},
): IndexThreads {
  // A thread starts for some 50 ms, while the file is looked at.
  const pool = new Piscina<Batch, Answer[]>({
    filename: new URL('../../workers/ask-index.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    ...compileCache(),
  })
  let known = { stamp: stampOf(file), standing: checked(file, pool) }
  /** Checks a file that has taken the place of the one before; what is written to it, the answers tell. */
  const currentStamp = (): string => {
    const stamp = stampOf(file)
    if (known.stamp !== stamp) known = { stamp, standing: aboutIndex(file) }
    return stamp
  }
  const waiting = waitInTurn<Work>(BOUNDS)
  let busy = 0
  let inFlight = 0
  let isPlanned = false

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
  }

  /** Hands works to a thread, and the next ones before the askers of these go on. */
  async function send(works: readonly Work[]): Promise<void> {
    busy++
    inFlight += works.length
    const now = performance.now()
    for (const { since } of works) waited(now - since)
    const outcome = await answersTo(works.map(({ question }) => question))
    busy--
    inFlight -= works.length
    const done = 'thrown' in outcome ? works.length : outcome.answers.length
    waiting.putBack(works.slice(done).filter(({ isLeft }) => !isLeft))
    sendWaiting()
    for (const [i, work] of works.slice(0, done).entries()) {
      const answer = 'thrown' in outcome ? undefined : outcome.answers[i]
      if (answer && 'rows' in answer) work.resolve(answer)
      else work.reject(answer ? faultOf(answer) : 'thrown' in outcome ? outcome.thrown : undefined)
    }
  }

  async function answersTo(questions: readonly Question[]): Promise<Outcome> {
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const stamp = currentStamp()
        const answers = await pool.run({ file, stamp, questions })
        // Half a file, or none, may have been met while another took its place.
        if (answers.some((answer) => 'failed' in answer) && stamp !== stampOf(file)) continue
        for (const answer of answers) {
          // Meanwhile another file may have taken the place of the one that answers.
          if ('rows' in answer && stamp === known.stamp) {
            known = { stamp, standing: newest(known.standing, answer.standing) }
          }
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
        ask: async (question, signal) => {
          if (signal?.aborted) throw cancelled(signal.reason)
          const { promise, resolve, reject } = Promise.withResolvers<Answered>()
          const work = { question, resolve, reject, since: performance.now(), isLeft: false }
          place.add(work)
          plan()
          try {
            const answered = await unlessLeft(promise, signal)
            return { ...answered, rows: unpackRows(answered.rows) }
          } finally {
            work.isLeft = true
            place.remove(work)
          }
        },
      }
    },
    inFlight: () => inFlight,
    waiting: waiting.size,
    standing: () => known.standing,
    close: () => pool.destroy(),
  }
}

/** What the index says of itself; threads that were started for it end where it is none. */
function checked(file: string, pool: { destroy(): Promise<void> }): Standing {
  try {
    return aboutIndex(file)
  } catch (thrown) {
    void pool.destroy()
    throw thrown
  }
}

/** Threads do not inherit the cache of compiled code, and stripping types takes them a good part of their start. */
function compileCache(): { readonly env?: Record<string, string> } {
  const folder = getCompileCacheDir()
  return folder === undefined ? {} : { env: { NODE_COMPILE_CACHE: folder } }
}

const faultOf = ({ failed }: Extract<Answer, { readonly failed: unknown }>): Fault =>
  new Fault(failed.code, failed.sentence, { retryAfter: failed.retryAfter })

/** Answers of several threads may overtake each other. */
const newest = (one: Standing, other: Standing): Standing =>
  other.builtAt !== one.builtAt || other.updatedAt >= one.updatedAt ? other : one

/** Changes when another file takes the name, not when the file is written to; empty where there is none. */
function stampOf(file: string): string {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false })
  return info ? [info.dev, info.ino, info.birthtimeNs].join() : ''
}
