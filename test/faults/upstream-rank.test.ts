import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Mishap, WholeAnswer } from '../stand-ins/storage-faults.ts'
import {
  BOX,
  type Faulty,
  LONG_MS,
  metric,
  nothingLeft,
  SLACK_MS,
  serveSample,
  told,
  wellAgain,
} from './upstream.ts'

/* Faults of the bucket while files are read for colours: none gives a wrong colour, or one that is missed later. */

const DEADLINE_MS = 2000
/** The second of the three newest. */
const SECOND = 'L1C_T33VUC_A048496_20241004T100814'

const edited = (edit: (answer: WholeAnswer, bytes: Buffer) => Partial<WholeAnswer>): Mishap => ({
  kind: 'edited',
  edit: (answer) => ({ ...answer, ...edit(answer, Buffer.from(answer.body)) }),
})
const headersWith = ({ headers }: WholeAnswer, more: WholeAnswer['headers']) => ({ ...headers, ...more })

const LATE = /Cloud Storage was not done with reading .* within 2000 ms/
const BROKE = /Cloud Storage failed at reading .*the connection broke/
const OTHER = /Cloud Storage failed at reading .*makes no sense.*[Tt]ry again/

/** A stride of its own for each, so that its colours are made anew. */
const FAULTS: readonly (readonly [name: string, mishap: Mishap, says: RegExp])[] = [
  ['a 503', { kind: 'status', status: 503 }, /Cloud Storage failed at reading .*status 503/],
  ['a 429', { kind: 'status', status: 429 }, /takes no more calls/],
  ['a hang before the headers', { kind: 'hang' }, LATE],
  ['a hang in the body', { kind: 'hang-in-body' }, LATE],
  ['one byte at a time', { kind: 'drip', pieces: Number.POSITIVE_INFINITY, pauseMs: 20 }, LATE],
  ['a reset in the body', { kind: 'reset-in-body' }, BROKE],
  ['a body that is cut short', { kind: 'truncate' }, BROKE],
  ['the whole file', { kind: 'ignore-range' }, OTHER],
  [
    'another range',
    edited((answer) => ({ headers: headersWith(answer, { 'content-range': 'bytes 7-8/1000' }) })),
    OTHER,
  ],
  [
    'more bytes than its range has',
    edited((answer, bytes) => ({
      body: Buffer.concat([bytes, bytes]),
      headers: headersWith(answer, { 'content-length': 2 * bytes.length }),
    })),
    OTHER,
  ],
  [
    'fewer bytes than its range has',
    edited((answer, bytes) => ({
      body: bytes.subarray(1),
      headers: headersWith(answer, { 'content-length': bytes.length - 1 }),
    })),
    BROKE,
  ],
  ['zeros in place of its bytes', edited((_, bytes) => ({ body: Buffer.alloc(bytes.length) })), /\.jp2/],
  [
    'a page of HTML in place of its bytes',
    edited((_, bytes) => ({ body: Buffer.alloc(bytes.length, '<html><body>no</body></html>') })),
    /\.jp2/,
  ],
]

const row = z.object({ granule_id: z.string(), colour: z.string().nullable(), reason: z.string().nullable() })

let clean: Faulty
let service: Faulty
beforeAll(async () => {
  clean = await serveSample()
  service = await serveSample({ SWATH_DEADLINE_MS: String(DEADLINE_MS) })
})
afterEach(() => service.bucket.setFault(undefined))
afterAll(async () => {
  await clean.close()
  await service.close()
})

const pathOf = (stride: number, limit = 3) =>
  `/area?${BOX}&limit=${limit}&bands=B04&rank=red&stride=${stride}&format=ndjson`
async function ranked({ url }: Faulty, stride: number) {
  const answer = await fetch(url + pathOf(stride))
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  const lines = text.trimEnd().split('\n')
  return {
    without: answer.headers.get('swath-without-colour'),
    rows: lines.map((line) => row.parse(JSON.parse(line))),
  }
}

describe('a range of one granule that comes as', () => {
  test.for(FAULTS.map((fault, i) => [...fault, i + 17] as const))(
    '%s costs its colour for now, and no other',
    async ([, mishap, says, stride]) => {
      const { bucket, house } = service
      bucket.setFault(({ kind, url }) => (kind === 'read' && url.includes(SECOND) ? mishap : undefined))
      const began = performance.now()
      const during = await ranked(service, stride)
      expect(performance.now() - began).toBeLessThan(3 * DEADLINE_MS + SLACK_MS)
      expect(during.without).toBe('1')
      const last = during.rows.at(-1)
      expect([last?.granule_id, last?.colour]).toEqual([SECOND, null])
      expect(last?.reason).toMatch(says)

      bucket.setFault(undefined)
      await wellAgain(service.url)
      const { made } = house.state().colours
      const after = await ranked(service, stride)
      expect(after).toEqual(await ranked(clean, stride))
      expect(house.state().colours.made).toBe(made + 1)
    },
  )

  test('leaves nothing open, and is counted', async () => {
    await nothingLeft(service, 64)
    const errors = (code: string) =>
      metric(service.url, `swath_io_errors_total{kind="storage_read",by="gcs",code="${code}"}`)
    expect(await errors('upstream-late')).toBeGreaterThanOrEqual(3)
    expect(await errors('upstream-busy')).toBeGreaterThanOrEqual(1)
    expect(await errors('upstream-failed')).toBeGreaterThanOrEqual(6)
    expect(await metric(service.url, 'swath_io_in_flight{kind="storage_read",by="gcs"}')).toBe(0)
  })
})

describe('every range', () => {
  test('that fails fails the rank before its first byte, and few calls are made', async () => {
    const own = await serveSample({ SWATH_DEADLINE_MS: String(LONG_MS) })
    try {
      own.bucket.setFault(({ kind }) => (kind === 'read' ? { kind: 'status', status: 503 } : undefined))
      const failed = await told(own.url + pathOf(16, 9))
      expect(failed.status).toBe(502)
      expect(failed.detail).toMatch(/Cloud Storage failed at reading tiles\/.*status 503/)
      // Three files of nine granules, and what the retry budget holds.
      expect(own.bucket.stats().read).toBeLessThanOrEqual(27 + 12)
      own.bucket.setFault(undefined)
      await wellAgain(own.url)
      expect(await ranked(own, 16)).toEqual(await ranked(clean, 16))
    } finally {
      await own.close()
    }
  })

  test('of zeros, the first ones ever read, is no mistake that is kept', async () => {
    const own = await serveSample()
    try {
      own.bucket.setFault(({ kind }) =>
        kind === 'read' ? edited((_, bytes) => ({ body: Buffer.alloc(bytes.length) })) : undefined,
      )
      expect((await ranked(own, 16)).rows.every(({ colour }) => colour === null)).toBe(true)
      own.bucket.setFault(undefined)
      expect(await ranked(own, 16)).toEqual(await ranked(clean, 16))
    } finally {
      await own.close()
    }
  })

  test('of a file that is gone since it was listed', async () => {
    service.bucket.setFault(({ kind, url }) =>
      kind === 'read' && url.includes(SECOND) ? { kind: 'status', status: 404 } : undefined,
    )
    const during = await ranked(service, 40)
    service.bucket.setFault(undefined)
    expect(during.rows.at(-1)).toMatchObject({ granule_id: SECOND, colour: null })
    expect(await ranked(service, 40)).toEqual(await ranked(clean, 40))
  })
})
