import type { Context } from 'hono'
import type { Env } from '../env.ts'
import { streamBody } from '../stream.ts'

/**
 * The pieces as they are pulled. A failure after the first one breaks the connection off, so that no cut answer
 * looks whole; HTTP/1.0, which has no chunks, gets them gathered, with their length.
 */
export async function streamed(c: Context<Env>, pieces: AsyncGenerator<string>) {
  if (speaksHttp10(c)) return (await Array.fromAsync(pieces)).join('')
  c.set('isPulled', true)
  const body = await streamBody(pieces, (thrown) => breakOff(c, thrown))
  if (c.req.method !== 'HEAD') return body
  await body.cancel()
  return null
}

export const speaksHttp10 = (c: Context<Env>): boolean => c.env.incoming.httpVersion === '1.0'

/** Ends the connection; who left already is not told of. */
export function breakOff(c: Context<Env>, thrown: unknown): void {
  if (!c.req.raw.signal.aborted) c.var.seen.brokenOff(thrown)
  c.env.outgoing.destroy()
}
