import { expect, test } from 'vitest'
import { circuitBreaker } from '../../src/calls/breaker.ts'
import { cancelled, Fault } from '../../src/errors.ts'
import { failsWith } from '../contracts/storage.ts'

/** A breaker with a clock of its own, and calls that fail and fare well. */
function setting() {
  let now = 0
  const breaker = circuitBreaker('The archive', { breaksAt: 20, now: () => now })
  const failure = new Fault('upstream-failed', 'It burns.')
  let made = 0
  const call = (thrown?: Error) =>
    breaker.run(async () => {
      made++
      if (thrown) throw thrown
      return 'answer'
    })
  const fail = async (times: number) => {
    for (let n = 0; n < times; n++) await failsWith('upstream-failed', () => call(failure))
  }
  return { breaker, call, fail, failure, made: () => made, pass: (ms: number) => (now += ms) }
}

test('it opens at twenty failures that are half of the calls, and then answers at once, with when and why', async () => {
  const { breaker, call, fail, made } = setting()
  await fail(19)
  expect(breaker.state()).toEqual({ state: 'closed', opened: 0, refused: 0 })
  await fail(1)
  expect(breaker.state().state).toBe('open')
  const fault = await failsWith('upstream-busy', () => call())
  expect(fault.retryAfter).toBe(1)
  expect(fault.message).toMatch(/^The archive failed so often .* in 1 s\. The last failure was: It burns\.$/)
  expect([made(), breaker.state().refused]).toEqual([20, 1])
})

test('failures among more answers, or spread over a long time, leave it closed', async () => {
  const { breaker, call, fail, pass } = setting()
  for (let n = 0; n < 100; n++) {
    await call()
    await call()
    await fail(1)
  }
  expect(breaker.state().state).toBe('closed')
  const seldom = setting()
  for (let n = 0; n < 100; n++) {
    await seldom.fail(1)
    seldom.pass(2000)
  }
  expect(seldom.breaker.state().state).toBe('closed')
  pass(0)
})

test('one call finds out whether it is back, others do not; an answer closes it', async () => {
  const { breaker, call, fail, pass } = setting()
  await fail(20)
  pass(1000)
  expect(breaker.state().state).toBe('probing')
  const { promise, resolve } = Promise.withResolvers<string>()
  const probe = breaker.run(() => promise)
  await failsWith('upstream-busy', () => call())
  resolve('back')
  expect(await probe).toBe('back')
  expect(breaker.state().state).toBe('closed')
  await fail(19)
  expect(breaker.state().state).toBe('closed')
})

test('each probe that fails doubles the time until the next, up to thirty seconds', async () => {
  const { breaker, fail, pass, call } = setting()
  await fail(20)
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    pass(seconds * 1000 - 1)
    await failsWith('upstream-busy', () => call())
    pass(1)
    await fail(1)
  }
  expect(breaker.state().opened).toBe(8)
})

test('an upstream that says when to come back is left alone until then, thirty seconds at most', async () => {
  for (const [retryAfter, openMs] of [
    [7, 7000],
    [3600, 30_000],
  ] as const) {
    const { call, breaker, pass } = setting()
    const busy = new Fault('upstream-busy', 'Later.', { retryAfter })
    for (let n = 0; n < 20; n++) await failsWith('upstream-busy', () => call(busy))
    pass(openMs - 1)
    expect(breaker.state().state).toBe('open')
    pass(1)
    expect(breaker.state().state).toBe('probing')
  }
})

test('an asker who leaves and a question that was wrong tell nothing; a probe given up leaves room for another', async () => {
  const { breaker, call, fail, pass } = setting()
  for (let n = 0; n < 50; n++) {
    await failsWith('cancelled', () => call(cancelled()))
    await failsWith('bad-request', () => call(new Fault('bad-request', 'No.')))
  }
  await fail(20)
  expect(breaker.state().state).toBe('open')
  pass(1000)
  await failsWith('cancelled', () => call(cancelled()))
  expect(await call()).toBe('answer')
  expect(breaker.state().state).toBe('closed')
})

test('what began before it opened neither closes nor prolongs it', async () => {
  const { breaker, fail } = setting()
  const slow = Promise.withResolvers<string>()
  const begun = breaker.run(() => slow.promise)
  await fail(20)
  slow.resolve('late')
  expect(await begun).toBe('late')
  expect(breaker.state().state).toBe('open')
})
