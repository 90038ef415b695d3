import { afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { swath } from '../cli/swath.ts'
import type { Mishap } from '../stand-ins/storage-faults.ts'
import { type Faulty, readToEnd, serveSample } from './upstream.ts'

/* The command line over a bucket that fails: what it prints, what it exits with, and that it goes on afterwards. */

const AREA = ['area', '--bbox', '11,54,15,57', '--format', 'uris']
const WARM = ['warm', '--bbox', '11,54,15,57', '--limit', '3', '-n', '3']
const SECOND = 'L1C_T33VUC_A048496_20241004T100814'
const AWAY: Mishap = { kind: 'status', status: 503 }

let whole: string
beforeAll(async () => {
  const service = await serveSample()
  whole = (await readToEnd(`${service.url}/area?bbox=11,54,15,57&format=uris`)).text
  await service.close()
})

let service: Faulty
afterEach(() => service.close())

test('swath area of a bucket that is away prints nothing but a sentence, and exits with 1', async () => {
  service = await serveSample()
  service.bucket.setFault(() => AWAY)
  const { code, stdout, stderr } = await swath(AREA, service.env)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^swath: Cloud Storage failed at listing "tiles\/.*status 503.*[Tt]ry again.*\n$/)
})

test('swath area that breaks off midway leaves complete lines and a sentence, and lists all afterwards', async () => {
  service = await serveSample()
  service.bucket.setFault(({ url }) => (url.includes('A015792') ? { kind: 'truncate' } : undefined))
  const { code, stdout, stderr } = await swath(AREA, service.env)
  expect(code).toBe(3)
  expect(stdout).toMatch(/\n$/)
  expect(stdout.length).toBeGreaterThan(100)
  expect(whole.startsWith(stdout)).toBe(true)
  expect(stderr).toMatch(/^swath: Cloud Storage failed at listing .*the connection broke.*Try again.*\n$/)
  service.bucket.setFault(undefined)
  expect(await swath(AREA, service.env)).toMatchObject({ code: 0, stdout: whole })
})

const line = z.object({
  granule_id: z.string(),
  outcome: z.string(),
  colour: z.string().nullable(),
  reason: z.string().nullable(),
})
const linesOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((text) => line.parse(JSON.parse(text)))

test('swath warm tells of the one granule that failed, exits with 3, and makes that one alone the next time', async () => {
  service = await serveSample()
  service.bucket.setFault(({ kind, url }) => (kind === 'read' && url.includes(SECOND) ? AWAY : undefined))
  const some = await swath(WARM, service.env)
  expect(some.code).toBe(3)
  const failed = linesOf(some.stdout).filter(({ outcome }) => outcome === 'failed')
  expect(failed).toMatchObject([
    { granule_id: SECOND, colour: null, reason: expect.stringMatching(/status 503/) },
  ])
  expect(some.stderr).toMatch(/2 done, 0 cached, 1 failed/)
  service.bucket.setFault(undefined)
  const rest = await swath(WARM, service.env)
  expect([
    rest.code,
    linesOf(rest.stdout)
      .map(({ outcome }) => outcome)
      .sort(),
  ]).toEqual([0, ['cached', 'cached', 'done']])
})

test('swath warm of a bucket that is away makes nothing, says why, and exits with 1', async () => {
  service = await serveSample()
  service.bucket.setFault(() => AWAY)
  const none = await swath(WARM, service.env)
  expect(none.code).toBe(1)
  expect(linesOf(none.stdout).every(({ outcome, colour }) => outcome === 'failed' && colour === null)).toBe(
    true,
  )
  expect(none.stderr).toMatch(/0 done, 0 cached, 3 failed/)
  expect(none.stderr).toMatch(/Cloud Storage failed at listing .*status 503/)
})
