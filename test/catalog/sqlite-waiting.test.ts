import { expect, test } from 'vitest'
import { waitInTurn } from '../../src/catalog/sqlite-waiting.ts'

const work = (name: string) => ({ name })
const namesOf = (works: readonly { readonly name: string }[]) => works.map(({ name }) => name).join(' ')

/** Works that wait: three of one asker, then one of each of two others. */
function crowd() {
  const waiting = waitInTurn<{ readonly name: string }>()
  const [greedy, late, last] = [waiting.queue(), waiting.queue(), waiting.queue()]
  for (const name of ['g1', 'g2', 'g3']) greedy.add(work(name))
  late.add(work('l1'))
  last.add(work('x1'))
  return { waiting, greedy }
}

test('works are taken of each asker in turn, and of one in the order in which they came', () => {
  const { waiting } = crowd()
  expect(namesOf(waiting.take(10))).toBe('g1 l1 x1 g2 g3')
  expect(waiting.size()).toBe(0)
  expect(waiting.take(1)).toEqual([])
})

test('no more are taken than asked for, and the next turn is that of who waits longest', () => {
  const { waiting } = crowd()
  expect(namesOf(waiting.take(2))).toBe('g1 l1')
  expect(waiting.size()).toBe(3)
  expect(namesOf(waiting.take(2))).toBe('x1 g2')
})

test('works that are put back come first again, in the order in which they were taken', () => {
  const { waiting, greedy } = crowd()
  const taken = waiting.take(4)
  expect(namesOf(taken)).toBe('g1 l1 x1 g2')
  waiting.putBack(taken.slice(1))
  greedy.add(work('g4'))
  expect(waiting.size()).toBe(5)
  expect(namesOf(waiting.take(10))).toBe('l1 x1 g2 g3 g4')
})

test('a work whose asker left is not taken', () => {
  const waiting = waitInTurn<{ readonly name: string }>()
  const queue = waiting.queue()
  const [first, second] = [work('a'), work('b')]
  queue.add(first)
  queue.add(second)
  queue.remove(first)
  queue.remove(first)
  expect(waiting.size()).toBe(1)
  expect(waiting.take(5)).toEqual([second])
})
