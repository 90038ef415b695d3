import { expect, test } from 'vitest'
import { shareFlights } from '../../src/calls/flights.ts'

test('askers for the same share one flight, others have their own, and the next asker starts anew', async () => {
  const flights = shareFlights<number>()
  let count = 0
  const takeOff = async () => ++count
  const together = [flights.join('a', takeOff), flights.join('a', takeOff), flights.join('b', takeOff)]
  expect(await Promise.all(together)).toEqual([1, 1, 2])
  expect(await flights.join('a', takeOff)).toBe(3)
})

test('an asker who leaves is told at once, and the flight goes on for the others', async () => {
  const flights = shareFlights<string>()
  const { promise, resolve } = Promise.withResolvers<string>()
  const asker = new AbortController()
  const left = flights.join('a', () => promise, asker.signal)
  const stayed = flights.join('a', () => Promise.reject(new Error('a second flight')))
  asker.abort()
  await expect(left).rejects.toMatchObject({ name: 'Fault', code: 'cancelled' })
  resolve('landed')
  expect(await stayed).toBe('landed')
})

test('each asker hears of a failure, which nobody keeps', async () => {
  const flights = shareFlights<string>()
  const fail = async () => Promise.reject(new Error('lost'))
  const asked = await Promise.allSettled([flights.join('a', fail), flights.join('a', fail)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await flights.join('a', async () => 'landed')).toBe('landed')
})

test('a flight that fails when all have left breaks nothing', async () => {
  const flights = shareFlights<string>()
  const { promise, reject } = Promise.withResolvers<string>()
  const asker = new AbortController()
  const left = flights.join('a', () => promise, asker.signal)
  asker.abort()
  await expect(left).rejects.toMatchObject({ code: 'cancelled' })
  reject(new Error('nobody hears of it'))
  // An unhandled rejection would end the run here.
  await new Promise((resolve) => setImmediate(resolve))
  expect(await flights.join('a', async () => 'landed')).toBe('landed')
})
