import { setImmediate } from 'node:timers/promises'
import type { Context } from 'hono'
import type { Env } from './env.ts'

/** Characters of a piece, and milliseconds that it is gathered for: about a turn of the event loop. */
const PIECE = 1 << 15
const GATHER_MS = 2

/**
 * A body whose pieces are made as they are pulled, each in its turn. The first one is made before this returns, so
 * that whatever fails until then can still be a status; a later failure ends the connection, so that no cut answer
 * looks whole. HTTP/1.0 has no chunks: who speaks it gets the pieces gathered, with their length.
 * @param isShort whether it is over in a piece or two
 */
export async function streamed(
  c: Context<Env>,
  pieces: AsyncGenerator<string | Uint8Array>,
  isShort: boolean,
): Promise<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null> {
  const lane = c.var.pieceTurns.of(c.var.client, isShort)
  const next = () => lane.run(() => pieces.next(), c.req.raw.signal)
  if (speaksHttp10(c)) return gatheredWhole(next)
  c.set('isPulled', true)
  const body = await pulled(pieces, next, (thrown) => breakOff(c, thrown))
  if (c.req.method !== 'HEAD') return body
  await body.cancel()
  return null
}

/** Ends the connection; who left already is not told of. */
export function breakOff(c: Context<Env>, thrown: unknown): void {
  if (!c.req.raw.signal.aborted) c.var.seen.brokenOff(thrown)
  c.env.outgoing.destroy()
}

export const speaksHttp10 = (c: Context<Env>): boolean => c.env.incoming.httpVersion === '1.0'

const bytesOf = (piece: string | Uint8Array): Uint8Array =>
  typeof piece === 'string' ? Buffer.from(piece) : piece

type Next = () => Promise<IteratorResult<string | Uint8Array>>

async function gatheredWhole(next: Next): Promise<Buffer<ArrayBuffer>> {
  const whole: Uint8Array[] = []
  for (let piece = await next(); !piece.done; piece = await next()) whole.push(bytesOf(piece.value))
  return Buffer.concat(whole)
}

async function pulled(
  pieces: AsyncGenerator<unknown>,
  next: Next,
  breakOff: (thrown: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  let hasLeft = false
  let ahead: Awaited<ReturnType<Next>> | undefined = await next()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = ahead ?? (await next())
          ahead = undefined
          if (hasLeft) return
          if (piece.done) controller.close()
          else controller.enqueue(bytesOf(piece.value))
        } catch (thrown) {
          breakOff(thrown)
        }
      },
      async cancel() {
        hasLeft = true
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * Pieces in a row as one, as far as they wait for nothing: each write costs more than a short text. One that has to
 * wait, or fails, comes after those that are there.
 */
export async function* gathered(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  /** While nobody reads, nobody else hears of a failure. */
  const ask = () => {
    const piece = pieces.next()
    piece.catch(() => {})
    return piece
  }
  let coming = ask()
  try {
    for (;;) {
      const first = await coming
      if (first.done) return
      let text = first.value
      const pause = setImmediate(undefined)
      const until = performance.now() + GATHER_MS
      coming = ask()
      while (text.length < PIECE && performance.now() < until) {
        const ready = await Promise.race([coming.catch(() => undefined), pause])
        if (!ready || ready.done) break
        text += ready.value
        coming = ask()
      }
      yield text
    }
  } finally {
    // Who leaves does not wait for a piece that is under way; it is told to end by the request's signal.
    pieces.return(undefined).catch(() => {})
  }
}
