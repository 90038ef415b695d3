import type { Readable, Writable } from 'node:stream'
import { Fault, messageOf } from '../errors.ts'

/** What a process is given. */
export type Streams = {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
}

/** What a command talks to: data goes to the output, everything else to stderr. */
export type Terminal = Omit<Streams, 'stdout'> & {
  readonly output: Output
  /** Whether a line on stderr can be drawn over again without falling among the data. */
  readonly showsProgress: boolean
}

export type Output = {
  /**
   * Writes no faster than the reader takes it.
   * @throws {PipeClosed} when the reader has left
   * @throws {Fault} misconfigured when it cannot be written, as on a full disk
   */
  write(text: string): Promise<void>
  /** Aborts when nothing can be written any more. */
  readonly left: AbortSignal
}

/** Exit codes: done, failed, wrong usage, partial. */
export const EXIT = { done: 0, failed: 1, usage: 2, partial: 3 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** The reader of stdout left, as `head` does; there is nothing more to do and nothing to complain of. */
export class PipeClosed extends Error {}

/** Stdout as commands write to it. */
export function createOutput(stdout: Writable): Output {
  const left = new AbortController()
  stdout.on('error', (error) => left.abort(reasonOf(error)))
  stdout.on('close', () => left.abort(new PipeClosed()))
  return {
    left: left.signal,
    write: async (text) => {
      left.signal.throwIfAborted()
      if (text !== '') await written(stdout, text)
    },
  }
}

/** Done when the text has left the process: what is only queued would be lost at its exit. */
function written(stdout: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      stdout.write(text, (error) => (error ? reject(reasonOf(error)) : resolve()))
    } catch (thrown) {
      // A file is written at once, and throws.
      reject(reasonOf(thrown))
    }
  })
}

function reasonOf(cause: unknown): PipeClosed | Fault {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') return new PipeClosed()
  const sentence = `The answer cannot be written to standard output: ${messageOf(cause)}.`
  return new Fault('misconfigured', sentence, { cause })
}

/** A line on stderr that is drawn over again, where a person watches it and no data comes between. */
export function createProgress({ stderr, showsProgress }: Terminal): {
  show(text: string): void
  clear(): void
} {
  const everyMs = 200
  let shown = Number.NEGATIVE_INFINITY
  const erase = '\r\x1b[2K'
  return {
    show: (text) => {
      if (!showsProgress || performance.now() - shown < everyMs) return
      shown = performance.now()
      stderr.write(erase + text)
    },
    clear: () => {
      if (showsProgress && Number.isFinite(shown)) stderr.write(erase)
    },
  }
}
