import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { type SqliteCatalog, sqliteCatalog } from '../../src/catalog/sqlite.ts'
import { planPage } from '../../src/catalog/sqlite-questions.ts'
import { askOnSpot } from '../../src/catalog/sqlite-spot.ts'
import { areaOfBox } from '../../src/sentinel2/area.ts'
import { archiveRow, writeCsv } from '../archive.ts'
import { searchOf } from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

const CITY = searchOf({ area: areaOfBox(12.5, 55.6, 12.6, 55.7), dedupe: 'none' })
const INDEX = { stamp: 'one', rowsATile: 5 }

let folder: Temporary
let file: string
let catalog: SqliteCatalog | undefined
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'index.sqlite')
  await build(5)
})
afterEach(async () => {
  await catalog?.close()
  catalog = undefined
  await folder.remove()
})

/** One granule a day over Copenhagen. */
async function build(days: number): Promise<void> {
  const rows = Array.from({ length: days }, (_, i) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, 1 + i, 10)).toISOString() }),
  )
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: file })
}

function lookOf(search: typeof CITY, limit = 10) {
  const plan = planPage(search, { limit }, undefined)
  return { look: plan.look, question: plan.questionFor(plan.tiles) }
}

describe('a question is answered on the spot', () => {
  test('only where a thread has read its tiles before, of the same file', () => {
    const spot = askOnSpot(file)
    const { look, question } = lookOf(CITY)
    expect(spot.takes(look, INDEX)).toBe(false)
    if (look) spot.note(look, INDEX)
    expect(spot.takes(look, INDEX)).toBe(true)
    expect(spot.answer(question, INDEX)?.rows).toHaveLength(5)
    expect(spot.takes(look, { ...INDEX, stamp: 'another' })).toBe(false)
    expect(spot.takes(lookOf({ ...CITY, time: { from: undefined, until: 1e15 } }).look, INDEX)).toBe(false)
    spot.close()
  })

  test('only where few rows of few tiles may have to be looked at, for few granules', () => {
    const spot = askOnSpot(file)
    const { look } = lookOf(CITY)
    if (look) spot.note(look, INDEX)
    expect(spot.takes(look, { ...INDEX, rowsATile: 1e6 })).toBe(false)
    expect(lookOf(CITY, 1000).look).toBeUndefined()
    expect(lookOf({ ...CITY, minCoverage: 0.5 }).look).toBeUndefined()
    const wide = lookOf({ ...CITY, area: areaOfBox(-10, 40, 30, 60) }).look
    if (wide) spot.note(wide, INDEX)
    expect(spot.takes(wide, INDEX)).toBe(false)
    spot.close()
  })

  test('for two milliseconds of one turn of the event loop at most, and again in the next', async () => {
    const spot = askOnSpot(file)
    const { look, question } = lookOf(CITY)
    if (look) spot.note(look, INDEX)
    // The first one opens the file.
    spot.answer(question, INDEX)
    await nextTurn()
    const cpuMs: number[] = []
    for (let turn = 0; turn < 9; turn++) {
      // What was slow, on a busy machine, rests for a while.
      await expect.poll(() => spot.takes(look, INDEX), { interval: 5 }).toBe(true)
      const [start, used] = [performance.now(), process.threadCpuUsage()]
      let answered = 0
      while (spot.takes(look, INDEX) && answered < 1e5) {
        spot.answer(question, INDEX)
        answered++
      }
      expect(performance.now() - start).toBeGreaterThanOrEqual(2)
      const { user, system } = process.threadCpuUsage(used)
      cpuMs.push((user + system) / 1000)
    }
    // Two, the question that oversteps them, and the asking; a pause of the collector may strike a turn.
    expect(cpuMs.toSorted((a, b) => a - b)[4], cpuMs.join(', ')).toBeLessThan(4)
    spot.close()
  })

  test('never again once it is closed', () => {
    const spot = askOnSpot(file)
    const { look, question } = lookOf(CITY)
    if (look) spot.note(look, INDEX)
    expect(spot.answer(question, INDEX)?.rows).toHaveLength(5)
    spot.close()
    expect([spot.takes(look, INDEX), spot.answer(question, INDEX)]).toEqual([false, undefined])
  })

  test('and not where another process holds the index, which is not waited for', () => {
    const spot = askOnSpot(file)
    const { look, question } = lookOf(CITY)
    if (look) spot.note(look, INDEX)
    const holder = new DatabaseSync(file)
    holder.exec('BEGIN EXCLUSIVE')
    const start = performance.now()
    expect(spot.answer(question, INDEX)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(1000)
    holder.exec('ROLLBACK')
    holder.close()
    expect(spot.answer(question, INDEX)?.rows).toHaveLength(5)
    spot.close()
  })
})

test('the same granules come on the spot and through threads, and an index that is replaced answers anew', async () => {
  const served = sqliteCatalog({ file, threads: 1 })
  catalog = served
  const first = await served.search(CITY, { limit: 3 })
  for (let n = 0; n < 40; n++) {
    const { granules, next } = await served.search(CITY, { limit: 3 })
    expect({ granules, next }).toEqual({ granules: first.granules, next: first.next })
  }
  expect((await served.search(CITY, { limit: 3, after: first.next })).granules).toHaveLength(2)
  await build(7)
  for (let n = 0; n < 20; n++) expect((await served.search(CITY, { limit: 9 })).granules).toHaveLength(7)
})

test('an asker who goes on and on lets timers and connections have their turn', async () => {
  const served = sqliteCatalog({ file, threads: 1 })
  catalog = served
  await served.search(CITY, { limit: 3 })
  let ticks = 0
  const ticking = setInterval(() => ticks++, 1)
  const end = performance.now() + 500
  while (performance.now() < end) await served.search(CITY, { limit: 3 })
  clearInterval(ticking)
  expect(ticks).toBeGreaterThan(10)
})
