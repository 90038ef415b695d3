import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type PieceLane, takePieceTurns } from '../../src/calls/piece-turns.ts'

/** Makes so many pieces, each in its turn, and writes its name down for each. */
async function make(name: string, pieces: number, lane: PieceLane, log: string[]): Promise<void> {
  for (let i = 0; i < pieces; i++) await lane.run(async () => void log.push(name))
}

const busy = (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('a piece that nobody else stands before is made at once', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const first = make('a', 1, turns.of('a', false), log)
  const second = make('b', 1, turns.of('b', false), log)
  await Promise.resolve()
  await Promise.resolve()
  expect(log).toEqual(['a'])
  await Promise.all([first, second])
  expect(log).toEqual(['a', 'b'])
  await setImmediate()
  await setImmediate()
  const third = make('c', 1, turns.of('c', false), log)
  await Promise.resolve()
  await Promise.resolve()
  expect(log).toEqual(['a', 'b', 'c'])
  await third
})

test('a long answer that has begun ends before the next one begins', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  await Promise.all(['a', 'b', 'c'].map((name) => make(name, 4, turns.of(name, false), log)))
  expect(log.join('')).toBe('aaaabbbbcccc')
})

test('long answers have as much of the time as all else takes, and short ones come between', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const long = async () => {
    const lane = turns.of('a', false)
    for (let i = 0; i < 50; i++) {
      await lane.run(async () => {
        busy(1)
        log.push('l')
      })
    }
  }
  const done = long()
  // What arrives keeps the thread for four milliseconds a turn.
  const made: number[] = []
  for (let i = 0; i < 4; i++) {
    const before = log.length
    busy(4)
    await setImmediate()
    made.push(log.length - before)
  }
  expect(made.slice(1).every((count) => count >= 2 && count <= 8)).toBe(true)
  const short = make('s', 1, turns.of('b', true), log)
  await setImmediate()
  await short
  expect(log.length).toBeLessThan(50)
  await done
})

test('a client with any number of long answers keeps another waiting for one of them', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const heavy = Array.from({ length: 20 }, () => make('h', 3, turns.of('heavy', false), log))
  await Promise.all([...heavy, make('x', 3, turns.of('other', false), log)])
  expect(log).toHaveLength(63)
  expect(log.indexOf('x')).toBeLessThanOrEqual(6)
})

test('an answer without an end takes turns with those that are to begin', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  let isOver = false
  const endless = async () => {
    const lane = turns.of('heavy', false)
    while (!isOver) {
      await lane.run(async () => {
        busy(0.2)
        log.push('h')
      })
    }
  }
  const all = [endless(), endless()]
  await setImmediate()
  await make('x', 3, turns.of('other', false), log)
  isOver = true
  await Promise.all(all)
  expect(log.filter((name) => name === 'h').length).toBeLessThan(200)
})

test('who leaves while waiting has no turn', async () => {
  const turns = takePieceTurns()
  const left = new AbortController()
  const log: string[] = []
  const first = make('a', 1, turns.of('a', false), log)
  const waiting = [false, true].map((isShort) =>
    turns.of('b', isShort).run(async () => void log.push('b'), left.signal),
  )
  expect(turns.waiting()).toBe(2)
  const outcomes = Promise.allSettled(waiting)
  left.abort()
  expect(turns.waiting()).toBe(0)
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'cancelled' } })
  await expect(turns.of('b', false).run(async () => 0, left.signal)).rejects.toMatchObject({
    code: 'cancelled',
  })
  await first
  expect(log).toEqual(['a'])
})

test('while connections come, long answers wait for some turns of the loop, but not for ever', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const all = [
    make('first', 1, turns.of('a', false), log),
    make('long', 1, turns.of('b', false), log),
    make('short', 1, turns.of('c', true), log),
  ]
  for (let i = 0; i < 9; i++) {
    turns.accepted()
    await setImmediate()
    expect(log).toEqual(i < 8 ? ['first', 'short'] : ['first', 'short', 'long'])
  }
  await Promise.all(all)
})

test('a piece that fails leaves its turn to others', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const failing = turns.of('a', false).run(() => Promise.reject(new Error('away')))
  const other = make('b', 2, turns.of('b', false), log)
  await expect(failing).rejects.toThrow('away')
  await other
  expect(log).toEqual(['b', 'b'])
})

test('a long answer that would begin too late is refused at once, a short one and another client are not', async () => {
  const turns = takePieceTurns()
  const slow = () => turns.of('heavy', false).run(async () => busy(50))
  await Promise.all(Array.from({ length: 40 }, slow))
  const none = async () => undefined
  const begun = Promise.allSettled(Array.from({ length: 4000 }, () => turns.of('heavy', false).run(none)))
  await turns.of('heavy', true).run(none)
  await turns.of('other', false).run(none)
  const refused = (await begun).filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(2000)
  expect(refused[0]).toMatchObject({
    reason: { code: 'overloaded', message: expect.stringContaining('before yours (long answers: ') },
  })
})
