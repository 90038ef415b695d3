import { addAbortSignal, type Readable } from 'node:stream'
import type { BuildSource } from '../build-index.ts'
import { Fault, messageOf } from '../errors.ts'

/** Milliseconds that a server may stay silent. */
const IDLE_MS = 60_000

/**
 * What `--from` names: a file, an http(s) URL, or `-` for standard input.
 * @throws {Fault} bad-request for a URL of another kind
 */
export function csvSource(from: string, stdin: Readable, idleMs: number = IDLE_MS): BuildSource {
  if (from === '-') return { name: from, open: (signal) => readInput(stdin, signal) }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(from)?.[1]?.toLowerCase()
  if (scheme === undefined) return from
  if (scheme !== 'http' && scheme !== 'https') throw notFetched(from, scheme)
  return { name: from, open: (signal) => download(from, idleMs, signal) }
}

async function* readInput(stdin: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, stdin)
  } catch (cause) {
    throw unread('Standard input', messageOf(cause), cause)
  }
}

/** Its bytes as they come; there is no bound on the whole, since the archive's index takes minutes. */
async function* download(url: string, idleMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const idle = new AbortController()
  const timer = setTimeout(() => idle.abort(), idleMs)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, idle.signal]) })
    if (!response.ok || !response.body) {
      await response.body?.cancel()
      throw new Fault('upstream-failed', `${url} answered ${response.status}, not a file.`)
    }
    for await (const piece of response.body) {
      timer.refresh()
      yield piece
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if (idle.signal.aborted) {
      throw new Fault(
        'upstream-late',
        `${url} sent nothing for ${idleMs / 1000} s; try again later, or download the file and give its name.`,
        { cause },
      )
    }
    throw unread(url, messageOf(cause), cause)
  } finally {
    clearTimeout(timer)
  }
}

/** Whoever gives one of these has the tool that reads it. */
function notFetched(from: string, scheme: string): Fault {
  const [, path = ''] = from.split('://')
  const ways =
    scheme === 'gs'
      ? `give https://storage.googleapis.com/${path} if the bucket is public, or pipe it into --from -: ` +
        `gsutil cat ${from} | swath index …`
      : 'download the file and give its name, or pipe it into --from -'
  return new Fault('bad-request', `--from ${from} is no file, http or https URL: ${ways}`)
}

const unread = (name: string, why: string, cause: unknown): Fault =>
  new Fault('upstream-failed', `${name} could not be read to its end: ${why}.`, { cause })
