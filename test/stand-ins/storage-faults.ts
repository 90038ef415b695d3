import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

/** What a request asks of the stand-in. */
export type Kind = 'list' | 'read' | 'bucket'

export type Asked = {
  readonly kind: Kind
  /** Path and query as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Requests of this kind so far, this one included. */
  readonly count: number
}

/** What goes wrong with one answer. */
export type Mishap =
  /** Another status, with Google's JSON error body; `retryAfter` goes out as it stands. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfter?: string
      readonly reason?: string
    }
  /** The connection is reset before anything is sent. */
  | { readonly kind: 'reset' }
  /** No answer comes, ever. */
  | { readonly kind: 'hang' }
  /** The headers and half of the body come, then nothing more. */
  | { readonly kind: 'hang-in-body' }
  /** The connection ends in the middle of the body. */
  | { readonly kind: 'truncate' }
  /** The connection is reset in the middle of the body. */
  | { readonly kind: 'reset-in-body' }
  /** Status 200 and text that is no JSON. */
  | { readonly kind: 'garbage' }
  /** The body comes in so many pieces, a pause of so many milliseconds before each. */
  | { readonly kind: 'drip'; readonly pieces: number; readonly pauseMs: number }
  /** A page with fewer entries than asked for, none perhaps, and a nextPageToken all the same. */
  | { readonly kind: 'short-page'; readonly entries: number }
  /** The Range header is not heeded: 200 and the whole object. */
  | { readonly kind: 'ignore-range' }
  /** The answer as it is made of this one; of a body that is a file it stays as it is. */
  | { readonly kind: 'edited'; readonly edit: (answer: WholeAnswer) => WholeAnswer }
  /** The answer waits for this promise. */
  | { readonly kind: 'wait'; readonly for: Promise<unknown> }

/** Chooses the mishap of each request, or none; or a queue of which each list and read takes the next. */
export type Choice = ((asked: Asked) => Mishap | undefined) | readonly (Mishap | undefined)[]

export function chooser(choice: Choice | undefined): (asked: Asked) => Mishap | undefined {
  if (choice === undefined) return () => undefined
  if (typeof choice === 'function') return choice
  const left = [...choice]
  return () => left.shift()
}

/** An answer ready to be sent. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  /** Sends the body and ends the response. */
  readonly body: string | Uint8Array | ((response: ServerResponse) => void)
}

/** An answer whose body is in memory; the length that its headers tell may be a wrong one. */
export type WholeAnswer = Omit<Answer, 'body'> & { readonly body: string | Uint8Array }

/** Sends an answer the way the mishap has it. */
export function send(response: ServerResponse, answer: Answer, mishap: Mishap | undefined): void {
  if (mishap?.kind === 'hang') return
  if (mishap?.kind === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  if (mishap?.kind === 'garbage') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('<!doctype html><title>no</title>')
    return
  }
  const { body: made } = answer
  if (typeof made === 'function') {
    response.writeHead(answer.status, answer.headers)
    made(response)
    return
  }
  const whole = { ...answer, body: made }
  const { status, headers, body: content } = mishap?.kind === 'edited' ? mishap.edit(whole) : whole
  response.writeHead(status, headers)
  const body = Buffer.from(content)
  const half = body.subarray(0, body.length >> 1)
  if (mishap?.kind === 'truncate') response.write(half, () => response.socket?.destroySoon())
  else if (mishap?.kind === 'reset-in-body') {
    // What was written must have left before the reset throws it away.
    response.write(half, () => setTimeout(() => response.socket?.resetAndDestroy(), 5))
  } else if (mishap?.kind === 'hang-in-body') response.write(half)
  else if (mishap?.kind === 'drip') drip(response, body, mishap)
  else response.end(content)
}

function drip(
  response: ServerResponse,
  body: Buffer,
  { pieces, pauseMs }: { pieces: number; pauseMs: number },
) {
  const length = Math.max(1, Math.ceil(body.length / pieces))
  let sent = 0
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + length))
    sent += length
    if (sent < body.length) return
    clearInterval(timer)
    response.end()
  }, pauseMs)
  response.on('close', () => clearInterval(timer))
}
