import { expect, test } from 'vitest'
import { slidingMost } from '../../src/seeing/sliding-most.ts'

test('the largest is told for one to two minutes, however often it is asked for', () => {
  let now = 30_000
  const most = slidingMost(() => now)
  most.add(3)
  most.add(7)
  most.add(5)
  expect([most.value(), most.value()]).toEqual([7, 7])
  now = 90_000
  most.add(2)
  expect(most.value()).toBe(7)
  now = 119_999
  expect(most.value()).toBe(7)
  now = 120_000
  expect(most.value()).toBe(2)
  now = 180_000
  expect(most.value()).toBe(0)
})

test('after a long silence nothing is left', () => {
  let now = 0
  const most = slidingMost(() => now)
  most.add(9)
  now = 3_600_000
  expect(most.value()).toBe(0)
})
