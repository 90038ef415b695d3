import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { meansOf } from '../../src/colour/mean.ts'
import { decodeThreads, type Sampler, type SamplerOptions } from '../../src/colour/sampler.ts'
import { flatCut, readCut, sampleImages } from './whole-files.ts'

const opened: Sampler[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sampler) => sampler.close()))
})

/** A test's own threads, closed after it. */
function open(options: Partial<SamplerOptions> = {}): Sampler {
  const sampler = decodeThreads({ threads: 1, ...options })
  opened.push(sampler)
  return sampler
}

const [BAND = ''] = sampleImages(/33VUC_20210809T102559_B04\.jp2$/)
const [SMALL = ''] = sampleImages(/_B04_60m\.jp2$/)
const [PREVIEW = ''] = sampleImages(/_PVI\.jp2$/)
/** Half a second of decoding and 150 MB of the decoder's heap. */
const slow = () => flatCut(5000, 1, 15)

/** By the number of each thread of this process (proc_pid_stat(5), field 19). */
function niceOfThreads(): Map<number, number> {
  const folder = '/proc/self/task'
  return new Map(
    readdirSync(folder).map((thread) => {
      const [, fields = ''] = readFileSync(join(folder, thread, 'stat'), 'utf8').split(') ')
      return [Number(thread), Number(fields.split(' ')[16])] as const
    }),
  )
}

const badImage = (message: unknown) => expect.objectContaining({ name: 'Fault', code: 'bad-image', message })
const cancelled = expect.objectContaining({ name: 'Fault', code: 'cancelled' })

describe('the threads', () => {
  test('start when they are needed, and no more of them than there are jobs', async () => {
    const sampler = open({ threads: 4 })
    expect(sampler.state()).toMatchObject({ threads: 4, started: 0 })
    await sampler.pixels(readCut(SMALL))
    await sampler.pixels(readCut(SMALL))
    expect(sampler.state()).toMatchObject({ threads: 4, started: 1, decoded: 2 })
  })

  test('yield to all others of the process', async ({ skip }) => {
    if (process.platform !== 'linux') skip('a thread has a priority of its own on Linux alone')
    const before = niceOfThreads()
    await open().pixels(readCut(SMALL))
    const after = niceOfThreads()
    expect(after.get(process.pid)).toBe(before.get(process.pid))
    const begun = [...after].filter(([thread]) => !before.has(thread)).map(([, nice]) => nice)
    expect(begun).toContain(10)
    await sleep(1)
  })

  test('take more jobs than there are of them in turn', async () => {
    const sampler = open({ threads: 2 })
    const jobs = Array.from({ length: 60 }, (_, i) => sampler.pixels(readCut(i % 2 ? SMALL : BAND)))
    await sleep(1)
    expect(sampler.state()).toMatchObject({ busy: 2, waiting: 58 })
    const sums = (await Promise.all(jobs)).map(({ width }) => width)
    expect(sums).toEqual(Array.from({ length: 60 }, (_, i) => (i % 2 ? 61 : 366)))
    expect(sampler.state()).toMatchObject({ started: 2, busy: 0, waiting: 0, decoded: 60, replaced: 0 })
  })

  test('leave the event loop alone', async () => {
    const sampler = open()
    await sampler.pixels(readCut(SMALL))
    let [ticks, longest, last] = [0, 0, performance.now()]
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
      ticks++
    }, 5)
    const { cpuMs } = await sampler.sum(slow(), undefined)
    clearInterval(timer)
    expect(cpuMs).toBeGreaterThan(300)
    expect(ticks).toBeGreaterThan(20)
    expect(longest).toBeLessThan(cpuMs / 2)
  })

  test('that overrun are ended in the midst of decoding, and the others go on', async () => {
    const sampler = open({ threads: 2, deadlineMs: 2000 })
    await Promise.all([sampler.pixels(readCut(SMALL)), sampler.pixels(readCut(SMALL))])
    const began = performance.now()
    const late = expect(sampler.sum(flatCut(14_000, 1, 15), undefined)).rejects.toEqual(
      badImage('the decoder did not come to an end within 2 s'),
    )
    expect(await sampler.pixels(readCut(SMALL))).toMatchObject({ width: 61 })
    await late
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(sampler.state()).toMatchObject({ started: 1, busy: 0, replaced: 1, unreadable: 1 })
    await Promise.all([sampler.pixels(readCut(SMALL)), sampler.pixels(readCut(SMALL))])
    expect(sampler.state()).toMatchObject({ started: 2, decoded: 5, replaced: 1 })
  })

  test('are held to their deadline from their first job on', async () => {
    const sampler = open({ deadlineMs: 1 })
    await expect(sampler.pixels(readCut(SMALL))).rejects.toEqual(
      badImage('the decoder did not come to an end within 0.001 s'),
    )
    expect(sampler.state()).toMatchObject({ started: 0, replaced: 1 })
  })

  test('that die fail their job alone and are replaced', async () => {
    const workers: Worker[] = []
    const keep = (worker: Worker) => workers.push(worker)
    process.on('worker', keep)
    const sampler = open({ threads: 2 })
    const doomed = expect(sampler.sum(flatCut(9000, 1, 15), undefined)).rejects.toEqual(
      badImage(expect.stringMatching(/^the thread that decoded it died: /)),
    )
    await sampler.pixels(readCut(BAND))
    process.off('worker', keep)
    expect(workers).toHaveLength(2)
    await workers[0]?.terminate()
    await doomed
    expect(sampler.state()).toMatchObject({ started: 1, replaced: 1, busy: 0 })
    await Promise.all([sampler.pixels(readCut(BAND)), sampler.pixels(readCut(BAND))])
    expect(sampler.state()).toMatchObject({ started: 2, decoded: 3 })
  })

  test('that die before they are there are started anew, a few times, and no image is blamed', async () => {
    const endAtOnce = (worker: Worker) => void worker.terminate()
    process.once('worker', endAtOnce)
    const sampler = open({ deadlineMs: 10_000 })
    expect(await sampler.pixels(readCut(SMALL))).toMatchObject({ width: 61 })
    expect(sampler.state()).toMatchObject({ started: 1, replaced: 1, decoded: 1 })

    process.on('worker', endAtOnce)
    const doomed = open({ deadlineMs: 10_000 })
    const began = performance.now()
    await expect(doomed.pixels(readCut(SMALL))).rejects.toMatchObject({
      code: 'overloaded',
      message: 'No thread could be started to decode an image: it ended before it was there. Ask again.',
      retryAfter: 1,
    })
    process.off('worker', endAtOnce)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(doomed.state()).toMatchObject({ started: 0, replaced: 3, busy: 0, unreadable: 0 })
    expect(await doomed.pixels(readCut(SMALL))).toMatchObject({ width: 61 })
  })

  test('that wait to be started anew are given up where they are closed', async () => {
    const endAtOnce = (worker: Worker) => void worker.terminate()
    process.on('worker', endAtOnce)
    const sampler = open()
    const asked = expect(sampler.pixels(readCut(SMALL))).rejects.toEqual(cancelled)
    while (sampler.state().replaced === 0) await sleep(5)
    await sampler.close()
    await asked
    process.off('worker', endAtOnce)
  })

  test('that die while idle cost nobody a job', async () => {
    const workers: Worker[] = []
    const keep = (worker: Worker) => workers.push(worker)
    process.on('worker', keep)
    const sampler = open()
    await sampler.pixels(readCut(SMALL))
    process.off('worker', keep)
    const [worker] = workers
    if (worker === undefined) throw new Error('No thread was started.')
    const gone = once(worker, 'exit')
    await worker.terminate()
    await gone
    expect(await sampler.pixels(readCut(SMALL))).toMatchObject({ width: 61 })
  })

  test('whose heap has grown too large are replaced, and their job has its answer', async () => {
    const sampler = open()
    await sampler.sum(slow(), undefined)
    expect(sampler.state()).toMatchObject({ started: 1, replaced: 0 })
    const { soFar } = await sampler.sum(flatCut(7000, 1, 15), undefined)
    expect(meansOf(soFar)).toMatchObject([{ mean: 16_384, valid: 1, sampled: 49e6 }])
    expect(sampler.state()).toMatchObject({ started: 0, replaced: 1 })
    await sampler.pixels(readCut(SMALL))
    expect(sampler.state()).toMatchObject({ started: 1, decoded: 3, replaced: 1 })
  })

  test('whose decoder threw are replaced', async () => {
    const sampler = open()
    await expect(sampler.pixels({ ...readCut(SMALL), codestream: new Uint8Array() })).rejects.toThrow()
    expect(sampler.state()).toMatchObject({ started: 0, replaced: 1 })
  })

  test('are given the codestream, unless other bytes lie beside it', async () => {
    const own = readCut(SMALL)
    await open().pixels(own)
    expect(own.codestream).toHaveLength(0)
    const cut = readCut(SMALL)
    const wide = new Uint8Array(cut.codestream.length + 10)
    wide.set(cut.codestream, 5)
    const view = wide.subarray(5, -5)
    await open().pixels({ ...cut, codestream: view })
    expect(view).toEqual(cut.codestream)
  })

  test('let a process end when they are idle, and keep it alive until a job is done', () => {
    const module = (path: string) => JSON.stringify(join(import.meta.dirname, path))
    const script = `
      import { decodeThreads } from ${module('../../src/colour/sampler.ts')}
      import { readCut } from ${module('./whole-files.ts')}
      const sampler = decodeThreads({ threads: 2 })
      const [one, two] = await Promise.all([sampler.pixels(readCut(${JSON.stringify(SMALL)})), sampler.pixels(readCut(${JSON.stringify(PREVIEW)}))])
      console.log(one.width, two.width, sampler.state().started)`
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(run).toMatchObject({ status: 0, signal: null, stdout: '61 171 2\n', stderr: '' })
  })

  test('reject what waits and what is under way when they are closed, and whatever comes later', async () => {
    const sampler = open()
    const jobs = [slow(), slow(), readCut(SMALL)].map((cut) => sampler.sum(cut, undefined))
    const outcomes = Promise.allSettled(jobs)
    await sleep(100)
    await sampler.close()
    expect(await outcomes).toEqual(jobs.map(() => ({ status: 'rejected', reason: cancelled })))
    await expect(sampler.pixels(readCut(SMALL))).rejects.toEqual(cancelled)
    expect(sampler.state()).toMatchObject({ started: 0, busy: 0, waiting: 0, unreadable: 0, replaced: 0 })
    await sampler.close()
  })
})
