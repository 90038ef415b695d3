import { expect, test } from 'vitest'
import { waitInTurn } from '../../src/calls/waiting.ts'

const work = (name: string) => ({ name })
const namesOf = (works: readonly { readonly name: string }[]) => works.map(({ name }) => name).join(' ')

/** Works that wait: three of one asker, then one of each of two others. */
function crowd() {
  const waiting = waitInTurn<{ readonly name: string }>()
  const [greedy, late, last] = [waiting.place(), waiting.place(), waiting.place()]
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
  const place = waiting.place()
  const [first, second] = [work('a'), work('b')]
  place.add(first)
  place.add(second)
  place.remove(first)
  place.remove(first)
  expect(waiting.size()).toBe(1)
  expect(waiting.take(5)).toEqual([second])
})

test('turns go round clients first, then round the places of a client', () => {
  const waiting = waitInTurn<{ readonly name: string }>()
  const places = ['a', 'a', 'a', 'b'].map((client) => waiting.place(client))
  for (const [n, place] of places.entries()) {
    place.add(work(`${n}.1`))
    place.add(work(`${n}.2`))
  }
  expect(namesOf(waiting.take(8))).toBe('0.1 3.1 1.1 3.2 2.1 0.2 1.2 2.2')
})

test('who comes new goes before the client that has just had its turn, and no crowd of newcomers keeps it out', () => {
  const waiting = waitInTurn<{ readonly name: string }>()
  const heavy = waiting.place('heavy')
  for (let n = 0; n < 10; n++) heavy.add(work(`h${n}`))
  waiting.take(1)
  for (let n = 0; n < 3; n++) waiting.place(`new ${n}`).add(work(`n${n}`))
  expect(namesOf(waiting.take(5))).toBe('n0 h1 n1 n2 h2')
})

test('beyond its bound a client is refused, beyond the whole one everybody, and both may come again', () => {
  const waiting = waitInTurn<object>({ what: 'lists', most: 5, mostOfOne: 3 })
  const [one, other] = [waiting.place('one'), waiting.place('other')]
  for (let n = 0; n < 3; n++) one.add({})
  expect(() => waiting.place('one').add({})).toThrow(
    expect.objectContaining({ code: 'too-many', retryAfter: 2, message: expect.stringContaining('3 lists') }),
  )
  other.add({})
  other.add({})
  expect(() => waiting.place('third').add({})).toThrow(expect.objectContaining({ code: 'overloaded' }))
  waiting.take(2)
  waiting.place('third').add({})
  expect(waiting.size()).toBe(4)
})
