import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { Broken, dropBody, get, Nonsense, Refused, readBody } from '../../src/calls/http-answer.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return `http://127.0.0.1:${address.port}/`
}

const patience = () => AbortSignal.timeout(5000)
const ask = (url: string, headers: Record<string, string> = {}) => get(url, new Headers(headers), patience())

describe('an answer', () => {
  test('is read whole, and over one connection with the next', async () => {
    const ports = new Set<number | undefined>()
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort)
      response.end('x'.repeat(100_000))
    })
    for (let i = 0; i < 3; i++) expect(await readBody(await ask(url), 100_000)).toHaveLength(100_000)
    expect(ports.size).toBe(1)
  })

  test('that is packed is unpacked, and asked for packed only where no range is', async () => {
    const asked: (string | undefined)[] = []
    const url = await serve((request, response) => {
      asked.push(request.headers['accept-encoding']?.toString())
      if (request.headers.range) return response.writeHead(206).end('plain')
      return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a list'))
    })
    expect((await readBody(await ask(url), 100)).toString()).toBe('a list')
    expect((await readBody(await ask(url, { range: 'bytes=0-4' }), 100)).toString()).toBe('plain')
    expect(asked).toEqual(['gzip', undefined])
  })

  test('that unpacks to more than its limit is dropped on the way', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const url = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end(bomb))
    await expect(ask(url).then((answer) => readBody(answer, 1000))).rejects.toBeInstanceOf(Nonsense)
  })

  test.for(['plain', 'packed'] as const)(
    'that is cut short, %s, is broken and worth another try',
    async (how) => {
      const body = how === 'packed' ? gzipSync('y'.repeat(1000)) : Buffer.from('y'.repeat(1000))
      const url = await serve((_, response) => {
        response.writeHead(200, {
          'content-length': body.length,
          ...(how === 'packed' ? { 'content-encoding': 'gzip' } : {}),
        })
        response.write(body.subarray(0, body.length / 2))
        setTimeout(() => response.destroy(), 20)
      })
      const broken = await ask(url)
        .then((answer) => readBody(answer, 5000))
        .catch((thrown: unknown) => thrown)
      expect(broken).toBeInstanceOf(Broken)
      expect(broken).toMatchObject({ transient: true })
    },
  )

  test('that refuses is told with its status, words and time, a redirect too', async () => {
    const url = await serve((_, response) => response.writeHead(503, { 'retry-after': '7' }).end('not now'))
    await expect(ask(url)).rejects.toMatchObject({ status: 503, body: 'not now', retryAfter: 7 })
    const away = await serve((_, response) => response.writeHead(302, { location: url }).end())
    const refused = await ask(away).catch((thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(Refused)
    expect(refused).toMatchObject({ status: 302 })
  })

  test('that names a time to come back is taken by its own date, wherever the clock here stands', async () => {
    const at = (seconds: number) => new Date(Date.UTC(2031, 0, 1) + seconds * 1000).toUTCString()
    const url = await serve((_, response) =>
      response.writeHead(429, { date: at(0), 'retry-after': at(9) }).end(),
    )
    await expect(ask(url)).rejects.toMatchObject({ status: 429, retryAfter: 9 })
  })

  test('that nobody wants is dropped with its connection', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const url = await serve((_, response) => {
      response.on('close', resolve)
      response.writeHead(200)
      response.write('a beginning')
    })
    dropBody(await ask(url))
    await closed
  })

  test('that does not come is given up with the signal', async () => {
    const url = await serve(() => {})
    const left = new AbortController()
    const asked = get(url, new Headers(), left.signal)
    setTimeout(() => left.abort(), 20)
    await expect(asked).rejects.toBeInstanceOf(Broken)
  })

  test('of a host that is not there is broken, and not worth another try', async () => {
    const asked = get('http://127.0.0.1:1/', new Headers(), patience())
    await expect(asked).rejects.toMatchObject({ name: 'Broken', transient: false })
  })
})
