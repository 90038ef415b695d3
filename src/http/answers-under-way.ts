import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Which answers connections wait for, so that what the server itself refuses is put into none and counted once. */
export interface AnswersUnderWay {
  begin(connection: Duplex, answer: ServerResponse): void
  /**
   * Of a connection: `none` is awaited; some were asked for by `whole` requests, and come first; else the one request
   * is still to come to its end, and its answer is `awaited`, or has `begun`.
   */
  stateOf(connection: Duplex): 'none' | 'whole' | 'awaited' | 'begun'
  /** Calls when all that `whole` requests of a connection asked for have come, or it is cut. */
  whenOver(connection: Duplex, done: () => void): void
  /** Those of a connection are not to come: it was told this status. */
  refuse(connection: Duplex, status: number): void
  /** What was told in place of an answer; undefined of all others. */
  refusedWith(answer: object): number | undefined
}

export function answersUnderWay(): AnswersUnderWay {
  const awaited = new WeakMap<Duplex, Set<ServerResponse>>()
  const refused = new WeakMap<object, number>()
  const of = (connection: Duplex) => [...(awaited.get(connection) ?? [])]
  return {
    begin: (connection, answer) => {
      const answers = awaited.get(connection) ?? new Set()
      awaited.set(connection, answers.add(answer))
      answer.once('close', () => answers.delete(answer))
    },
    stateOf: (connection) => {
      const answers = of(connection)
      if (answers.length === 0) return 'none'
      if (answers.some(({ req }) => req.complete)) return 'whole'
      return answers.some(({ headersSent }) => headersSent) ? 'begun' : 'awaited'
    },
    whenOver: (connection, done) => {
      // Answers come in the order of their requests.
      const last = of(connection).findLast(({ req }) => req.complete)
      last?.once('close', done)
    },
    refuse: (connection, status) => {
      for (const answer of of(connection)) refused.set(answer, status)
    },
    refusedWith: (answer) => refused.get(answer),
  }
}
