import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { gathered } from '../../src/http/stream.ts'

test('pieces that wait for nothing come as one, to some length', async () => {
  async function* pieces() {
    for (let i = 0; i < 100; i++) yield 'x'.repeat(1000)
  }
  const made = await Array.fromAsync(gathered(pieces()))
  expect(made.join('')).toHaveLength(100_000)
  expect(made.length).toBeLessThan(50)
  for (const piece of made) expect(piece.length).toBeLessThanOrEqual(33_768)
})

test('a piece that has to wait holds none back', async () => {
  const waits = Promise.withResolvers<void>()
  async function* pieces() {
    yield 'a'
    yield 'b'
    await waits.promise
    yield 'c'
  }
  const made = gathered(pieces())
  expect(await made.next()).toEqual({ done: false, value: 'ab' })
  waits.resolve()
  expect(await made.next()).toEqual({ done: false, value: 'c' })
  expect(await made.next()).toEqual({ done: true, value: undefined })
})

test('what there is before a failure is given out, and then it fails', async () => {
  async function* pieces() {
    yield 'a'
    yield 'b'
    throw new Error('away')
  }
  const made = gathered(pieces())
  expect(await made.next()).toEqual({ done: false, value: 'ab' })
  await expect(made.next()).rejects.toThrow('away')
})

test('a failure while nobody reads is told to whoever reads next, and ends nothing else', async () => {
  async function* pieces() {
    yield 'x'.repeat(20_000)
    yield 'x'.repeat(20_000)
    await sleep(5)
    throw new Error('away')
  }
  const made = gathered(pieces())
  expect((await made.next()).value).toHaveLength(40_000)
  // Long enough for an unhandled rejection to be one.
  await sleep(50)
  await expect(made.next()).rejects.toThrow('away')
})

test('who leaves early ends the pieces', async () => {
  let ended = 0
  async function* pieces() {
    try {
      yield 'a'
      await sleep(5)
      yield 'b'
      yield 'c'
    } finally {
      ended++
    }
  }
  const made = gathered(pieces())
  await made.next()
  await made.return(undefined)
  await sleep(20)
  expect(ended).toBe(1)
})
