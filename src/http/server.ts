import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import { answersUnderWay } from './answers-under-way.ts'
import type { Env } from './env.ts'
import { endWith, MOST_HEADER_BYTES, MOST_HEADERS, problemAnswer, statusOf } from './refusal.ts'

export type ServerOptions = {
  /** Milliseconds that an answer has to begin, and its reader to take more of it. */
  readonly deadlineMs?: number
  /** Milliseconds for the headers of a request, for all of it, and between two looks for those who take longer. */
  readonly headersMs?: number
  readonly requestMs?: number
  readonly lookMs?: number
  /** Told the status of what is refused before it comes to the app. */
  readonly refused?: (status: number) => void
}

const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
const LOOK_MS = 2000
/** Of a connection that nothing is asked on; load balancers keep theirs for less, or open another. */
const KEEP_ALIVE_MS = 65_000
/** A refusal for being late comes before its connection is cut. */
const GRACE_MS = 2000
const DEADLINE_MS = 60_000
/** Open at once; each costs a descriptor and some kilobytes. */
const MOST_CONNECTIONS = 10_000

const UNREADABLE = 'The address of the request or its Host header cannot be read; HTTP/1.1 asks for both.'

/**
 * The server of an app, not yet listening. What does not even reach the app is told as problem+json, too; a
 * connection on which nothing moves, in or out, is cut.
 */
export function createServer(
  { fetch }: Hono<Env>,
  {
    deadlineMs = DEADLINE_MS,
    headersMs = HEADERS_MS,
    requestMs = REQUEST_MS,
    lookMs = LOOK_MS,
    refused = () => {},
  }: ServerOptions = {},
): Server {
  const serverOptions = {
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: lookMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Node would refuse who sends none without a word; here it is told as all else is.
    requireHostHeader: false,
  }
  const answers = answersUnderWay()
  /** Of what the adapter cannot make a request of, no Host above all; a bug is told of in the log. */
  const errorHandler = (thrown: unknown): Response => {
    if (!(thrown instanceof RequestError)) return problemAnswer(500)
    refused(400)
    return problemAnswer(400, UNREADABLE)
  }
  const listener = getRequestListener(
    (request, env) => {
      const { incoming, outgoing } = env
      if (isWithoutHost(incoming)) throw new RequestError('Missing host header')
      return fetch(request, { ...env, refusedWith: () => answers.refusedWith(outgoing) })
    },
    { errorHandler },
  )
  const server = createHttpServer(serverOptions)
  /** Connections on which the last word is said, or waits to be; each is told when more has been read. */
  const refusing = new WeakMap<Duplex, () => void>()
  server.on('request', (incoming, outgoing) => {
    if (refusing.has(incoming.socket)) return
    answers.begin(incoming.socket, outgoing)
    void listener(incoming, outgoing)
  })
  server.maxConnections = MOST_CONNECTIONS
  server.maxHeadersCount = MOST_HEADERS
  server.timeout = deadlineMs + GRACE_MS
  // What is expected, and nobody promises, may be passed over (RFC 9110, 10.1.1).
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isRefusing = refusing.get(socket)
    if (isRefusing) return isRefusing()
    const hasLeft =
      error.code === 'ECONNRESET' ||
      (error.code === 'HPE_INVALID_EOF_STATE' && answers.stateOf(socket) !== 'none')
    if (hasLeft) return socket.destroy()
    const status = statusOf(error.code)
    const refuse = () => {
      const state = answers.stateOf(socket)
      if (!socket.writable || state === 'begun') return socket.destroy()
      if (state === 'whole') {
        // What was asked before is answered first; nothing more is read meanwhile.
        refusing.set(socket, () => {})
        socket.pause()
        return answers.whenOver(socket, refuse)
      }
      // An answer that is not to come is counted by the app, with what was told in its place.
      if (state === 'none') refused(status)
      else answers.refuse(socket, status)
      refusing.set(socket, endWith(socket, status))
    }
    refuse()
  })
  return server
}

/** Who asks for a whole URL sends it as well (RFC 9112, 3.2); in all others the adapter misses it. */
const isWithoutHost = ({ httpVersion, headers }: Pick<IncomingMessage, 'httpVersion' | 'headers'>): boolean =>
  httpVersion === '1.1' && headers.host === undefined
