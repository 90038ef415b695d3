import { expect, test } from 'vitest'
import { keptWithin } from '../../src/ground/kept.ts'

test('what is kept is not made again, and never takes more bytes than it may', () => {
  const made: number[] = []
  const kept = keptWithin<number, number>(10, (bytes) => bytes)
  const ask = (size: number) =>
    kept.of(size, () => {
      made.push(size)
      return size
    })
  for (const size of [3, 4, 3, 4]) ask(size)
  expect(made).toEqual([3, 4])
  // 3 + 4 + 5 is too much: the 3 goes, the 4 stays.
  for (const size of [5, 4, 5, 3]) ask(size)
  expect(made).toEqual([3, 4, 5, 3])
})

test('what is larger than all that may be kept takes the place of all', () => {
  let made = 0
  const kept = keptWithin<string, number>(10, (bytes) => bytes)
  const ask = (key: string, bytes: number) =>
    kept.of(key, () => {
      made++
      return bytes
    })
  expect([ask('small', 1), ask('large', 99), ask('large', 99), made]).toEqual([1, 99, 99, 2])
  ask('small', 1)
  expect(made).toBe(3)
})

test('nothing is a value, too', () => {
  let made = 0
  const kept = keptWithin<string, undefined>(10, () => 1)
  for (let i = 0; i < 3; i++) kept.of('none', () => void made++)
  expect(made).toBe(1)
})
