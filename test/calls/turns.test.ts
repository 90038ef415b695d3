import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { takeTurns } from '../../src/calls/turns.ts'
import { failsWith } from '../contracts/storage.ts'

/** Work that ends when told to. */
function held(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    end: resolve,
    work: async () => {
      log.push(name)
      await promise
      return name
    },
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  test('no more runs than slots are under way, and all of them end', async () => {
    const turns = takeTurns(3)
    const lane = turns.lane()
    let most = 0
    const runs = Array.from({ length: 20 }, (_, n) =>
      lane.run(async () => {
        most = Math.max(most, turns.inFlight())
        await settle()
        return n
      }),
    )
    expect([turns.inFlight(), turns.waiting()]).toEqual([3, 17])
    expect(await Promise.all(runs)).toEqual(runs.map((_, n) => n))
    expect([most, turns.inFlight(), turns.waiting()]).toEqual([3, 0, 0])
  })

  test('lanes that wait take turns, and inside a lane the first come is the first served', async () => {
    const turns = takeTurns(1)
    const [a, b, c] = [turns.lane(), turns.lane(), turns.lane()]
    const order: string[] = []
    const note = (name: string) => async () => void order.push(name)
    await Promise.all([
      ...['a1', 'a2', 'a3', 'a4'].map((name) => a.run(note(name))),
      ...['b1', 'b2'].map((name) => b.run(note(name))),
      c.run(note('c1')),
    ])
    // The first of b goes before those of a, who has a turn already.
    expect(order).toEqual(['a1', 'b1', 'a2', 'c1', 'b2', 'a3', 'a4'])
  })

  test('a newcomer waits for one turn of each other lane at most, however long their queues', async () => {
    const turns = takeTurns(2)
    const log: string[] = []
    const greedy = turns.lane()
    const crowd = Array.from({ length: 1000 }, (_, n) => greedy.run(async () => void log.push(`greedy ${n}`)))
    const late = turns.lane().run(async () => void log.push('late'))
    await Promise.all([...crowd, late])
    expect(log.indexOf('late')).toBeLessThanOrEqual(4)
  })

  test("a client with 500 requests waiting delays another's single call by at most one slot's time", async () => {
    const SLOT_MS = 20
    const turns = takeTurns(4)
    const spend = () => new Promise<void>((resolve) => setTimeout(resolve, SLOT_MS))
    const stop = new AbortController()
    const crowd = Array.from({ length: 500 }, () => turns.lane('heavy').run(spend, stop.signal))
    const waits: number[] = []
    for (let n = 0; n < 10; n++) {
      const began = performance.now()
      await turns.lane('modest').run(async () => void waits.push(performance.now() - began))
    }
    stop.abort()
    await Promise.allSettled(crowd)
    // Timers may be late on a busy machine: half of them tell.
    expect(waits.sort((a, b) => a - b)[5]).toBeLessThanOrEqual(SLOT_MS + 5)
    expect(turns.inFlight()).toBe(0)
  })

  test('more than may wait are refused at once, and what waits goes on', async () => {
    const turns = takeTurns(1, { what: 'calls', most: 2, mostOfOne: 1 })
    const first = held([], 'first')
    const running = turns.lane('a').run(first.work)
    const waits = turns.lane('a').run(async () => 'waited')
    await failsWith('too-many', () => turns.lane('a').run(async () => 'no'))
    const other = turns.lane('b').run(async () => 'other')
    await failsWith('overloaded', () => turns.lane('c').run(async () => 'no'))
    first.end()
    expect(await Promise.all([running, waits, other])).toEqual(['first', 'waited', 'other'])
    expect([turns.inFlight(), turns.waiting()]).toEqual([0, 0])
  })

  test('a slot is handed on even where the work fails, at once or later', async () => {
    const turns = takeTurns(1)
    const lane = turns.lane()
    const failing = lane.run(() => Promise.reject(new Error('no')))
    const throwing = lane.run(() => {
      throw new Error('not even begun')
    })
    const fine = lane.run(async () => 'fine')
    await expect(failing).rejects.toThrow('no')
    await expect(throwing).rejects.toThrow('not even begun')
    expect(await fine).toBe('fine')
    expect(turns.inFlight()).toBe(0)
  })

  test('a run whose signal aborts while it waits leaves the queue at once and never begins', async () => {
    const turns = takeTurns(1)
    const log: string[] = []
    const first = held(log, 'first')
    const running = turns.lane().run(first.work)
    const leaving = new AbortController()
    const lane = turns.lane()
    const left = failsWith('cancelled', () => lane.run(async () => log.push('left'), leaving.signal))
    const stays = lane.run(async () => log.push('stays'))
    expect(turns.waiting()).toBe(2)
    leaving.abort()
    expect(turns.waiting()).toBe(1)
    await left
    first.end()
    await Promise.all([running, stays])
    expect(log).toEqual(['first', 'stays'])
    expect([turns.inFlight(), turns.waiting()]).toEqual([0, 0])
  })

  test('a signal aborted before takes no slot', async () => {
    const turns = takeTurns(1)
    await failsWith('cancelled', () => turns.lane().run(async () => 'begun', AbortSignal.abort()))
    expect(turns.inFlight()).toBe(0)
  })

  test('a thousand runs with one signal leave no listener on it', async () => {
    const { signal } = new AbortController()
    const lane = takeTurns(2).lane()
    await Promise.all(Array.from({ length: 1000 }, () => lane.run(settle, signal)))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('whatever lanes, aborts and lengths: the bound holds, nothing is lost, all slots come back', async () => {
    const job = fc.record({
      lane: fc.nat(4),
      steps: fc.nat(3),
      leaves: fc.option(fc.nat(5), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(job, { maxLength: 40 }),
        async (slots, jobs) => {
          const turns = takeTurns(slots)
          const lanes = Array.from({ length: 5 }, () => turns.lane())
          let running = 0
          const runs = jobs.map(async ({ lane, steps, leaves }) => {
            const leaving = new AbortController()
            const run = lanes[lane]?.run(async () => {
              expect(++running).toBeLessThanOrEqual(slots)
              for (let n = 0; n < steps; n++) await Promise.resolve()
              running--
            }, leaving.signal)
            for (let n = 0; n < (leaves ?? 0); n++) await Promise.resolve()
            if (leaves !== undefined) leaving.abort()
            await run
          })
          for (const [n, outcome] of (await Promise.allSettled(runs)).entries()) {
            if (jobs[n]?.leaves === undefined) expect(outcome.status).toBe('fulfilled')
            else if (outcome.status === 'rejected')
              expect(outcome.reason).toMatchObject({ code: 'cancelled' })
          }
          expect([running, turns.inFlight(), turns.waiting()]).toEqual([0, 0, 0])
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a number of slots that is none is refused', () => {
    for (const slots of [0, -1, 1.5, Number.NaN]) expect(() => takeTurns(slots)).toThrow(RangeError)
  })
})
