import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { colourOfNumber, granuleOf } from './colour-samples.ts'

let folder: Temporary
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'store.sqlite')
})
afterEach(() => folder.remove())

const WRITER = fileURLToPath(new URL('./write-colours.ts', import.meta.url))
const ROUNDS = 10
const A_ROUND = 100_000

/** Starts a process that writes colours; the numbers it reports as stored are added as they come. */
function startWriter(from: number, until: number, reported: Set<number>) {
  const child = spawn(process.execPath, [WRITER, file, String(from), String(until)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let rest = ''
  child.stdout.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) reported.add(Number(line))
  })
  return child
}

/** All colours of the store, each checked against what its number says; gives the numbers. */
function wholeColours(): Set<number> {
  const store = sqliteStore(file)
  const numbers = new Set<number>()
  for (const { colour, granule } of store.allColours()) {
    const n = colour.sampled - 471_969
    expect(colour).toEqual(colourOfNumber(n))
    expect(granule.granuleId).toBe(granuleOf(n).granuleId)
    numbers.add(n)
  }
  expect(store.state()).toEqual({ listings: 0, colours: numbers.size, failed: 0 })
  store.close()
  return numbers
}

test('of ten writers killed at their work no reported colour is lost and none is damaged', async () => {
  const reported = new Set<number>()
  for (let round = 0; round < ROUNDS; round++) {
    const before = reported.size
    const child = startWriter(round * A_ROUND, (round + 1) * A_ROUND, reported)
    await once(child.stdout, 'data')
    await sleep(13 * round)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(child.signalCode).toBe('SIGKILL')
    expect(reported.size).toBeGreaterThan(before)
    expect(reported.difference(wholeColours())).toEqual(new Set())
  }
  const db = new DatabaseSync(file)
  expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  db.close()
})

test('while one writer is killed the others go on and lose nothing', async () => {
  const reported = new Set<number>()
  const doomed = startWriter(0, A_ROUND, reported)
  await once(doomed.stdout, 'data')
  const others = [
    startWriter(A_ROUND, A_ROUND + 400, reported),
    startWriter(A_ROUND, A_ROUND + 800, reported),
  ]
  const ends = others.map((child) => once(child, 'close'))
  await sleep(150)
  doomed.kill('SIGKILL')
  await once(doomed, 'close')
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0])
  const there = wholeColours()
  expect(reported.difference(there)).toEqual(new Set())
  for (let n = A_ROUND; n < A_ROUND + 800; n++) expect(reported.has(n)).toBe(true)
})

test('processes that write the same and other colours at once store each of them once', async () => {
  const reported = [new Set<number>(), new Set<number>(), new Set<number>()]
  const children = reported.map((set, i) => startWriter(i * 200, i * 200 + 600, set))
  const ends = await Promise.all(children.map((child) => once(child, 'close')))
  expect(ends.map(([code]) => code)).toEqual([0, 0, 0])
  expect(reported.map(({ size }) => size)).toEqual([600, 600, 600])
  expect(wholeColours()).toEqual(new Set(Array.from({ length: 1000 }, (_, n) => n)))
})
