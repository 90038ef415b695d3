import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type PieceTurn, takePieceTurns } from '../../src/calls/piece-turns.ts'

/** Makes so many pieces, each in its turn, and writes its name down for each. */
async function make(name: string, pieces: number, turn: PieceTurn, log: string[]): Promise<void> {
  for (let i = 0; i < pieces; i++) {
    await turn()
    log.push(name)
  }
}

test('a piece that nobody else stands before is made at once', async () => {
  const turn = takePieceTurns().of('a', false)
  expect(turn()).toBeUndefined()
  expect(turn()).toBeInstanceOf(Promise)
  await setImmediate()
  await setImmediate()
  await setImmediate()
  expect(turn()).toBeUndefined()
})

test('in one turn of the loop one piece of a long answer is made, and a few of short ones', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const all = [
    make('first', 1, turns.of('z', false), log),
    ...['a', 'b'].map((client) => make(client, 1, turns.of(client, false), log)),
    ...Array.from({ length: 6 }, (_, i) => make(`short ${i}`, 1, turns.of(`client ${i}`, true), log)),
  ]
  await Promise.resolve()
  expect(log).toEqual(['first'])
  await setImmediate()
  expect(log.slice(1)).toEqual(['short 0', 'short 1', 'short 2', 'short 3', 'a'])
  await setImmediate()
  expect(log.slice(6)).toEqual(['short 4', 'short 5', 'b'])
  await Promise.all(all)
})

test('a long answer that has begun ends before the next one begins', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  await Promise.all(['a', 'b', 'c'].map((name) => make(name, 4, turns.of(name, false), log)))
  expect(log.join('')).toBe('aaaabbbbcccc')
})

test('a client with any number of long answers keeps another waiting for one of them', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  const heavy = Array.from({ length: 20 }, () => make('h', 3, turns.of('heavy', false), log))
  await setImmediate()
  await Promise.all([...heavy, make('x', 3, turns.of('other', false), log)])
  expect(log).toHaveLength(63)
  expect(log.indexOf('x')).toBeLessThanOrEqual(6)
})

test('an answer without an end takes turns with those that are to begin', async () => {
  const turns = takePieceTurns()
  const log: string[] = []
  let isOver = false
  const endless = async () => {
    const turn = turns.of('heavy', false)
    while (!isOver) {
      await turn()
      log.push('h')
    }
  }
  const all = [endless(), endless()]
  await setImmediate()
  await make('x', 3, turns.of('other', false), log)
  isOver = true
  await Promise.all(all)
  expect(log.filter((name) => name === 'h').length).toBeLessThan(100)
})

test('who leaves while waiting has no turn', async () => {
  const turns = takePieceTurns()
  const left = new AbortController()
  expect(turns.of('a', false)()).toBeUndefined()
  const waiting = [turns.of('b', false)(left.signal), turns.of('b', true)(left.signal)]
  expect(turns.waiting()).toBe(2)
  const outcomes = Promise.allSettled(waiting)
  left.abort()
  expect(turns.waiting()).toBe(0)
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'cancelled' } })
  expect(() => turns.of('b', false)(left.signal)).toThrow('left')
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

test('a long answer that would begin too late is refused at once, a short one and another client are not', async () => {
  const turns = takePieceTurns()
  const slow = async (client: string) => {
    const turn = turns.of(client, false)
    await turn()
    const until = performance.now() + 50
    while (performance.now() < until);
  }
  await Promise.all(Array.from({ length: 40 }, () => slow('heavy')))
  const begun = Promise.allSettled(Array.from({ length: 4000 }, async () => turns.of('heavy', false)()))
  await turns.of('heavy', true)()
  await turns.of('other', false)()
  const refused = (await begun).filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(2000)
  expect(refused[0]).toMatchObject({
    reason: { code: 'overloaded', message: expect.stringContaining('before yours (long answers: ') },
  })
})
