import { type Bucket, Storage as GoogleStorage } from '@google-cloud/storage'
import { PassThroughClient } from 'google-auth-library'
import pMap from 'p-map'
import { gcsStorage } from '../src/storage/gcs.ts'
import { generatedObjects } from '../test/stand-ins/generated-objects.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'
import { startServer } from './processes.ts'
import { BUCKET, IMAGES } from './world.ts'

const PREFIXES = 120
const LATENCY_MS = 30
const AT_ONCE = [1, 8, 32, 128] as const
/** One at a time takes four seconds. */
const repetitionsOf = (atOnce: number): number => (atOnce === 1 ? 3 : 9)
const FIELDS = 'items(name,size),prefixes,nextPageToken'

/** Lists one prefix; the number of objects under it. */
type Client = (prefix: string) => Promise<number>
type Sample = { readonly wallMs: number; readonly cpuMs: number }

/**
 * Why lists do not go through Google's client: the official one against src/storage/gcs.ts, 120 prefixes of
 * 13 objects, so many at once. The last row is fetch and JSON.parse with nothing around them.
 */
export async function benchListing(): Promise<void> {
  const { objects } = generatedObjects({ granules: PREFIXES, images: IMAGES })
  const prefixes = [...new Set([...objects.keys()].flatMap((key) => /^.+\/IMG_DATA\//.exec(key)?.[0] ?? []))]
  if (prefixes.length !== PREFIXES) throw new Error(`There are ${prefixes.length} prefixes, not ${PREFIXES}.`)
  const server = await startServer([
    'test/stand-ins/storage-main.ts',
    ...['--generate', `granules=${PREFIXES},images=${IMAGES}`, '--latency', String(LATENCY_MS)],
  ])
  try {
    report(await measure(clientsOf(server.url), prefixes))
  } finally {
    await server.stop()
  }
}

function clientsOf(url: string): ReadonlyMap<string, Client> {
  const google = new GoogleStorage({
    apiEndpoint: url,
    projectId: 'none',
    authClient: new PassThroughClient(),
    retryOptions: { autoRetry: false },
  })
  const bucket = google.bucket(BUCKET)
  const ours = gcsStorage({ bucket: BUCKET, endpoint: url, anonymous: true, deadlineMs: 10_000 })
  return new Map<string, Client>([
    ['official client', (prefix) => official(bucket, { prefix })],
    ['official client, `fields`', (prefix) => official(bucket, { prefix, fields: FIELDS })],
    [
      'src/storage/gcs.ts',
      async (prefix) => {
        let count = 0
        for await (const page of ours.list(prefix)) count += page.length
        return count
      },
    ],
    [
      'bare fetch',
      async (prefix) => {
        const query = new URLSearchParams({ prefix, fields: FIELDS })
        const page = await (await fetch(`${url}/storage/v1/b/${BUCKET}/o?${query}`)).json()
        return asPage(page).items.length
      },
    ],
  ])
}

async function official(bucket: Bucket, query: { prefix: string; fields?: string }): Promise<number> {
  const [files] = await bucket.getFiles(query)
  return files.length
}

/** The stand-in's answer to a prefix that holds something. */
const asPage = (json: unknown) => json as { readonly items: readonly unknown[] }

type Samples = ReadonlyMap<string, ReadonlyMap<number, readonly Sample[]>>

async function measure(clients: ReadonlyMap<string, Client>, prefixes: readonly string[]): Promise<Samples> {
  const samples = new Map([...clients.keys()].map((name) => [name, new Map<number, Sample[]>()]))
  // Once round unmeasured: code compiled, connections open.
  for (const client of clients.values()) await listAll(client, prefixes, 32)
  for (const atOnce of AT_ONCE) {
    for (let n = 0; n < repetitionsOf(atOnce); n++) {
      for (const [name, client] of clients) {
        const known = samples.get(name)?.get(atOnce) ?? []
        samples.get(name)?.set(atOnce, [...known, await listAll(client, prefixes, atOnce)])
      }
    }
  }
  return samples
}

async function listAll(client: Client, prefixes: readonly string[], concurrency: number): Promise<Sample> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const counts = await pMap(prefixes, client, { concurrency })
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  const wrong = counts.find((count) => count !== IMAGES)
  if (wrong !== undefined) throw new Error(`A list gave ${wrong} objects, not ${IMAGES}.`)
  return { wallMs, cpuMs: (user + system) / 1000 / prefixes.length }
}

function report(samples: Samples): void {
  heading(`listing: ${PREFIXES} prefixes of ${IMAGES} objects, ${LATENCY_MS} ms a call`)
  table(
    ['wall ms (CPU ms a list)', ...AT_ONCE.map((atOnce) => `${atOnce} at once`)],
    [...samples].map(([name, by]) => [
      name,
      ...AT_ONCE.map((atOnce) => {
        const all = by.get(atOnce) ?? []
        return `${spread(all.map(({ wallMs }) => wallMs))} (${median(all.map(({ cpuMs }) => cpuMs)).toFixed(2)})`
      }),
    ]),
  )
  say('Median (least–most) of the wall time, median of the CPU time, of 9 repetitions, 3 for one at a time.')
  const cpu = (name: string) => median((samples.get(name)?.get(32) ?? []).map(({ cpuMs }) => cpuMs))
  const ratio = cpu('official client') / cpu('src/storage/gcs.ts')
  targets([
    {
      wanted: 'src/storage/gcs.ts takes less CPU a list than the official client, 32 at once',
      reached: `${ratio.toFixed(1)} times less`,
      holds: ratio > 1,
    },
  ])
}
