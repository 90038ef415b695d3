import { once } from 'node:events'
import { statSync } from 'node:fs'
import { Agent, get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { readConfig } from '../../src/config.ts'
import { startServing } from '../../src/http/serving.ts'
import { openHouse } from '../../src/wire.ts'
import { archiveRow, keysOf, writeCsv } from '../archive.ts'
import { startSwath } from '../cli/swath.ts'
import { type Mishap, startStorageServer } from '../stand-ins/storage-server.ts'
import { temporaryFolder } from '../temporary.ts'

const ROWS = [archiveRow({ tile: '33UUB', start: '2020-07-15T10:26:02Z' })]
const AREA = '/area?bbox=12,54,13,55'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The variables of a service over an index of one granule and a bucket that answers when told to. */
async function setting(more: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder()
  closing.push(folder.remove)
  const index = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), ROWS)], to: index })
  const bucket = await startStorageServer({
    objects: ROWS.flatMap(keysOf).map((key) => [key, 1000] as const),
  })
  closing.push(bucket.close)
  const store = join(folder.path, 'store.sqlite')
  const env = {
    SWATH_CATALOG: `sqlite:${index}`,
    SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
    SWATH_STORAGE_ENDPOINT: bucket.url,
    SWATH_STORE: `sqlite:${store}`,
    SWATH_ANONYMOUS: 'true',
    PORT: '0',
    ...more,
  }
  const { promise, resolve: open } = Promise.withResolvers<void>()
  const held: Mishap = { kind: 'wait', for: promise }
  return { env, bucket, store, open, hold: () => bucket.setFault(() => held) }
}

async function serving(env: Readonly<Record<string, string>>) {
  const config = readConfig(env)
  const house = await openHouse(config)
  closing.push(house.close)
  const service = await startServing(house, config)
  closing.push(service.stop)
  return { ...service, url: `http://127.0.0.1:${service.port}` }
}

/** Over a connection that is kept. */
async function askBy(agent: Agent, url: string): Promise<IncomingMessage> {
  const [answer] = await once(get(url, { agent }), 'response')
  return answer
}

test('told to stop it says so at once to who is connected, takes nobody new, and lets an answer end', async () => {
  const { env, open, hold, bucket } = await setting({ SWATH_STOP_MS: '5000' })
  const { url, stop } = await serving(env)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  hold()
  const answer = fetch(url + AREA)
  while (bucket.stats().inFlight === 0) await sleep(5)
  // Its connection is busy when the service is told to stop, and asks again while it is stopping.
  const first = get(`${url}${AREA}&level=L1C`, { agent })
  const firstAnswer = once(first, 'response')
  await sleep(50)
  const stopped = stop()
  const second = askBy(agent, `${url}/readyz`)
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  open()
  const served = await answer
  expect([served.status, JSON.parse(await served.text())]).toEqual([200, expect.any(Array)])
  const [one] = await firstAnswer
  expect([one.statusCode, JSON.parse(await text(one)).length > 0]).toEqual([200, true])
  await second.then(
    async (ready) =>
      expect([ready.statusCode, await text(ready)]).toEqual([503, expect.stringContaining('stopping')]),
    (thrown: NodeJS.ErrnoException) => expect(['ECONNREFUSED', 'ECONNRESET']).toContain(thrown.code),
  )
  agent.destroy()
  await stopped
}, 20_000)

test('an answer that does not end in time is cut, and the service ends', async () => {
  const { env, hold, bucket } = await setting({ SWATH_STOP_MS: '200' })
  const { url, stop } = await serving(env)
  hold()
  const answer = fetch(url + AREA)
  const cut = expect(answer).rejects.toThrow()
  while (bucket.stats().inFlight === 0) await sleep(5)
  const began = performance.now()
  await stop()
  expect(performance.now() - began).toBeLessThan(2000)
  await cut
}, 20_000)

test('swath serve ends at SIGTERM with 0, all that it remembers in the file of the store itself', async () => {
  const { env, store } = await setting()
  const { child, saw, shown, ended } = startSwath(['serve'], env)
  await saw('&limit=20')
  const [url = ''] = /http:[/\d.]+:\d+/.exec(shown()) ?? []
  expect((await fetch(url + AREA)).status).toBe(200)
  await sleep(50)
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0, signal: null })
  expect(statSync(`${store}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0)
  const db = new DatabaseSync(store, { readOnly: true })
  expect(db.prepare('SELECT count(*) AS n FROM listing').get()).toEqual({ n: 1 })
  db.close()
}, 20_000)

test.each([
  ['keys that cannot be read', { SWATH_API_KEYS: 'file:/nowhere/keys' }, /SWATH_API_KEYS cannot be read/],
  [
    'a bound that is none',
    { SWATH_REQUESTS: '0', SWATH_STOP_MS: 'soon' },
    /SWATH_REQUESTS=0 .*SWATH_STOP_MS=soon/,
  ],
] as const)(
  '%s stop the start with a sentence',
  async (_, wrong, sentence) => {
    const { env } = await setting(wrong)
    const { code, stderr } = await startSwath(['serve'], env).ended
    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)])
  },
  20_000,
)
