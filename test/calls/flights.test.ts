import { describe, expect, test } from 'vitest'
import { shareFlights } from '../../src/calls/flights.ts'
import { takeTurns } from '../../src/calls/turns.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))
const CANCELLED = { name: 'Fault', code: 'cancelled' }

test('askers for the same share one flight, others have their own, and the next asker starts anew', async () => {
  const flights = shareFlights<number>()
  const lane = takeTurns(9).lane()
  let count = 0
  const work = async () => ++count
  const join = (key: string) => flights.join(key, lane, work)
  expect(await Promise.all([join('a'), join('a'), join('b')])).toEqual([1, 1, 2])
  expect(await join('a')).toBe(3)
})

test('an asker who leaves is told at once, and the flight goes on for the others', async () => {
  const flights = shareFlights<string>()
  const lane = takeTurns(9).lane()
  const { promise, resolve } = Promise.withResolvers<string>()
  const asker = new AbortController()
  const left = flights.join('a', lane, () => promise, asker.signal)
  const stayed = flights.join('a', lane, () => Promise.reject(new Error('a second flight')))
  asker.abort()
  await expect(left).rejects.toMatchObject(CANCELLED)
  resolve('landed')
  expect(await stayed).toBe('landed')
})

test('each asker hears of a failure, which nobody keeps', async () => {
  const flights = shareFlights<string>()
  const lane = takeTurns(9).lane()
  const fail = async () => Promise.reject(new Error('lost'))
  const asked = await Promise.allSettled([flights.join('a', lane, fail), flights.join('a', lane, fail)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await flights.join('a', lane, async () => 'landed')).toBe('landed')
})

test('a flight that fails when all have left breaks nothing', async () => {
  const flights = shareFlights<string>()
  const lane = takeTurns(9).lane()
  const { promise, reject } = Promise.withResolvers<string>()
  const asker = new AbortController()
  const left = flights.join('a', lane, () => promise, asker.signal)
  await settle()
  asker.abort()
  await expect(left).rejects.toMatchObject(CANCELLED)
  reject(new Error('nobody hears of it'))
  // An unhandled rejection would end the run here.
  await settle()
  expect(await flights.join('a', lane, async () => 'landed')).toBe('landed')
})

test('an asker who has left already starts nothing', async () => {
  const turns = takeTurns(1)
  let begun = 0
  const work = async () => ++begun
  const asked = shareFlights<number>().join('a', turns.lane(), work, AbortSignal.abort())
  await expect(asked).rejects.toMatchObject(CANCELLED)
  await settle()
  expect([begun, turns.inFlight()]).toEqual([0, 0])
})

describe('a flight that waits for its slot', () => {
  /** One slot that is taken until it is freed, and a count of the works begun after it. */
  function crowded() {
    const turns = takeTurns(1)
    const { promise, resolve } = Promise.withResolvers<void>()
    const taken = turns.lane().run(() => promise)
    const begun: string[] = []
    const work = (name: string) => async () => {
      begun.push(name)
      await settle()
      return name
    }
    const free = async () => {
      resolve()
      await taken
      for (let i = 0; i < 5; i++) await settle()
    }
    return { turns, begun, work, free, flights: shareFlights<string>() }
  }

  test('is given up when its last asker leaves', async () => {
    const { turns, begun, work, free, flights } = crowded()
    const asker = new AbortController()
    const lane = turns.lane()
    const asked = Array.from({ length: 100 }, (_, n) =>
      flights.join(`${n}`, lane, work(`${n}`), asker.signal).catch(({ code }) => code),
    )
    expect(turns.waiting()).toBe(100)
    asker.abort()
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['cancelled']))
    expect(turns.waiting()).toBe(0)
    await free()
    expect([begun, turns.inFlight()]).toEqual([[], 0])
  })

  test('waits on for those who joined, though the first one left', async () => {
    const { turns, begun, work, free, flights } = crowded()
    const [first, second] = [new AbortController(), new AbortController()]
    const left = flights.join('a', turns.lane(), work('of the first'), first.signal)
    const stayed = flights.join('a', turns.lane(), work('of the second'), second.signal)
    first.abort()
    await expect(left).rejects.toMatchObject(CANCELLED)
    expect(turns.waiting()).toBe(1)
    await free()
    expect([await stayed, begun]).toEqual(['of the first', ['of the first']])
  })

  test('is given up when the one who joined leaves after the first', async () => {
    const { turns, begun, work, free, flights } = crowded()
    const [first, second] = [new AbortController(), new AbortController()]
    const asked = [first, second].map(({ signal }) => flights.join('a', turns.lane(), work('a'), signal))
    first.abort()
    second.abort()
    const outcomes = await Promise.allSettled(asked)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(turns.waiting()).toBe(0)
    await free()
    expect(begun).toEqual([])
  })

  test('and is given up is joined by no newcomer, whenever that one comes', async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      const { turns, begun, work, free, flights } = crowded()
      const asker = new AbortController()
      const left = flights.join('a', turns.lane(), work('given up'), asker.signal)
      left.catch(() => {})
      asker.abort()
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
      const stayed = flights.join('a', turns.lane(), work('anew'))
      await expect(left).rejects.toMatchObject(CANCELLED)
      const third = flights.join('a', turns.lane(), work('a second one'))
      await free()
      // Who comes before the leaving is noticed joins a flight that then goes on.
      expect(await third).toBe(await stayed)
      expect(begun.length).toBe(1)
    }
  })

  test('goes on once it has its slot, and newcomers join it, though all have left', async () => {
    const turns = takeTurns(1)
    const flights = shareFlights<string>()
    const { promise, resolve } = Promise.withResolvers<string>()
    const asker = new AbortController()
    const left = flights.join('a', turns.lane(), () => promise, asker.signal)
    await settle()
    asker.abort()
    await expect(left).rejects.toMatchObject(CANCELLED)
    expect(turns.inFlight()).toBe(1)
    const later = flights.join('a', turns.lane(), () => Promise.reject(new Error('a second flight')))
    resolve('landed')
    expect(await later).toBe('landed')
  })
})
