import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessagePort, type Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { indexPool } from '../../src/catalog/sqlite-pool.ts'

const FILE = fileURLToPath(new URL('../../sample/index.sqlite', import.meta.url))
const ALIVE = { file: FILE, stamp: 'one', questions: [{ statement: 'alive', values: {} }] } as const

const alive = new Set<Worker>()
let pool: ReturnType<typeof indexPool>
beforeEach(() => {
  process.on('worker', onWorker)
  pool = indexPool(2)
})
afterEach(async () => {
  process.off('worker', onWorker).off('worker', endAtOnce)
  await pool.destroy()
  alive.clear()
  vi.restoreAllMocks()
})

const onWorker = (worker: Worker) => {
  alive.add(worker)
  worker.once('exit', () => alive.delete(worker))
}
const endAtOnce = (worker: Worker) => void worker.terminate()
const endAll = () => Promise.all([...alive].map((worker) => worker.terminate()))
const killed = { failed: expect.objectContaining({ code: 'overloaded', retryAfter: 1 }) }
const answered = [expect.objectContaining({ rows: expect.anything() })]

test('what a thread dies with is answered by another one, and counted', async () => {
  const first = pool.ask(ALIVE)
  await setImmediate()
  await endAll()
  expect(await first).toEqual(answered)
  expect(pool.replaced()).toBeGreaterThanOrEqual(1)
})

test('threads that die one after the other are told of, and the next that lives answers', async () => {
  process.on('worker', endAtOnce)
  const doomed = [pool.ask(ALIVE), pool.ask(ALIVE), pool.ask(ALIVE)]
  const told = Promise.allSettled(doomed)
  await setImmediate()
  await endAll()
  for (const one of await told) expect(one).toEqual({ status: 'fulfilled', value: [killed] })
  process.off('worker', endAtOnce)
  expect(await pool.ask(ALIVE)).toEqual(answered)
})

test('a question that ends every thread it comes to takes no other with it', async () => {
  await pool.destroy()
  // A single thread, so that the question ends no other than its own.
  pool = indexPool(1)
  expect(await pool.ask(ALIVE)).toEqual(answered)
  const post = MessagePort.prototype.postMessage
  vi.spyOn(MessagePort.prototype, 'postMessage').mockImplementation(function (this: MessagePort, ...given) {
    // It would be answered before its thread has ended.
    if (JSON.stringify(given[0]).includes('deadly')) void endAll()
    else post.apply(this, given)
  })
  const [alone] = ALIVE.questions
  const questions = [alone, alone, { ...alone, condition: 'deadly' }, alone]
  const [one] = answered
  expect(await pool.ask({ ...ALIVE, questions })).toEqual([one, one, killed, one])
  expect(pool.replaced()).toBe(2)
})

test('threads that die idle cost nobody an answer', async () => {
  for (let round = 0; round < 3; round++) {
    expect(await pool.ask(ALIVE)).toEqual(answered)
    await endAll()
  }
  expect(await pool.ask(ALIVE)).toEqual(answered)
  expect(pool.replaced()).toBeGreaterThanOrEqual(3)
})

test('what is asked of threads that are closed is cancelled', async () => {
  const asked = pool.ask(ALIVE)
  await Promise.all([pool.destroy(), expect(asked).rejects.toMatchObject({ code: 'cancelled' })])
  expect(pool.replaced()).toBe(0)
})
