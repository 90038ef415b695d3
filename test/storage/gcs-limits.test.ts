import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { allNames, failsWith } from '../contracts/storage.ts'
import type { Mishap } from '../stand-ins/storage-faults.ts'
import { CONTENT, gcsSetting, NAMES, RANGE, status, took } from './gcs-setting.ts'

const { server, open, list, read, always } = gcsSetting()

describe('what is tried again', () => {
  test.each<[string, Mishap]>([
    ['status 408', status(408)],
    ['status 429', status(429)],
    ['status 500', status(500)],
    ['status 503', status(503)],
    ['a rate limit in the clothes of a 403', status(403, { reason: 'userRateLimitExceeded' })],
    ['a reset', { kind: 'reset' }],
    ['a body cut short', { kind: 'truncate' }],
  ])('%s, twice, is got over', async (_, mishap) => {
    server().setFault([mishap, mishap])
    expect(await list()).toEqual(NAMES)
    server().setFault([mishap, mishap])
    expect(await read()).toEqual(CONTENT.slice(RANGE.first, RANGE.last + 1))
    expect(server().stats()).toMatchObject({ list: 3, read: 3 })
  })

  test('three tries and no more', async () => {
    always(status(503))
    await failsWith('upstream-failed', list)
    expect(server().stats().list).toBe(3)
  })

  test('the waits between tries are drawn from all of a span that doubles', async () => {
    for (const [lot, least, most] of [
      [0, 0, 150],
      [0.999, 740, 1000],
    ] as const) {
      vi.spyOn(Math, 'random').mockReturnValue(lot)
      server().setFault([status(503), status(503)])
      const ms = await took(list)
      expect(ms).toBeGreaterThanOrEqual(least)
      expect(ms).toBeLessThan(most)
    }
  })

  test.each<[number]>([[400], [401], [403], [404], [412], [416], [302]])('status %i is not', async (code) => {
    always(status(code))
    await list().catch(() => undefined)
    await read().catch(() => undefined)
    expect(server().stats()).toMatchObject({ list: 1, read: 1 })
  })

  test('Retry-After is waited for, in seconds and as a date', async () => {
    server().setFault([status(503, { retryAfter: '1' })])
    expect(await took(list)).toBeGreaterThanOrEqual(990)
    server().setFault([status(429, { retryAfter: new Date(Date.now() + 2000).toUTCString() })])
    expect(await took(read)).toBeGreaterThanOrEqual(900)
  })

  test('a Retry-After past the deadline ends the call at once and is handed on', async () => {
    always(status(429, { retryAfter: '60' }))
    const ms = await took(async () => {
      expect((await failsWith('upstream-busy', list)).retryAfter).toBe(60)
    })
    expect(ms).toBeLessThan(500)
    expect(server().stats().list).toBe(1)
    always(status(503, { retryAfter: new Date(Date.now() + 90_000).toUTCString() }))
    const { retryAfter = 0 } = await failsWith('upstream-failed', read)
    expect(retryAfter).toBeGreaterThan(80)
    expect(retryAfter).toBeLessThanOrEqual(91)
  })

  test('a Retry-After that is none is passed over', async () => {
    server().setFault([status(503, { retryAfter: 'soon' }), status(503, { retryAfter: '-5' })])
    expect(await took(list)).toBeLessThan(900)
  })
})

describe('the deadline', () => {
  const deadlineMs = 200

  test.each<[string, Mishap]>([
    ['a server that never answers', { kind: 'hang' }],
    ['a body that never ends', { kind: 'hang-in-body' }],
    ['a body that takes too long', { kind: 'drip', pieces: 100, pauseMs: 50 }],
  ])('%s is given up at the deadline, and its connection with it', async (_, mishap) => {
    always(mishap)
    for (const use of [list, read]) {
      const ms = await took(async () => {
        const { message } = await failsWith('upstream-late', () => use({ deadlineMs }))
        expect(message).toContain('SWATH_DEADLINE_MS')
      })
      expect(ms).toBeGreaterThan(deadlineMs - 20)
      expect(ms).toBeLessThan(deadlineMs + 300)
    }
    await expect.poll(() => server().stats().inFlight).toBe(0)
  })

  test('it holds for all tries together', async () => {
    server().setFault((asked) => (asked.count === 1 ? status(503) : { kind: 'hang' }))
    const ms = await took(() => failsWith('upstream-late', () => list({ deadlineMs: 700 })))
    expect(ms).toBeLessThan(1000)
    expect(server().stats().list).toBe(2)
  })

  test('it starts anew with each page', async () => {
    server().setFault(() => ({ kind: 'drip', pieces: 2, pauseMs: 120 }))
    expect(await allNames(open({ deadlineMs: 450 }), 'many/')).toHaveLength(2500)
  })
})

describe('a caller who leaves', () => {
  test.each<[string, Mishap]>([
    ['before the headers', { kind: 'hang' }],
    ['in the body', { kind: 'hang-in-body' }],
    ['in the wait between two tries', status(503, { retryAfter: '3' })],
  ])('%s ends the call at once, as cancelled', async (_, mishap) => {
    always(mishap)
    for (const start of [
      (signal: AbortSignal) => allNames(open(), 'many/', { signal }),
      (signal: AbortSignal) => open().read('large.bin', RANGE, signal),
    ]) {
      const leaving = new AbortController()
      setTimeout(() => leaving.abort(), 60)
      const ms = await took(() => failsWith('cancelled', () => start(leaving.signal)))
      expect(ms).toBeLessThan(400)
    }
    await expect.poll(() => server().stats().inFlight).toBe(0)
  })

  test('nothing is asked for one who has left already', async () => {
    const signal = AbortSignal.abort()
    await failsWith('cancelled', () => allNames(open(), 'many/', { signal }))
    expect(server().stats().list).toBe(0)
  })

  test('a thousand calls with one signal leave no listener on it', async () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 20; n++) {
      await Promise.all(Array.from({ length: 50 }, () => allNames(open(), 'many/0000', { signal })))
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
