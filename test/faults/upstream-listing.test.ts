import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Mishap, WholeAnswer } from '../stand-ins/storage-faults.ts'
import {
  BOX,
  type Faulty,
  LONG_MS,
  metric,
  nothingLeft,
  SHORT_MS,
  SLACK_MS,
  serveSample,
  told,
  wellAgain,
  wholeAgain,
} from './upstream.ts'

/*
 * Faults of the bucket before the first link of a list: what its asker is told, in what time, and that the next
 * one, once the fault is over, gets all.
 */

const lengthened = (by: number): Mishap => ({
  kind: 'edited',
  edit: ({ headers, ...answer }: WholeAnswer) => ({
    ...answer,
    headers: { ...headers, 'content-length': Number(headers['content-length']) + by },
  }),
})

type Expected = {
  readonly status: 502 | 503 | 504
  readonly says: RegExp
  /** As in /metrics. */
  readonly code: string
}

const broken: Expected = {
  status: 502,
  says: /Cloud Storage failed at listing .* the bucket gcp-public-data-sentinel-2: the connection broke .*[Tt]ry again/,
  code: 'upstream-failed',
}
const late: Expected = {
  status: 504,
  says: /Cloud Storage was not done with listing .* within 1000 ms; try again, or allow more by SWATH_DEADLINE_MS/,
  code: 'upstream-late',
}
const nonsense: Expected = {
  status: 502,
  says: /the answer makes no sense.*[Tt]ry again/,
  code: 'upstream-failed',
}
const denied: Expected = {
  status: 502,
  says: /access was denied.*SWATH_ANONYMOUS.*gcloud auth/,
  code: 'upstream-failed',
}

const FAULTS: readonly (readonly [name: string, mishap: Mishap, expected: Expected])[] = [
  [
    'a storm of 429s',
    { kind: 'status', status: 429 },
    { status: 503, says: /takes no more calls for the bucket .*try again later/, code: 'upstream-busy' },
  ],
  [
    'a storm of 503s',
    { kind: 'status', status: 503 },
    { status: 502, says: /Cloud Storage failed .*status 503.*[Tt]ry again/, code: 'upstream-failed' },
  ],
  ['a hang before the headers', { kind: 'hang' }, late],
  ['a hang in the body', { kind: 'hang-in-body' }, late],
  ['a body of one byte at a time', { kind: 'drip', pieces: Number.POSITIVE_INFINITY, pauseMs: 20 }, late],
  ['a Content-Length longer than the body', lengthened(10), late],
  ['a reset before the headers', { kind: 'reset' }, broken],
  ['a reset in the body', { kind: 'reset-in-body' }, broken],
  ['a body that is cut short', { kind: 'truncate' }, broken],
  ['a Content-Length shorter than the body', lengthened(-10), nonsense],
  ['a page of HTML', { kind: 'garbage' }, nonsense],
  ['status 401', { kind: 'status', status: 401 }, denied],
  ['status 403', { kind: 'status', status: 403 }, denied],
  [
    'status 404 of the bucket',
    { kind: 'status', status: 404 },
    {
      status: 503,
      says: /There is no bucket gcp-public-data-sentinel-2; correct SWATH_STORAGE/,
      code: 'misconfigured',
    },
  ],
]

/** All of a fault's requests are under way together. */
const AT_ONCE = { SWATH_LIST_CONCURRENCY: '4' }

let whole: unknown
let found: unknown
const FOUND = z.object({ features: z.array(z.object({ id: z.string() })) })
const SEARCH = '/stac/search?bbox=11,54,15,57&limit=100'
/** The newest granule, and another one. */
const ONE = `/area?${BOX}&limit=1`
const PREVIEW = '/granules/L1C_T33UVB_A015792_20180701T102024/preview.png'

beforeAll(async () => {
  const service = await serveSample()
  whole = await (await fetch(`${service.url}/area?${BOX}`)).json()
  found = await featuresOf(service)
  await service.close()
  expect(whole).toHaveLength(35)
})

async function featuresOf({ url }: Faulty): Promise<unknown> {
  const { features } = FOUND.parse(await (await fetch(url + SEARCH)).json())
  return features.map(({ id }) => id)
}

describe.concurrent('before the first link', () => {
  test.for(FAULTS)('%s', async ([, mishap, expected]) => {
    const deadlineMs = expected === late ? SHORT_MS : LONG_MS
    const service = await serveSample({ SWATH_DEADLINE_MS: String(deadlineMs), ...AT_ONCE })
    try {
      service.bucket.setFault(() => mishap)
      await seenDuring(service, expected)
      service.bucket.setFault(undefined)
      await seenAfter(service)
    } finally {
      await service.close()
    }
  })

  test('a bucket that nobody listens for', async () => {
    const service = await serveSample(AT_ONCE)
    try {
      const comeBack = await service.away()
      await seenDuring(service, broken)
      await comeBack()
      await seenAfter(service)
    } finally {
      await service.close()
    }
  })
})

/** Every way to ask is told the same, in bounded time; what needs no bucket is answered. */
async function seenDuring(service: Faulty, { status, says, code }: Expected): Promise<void> {
  const { url } = service
  const asking = [ONE, `${ONE}&rank=red&datetime=../2022-01-01`, PREVIEW, '/readyz'].map(async (path) => {
    const answer = await told(url + path)
    expect([path, answer.status]).toEqual([path, status])
    expect(answer.detail).toMatch(says)
    if (status === 503) expect(answer.retryAfter).toBeGreaterThan(0)
    expect(answer.ms).toBeLessThan(status === 504 ? SHORT_MS + SLACK_MS : LONG_MS)
  })
  await Promise.all(asking)
  expect((await told(`${url}/healthz`)).status).toBe(200)
  expect(await featuresOf(service)).toEqual(found)
  expect(await metric(url, `swath_io_errors_total{kind="storage_list",by="gcs",code="${code}"}`)).toBe(4)
}

/** Nothing of the fault was remembered, and nothing of it is left open. */
async function seenAfter(service: Faulty): Promise<void> {
  const { url } = service
  await wellAgain(url)
  expect(JSON.parse(await wholeAgain(`${url}/area?${BOX}`))).toEqual(whole)
  expect(await metric(url, 'swath_upstream_open{upstream="storage"}')).toBe(0)
  await nothingLeft(service, 8)
}
