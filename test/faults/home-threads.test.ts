import { cpSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { flatCut } from '../colour/whole-files.ts'
import { realData } from '../real-data.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { comesTrue, killServices, type Service, serve, storeIn } from './home.ts'

const SAMPLE = join(import.meta.dirname, '../../sample/bucket')
/** A granule of the sample, whose files the tests spoil. */
const DOOMED = 'L1C_T33UUB_A017537_20200715T102602'
const RANK = '/area?bbox=11.8,54.9,14,56&rank=blue&format=csv&bands=B02&limit=20&stride=16'
const COLOUR = `/granules/${DOOMED}/colour?stride=4`

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
  cpSync(SAMPLE, join(folder.path, 'bucket'), { recursive: true })
})
afterEach(async () => {
  await killServices()
  await folder.remove()
})

const bandsOfDoomed = () => {
  const bucket = join(folder.path, 'bucket')
  return globSync(`tiles/**/${DOOMED}/IMG_DATA/*_B0[234].jp2`, { cwd: bucket }).map((key) =>
    join(bucket, key),
  )
}

const start = () =>
  serve({
    NODE_OPTIONS: `--import=${new URL('./home-threads-ended.ts', import.meta.url).href}`,
    SWATH_STORAGE: `folder:${join(folder.path, 'bucket')}`,
    SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    SWATH_DECODE_THREADS: '2',
  })

/** Rows of a ranked list: granule, and its colour where it has one. */
const rowsOf = (csv = '') =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => ({ granule: line.split(',')[0], colour: /#[0-9a-f]{6}/.exec(line)?.[0] }))

/** All granules but the doomed one have their colours, and the service has its threads again. */
async function isWell(service: Service, others: number): Promise<void> {
  const ranked = await service.ask(RANK)
  expect(ranked?.status).toBe(200)
  const rows = rowsOf(ranked?.text)
  const coloured = rows.filter(({ granule, colour }) => colour && granule !== DOOMED)
  expect(coloured).toHaveLength(others)
  const { decoding } = await service.ready()
  expect(decoding).toMatchObject({ threads: 2, started: 2, busy: 0 })
  expect(storeIn(join(folder.path, 'store.sqlite')).integrity).toBe('ok')
}

describe('a decode thread that dies', () => {
  test('fails the colour in it alone, which the next asker gets, and others are ranked', async () => {
    const service = await start()
    const files = bandsOfDoomed()
    expect(files).toHaveLength(3)
    // Some 300 ms of decoding for each: so many pixels are not halved for this stride.
    for (const file of files) writeFileSync(file, flatCut(4000, 1, 15).codestream)
    // Threads that are there: one that dies while it starts is started anew, and its colour is made.
    expect(await service.ask(RANK)).toMatchObject({ status: 200 })
    const asked = service.ask(COLOUR)
    expect(await comesTrue(async () => (await service.ready()).decoding.busy === 2)).toBe(true)
    process.kill(service.pid, 'SIGUSR2')
    const failed = await asked
    expect(failed?.status).toBe(502)
    expect(failed?.text).toMatch(new RegExp(`${DOOMED}.*cannot be read: the thread that decoded it died`))
    expect(await comesTrue(async () => (await service.ready()).decoding.replaced >= 2)).toBe(true)
    expect(await service.metric('swath_decode_threads_replaced_total')).toBeGreaterThanOrEqual(2)

    const again = await service.ask(COLOUR)
    expect(again?.status).toBe(200)
    expect(again?.text).toContain('"valid":1,')
    await isWell(service, 8)
    expect(await service.stop()).toMatchObject({ code: 0 })
  }, 120_000)

  test('while nothing is asked costs nobody anything, those of the index no more', async () => {
    const service = await start()
    const wanted = await service.ask(RANK)
    expect(rowsOf(wanted?.text)).toHaveLength(9)
    for (let round = 0; round < 2; round++) {
      process.kill(service.pid, 'SIGUSR2')
      await sleep(500)
      expect(await service.ask('/area?bbox=11.8,54.9,14,56&limit=3')).toMatchObject({ status: 200 })
      expect(await service.ask(RANK)).toEqual(wanted)
      expect(await service.ask(RANK.replace('stride=16', `stride=${20 + round}`))).toMatchObject({
        status: 200,
      })
    }
    expect(await service.metric('swath_index_threads_replaced_total')).toBeGreaterThanOrEqual(2)
    await isWell(service, 8)
    expect(await service.stop()).toMatchObject({ code: 0, stderr: '' })
  }, 120_000)
})

test('hostile files fail their granule alone, and no process or thread is lost for good', async () => {
  const hostile = realData('hostile')
  if (hostile === undefined) return
  const service = await start()
  const files = bandsOfDoomed()
  const names = globSync('*.{jp2,j2k}', { cwd: hostile }).filter((name) =>
    /SIG|asan|crash|bigloop|huge|fuzz/.test(name),
  )
  expect(names.length).toBeGreaterThan(10)
  let failed = 0
  for (const [i, name] of names.entries()) {
    for (const file of files) cpSync(join(hostile, name), file)
    // Another stride each time, so that nothing is remembered.
    const answer = await service.ask(`/granules/${DOOMED}/colour?stride=${1 + i}`)
    expect([200, 404, 502], `${name}: ${answer?.text}`).toContain(answer?.status)
    if (answer?.status === 200) continue
    failed++
    expect(answer?.text).toMatch(/cannot be read: |hold no data|does not hold all of/)
  }
  expect(failed).toBeGreaterThan(names.length / 2)
  await isWell(service, 8)
  expect((await service.stop()).code).toBe(0)
}, 120_000)
