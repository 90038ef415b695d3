import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { archiveRow, keysOf, writeCsv } from '../archive.ts'
import { startSwath } from '../cli/swath.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'
import { temporaryFolder } from '../temporary.ts'

/* Clients that leave in the middle of what they send or are sent: the service goes on and prints nothing of its own. */

const ROWS = Array.from({ length: 60 }, (_, day) =>
  archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2020, 0, 1 + day, 10)).toISOString() }),
)
const SHAPE = '{"type":"Polygon","coordinates":[[[12,54.2],[13.4,54.2],[13.4,55.2],[12,55.2],[12,54.2]]]}'
const HALF = SHAPE.slice(0, 20)

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** `swath serve` over a bucket whose every list takes some milliseconds, and all that it prints. */
async function serving(log: string) {
  const folder = await temporaryFolder()
  closing.push(folder.remove)
  const index = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), ROWS)], to: index })
  const bucket = await startStorageServer({
    objects: ROWS.flatMap(keysOf).map((key) => [key, 1000] as const),
    latencyMs: 5,
  })
  closing.push(bucket.close)
  const { child, saw, shown, ended } = startSwath(['serve'], {
    SWATH_CATALOG: `sqlite:${index}`,
    SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
    SWATH_STORAGE_ENDPOINT: bucket.url,
    SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    SWATH_ANONYMOUS: 'true',
    SWATH_LIST_CONCURRENCY: '1',
    SWATH_LOG: log,
    PORT: '0',
  })
  closing.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await saw('&limit=20')
  const [url] = /http:[/\d.]+:\d+/.exec(shown()) ?? []
  if (url === undefined) throw new Error((await ended).stderr)
  const stop = async () => {
    child.kill('SIGTERM')
    return ended
  }
  return { url, stop }
}

type Leaving = 'reset' | 'destroy' | 'end'

/** Sends these bytes, waits for so long or for the first bytes of an answer, and leaves. */
async function leave(url: string, bytes: string, how: Leaving, after: number | 'answer'): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(bytes)
  if (after === 'answer') {
    await Promise.race([once(socket, 'data'), sleep(2000)])
    socket.pause()
  } else await sleep(after)
  const closed = once(socket, 'close')
  if (how === 'reset') socket.resetAndDestroy()
  else if (how === 'destroy') socket.destroy()
  else socket.end(() => socket.destroy())
  await closed
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const post = (path: string, body: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`

const AREA = '/area?bbox=11.8,54,14,56&dedupe=none'
const REQUESTS = [
  get(`${AREA}&bands=B02&datetime=2020-01-01/2020-02-01`),
  get(`${AREA}&format=ndjson`),
  get(`${AREA}&rank=red&limit=3`),
  get('/stac/search?limit=60'),
  get('/openapi.json'),
  get('/docs'),
  post('/area?dedupe=none', HALF, SHAPE.length),
  post('/area?dedupe=none', SHAPE, SHAPE.length),
  post('/area?dedupe=none', 'x'.repeat(300_000), 9_000_000),
  post('/area', HALF, 20_000_000),
  post('/stac/search', HALF, SHAPE.length),
  post('/nothing/here', HALF, SHAPE.length),
  post('/healthz', 'x'.repeat(300_000), 9_000_000),
  'POST /area HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"typ',
  get('/healthz').repeat(20) + get(AREA),
]
const HOW = ['reset', 'destroy', 'end'] as const
const AFTER = [0, 3, 20, 'answer'] as const

test('whenever and however clients leave, nothing is printed but the log, and the service goes on', async () => {
  const { url, stop } = await serving('off')
  for (const how of HOW) {
    for (const after of AFTER) {
      await Promise.all(REQUESTS.map((bytes) => leave(url, bytes, how, after)))
    }
  }
  const answer = await fetch(`${url}${AREA}&bands=B02`)
  expect([answer.status, JSON.parse(await answer.text())]).toEqual([200, expect.any(Array)])
  await sleep(300)
  const scrape = await (await fetch(`${url}/metrics`)).text()
  expect(scrape).toMatch(/^swath_http_in_flight 1$/m)
  expect(await stop()).toMatchObject({ code: 0, stderr: '' })
}, 60_000)

test('who leaves in mid-body is one line of the log, which says who cut it', async () => {
  const { url, stop } = await serving('text')
  await leave(url, post('/area?dedupe=none', HALF, SHAPE.length), 'reset', 20)
  await leave(url, get(`${AREA}&format=ndjson`), 'reset', 'answer')
  await sleep(200)
  const lines = (await stop()).stderr.trim().split('\n')
  expect(
    lines.filter((line) => line.includes(' cut by the client ')),
    lines.join('\n'),
  ).toHaveLength(2)
  expect(lines[0]).toMatch(/ POST \/area\?dedupe=none 499 cut by the client /)
  expect(lines.at(-1)).toMatch(/ GET \/area\S+ 200 cut by the client /)
}, 30_000)
