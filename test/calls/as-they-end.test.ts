import { describe, expect, test } from 'vitest'
import { asTheyEnd } from '../../src/calls/as-they-end.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

async function* counting(until: number, asked: number[] = []): AsyncGenerator<number, void, undefined> {
  for (let n = 0; n < until; n++) {
    asked.push(n)
    yield n
  }
}

/** Works that end when they are told to. */
function heldWorks() {
  const held = new Map<number, { end: () => void; fail: (thrown: Error) => void }>()
  const work = (n: number) =>
    new Promise<number>((resolve, reject) => held.set(n, { end: () => resolve(n), fail: reject }))
  return { held, work }
}

describe('works on items', () => {
  test('give their results in the order in which they end', async () => {
    const { held, work } = heldWorks()
    const results = Array.fromAsync(asTheyEnd(counting(3), 3, work))
    for (const n of [1, 2, 0]) {
      await settle()
      held.get(n)?.end()
    }
    expect(await results).toEqual([1, 2, 0])
  })

  test('are never more at once than they may be, and all of them end', async () => {
    let [now, most] = [0, 0]
    const work = async (n: number) => {
      most = Math.max(most, ++now)
      for (let i = 0; i < n % 5; i++) await settle()
      now--
      return n
    }
    const results = await Array.fromAsync(asTheyEnd(counting(40), 4, work))
    expect(results.toSorted((a, b) => a - b)).toEqual(await Array.fromAsync(counting(40)))
    expect(most).toBe(4)
  })

  test('are asked for one ahead, and not begun, while the reader is busy elsewhere', async () => {
    const asked: number[] = []
    const begun: number[] = []
    const results = asTheyEnd(counting(100, asked), 2, async (n) => {
      begun.push(n)
      return n
    })
    await results.next()
    for (let i = 0; i < 10; i++) await settle()
    expect(begun.length).toBeLessThanOrEqual(2)
    expect(asked.length).toBe(begun.length + 1)
    await results.return()
  })

  test('go on while the next item is waited for', async () => {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    async function* slow() {
      yield 0
      await late
      yield 1
    }
    const results = asTheyEnd(slow(), 2, async (n) => n)
    expect((await results.next()).value).toBe(0)
    resolve()
    expect((await results.next()).value).toBe(1)
    expect((await results.next()).done).toBe(true)
  })

  test('end the whole at once where one of them throws', async () => {
    const { held, work } = heldWorks()
    const results = Array.fromAsync(asTheyEnd(counting(5), 2, work))
    await settle()
    held.get(1)?.fail(new Error('broken'))
    await expect(results).rejects.toThrow('broken')
    held.get(0)?.fail(new Error('nobody asks any more'))
    expect(held.size).toBe(2)
  })

  test('under way give their results first where no further items can be had', async () => {
    async function* breaking() {
      yield 0
      yield 1
      throw new Error('no more pages')
    }
    const { held, work } = heldWorks()
    const results = asTheyEnd(breaking(), 3, work)
    const first = results.next()
    await settle()
    held.get(1)?.end()
    expect((await first).value).toBe(1)
    held.get(0)?.end()
    expect((await results.next()).value).toBe(0)
    await expect(results.next()).rejects.toThrow('no more pages')
  })

  test('leave nothing open where the reader stops', async () => {
    let closed = false
    async function* items() {
      try {
        yield* counting(10)
      } finally {
        closed = true
      }
    }
    for await (const _ of asTheyEnd(items(), 1, async (n) => n)) break
    await settle()
    expect(closed).toBe(true)
  })
})
