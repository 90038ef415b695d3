import { expect, test } from 'vitest'
import { breather } from '../../src/calls/breather.ts'

/** How often others had the event loop while the work went on. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let [turns, over] = [0, false]
  const turn = () => {
    turns++
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  over = true
  return turns
}

test('long work lets others have the event loop after every so many parts', async () => {
  const breathe = breather(10)
  const turns = await turnsDuring(async () => {
    for (let n = 0; n < 1000; n++) await breathe()
  })
  expect(turns).toBeGreaterThanOrEqual(99)
})

test('works side by side pause together', async () => {
  const breathe = breather(10)
  const one = async () => {
    for (let n = 0; n < 100; n++) await breathe()
  }
  const turns = await turnsDuring(() => Promise.all(Array.from({ length: 10 }, one)))
  expect(turns).toBeGreaterThanOrEqual(40)
})
