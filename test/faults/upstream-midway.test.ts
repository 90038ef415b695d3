import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FORMATS } from '../../src/formats.ts'
import type { Mishap } from '../stand-ins/storage-faults.ts'
import {
  BOX,
  type Faulty,
  metric,
  nothingLeft,
  readToEnd,
  SHORT_MS,
  SLACK_MS,
  serveSample,
  wellAgain,
  wholeAgain,
} from './upstream.ts'

/* Faults of the bucket in the middle of a list: its asker notices in every format, and loses nothing by it. */

/** The seventh of the nine granules. */
const SEVENTH = 'L1C_T33UVB_A015792_20180701T102024'
const atSeventh = (mishap: Mishap) => (asked: { url: string }) =>
  asked.url.includes(SEVENTH) ? mishap : undefined

let whole: Readonly<Record<string, string>>
let order: readonly string[]
beforeAll(async () => {
  const service = await serveSample()
  const texts = FORMATS.map(async (format) => [format, (await readToEnd(addressOf(service, format))).text])
  whole = Object.fromEntries(await Promise.all(texts))
  order = [
    ...new Set(
      (whole.ndjson ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).granule_id),
    ),
  ]
  await service.close()
})

const addressOf = ({ url }: Pick<Faulty, 'url'>, format: string) => `${url}/area?${BOX}&format=${format}`

describe('an answer that breaks off', () => {
  let service: Faulty
  beforeAll(async () => {
    service = await serveSample()
    service.bucket.setFault(atSeventh({ kind: 'status', status: 503 }))
  })
  afterAll(() => service.close())

  test.for(FORMATS)('as %s holds whole granules, and does not look whole', async (format) => {
    const { status, text, whole: looksWhole } = await readToEnd(addressOf(service, format))
    expect([status, looksWhole]).toEqual([200, false])
    expect(text.length).toBeGreaterThan(100)
    expect(text.length).toBeLessThan(whole[format]?.length ?? 0)
    expect(whole[format]?.startsWith(text)).toBe(true)
    if (format.endsWith('json') && format !== 'ndjson') expect(() => JSON.parse(text)).toThrow(SyntaxError)
    else expect(text).toMatch(/\n$/)
  })

  test('of HTTP/1.0, where a cut answer would look whole, is a failure from its first byte', async () => {
    const { hostname, port } = new URL(service.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET /area?${BOX} HTTP/1.0\r\nHost: ${hostname}\r\n\r\n`)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await once(socket, 'close')
    expect(text).toMatch(/^HTTP\/1\.[01] 502 .*Cloud Storage failed at listing .*status 503/s)
  })

  test('is counted, and afterwards all comes; what was listed before is not listed again', async () => {
    const cut = 'swath_http_cut_total{route="/area",by="service"}'
    expect(await metric(service.url, cut)).toBe(FORMATS.length)
    const { hits } = service.house.state().listings
    expect(hits).toBeGreaterThanOrEqual(6 * (FORMATS.length - 1))
    const { list } = service.bucket.stats()
    service.bucket.setFault(undefined)
    await wellAgain(service.url)
    for (const format of FORMATS) {
      expect((await readToEnd(addressOf(service, format))).text).toBe(whole[format])
    }
    const asked = service.bucket.stats().list - list
    expect(asked).toBeLessThan(order.length)
    await nothingLeft(service)
  })
})

describe.concurrent('in the middle of a list', () => {
  const faults: readonly (readonly [string, Mishap])[] = [
    ['a 429', { kind: 'status', status: 429, retryAfter: '30' }],
    ['a hang', { kind: 'hang' }],
    ['a hang in the body', { kind: 'hang-in-body' }],
    ['a body of one byte at a time', { kind: 'drip', pieces: Number.POSITIVE_INFINITY, pauseMs: 20 }],
    ['a reset', { kind: 'reset' }],
    ['a body that is cut short', { kind: 'truncate' }],
    ['a page of HTML', { kind: 'garbage' }],
  ]
  test.for(faults)('%s breaks it off in bounded time, and costs nothing afterwards', async ([, mishap]) => {
    const service = await serveSample({ SWATH_DEADLINE_MS: String(SHORT_MS) })
    try {
      service.bucket.setFault(atSeventh(mishap))
      const began = performance.now()
      const { text, whole: looksWhole } = await readToEnd(addressOf(service, 'ndjson'))
      expect(performance.now() - began).toBeLessThan(SHORT_MS + SLACK_MS)
      expect(looksWhole).toBe(false)
      expect(whole.ndjson?.startsWith(text)).toBe(true)
      service.bucket.setFault(undefined)
      await wellAgain(service.url)
      expect(await wholeAgain(addressOf(service, 'ndjson'))).toBe(whole.ndjson)
      await nothingLeft(service)
    } finally {
      await service.close()
    }
  })
})
