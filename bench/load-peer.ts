import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { parseArgs } from 'node:util'
import { getRequestListener } from '@hono/node-server'

/*
 * The floor of a machine: a server that sends the same bytes to all, ready made.
 *   node bench/load-peer.ts --kind node|hono --file FILE
 */

const { values } = parseArgs({ options: { kind: { type: 'string' }, file: { type: 'string' } } })
const body = readFileSync(values.file ?? '')
const headers = { 'Content-Type': 'text/uri-list' }
const bare: RequestListener = (_, response) => {
  response.writeHead(200, { ...headers, 'Content-Length': body.byteLength }).end(body)
}
const server = createServer(
  values.kind === 'hono' ? getRequestListener(() => new Response(body, { headers })) : bare,
)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('SIGTERM', () => process.exit(0))
const address = server.address()
console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
