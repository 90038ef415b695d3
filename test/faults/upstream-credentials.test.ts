import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startBigQueryServer } from '../stand-ins/bigquery-server.ts'
import { TABLE } from '../stand-ins/open-bigquery.ts'
import { startTokenServer, type TokenServer } from '../stand-ins/token-server.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import {
  BOX,
  type Faulty,
  LONG_MS,
  metric,
  SAMPLE,
  SLACK_MS,
  serveSample,
  told,
  wellAgain,
} from './upstream.ts'

/* Credentials that cannot be had, run out or are refused before their time. */

const AREA = `/area?${BOX}`
const WAY_OUT = /gcloud auth application-default login.*GOOGLE_APPLICATION_CREDENTIALS/

let folder: Temporary
let tokens: TokenServer
let service: Faulty
/** The token that the bucket takes; any where it is undefined. */
let valid: string | undefined

beforeEach(async () => {
  folder = await temporaryFolder()
  tokens = await startTokenServer()
  const file = join(folder.path, 'credentials.json')
  await tokens.writeCredentials(file)
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
  valid = undefined
  service = await serveSample({ SWATH_ANONYMOUS: 'false', SWATH_DEADLINE_MS: '2500' })
  service.bucket.setFault(({ headers }) =>
    valid === undefined || headers.authorization === `Bearer ${valid}`
      ? undefined
      : { kind: 'status', status: 401 },
  )
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await service.close()
  await tokens.close()
  await folder.remove()
})

test.for<readonly [string, string]>([
  ['invalid_grant', 'Token has been expired or revoked.'],
  [
    'invalid_grant',
    'Invalid JWT: Token must be a short-lived token; check your iat and exp values and the clock.',
  ],
])(
  'a login that is refused, %s: %s, is told with the way out, and nothing is asked without it',
  async ([error, description]) => {
    const { url, bucket } = service
    tokens.setAnswer(() => ({ status: 400, error, description }))
    for (const path of [AREA, '/readyz']) {
      const answer = await told(url + path)
      expect([path, answer.status]).toEqual([path, 502])
      expect(answer.detail).toMatch(WAY_OUT)
      expect(answer.detail).toContain(error)
      expect(answer.detail).toContain(description)
    }
    expect(bucket.stats()).toMatchObject({ list: 0, read: 0 })
    expect(
      await metric(url, 'swath_io_errors_total{kind="storage_list",by="gcs",code="upstream-failed"}'),
    ).toBe(2)

    tokens.setAnswer((n) => ({ token: `token-${n}` }))
    await wellAgain(url)
    expect((await told(url + AREA)).status).toBe(200)
  },
)

test('a login server that hangs is late, in bounded time', async () => {
  tokens.setAnswer(() => 'hang')
  const answer = await told(service.url + AREA)
  expect(answer.status).toBe(504)
  expect(answer.ms).toBeLessThan(2500 + SLACK_MS)
})

test('a token that is refused before its time is asked for anew, once, and nobody notices', async () => {
  const { url, bucket } = service
  valid = 'token-1'
  expect((await told(`${url}${AREA}&limit=2`)).status).toBe(200)
  expect([tokens.asked(), bucket.stats().list]).toEqual([1, 2])
  valid = 'token-2'
  expect((await told(url + AREA)).status).toBe(200)
  expect(tokens.asked()).toBe(2)
  // Two of the nine were remembered; the first of the others was asked for twice.
  expect(bucket.stats().list).toBe(2 + 7 + 1)
})

test('a bucket that refuses every token is asked twice a call, and told of with the way out', async () => {
  const { url, bucket } = service
  valid = 'none of them'
  const answer = await told(`${url}${AREA}&limit=1`)
  expect([answer.status, bucket.stats().list, tokens.asked()]).toEqual([502, 2, 2])
  expect(answer.detail).toMatch(/access was denied \(status 401\)/)
  expect(answer.detail).toMatch(WAY_OUT)
  for (let n = 0; n < 20; n++) await told(`${url}${AREA}&limit=1`)
  expect(bucket.stats().list).toBeLessThanOrEqual(10 + 11 + 3)
  expect(tokens.asked()).toBeLessThanOrEqual(1 + 11)
  valid = undefined
  await wellAgain(url)
  expect((await told(url + AREA)).status).toBe(200)
})

test('tokens that are over as soon as they come, by a clock that is wrong, cost one more call each and no answer', async () => {
  const { url, bucket } = service
  tokens.setAnswer((n) => ({ token: `token-${n}`, expiresIn: 0 }))
  const answer = await told(url + AREA)
  expect(answer.status).toBe(200)
  expect(answer.ms).toBeLessThan(LONG_MS)
  expect(tokens.asked()).toBeLessThanOrEqual(bucket.stats().list + 1)
})

test('BigQuery, too, is asked with a new token once where one is refused, and told of where that one is', async () => {
  const bigquery = await startBigQueryServer({ tables: { [TABLE]: { csv: [join(SAMPLE, 'index.csv')] } } })
  const over = await serveSample({
    SWATH_CATALOG: 'bigquery',
    SWATH_BIGQUERY_ENDPOINT: bigquery.url,
    SWATH_GOOGLE_PROJECT: 'swath-test',
    SWATH_ANONYMOUS: 'false',
  })
  try {
    const path = '/stac/search?bbox=11,54,15,57'
    for (const token of ['token-1', 'token-2']) {
      bigquery.setFault({ kind: 'tokens', valid: token })
      expect((await told(over.url + path)).status).toBe(200)
    }
    expect(tokens.asked()).toBe(2)
    bigquery.setFault({ kind: 'tokens', valid: 'none of them' })
    const calls = bigquery.calls().length
    const answer = await told(over.url + path)
    expect([answer.status, bigquery.calls().length - calls, tokens.asked()]).toEqual([502, 2, 3])
    expect(answer.detail).toMatch(/access was denied to the project swath-test/)
    expect(answer.detail).toMatch(WAY_OUT)
  } finally {
    await over.close()
    await bigquery.close()
  }
})
