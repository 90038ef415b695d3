import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { type Config, readConfig } from '../config.ts'
import { Fault, messageOf } from '../errors.ts'
import { createApp } from '../http/app.ts'
import { createServer } from '../http/server.ts'
import { openHouse } from '../wire.ts'
import { EXIT, type Exit, type Terminal } from './terminal.ts'

/** Milliseconds that answers under way get to end after a signal to stop. */
const GRACE_MS = 5000

/** `swath serve`: the service, until it is told to stop. */
export function serveCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  return new Command('serve').description('Serve HTTP on HOST and PORT.').action(async () => {
    const config = readConfig(terminal.env)
    const house = await openHouse(config)
    const server = createServer(createApp(house))
    try {
      server.listen(config.port, config.host)
      await once(server, 'listening').catch((cause: unknown) => {
        throw notListening(config, cause)
      })
      const { port } = server.address() as AddressInfo
      // Before anybody is told of it, and for good: npm sends a second signal after the terminal's own.
      const stopped = new Promise((resolve) => process.on('SIGTERM', resolve).on('SIGINT', resolve))
      // Nobody has to read the greeting for the service to serve.
      await terminal.output
        .write(greeting(urlOf(config.host, port), config.catalog.kind === 'sample'))
        .catch(() => {})
      await stopped
      server.close()
      const grace = setTimeout(
        () => 'closeAllConnections' in server && server.closeAllConnections(),
        GRACE_MS,
      )
      await once(server, 'close')
      clearTimeout(grace)
      finish(EXIT.done)
    } finally {
      await house.close()
    }
  })
}

function notListening({ host, port }: Config, cause: unknown): Fault {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  const why = isTaken ? 'another program listens there; set PORT to another' : messageOf(cause)
  return new Fault('misconfigured', `Cannot listen on ${host}:${port}: ${why}.`, { cause })
}

/** Where this machine itself reaches the service; an address that means all of its own means loopback here. */
function urlOf(host: string, port: number): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

const greeting = (url: string, isSample: boolean): string => `swath is serving on ${url}. Three things to try:
  curl '${url}/area?lat1=55.660797&lng1=12.5896&lat2=55.663369&lng2=12.584670'
  curl '${url}/area?bbox=11.8,54.9,14,56&rank=blue&bands=TCI&format=uris&limit=20'
  curl ${isSample ? pictureOf(url) : `'${url}/estimate?bbox=11.8,54.9,14,56'`}
`

/** The sample has a granule to show; what another catalog holds is not known here. */
const pictureOf = (url: string): string =>
  `-o algae.png '${url}/granules/L1C_T33UUB_A017537_20200715T102602/preview.png?width=512'`
