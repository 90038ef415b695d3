import { expect, test } from 'vitest'
import { areaThread } from '../../src/ground/area-thread.ts'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'

const circle = (corners: number) =>
  JSON.stringify({
    type: 'Polygon',
    coordinates: [
      Array.from({ length: corners + 1 }, (_, i) => {
        const turn = ((i % corners) / corners) * 2 * Math.PI
        return [12 + 3 * Math.cos(turn), 55 + 2 * Math.sin(turn)]
      }),
    ],
  })
const { signal } = new AbortController()

test.for([
  ['a short one', circle(8)],
  ['a long one', circle(5000)],
  ['a short wrong one', '{'],
  ['a long wrong one', `[${' '.repeat(30_000)}]`],
] as const)('%s is read as it is where nothing waits', async ([, text]) => {
  expect(await areaThread().read(text, signal)).toEqual(areaOfGeoJson(text))
})

test('others go on while a long one is read', async () => {
  const { read } = areaThread()
  await read(circle(2000), signal)
  let ended = false
  let turns = 0
  const reading = read(circle(45_000), signal).then(() => {
    ended = true
  })
  let longest = 0
  for (let before = performance.now(); !ended; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    const now = performance.now()
    longest = Math.max(longest, now - before)
    before = now
  }
  await reading
  expect(turns).toBeGreaterThan(10)
  expect(longest).toBeLessThan(200)
})

test('an asker who leaves is answered as such, and too many at once are sent away', async () => {
  const { read } = areaThread()
  const leaving = new AbortController()
  const left = read(circle(20_000), leaving.signal)
  leaving.abort()
  await expect(left).rejects.toMatchObject({ code: 'cancelled' })
  const many = await Promise.allSettled(Array.from({ length: 12 }, () => read(circle(3000), signal)))
  const codes = many.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  expect(codes.length).toBeGreaterThan(0)
  expect(codes.every((code) => code === 'upstream-busy')).toBe(true)
  expect(typeof (await read(circle(3000), signal))).toBe('object')
})

test('a thread that is ended cancels what it reads, and takes no more', async () => {
  const { read, close } = areaThread()
  const reading = read(circle(40_000), signal)
  const failed = expect(reading).rejects.toMatchObject({ code: 'cancelled' })
  await close()
  await failed
  await expect(read(circle(3000), signal)).rejects.toMatchObject({ code: 'cancelled' })
  await areaThread().close()
})
