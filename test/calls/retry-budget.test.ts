import { expect, test } from 'vitest'
import { withAttempts } from '../../src/calls/attempts.ts'
import { retryBudget } from '../../src/calls/retry-budget.ts'

test('few calls may all be tried again, a storm of failures makes a tenth more calls', async () => {
  const budget = retryBudget()
  let tries = 0
  const failing = () =>
    withAttempts(
      { deadlineMs: 60_000, budget },
      () => ({ notBeforeMs: 0 }),
      async () => {
        tries++
        throw new Error('busy')
      },
    ).catch(() => {})
  for (let n = 0; n < 5; n++) await failing()
  expect(tries).toBe(15)
  await Promise.all(Array.from({ length: 995 }, failing))
  expect(tries).toBeLessThanOrEqual(1000 + 10 + 100)
  expect(tries).toBeGreaterThan(1010)
  expect(budget.state().retried).toBe(tries - 1000)
})

test('what is not tried again fails with its own failure', async () => {
  const budget = retryBudget({ reserve: 0 })
  const failing = withAttempts(
    { deadlineMs: 1000, budget },
    () => ({ notBeforeMs: 0 }),
    async () => Promise.reject(new Error('once')),
  )
  await expect(failing).rejects.toThrow('once')
  expect(budget.state()).toEqual({ retried: 0, spared: 1 })
})
