import { expect, test } from 'vitest'
import { roomOf } from '../../src/ground/kept.ts'

test('what is kept is not made again, and never takes more bytes than it may', () => {
  const made: number[] = []
  const kept = roomOf(10).kept<number, number>((bytes) => bytes)
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
  const kept = roomOf(10).kept<string, number>((bytes) => bytes)
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
  const kept = roomOf(10).kept<string, undefined>(() => 1)
  for (let i = 0; i < 3; i++) kept.of('none', () => void made++)
  expect(made).toBe(1)
})

test('several share a room: what is kept in one of them makes way for the other', () => {
  const room = roomOf(10)
  const [one, other] = [room.kept<string, number>(Number), room.kept<string, number>(Number)]
  const made: string[] = []
  const ask = (of: typeof one, key: string, bytes: number) =>
    of.of(key, () => {
      made.push(key)
      return bytes
    })
  ask(one, 'first', 6)
  ask(other, 'second', 4)
  ask(one, 'first', 6)
  ask(other, 'third', 5)
  ask(other, 'second', 4)
  ask(one, 'first', 6)
  expect(made).toEqual(['first', 'second', 'third', 'first'])
})
