import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { answer, apiError, json, type Target } from './storage-answers.ts'
import { type Asked, type Choice, chooser, type Kind, type Mishap, send } from './storage-faults.ts'
import { bucketOf, bucketOfFolder, type Objects } from './stored-objects.ts'

export type StorageServerOptions = {
  /** What the bucket holds: objects, or the files of a folder as they are at the start. */
  readonly objects?: Objects
  readonly folder?: string
  readonly bucket?: string
  /** Milliseconds from each request to its answer. */
  readonly latencyMs?: number
  readonly port?: number
}

export type StorageStats = Readonly<Record<Kind, number>> & {
  readonly inFlight: number
  readonly maxInFlight: number
  /** Connections open now. */
  readonly connections: number
}

export type StorageServer = {
  readonly url: string
  stats(): StorageStats
  /** Sets the counters back and takes the fault away. */
  reset(): void
  setFault(choice: Choice | undefined): void
  close(): Promise<void>
}

/**
 * A loopback server that answers as the JSON API of Cloud Storage does: objects.list with all its
 * parameters, buckets.get, and objects with ranges by both of their addresses. `GET /_stats` gives the
 * counters, `POST /_reset` sets them back.
 */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const bucket =
    options.folder === undefined ? bucketOf(options.objects ?? []) : bucketOfFolder(options.folder)
  const name = options.bucket ?? 'gcp-public-data-sentinel-2'
  const sockets = new Set<Socket>()
  const counts = { list: 0, read: 0, bucket: 0, inFlight: 0, maxInFlight: 0 }
  let choose = chooser(undefined)

  const stats = () => ({ ...counts, connections: sockets.size })
  const reset = () => {
    Object.assign(counts, { list: 0, read: 0, bucket: 0, maxInFlight: counts.inFlight })
    choose = chooser(undefined)
  }

  const server = createServer((request, response) => {
    const url = request.url ?? '/'
    if (url === '/_stats') return send(response, json(200, stats()), undefined)
    if (url === '/_reset' && request.method === 'POST') {
      reset()
      return send(response, json(200, stats()), undefined)
    }
    const target = parseTarget(url, name)
    if (typeof target === 'string') return send(response, apiError(404, target), undefined)
    if (request.method !== 'GET') return send(response, apiError(405, 'Only GET is served here.'), undefined)
    const count = ++counts[target.kind]
    counts.maxInFlight = Math.max(counts.maxInFlight, ++counts.inFlight)
    response.on('close', () => counts.inFlight--)
    const asked = { kind: target.kind, url, headers: request.headers, count }
    const mishap = choose(asked)
    later(options.latencyMs ?? 0, mishap, () => {
      if (!response.destroyed) send(response, answer(bucket, name, target, request.headers, mishap), mishap)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The stand-in has no port.')

  return {
    url: `http://127.0.0.1:${address.port}`,
    stats,
    reset,
    setFault: (choice) => {
      choose = chooser(choice)
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export type { Asked, Choice, Mishap }

/** What a path asks for; a sentence where there is no such thing. */
function parseTarget(url: string, bucket: string): Target | string {
  const cut = url.indexOf('?')
  const path = cut === -1 ? url : url.slice(0, cut)
  const query = new URLSearchParams(cut === -1 ? '' : url.slice(cut + 1))
  const [, api, name = '', rest] = /^(\/storage\/v1\/b)?\/([^/]+)(?:\/(.*))?$/.exec(path) ?? []
  if (decode(name) !== bucket) return 'The specified bucket does not exist.'
  if (api === undefined)
    return rest === undefined ? 'Not Found' : { kind: 'read', key: decode(rest), meta: false }
  if (rest === undefined) return { kind: 'bucket' }
  if (rest === 'o') return { kind: 'list', query }
  if (!rest.startsWith('o/')) return 'Not Found'
  return { kind: 'read', key: decode(rest.slice(2)), meta: query.get('alt') !== 'media' }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function later(latencyMs: number, mishap: Mishap | undefined, act: () => void): void {
  if (mishap?.kind === 'wait') void mishap.for.then(act)
  else if (latencyMs === 0) act()
  else setTimeout(act, latencyMs)
}
