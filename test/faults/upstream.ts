import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { openHouse } from '../../src/wire.ts'
import { serveHouse } from '../serve.ts'
import { type StorageServer, startStorageServer } from '../stand-ins/storage-server.ts'
import { bucketOfFolder } from '../stand-ins/stored-objects.ts'
import { temporaryFolder } from '../temporary.ts'

export const SAMPLE = join(import.meta.dirname, '../../sample')
/** All nine granules of the sample's L1C. */
export const BOX = 'bbox=11,54,15,57'
export const GRANULES = 9
/** Of one call to the stand-in, milliseconds: where it is to pass, and where a busy machine must not let it. */
export const SHORT_MS = 1000
export const LONG_MS = 5000
/** What a busy machine may add to a wait that would be endless without its deadline, milliseconds. */
export const SLACK_MS = 5000

export type Faulty = {
  readonly url: string
  readonly house: House
  /** The sample's files; `StorageServer.setFault` sets what goes wrong. */
  readonly bucket: StorageServer
  /** The environment, for a command of the command line over the same bucket and store. */
  readonly env: Readonly<Record<string, string>>
  /** Nobody listens at the bucket's address until the promise's function was called. */
  away(): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** The whole service over the sample, whose files lie in a stand-in for the bucket. One list at a time. */
export async function serveSample(env: Readonly<Record<string, string>> = {}): Promise<Faulty> {
  const folder = await temporaryFolder()
  let bucket = await startStorageServer({ objects: sampleObjects() })
  const { url: endpoint } = bucket
  const all = {
    SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
    SWATH_STORAGE_ENDPOINT: endpoint,
    SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    SWATH_DEADLINE_MS: String(LONG_MS),
    SWATH_LIST_CONCURRENCY: '1',
    SWATH_DECODE_THREADS: '1',
    SWATH_ANONYMOUS: 'true',
    SWATH_LOG: 'off',
    ...env,
  }
  const house = await openHouse(readConfig(all))
  const served = await serveHouse(house)
  return {
    url: served.url,
    house,
    get bucket() {
      return bucket
    },
    env: all,
    away: async () => {
      await bucket.close()
      return async () => {
        bucket = await startStorageServer({ objects: sampleObjects(), port: Number(new URL(endpoint).port) })
      }
    },
    close: async () => {
      served.stop()
      await house.close()
      await bucket.close()
      await folder.remove()
    },
  }
}

let objects: readonly (readonly [string, Uint8Array])[] | undefined

/** In memory, so that every answer can be cut and edited. */
function sampleObjects() {
  const folder = join(SAMPLE, 'bucket')
  objects ??= bucketOfFolder(folder).keys.map((key) => [key, readFileSync(join(folder, key))])
  return objects
}

const problem = z.object({ detail: z.string() }).or(z.object({ description: z.string() }))

export type Told = {
  readonly status: number
  /** The sentence of a failure. */
  readonly detail: string
  /** Seconds; undefined where there is no such header. */
  readonly retryAfter: number | undefined
  readonly ms: number
}

/** What a client is told of a failure, and after how long. */
export async function told(url: string): Promise<Told> {
  const began = performance.now()
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) })
  const text = await answer.text()
  const ms = performance.now() - began
  const after = answer.headers.get('retry-after')
  const retryAfter = after === null ? undefined : Number(after)
  if (answer.ok) return { status: answer.status, detail: '', retryAfter, ms }
  const body = problem.parse(JSON.parse(text))
  return { status: answer.status, detail: 'detail' in body ? body.detail : body.description, retryAfter, ms }
}

/** What comes of an answer until it ends, and whether it ended as a whole one does. */
export async function readToEnd(url: string): Promise<{ status: number; text: string; whole: boolean }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) })
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true })
    return { status: answer.status, text, whole: true }
  } catch {
    return { status: answer.status, text, whole: false }
  }
}

/** One number of /metrics; 0 where there is no such line. @param series `name{label="value"}` */
export async function metric(url: string, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((line) => line.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1) ?? 0)
}

/** Waits until the fault is forgotten: the breaker has tried again, and /readyz says so. */
export async function wellAgain(url: string): Promise<void> {
  for (let n = 0; n < 300; n++) {
    if ((await told(`${url}/readyz`)).status === 200) return
    await sleep(50)
  }
  throw new Error('The service is not ready again after 15 seconds.')
}

/** An answer that does not break off: a few are asked for, since a short deadline may pass on a busy machine. */
export async function wholeAgain(url: string): Promise<string> {
  for (let n = 0; n < 5; n++) {
    const { text, whole } = await readToEnd(url)
    if (whole) return text
  }
  throw new Error(`Five answers of ${url} broke off although nothing fails any more.`)
}

/** Nothing is under way any more, here or there, and only the idle pool's connections are open. */
export async function nothingLeft({ bucket, house }: Faulty, pool = 1): Promise<void> {
  const isLeft = () => bucket.stats().inFlight > 0 || bucket.stats().connections > pool
  for (let n = 0; n < 100 && isLeft(); n++) await sleep(30)
  expect(bucket.stats().inFlight).toBe(0)
  expect(bucket.stats().connections).toBeLessThanOrEqual(pool)
  expect(house.state()).toMatchObject({
    callsInFlight: { list: 0, read: 0 },
    callsWaiting: { list: 0, read: 0 },
  })
}
