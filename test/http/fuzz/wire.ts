import { connect, type Socket } from 'node:net'
import type { Asked } from './asked.ts'

export type Answer = {
  readonly status: number
  /** Values by the name in small letters; of one that came twice both, with a comma between. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  readonly tookMs: number
}
/** What came in place of an answer. */
export type Missing = { readonly missing: string; readonly tookMs: number }

export type Line = {
  /** Sends one request and waits for its answer; a line that was cut is opened again. */
  ask(bytes: Buffer, isHead: boolean, timeoutMs: number): Promise<Answer | Missing>
  close(): void
}

/** A connection that is kept, over which whatever stands in a buffer can be sent. */
export function openLine(port: number): Line {
  let socket: Socket | undefined
  return {
    ask: async (bytes, isHead, timeoutMs) => {
      const began = performance.now()
      const isKept = socket?.writable && socket.readable
      const kept = isKept && socket ? socket : open(port)
      socket = kept
      let got = await exchange(kept, bytes, isHead, timeoutMs)
      // A line may end while it rests, as the next request is on its way; clients ask again (RFC 9112, 9.3.1).
      if (isKept && 'missing' in got && got.missing.includes(' after 0 bytes')) {
        socket = open(port)
        got = await exchange(socket, bytes, isHead, timeoutMs)
      }
      const tookMs = performance.now() - began
      if ('missing' in got || got.isLast) {
        socket.destroy()
        socket = undefined
      }
      return { ...got, tookMs }
    },
    close: () => socket?.destroy(),
  }
}

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  // Who cuts a line after its answer is nobody's concern.
  return socket.on('error', () => {})
}

/** The bytes of a request to 127.0.0.1. */
export function bytesOf({ method, path, query, headers, body }: Asked, port: number): Buffer {
  const target = query.length > 0 ? `${path}?${query.join('&')}` : path
  const named = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`))
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(named('host') ? [] : [`Host: 127.0.0.1:${port}`]),
    ...headers,
  ]
  if (!body) return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  if (!named('content-type')) lines.push(`Content-Type: ${body.type}`)
  if (body.encoding !== undefined) lines.push(`Content-Encoding: ${body.encoding}`)
  const isChunked = body.framing === 'chunked'
  lines.push(isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.bytes.length}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return Buffer.concat([head, ...(isChunked ? chunks(body.bytes) : [body.bytes])])
}

function chunks(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  const size = Math.max(1, Math.ceil(bytes.length / 3))
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return [...pieces, Buffer.from('0\r\n\r\n')]
}

type Got = Omit<Answer, 'tookMs'> & { readonly isLast: boolean }

function exchange(
  socket: Socket,
  bytes: Buffer,
  isHead: boolean,
  timeoutMs: number,
): Promise<Got | { readonly missing: string }> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => finish({ missing: `hung: no whole answer in ${timeoutMs} ms` }), timeoutMs)
    const finish = (got: Got | { readonly missing: string }) => {
      clearTimeout(timer)
      for (const [name, listener] of Object.entries(listeners)) socket.off(name, listener)
      resolve(got)
    }
    const over = (how: string) => () => {
      const got = readAnswer(held, isHead, true)
      finish(
        got ?? { missing: `cut: ${how} after ${held.length} bytes: ${held.toString('latin1').slice(0, 80)}` },
      )
    }
    const listeners = {
      data: (chunk: Buffer) => {
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
        const got = readAnswer(held, isHead, false)
        if (got) finish(got)
      },
      end: over('ended'),
      error: over('was reset'),
      close: over('closed'),
    }
    for (const [name, listener] of Object.entries(listeners)) socket.on(name, listener)
    socket.write(bytes)
  })
}

/** The answer that bytes begin with; undefined where more is to come (RFC 9112, 6.3). */
export function readAnswer(held: Buffer, isHead: boolean, isEnd: boolean): Got | undefined {
  const end = held.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = held.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(first)?.[1] ?? Number.NaN)
  const rest = held.subarray(end + 4)
  if (status >= 100 && status < 200) return readAnswer(rest, isHead, isEnd)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  const isLast = headers.get('connection') === 'close'
  const whole = (body: Buffer, used: number): Got | undefined =>
    // What stands behind the answer belongs to nothing that was asked.
    ({ status: rest.length > used && !isLast ? Number.NaN : status, headers, body, isLast })
  if (isHead || status === 204 || status === 304) return whole(Buffer.alloc(0), 0)
  if (headers.get('transfer-encoding') === 'chunked') {
    const read = readChunks(rest)
    return read && whole(read.body, read.used)
  }
  const length = headers.get('content-length')
  if (length === undefined) return isEnd && isLast ? whole(rest, rest.length) : undefined
  return rest.length < Number(length) ? undefined : whole(rest.subarray(0, Number(length)), Number(length))
}

function readChunks(bytes: Buffer): { readonly body: Buffer; readonly used: number } | undefined {
  const pieces: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (bytes.length < end + 4 + size) return undefined
    at = end + 4 + size
    if (size === 0) return { body: Buffer.concat(pieces), used: at }
    pieces.push(bytes.subarray(end + 2, end + 2 + size))
  }
}
