import { statSync } from 'node:fs'
import { Piscina } from 'piscina'
import type { Answer, Question } from '../../workers/ask-index.ts'
import { takeTurns } from '../calls/turns.ts'
import { unlessLeft } from '../calls/unless-left.ts'
import { Fault } from '../errors.ts'
import { type AboutIndex, aboutIndex } from '../index-file/about.ts'
import { query } from '../queries.ts'

export type Asked = {
  readonly rows: readonly (readonly unknown[])[]
  /** The index that gave them. */
  readonly about: AboutIndex
}

export interface IndexLane {
  /**
   * All rows of a statement, from one index: the one that lies in the file when the statement's turn comes.
   * @param valuesFor values of the statement's parameters for that index; may throw a Fault
   * @throws {Fault} misconfigured where there is no such index, cancelled
   */
  ask(
    sql: string,
    valuesFor: (about: AboutIndex) => Question['values'],
    signal: AbortSignal | undefined,
  ): Promise<Asked>
}

export interface IndexThreads {
  /** One asker's place at the threads; a statement is a turn. */
  lane(): IndexLane
  close(): Promise<void>
}

const IDENTIFY = query('sqlite', 'built-at')
const TRIES = 3

/**
 * Threads that ask the index in a file, each with a connection of its own, because node:sqlite blocks the
 * thread it runs in and cannot be interrupted. An asker who leaves is answered at once; a statement still
 * waiting is dropped, one under way runs to its end and keeps its thread until then.
 * @throws {Fault} misconfigured where the file is not there or no index
 */
export function indexThreads(file: string, threads: number): IndexThreads {
  let known: { readonly stamp: string; readonly about: AboutIndex } | undefined
  const current = (): AboutIndex => {
    const stamp = stampOf(file)
    if (known?.stamp !== stamp) known = { stamp, about: aboutIndex(file) }
    return known.about
  }
  current()
  const turns = takeTurns(threads)
  const pool = new Piscina<Question, Answer>({
    filename: new URL('../../workers/ask-index.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  })

  async function askNow(sql: string, valuesFor: (about: AboutIndex) => Question['values']): Promise<Asked> {
    for (let tries = 0; tries < TRIES; tries++) {
      const about = current()
      const { builtAt } = about
      const answer = await pool.run({ file, builtAt, identify: IDENTIFY, sql, values: valuesFor(about) })
      if ('rows' in answer) return { rows: answer.rows, about }
      known = undefined
      if ('failed' in answer) {
        throw new Fault('misconfigured', `The index ${file} could not be read: ${answer.failed}.`)
      }
    }
    throw new Fault('misconfigured', `The index ${file} is replaced faster than it can be asked.`)
  }

  return {
    lane: () => {
      const lane = turns.lane()
      return {
        ask: (sql, valuesFor, signal) =>
          unlessLeft(
            lane.run(() => askNow(sql, valuesFor), signal),
            signal,
          ),
      }
    },
    close: () => pool.destroy(),
  }
}

/** Changes when another file takes the name, or the file is written to; empty where there is none. */
function stampOf(file: string): string {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false })
  return info ? [info.dev, info.ino, info.size, info.mtimeNs].join() : ''
}
