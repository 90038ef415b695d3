import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { takePieceTurns } from '../calls/piece-turns.ts'
import type { Config } from '../config.ts'
import { Fault, messageOf } from '../errors.ts'
import type { House } from '../house.ts'
import { admission } from './admission.ts'
import { readApiKeys } from './api-keys.ts'
import { createApp } from './app.ts'
import type { Gate } from './gate.ts'
import { createServer } from './server.ts'

export type Serving = {
  readonly port: number
  /**
   * Says so at /readyz, takes no connection any more, lets answers under way end, and cuts those that do not in
   * time. The house stays open.
   */
  stop(): Promise<void>
}

/**
 * Connections that wait to be taken: the 511 that Node asks for overflowed at 1,000 clients who came at once, and who
 * is dropped tries again seconds later. The system caps it (Linux: net.core.somaxconn).
 */
const BACKLOG = 4096
/** A connection whose answer is out is kept for another request, which will not be taken. */
const LOOK_MS = 50

/**
 * Serves a house on the configured host and port.
 * @throws {Fault} misconfigured where the port cannot be had, or the keys cannot be read
 */
export async function startServing(house: House, config: Config): Promise<Serving> {
  let isStopping = false
  const gate = gateOf(config, () => isStopping)
  const server = createServer(createApp(house, gate), {
    deadlineMs: config.requestDeadlineMs,
    refused: house.seeing.refused,
  })
  server.on('connection', gate.pieceTurns.accepted)
  server.listen({ port: config.port, host: config.host, backlog: BACKLOG })
  await once(server, 'listening').catch((cause: unknown) => {
    throw notListening(config, cause)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    stop: async () => {
      if (isStopping) return
      isStopping = true
      const closed = once(server, 'close')
      server.close()
      const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS)
      const grace = setTimeout(() => server.closeAllConnections(), config.stopMs)
      await closed
      clearInterval(looking)
      clearTimeout(grace)
    },
  }
}

function gateOf(config: Config, isStopping: () => boolean): Gate {
  const { requests: most, clientRequests: mostOfOne, trustedProxies, apiKeys } = config
  const keys = apiKeys === undefined ? undefined : readApiKeys(apiKeys)
  return {
    admission: admission({ most, mostOfOne, trustedProxies, keys }),
    pieceTurns: takePieceTurns(),
    deadlineMs: config.requestDeadlineMs,
    isStopping,
  }
}

function notListening({ host, port }: Config, cause: unknown): Fault {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  const why = isTaken ? 'another program listens there; set PORT to another' : messageOf(cause)
  return new Fault('misconfigured', `Cannot listen on ${host}:${port}: ${why}.`, { cause })
}
