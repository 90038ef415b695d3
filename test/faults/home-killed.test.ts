import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aboutIndex } from '../../src/index-file/about.ts'
import { type ManyGranules, openManyGranules } from '../cli/many-granules.ts'
import { startSwath, swath } from '../cli/swath.ts'
import { PER_TILE, prepareLargeUpdate, TILES } from '../large-update.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { childrenOf, comesTrue, killServices, NO_CHILDREN, serve, storeIn } from './home.ts'

const COUNT = 24
/** Colours made at once by a process. */
const IN_FLIGHT = 8
const RANK = '/area?bbox=11,54,15,57&rank=blue&format=csv'
const WARM = ['warm', '--bbox', '11,54,15,57', '--granules', '4']

let folder: Temporary
let many: ManyGranules
let store: string
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  many = await openManyGranules(COUNT, 5)
})
afterAll(() => many.close())
beforeEach(async () => {
  folder = await temporaryFolder()
  store = join(folder.path, 'store.sqlite')
  env = { ...many.env, SWATH_STORE: `sqlite:${store}` }
})
afterEach(async () => {
  await killServices()
  await folder.remove()
})

describe('the whole service, killed', () => {
  test('while it ranks loses the colours in flight and no other, and the next one makes the rest', async () => {
    const first = await serve(env)
    const cut = first.ask(RANK)
    let told = 0
    await comesTrue(async () => {
      told = (await first.ready()).colours.made
      return told >= 6
    })
    first.child.kill('SIGKILL')
    await first.ended
    expect(await cut).toBeUndefined()
    const { integrity, colours: kept } = storeIn(store)
    expect(integrity).toBe('ok')
    expect(kept).toBeGreaterThanOrEqual(told)
    expect(kept).toBeLessThan(COUNT)

    const second = await serve(env)
    const answer = await second.ask(RANK)
    expect(answer?.status).toBe(200)
    const { colours } = await second.ready()
    expect(colours).toMatchObject({ remembered: kept, made: COUNT - kept, failed: 0 })
    expect((await second.ask(RANK))?.text).toBe(answer?.text)
    expect(await second.stop()).toMatchObject({ code: 0, stderr: '' })
    expect(storeIn(store)).toEqual({ integrity: 'ok', colours: COUNT })
  }, 120_000)

  test('in a warm-up, at its start and in its midst, leaves a whole store, and what it told is not read again', async () => {
    let told = 0
    for (const lines of [0, 2, 5]) {
      const { child, saw, shown, ended } = startSwath(WARM, env)
      if (lines === 0) await comesTrue(() => child.exitCode !== null, 150)
      else await saw('"done"', lines)
      child.kill('SIGKILL')
      expect((await ended).signal).toBe('SIGKILL')
      told += shown().split('"done"').length - 1
      if (lines > 0) expect(storeIn(store).integrity).toBe('ok')
    }
    const { colours: kept } = storeIn(store)
    expect(kept).toBeGreaterThanOrEqual(told)
    // Committed, and killed before they were told: those in flight, of two runs.
    expect(kept - told).toBeLessThanOrEqual(2 * IN_FLIGHT)
    many.bucket.reset()
    const { code, stderr } = await swath(WARM, env)
    expect(code).toBe(0)
    expect(stderr).toContain(
      `${COUNT} granules in 11,54,15,57: ${COUNT - kept} done, ${kept} cached, 0 failed`,
    )
    expect(storeIn(store)).toEqual({ integrity: 'ok', colours: COUNT })
  }, 120_000)
})

describe('one of several processes, killed again and again while it ranks', () => {
  test('is replaced and counted, cuts its own clients alone, and leaves a whole store', async (context) => {
    const service = await serve({ ...env, SWATH_PROCESSES: '2', SWATH_READ_CONCURRENCY: '8' })
    if (childrenOf(service.pid) === undefined) return context.skip(NO_CHILDREN)
    const workers = () => childrenOf(service.pid) ?? []
    const serving = async () => (await service.metric('swath_processes')) === 2
    expect(await comesTrue(serving)).toBe(true)
    for (let round = 1; round <= 2; round++) {
      const asked = Array.from({ length: 8 }, () => service.ask(`${RANK}&limit=${4 * round}`))
      await comesTrue(() => many.bucket.stats().inFlight > 0)
      const [doomed = 0] = workers()
      process.kill(doomed, 'SIGKILL')
      const answers = await Promise.all(asked)
      // Cut, whole, or refused where a slow machine has too much to do: nothing in between.
      const answered = answers.filter((answer) => answer !== undefined)
      expect(
        answered.map(({ status }) => status).filter((status) => status !== 200 && status !== 503),
      ).toEqual([])
      let retried = await service.ask(`${RANK}&limit=${4 * round}`)
      for (let tries = 0; tries < 20 && retried?.status !== 200; tries++) {
        await sleep(500)
        retried = await service.ask(`${RANK}&limit=${4 * round}`)
      }
      expect(retried?.status).toBe(200)
      for (const { status, text } of answered) if (status === 200) expect(text).toBe(retried?.text)
      expect(await comesTrue(() => workers().filter((pid) => pid !== doomed).length === 2)).toBe(true)
      expect(await comesTrue(serving)).toBe(true)
    }
    expect(await comesTrue(async () => (await service.metric('swath_processes_replaced_total')) === 2)).toBe(
      true,
    )
    expect(storeIn(store).integrity).toBe('ok')
    const { code, stderr } = await service.stop()
    expect(code).toBe(0)
    expect(
      stderr.match(/^swath: Process \d+ of the service was killed by SIGKILL; another takes its place\.$/gm),
    ).toHaveLength(2)
    expect(storeIn(store)).toEqual({ integrity: 'ok', colours: 8 })
  }, 120_000)

  test('ends the service with a sentence, and without spinning, where none can start any more', async (context) => {
    const index = join(folder.path, 'index.sqlite')
    copyFileSync(new URL('../../sample/index.sqlite', import.meta.url), index)
    const service = await serve({
      SWATH_PROCESSES: '2',
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORE: `sqlite:${store}`,
      SWATH_STORAGE: 'sample',
    })
    const workers = childrenOf(service.pid)
    if (workers === undefined) return context.skip(NO_CHILDREN)
    rmSync(index)
    for (const pid of workers) process.kill(pid, 'SIGKILL')
    const { code, stderr } = await service.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /as 5 in a row did before they listened, and no other is left\. SWATH_PROCESSES=1 shows one/,
    )
    expect(stderr).toContain(`index ${index}`)
    // The two that were killed and some that did not come to listen.
    expect(stderr.match(/another takes its place/g)?.length).toBeLessThanOrEqual(8)
  }, 120_000)
})

describe('an update of the index that a service answers from, killed', () => {
  const UPDATER = fileURLToPath(new URL('../run-update.ts', import.meta.url))
  const [BEFORE, AFTER] = [TILES.length * PER_TILE.before, TILES.length * PER_TILE.after]
  /** Shares of the news after which it is killed: in the sorting of the CSV, and between commits. */
  const SHARES = [0, 0.2, 0.5, 0.8]

  test('leaves it answering from rows that are whole, and the next update shows without a restart', async () => {
    const { index, newer } = await prepareLargeUpdate(folder.path)
    const service = await serve({
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: 'sample',
      SWATH_STORE: `sqlite:${store}`,
    })
    const matched = async () => {
      const answer = await service.ask('/area/summary?bbox=-11,1,61,66&dedupe=none')
      expect(answer?.status).toBe(200)
      return Number(/"granules":\s*(\d+)/.exec(answer?.text ?? '')?.[1])
    }
    expect(await matched()).toBe(BEFORE)
    const counts: number[] = []
    for (const share of SHARES) {
      const child = spawn(process.execPath, [UPDATER, index, newer], { stdio: 'inherit' })
      const ended = once(child, 'close')
      const enough = BEFORE + share * (AFTER - BEFORE)
      await comesTrue(async () => {
        counts.push(await matched())
        const isUnderWay = existsSync(`${index}-wal`) && aboutIndex(index).rows >= enough
        return isUnderWay || child.exitCode !== null
      })
      child.kill('SIGKILL')
      await ended
      counts.push(await matched())
      expect(counts.at(-1)).toBe(aboutIndex(index).rows)
    }
    // Rows come and none goes.
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    // Those of a tile come all at once.
    expect(counts.filter((count) => (count - BEFORE) % (PER_TILE.after - PER_TILE.before) !== 0)).toEqual([])
    expect(counts.some((count) => count > BEFORE && count < AFTER)).toBe(true)
    const { code } = await swath(['index', 'update', index, '--from', newer], {})
    expect(code).toBe(0)
    expect(await matched()).toBe(AFTER)
    expect(await service.stop()).toMatchObject({ code: 0, stderr: '' })
  }, 120_000)
})
