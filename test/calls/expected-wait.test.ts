import { expect, test, vi } from 'vitest'
import { expectedWait } from '../../src/calls/expected-wait.ts'
import { takeTurns } from '../../src/calls/turns.ts'
import { messageOf } from '../../src/errors.ts'

const WAIT = { what: 'colours', slots: 8, mostMs: 30_000, usualMs: 1000, memory: 16 }

test('who would wait for too long is told so, and when to come back', () => {
  const wait = expectedWait(WAIT)
  wait.refuse(240)
  expect(() => wait.refuse(241)).toThrow(expect.objectContaining({ code: 'overloaded', retryAfter: 31 }))
  expect(messageOf(thrownBy(() => wait.refuse(241)))).toContain('(colours: 241) takes some 31 s')
})

test('works that take longer of late let fewer wait, and quick ones more', () => {
  const wait = expectedWait(WAIT)
  for (let n = 0; n < 200; n++) wait.took(10_000)
  wait.refuse(23)
  expect(() => wait.refuse(25)).toThrow(expect.objectContaining({ code: 'overloaded' }))
  for (let n = 0; n < 200; n++) wait.took(10)
  wait.refuse(20_000)
})

test('what works took an hour ago refuses nobody', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const wait = expectedWait(WAIT)
    for (let n = 0; n < 200; n++) wait.took(60_000)
    expect(() => wait.refuse(8)).toThrow(expect.objectContaining({ code: 'overloaded' }))
    vi.advanceTimersByTime(3_600_000)
    wait.refuse(240)
    expect(() => wait.refuse(241)).toThrow(expect.objectContaining({ code: 'overloaded' }))
  } finally {
    vi.useRealTimers()
  }
})

test('nobody is told to come back later than in a minute', () => {
  const wait = expectedWait(WAIT)
  expect(() => wait.refuse(1_000_000)).toThrow(expect.objectContaining({ retryAfter: 60 }))
})

test('a newcomer waits for a turn of each other client, not for all that a heavy one has waiting', async () => {
  const turns = takeTurns(1)
  const { promise, resolve } = Promise.withResolvers<void>()
  const heavy = turns.lane('heavy')
  const all = Array.from({ length: 51 }, () => heavy.run(() => promise))
  expect(turns.lane('other').ahead()).toBe(1)
  expect(turns.lane('heavy').ahead()).toBe(50)
  resolve()
  await Promise.all(all)
  expect(turns.lane('other').ahead()).toBe(0)
})

function thrownBy(work: () => void): unknown {
  try {
    work()
  } catch (thrown) {
    return thrown
  }
  return undefined
}
