import { setTimeout as sleep } from 'node:timers/promises'
import { Piscina } from 'piscina'
import type { Job, Reply } from '../../workers/decode-image.ts'
import { takeTurns } from '../calls/turns.ts'
import { cancelled, Fault, messageOf } from '../errors.ts'
import type { Cut } from '../jpeg2000/codestream.ts'
import type { MeanSoFar } from './mean.ts'
import type { Pixels } from './port.ts'

/** The means so far, and what this strip took in its thread, milliseconds. */
export type Summed = { readonly soFar: MeanSoFar; readonly decodeMs: number; readonly cpuMs: number }

export type SamplerState = {
  /** At most; and how many run now. */
  readonly threads: number
  readonly started: number
  /** Jobs in a thread, and jobs that wait for one. */
  readonly busy: number
  readonly waiting: number
  /** Since the start: images decoded, images that could not be, and threads given up. */
  readonly decoded: number
  readonly unreadable: number
  readonly replaced: number
}

/**
 * Decodes in threads. A cut's codestream is given away: its memory moves to the thread if it owns all of it.
 * The sentence of a bad-image fault is a clause about the file, without its name: `the decoder says: …`.
 */
export interface Sampler {
  /**
   * Decodes a strip and adds it to the means so far.
   * @throws {Fault} bad-image, overloaded where no thread can be started, cancelled where they are closed
   */
  sum(cut: Cut, before: MeanSoFar | undefined): Promise<Summed>
  /**
   * Decodes an image to its pixels.
   * @throws {Fault} as sum
   */
  pixels(cut: Cut): Promise<Pixels>
  state(): SamplerState
  /** Ends the threads; what waits and what is under way fails as cancelled. */
  close(): Promise<void>
}

export type SamplerOptions = {
  /** At most, 1 and up. They start when they are needed and stay; idle ones keep no process alive. */
  readonly threads: number
  /** From the moment a thread takes a job, milliseconds. */
  readonly deadlineMs?: number
  /** Told of each job how long it waited for a thread, milliseconds. */
  readonly waited?: (ms: number) => void
  /** Wraps each job while it has a thread. */
  readonly during?: <T>(want: Job['want'], job: () => Promise<T>) => Promise<T>
}

/** A pool of one, because a single thread must be ended while others work. */
type Thread = Piscina<Job, Reply>

const DEADLINE_MS = 20_000
/** A decoder whose heap has grown past this is given up with its thread: the heap never shrinks. Bytes. */
const HEAP_LIMIT = 256 * 2 ** 20
/** Threads that a job is tried with until one starts: what lacks for one, memory or a descriptor, may pass. */
const STARTS = 3
/** Before the second of them; twice as long before the next. */
const PAUSE_MS = 200

/** Threads that decode. One that overruns, dies, breaks or has grown too large is replaced; others live on. */
export function decodeThreads(options: SamplerOptions): Sampler {
  const { threads, deadlineMs = DEADLINE_MS, waited, during = (_, job) => job() } = options
  const turns = takeTurns(threads, { waited })
  const lane = turns.lane()
  const closing = new AbortController()
  const alive = new Set<Thread>()
  const idle: Thread[] = []
  let [decoded, unreadable, replaced] = [0, 0, 0]

  const start = (): Thread => {
    const thread: Thread = new Piscina({
      filename: new URL('../../workers/decode-image.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
    })
    // One that dies without a job has nobody to tell; its pool starts another when the next job comes.
    thread.on('error', () => {})
    alive.add(thread)
    return thread
  }

  const replace = async (thread: Thread): Promise<void> => {
    if (closing.signal.aborted) return
    replaced++
    alive.delete(thread)
    await thread.destroy()
  }

  /** What a thread says, of a few tried the first that starts. */
  async function work(job: Job): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      try {
        return await workOnce(job)
      } catch (thrown) {
        if (!(thrown instanceof NotStarted)) throw thrown
        // What was given to a thread has no bytes any more.
        if (tries === STARTS || job.cut.codestream.length === 0) throw noThread(thrown)
      }
      await sleep(PAUSE_MS * 2 ** (tries - 1), undefined, { signal: closing.signal }).catch((left) => {
        throw cancelled(left)
      })
    }
  }

  /** It takes the next job only if it came through this one well. */
  async function workOnce(job: Job): Promise<Reply> {
    const thread = idle.pop() ?? start()
    let fit = false
    const { promise: stillborn, forget } = stillbornOf(thread)
    try {
      const { buffer } = job.cut.codestream
      const ran = Promise.race([thread.run(job, { transferList: [buffer] }), stillborn])
      const reply = await inTime(ran, deadlineMs)
      fit = !reply.broken && reply.heapBytes <= HEAP_LIMIT
      return reply
    } catch (thrown) {
      if (closing.signal.aborted) throw cancelled(thrown)
      if (isUnstartable(thrown)) throw new NotStarted(messageOf(thrown), { cause: thrown })
      if (thrown instanceof NotStarted || thrown instanceof Fault || thread.threads.length > 0) throw thrown
      throw new Fault('bad-image', `the thread that decoded it died: ${messageOf(thrown)}`, { cause: thrown })
    } finally {
      forget()
      if (fit) idle.push(thread)
      else await replace(thread)
    }
  }

  async function ask(job: Job): Promise<Exclude<Reply, { unreadable: string }>> {
    try {
      const readable = async () => {
        const reply = await work({ ...job, cut: owning(job.cut) })
        if ('unreadable' in reply) throw new Fault('bad-image', reply.unreadable)
        return reply
      }
      const reply = await lane.run(() => during(job.want, readable), closing.signal)
      decoded++
      return reply
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === 'bad-image') unreadable++
      throw thrown
    }
  }

  return {
    sum: async (cut, before) => {
      const reply = await ask({ want: 'sum', cut, before })
      if (!('soFar' in reply)) throw new TypeError('A thread was asked for means and gave pixels.')
      const { soFar, decodeMs, cpuMs } = reply
      return { soFar, decodeMs, cpuMs }
    },
    pixels: async (cut) => {
      const reply = await ask({ want: 'pixels', cut })
      if (!('pixels' in reply)) throw new TypeError('A thread was asked for pixels and gave means.')
      return reply.pixels
    },
    state: () => ({
      threads,
      started: alive.size,
      busy: turns.inFlight(),
      waiting: turns.waiting(),
      decoded,
      unreadable,
      replaced,
    }),
    close: async () => {
      closing.abort(new Error('The decode threads are closed.'))
      await Promise.all([...alive].map((thread) => thread.destroy()))
      alive.clear()
    },
  }
}

/**
 * Rejects where the thread ends with no job in it: one that dies before it is there leaves its job to its pool, which
 * keeps it for ever.
 */
function stillbornOf(thread: Thread): { readonly promise: Promise<never>; forget(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  // A job that it has is told of its end first.
  const onEnd = () => void setImmediate(reject, new NotStarted('it ended before it was there'))
  const onError = (cause: Error) => reject(new NotStarted(messageOf(cause), { cause }))
  thread.on('error', onError).on('workerDestroy', onEnd)
  return { promise, forget: () => void thread.off('error', onError).off('workerDestroy', onEnd) }
}

/** There is no thread, so that its job tells nothing of the image. */
class NotStarted extends Error {
  override readonly name = 'NotStarted'
}

/** Whether the system gave no thread, out of memory or descriptors. */
const isUnstartable = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_WORKER_INIT_FAILED'

const noThread = (cause: NotStarted): Fault =>
  new Fault('overloaded', `No thread could be started to decode an image: ${cause.message}. Ask again.`, {
    cause,
    retryAfter: 1,
  })

/** The same cut with a codestream whose memory may be given away: nobody else's bytes lie in it. */
function owning(cut: Cut): Cut {
  const { codestream } = cut
  if (codestream.length === codestream.buffer.byteLength) return cut
  return { ...cut, codestream: codestream.slice() }
}

/** @throws {Fault} bad-image where the thread is not done in time */
async function inTime<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const sentence = `the decoder did not come to an end within ${deadlineMs / 1000} s`
  const timer = setTimeout(() => reject(new Fault('bad-image', sentence)), deadlineMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
