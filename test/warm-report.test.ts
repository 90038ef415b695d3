import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Cost, Sampling } from '../src/colour/port.ts'
import { tallyWarmUp } from '../src/warm-report.ts'
import type { WarmStep } from '../src/warm-up.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from './store/colour-samples.ts'

const FREE: Cost = { listMs: 0, readMs: 0, reads: 0, bytes: 0, decodeMs: 0, cpuMs: 0, storeMs: 0 }
const done = (cost: Partial<Cost>): WarmStep => {
  return { granule: granuleOf(1), outcome: 'done', colour: colourOfNumber(1), cost: { ...FREE, ...cost } }
}

async function figuresOf(steps: readonly WarmStep[], sampling: Sampling = STRIDE_16, searchMs = 0) {
  const tally = tallyWarmUp({ sampling, threads: 2, granulesInFlight: 8 })
  for (const step of steps) tally.count(step)
  tally.searched(searchMs)
  await sleep(20)
  return tally.figures()
}

describe('the figures of a warm-up', () => {
  test('add up what the colours cost, of those that could not be stored, too', async () => {
    const cost = { listMs: 1, readMs: 2, reads: 3, bytes: 4, decodeMs: 5, cpuMs: 6, storeMs: 7 }
    const failed = { granule: granuleOf(2), outcome: 'failed', reason: 'It is.' } as const
    const figures = await figuresOf([
      done(cost),
      { ...failed, cost },
      { ...failed, cost: undefined },
      { granule: granuleOf(3), outcome: 'cached', colour: colourOfNumber(3) },
    ])
    expect(figures).toMatchObject({
      done: 1,
      cached: 1,
      failed: 2,
      stages: {
        search: { ms: 0 },
        list: { ms: 2 },
        read: { ms: 4, reads: 6, bytes: 8 },
        decode: { ms: 10, cpu_ms: 12 },
        store: { ms: 14 },
      },
      threads: 2,
      granules_in_flight: 8,
    })
    expect(figures.seconds).toBeGreaterThan(0.015)
    expect(figures.granules_per_second).toBeCloseTo(1 / figures.seconds, -1)
  })

  test('name decoding where its threads were busy, however long the rest took', async () => {
    const { bound_by } = await figuresOf([done({ readMs: 1e9, decodeMs: 1e6 })])
    expect(bound_by).toBe('decode')
  })

  test('name the search where most of the time was spent in waiting for pages', async () => {
    const { bound_by } = await figuresOf([done({ readMs: 1 })], STRIDE_16, 1e6)
    expect(bound_by).toBe('search')
  })

  test('name what a granule spent most of its time in, bands side by side counting once', async () => {
    expect((await figuresOf([done({ listMs: 3, readMs: 8 })])).bound_by).toBe('list')
    expect((await figuresOf([done({ listMs: 3, readMs: 8 })], { source: 'preview' })).bound_by).toBe('read')
    expect((await figuresOf([done({ listMs: 3, readMs: 10, decodeMs: 2 })])).bound_by).toBe('read')
    expect((await figuresOf([done({ listMs: 3, readMs: 3, storeMs: 4 })])).bound_by).toBe('store')
  })

  test('name nothing where no colour was made', async () => {
    const cached: WarmStep = { granule: granuleOf(3), outcome: 'cached', colour: colourOfNumber(3) }
    const { bound_by, granules_per_second } = await figuresOf([cached])
    expect([bound_by, granules_per_second]).toEqual([null, 0])
  })
})
