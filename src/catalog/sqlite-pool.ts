import { getCompileCacheDir } from 'node:module'
import { Piscina } from 'piscina'
import type { Answer, Batch } from '../../workers/ask-index.ts'
import { cancelled, messageOf } from '../errors.ts'

export interface IndexPool {
  /**
   * What a thread answers. What one died with is asked of others, each question by itself, so that one that ends them
   * takes no other with it: where they die, too, it has failed as overloaded.
   * @throws {Fault} cancelled where they are closed
   */
  ask(batch: Batch): Promise<Answer[]>
  /** Threads that died, since the start; others came in their places. */
  replaced(): number
  destroy(): Promise<void>
}

/** Threads that ask the index, the first of them started at once. @param threads at most, 1 and up */
export function indexPool(threads: number): IndexPool {
  const pool = new Piscina<Batch, Answer[]>({
    filename: new URL('../../workers/ask-index.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    ...compileCache(),
  })
  const waiting = new Set<(thrown: Error) => void>()
  let replaced = 0
  let isClosing = false

  // Of one that dies without a question nobody has to hear.
  pool.on('error', () => {})
  pool.on('workerDestroy', () => {
    if (isClosing) return
    replaced++
    // One that dies before it is there leaves its questions to a pool that may have nobody else.
    setImmediate(() => {
      if (pool.threads.length > 0) return
      for (const reject of waiting) reject(new Error('it ended before it was there'))
    })
  })

  async function askOnce(batch: Batch): Promise<Answer[]> {
    const { promise: nobody, reject } = Promise.withResolvers<never>()
    waiting.add(reject)
    try {
      return await Promise.race([pool.run(batch), nobody])
    } finally {
      waiting.delete(reject)
    }
  }

  async function unlessDied(batch: Batch): Promise<Answer[] | Died> {
    const before = replaced
    try {
      return await askOnce(batch)
    } catch (thrown) {
      if (isClosing) throw cancelled(thrown)
      // What is thrown in a thread that lives on is a bug.
      if (replaced === before) throw thrown
      return new Died(messageOf(thrown), { cause: thrown })
    }
  }

  return {
    ask: async (batch) => {
      const together = await unlessDied(batch)
      if (!(together instanceof Died)) return together
      const answers: Answer[] = []
      for (const question of batch.questions) {
        const alone = await unlessDied({ ...batch, questions: [question] })
        answers.push(...(alone instanceof Died ? [killed(alone)] : alone))
      }
      return answers
    },
    replaced: () => replaced,
    destroy: () => {
      isClosing = true
      for (const reject of waiting) reject(new Error('The threads of the index are closed.'))
      return pool.destroy()
    },
  }
}

/** The thread ended before it answered. */
class Died extends Error {
  override readonly name = 'Died'
}

const killed = ({ message }: Died): Answer => ({
  failed: {
    code: 'overloaded',
    sentence:
      `Two threads in a row died while they asked the index: ${message}. ` +
      'Ask again; if it stays so, the service has too little memory.',
    retryAfter: 1,
  },
})

/** Threads do not inherit the cache of compiled code, and stripping types takes them a good part of their start. */
function compileCache(): { readonly env?: Record<string, string> } {
  const folder = getCompileCacheDir()
  return folder === undefined ? {} : { env: { NODE_COMPILE_CACHE: folder } }
}
