import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ManyGranules, openManyGranules } from '../cli/many-granules.ts'
import { swath } from '../cli/swath.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { killServices, ONLY_ROOT, serve, smallDisk, storeIn, unmount } from './home.ts'

/** Room for the tables, their log and some ten colours with the places of their tile-parts. */
const DISK_KIB = 300
const COUNT = 40
const BOX = 'bbox=11,54,15,57'
const LIST = `/area?${BOX}&limit=8&format=uris`
const rank = (limit: number) => `/area?${BOX}&rank=blue&format=csv&limit=${limit}`

let folder: Temporary
let many: ManyGranules
let store: string
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  many = await openManyGranules(COUNT, 0)
})
afterAll(() => many.close())
beforeEach(async () => {
  folder = await temporaryFolder()
  store = join(folder.path, 'disk', 'store.sqlite')
  mkdirSync(join(folder.path, 'disk'))
  env = { ...many.env, SWATH_STORE: `sqlite:${store}` }
})
afterEach(async () => {
  await killServices()
  unmount(join(folder.path, 'disk'))
  await folder.remove()
})

const at = (name: string) => join(folder.path, 'disk', name)

/** Leaves not a byte of the disk. */
function fill(): void {
  try {
    for (let size = 65_536; ; ) {
      try {
        appendFileSync(at('filler'), Buffer.alloc(size))
      } catch (thrown) {
        if (size === 1) throw thrown
        size = Math.floor(size / 2)
      }
    }
  } catch (thrown) {
    expect(String(thrown)).toContain('ENOSPC')
  }
}

const CANNOT =
  /^swath: The store \S+ cannot be written: .*; or name another file in SWATH_STORE=sqlite:<file>\.$/gm
const AGAIN = /^swath: The store \S+ is written again; not remembered meanwhile: \d+ rows?\.$/gm

describe('a store whose disk is full', () => {
  test('costs the service no answer, is told of, and is written again once there is room', async (context) => {
    if (!smallDisk(join(folder.path, 'disk'), DISK_KIB)) return context.skip(ONLY_ROOT)
    const service = await serve(env)
    fill()
    const wanted = await service.ask(LIST)
    expect(wanted?.status).toBe(200)
    const [first, second] = [await service.ask(rank(6)), await service.ask(rank(6))]
    expect(first).toMatchObject({ status: 200 })
    expect(first?.text).toMatch(/#[0-9a-f]{6}/)
    // Made anew, and the same.
    expect(second).toEqual(first)
    expect(await service.ask(LIST)).toEqual(wanted)
    const full = await service.ready()
    expect(full).toMatchObject({ status: 'ready', colours: { made: 12, failed: 0 }, store: { colours: 0 } })
    expect(full.store).toMatchObject({ lastFailure: 'the database or disk is full', failing: true })
    expect(await service.metric('swath_store_failures_total')).toBeGreaterThanOrEqual(12)
    expect(storeIn(store)).toEqual({ integrity: 'ok', colours: 0 })

    rmSync(at('filler'))
    expect(await service.ask(rank(6))).toEqual(first)
    const again = await service.ready()
    expect(again.store).toMatchObject({ colours: 6 })
    expect(again.store.failing).toBeUndefined()
    expect(await service.ask(rank(6))).toEqual(first)
    expect((await service.ready()).colours).toMatchObject({ remembered: 6, made: 18 })
    const { code, stderr } = await service.stop()
    expect(code).toBe(0)
    expect(stderr.match(CANNOT)).toHaveLength(1)
    expect(stderr.match(AGAIN)).toHaveLength(1)
    expect(storeIn(store)).toEqual({ integrity: 'ok', colours: 6 })
  }, 120_000)

  test('ends a warm-up with a sentence, and the same command goes on once there is room', async (context) => {
    if (!smallDisk(join(folder.path, 'disk'), DISK_KIB)) return context.skip(ONLY_ROOT)
    const warm = ['warm', '--bbox', '11,54,15,57']
    const { code, stdout, stderr } = await swath(warm, env)
    const done = stdout.split('"done"').length - 1
    expect(code).toBe(1)
    expect(done).toBeGreaterThan(0)
    expect(stderr).toMatch(
      /swath: 20 granules in a row failed .* the same command makes what the store then lacks\. .*disk is full/,
    )
    expect(stderr.match(CANNOT)).toHaveLength(1)
    const { status } = spawnSync('mount', ['-o', 'remount,size=8m', join(folder.path, 'disk')])
    expect(status).toBe(0)
    expect(storeIn(store)).toEqual({ integrity: 'ok', colours: done })
    const rest = await swath(warm, env)
    expect(rest).toMatchObject({ code: 0 })
    expect(rest.stderr).toContain(`: ${COUNT - done} done, ${done} cached, 0 failed`)
  }, 120_000)

  test('stops a start with a sentence that says so', async (context) => {
    if (!smallDisk(join(folder.path, 'disk'), DISK_KIB)) return context.skip(ONLY_ROOT)
    fill()
    const { code, stderr } = await swath(['serve'], { ...env, PORT: '0' })
    expect(code).toBe(1)
    expect(stderr).toBe(
      `swath: The store ${store} cannot be used: there is no room left on the disk of the folder ` +
        `${join(folder.path, 'disk')}. Name another file in SWATH_STORE=sqlite:<file>.\n`,
    )
  })
})

test('a store whose file may not grow costs no answer either, and goes on when it may', async (context) => {
  const service = await serve(env)
  const mayGrow = (bytes: string) =>
    spawnSync('prlimit', ['--pid', String(service.pid), `--fsize=${bytes}:`]).status === 0
  if (!mayGrow('4096')) return context.skip('there is no prlimit here')
  const first = await service.ask(rank(4))
  expect(first?.status).toBe(200)
  const stuck = await service.ready()
  expect(stuck).toMatchObject({ colours: { made: 4 }, store: { colours: 0, failing: true } })
  expect(stuck.store.lastFailure).toBe('its disk cannot be read or written')
  expect(mayGrow('unlimited')).toBe(true)
  expect(await service.ask(rank(4))).toEqual(first)
  expect((await service.ready()).store.colours).toBe(4)
  const { code, stderr } = await service.stop()
  expect([code, stderr.match(CANNOT)?.length, stderr.match(AGAIN)?.length]).toEqual([0, 1, 1])
  expect(storeIn(store)).toEqual({ integrity: 'ok', colours: 4 })
}, 120_000)

describe('a store on a disk that can only be read', () => {
  test.for([
    ['that holds it', true],
    ['that is empty', false],
  ] as const)('stops a start with a sentence that says so: %s', async ([, isThere], context) => {
    if (!smallDisk(join(folder.path, 'disk'), 4096)) return context.skip(ONLY_ROOT)
    if (isThere) expect((await swath(['warm', '--bbox', '11,54,15,57', '-n', '1'], env)).code).toBe(0)
    else writeFileSync(at('other'), '')
    const { status } = spawnSync('mount', ['-o', 'remount,ro', join(folder.path, 'disk')])
    expect(status).toBe(0)
    for (const argv of [['serve'], ['warm', '--bbox', '11,54,15,57']]) {
      const { code, stdout, stderr } = await swath(argv, { ...env, PORT: '0' })
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toBe(
        `swath: The store ${store} cannot be used: the folder ${join(folder.path, 'disk')} is on a disk that can ` +
          'only be read. Name another file in SWATH_STORE=sqlite:<file>.\n',
      )
    }
    const elsewhere = { ...env, SWATH_STORE: `sqlite:${join(folder.path, 'other.sqlite')}` }
    expect((await swath(['area', '--bbox', '11,54,15,57', '-n', '1'], elsewhere)).code).toBe(0)
  })
})
