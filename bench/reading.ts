import { type Agent, get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { countLines } from './processes.ts'

/** What a client saw of one answer. */
export type Reading = {
  /** Milliseconds from the request to the first byte of the body, and to its end. */
  readonly firstByteMs: number
  readonly totalMs: number
  readonly links: number
  readonly bytes: number
  /** Address of the next page. */
  readonly next: string | undefined
}

export type ReadingOptions = {
  readonly agent?: Agent
  /** Bytes a second at most; unbounded where there is none. */
  readonly rate?: number
  /** Told after each piece how many links it held. */
  readonly onLinks?: (links: number) => void
}

/**
 * Reads an answer of links, a line each, to its end.
 * @throws where the status is not 200, the connection breaks off or three minutes have passed
 */
export async function readLinks(url: string, options: ReadingOptions = {}): Promise<Reading> {
  const start = performance.now()
  const response = await request(url, options.agent)
  if (response.statusCode !== 200) {
    throw new Error(`${url} answered ${response.statusCode}: ${(await response.toArray()).join('')}`)
  }
  let [links, bytes, firstByteMs] = [0, 0, Number.NaN]
  const opened = performance.now()
  for await (const piece of response.iterator() as AsyncIterable<Buffer>) {
    if (bytes === 0) firstByteMs = performance.now() - start
    bytes += piece.length
    const lines = countLines(piece)
    links += lines
    options.onLinks?.(lines)
    if (options.rate === undefined) continue
    const early = (bytes / options.rate) * 1000 - (performance.now() - opened)
    if (early > 1) await sleep(early)
  }
  const next = /^<([^>]+)>; rel="next"/.exec(String(response.headers.link))?.[1]
  return { firstByteMs, totalMs: performance.now() - start, links, bytes, next }
}

function request(url: string, agent: Agent | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = get(url, { ...(agent && { agent }), signal: AbortSignal.timeout(180_000) }, resolve)
    sent.on('error', reject)
  })
}
