import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../../src/config.ts'
import { createApp } from '../../../src/http/app.ts'
import { createServer, type ServerOptions } from '../../../src/http/server.ts'
import { openHouse } from '../../../src/wire.ts'
import { temporaryFolder } from '../../temporary.ts'

export type SlowService = {
  readonly port: number
  readonly url: string
  /** Connections that it holds now. */
  connections(): Promise<number>
  close(): Promise<void>
}

/** The whole service over the sample, with the times that its server gives. */
export async function serveWithin(options: ServerOptions): Promise<SlowService> {
  const folder = await temporaryFolder()
  const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
  const server = createServer(createApp(house), options)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await house.close()
      await folder.remove()
    },
  }
}

export type Told = {
  /** All that came until the service hung up, as latin1. */
  readonly text: string
  /** Of the first answer; undefined where none came. */
  readonly status: number | undefined
  readonly tookMs: number
}

/** What the service says to these bytes until it hangs up, or for so long; pieces after the first come later. */
export async function told(port: number, pieces: Iterable<string | Buffer>, everyMs = 0): Promise<Told> {
  const began = performance.now()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'connect')
  await Promise.race([closed, write(socket, pieces, everyMs).then(() => closed)])
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]
  return {
    text,
    status: status === undefined ? undefined : Number(status),
    tookMs: performance.now() - began,
  }
}

async function write(socket: Socket, pieces: Iterable<string | Buffer>, everyMs: number): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed || socket.readableEnded) return
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    if (!socket.write(bytes)) await once(socket, 'drain').catch(() => {})
    if (everyMs > 0) await sleep(everyMs)
  }
}
