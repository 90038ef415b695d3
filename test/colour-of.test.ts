import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { decodeThreads } from '../src/colour/sampler.ts'
import { granuleColours } from '../src/colour-of.ts'
import { DEFAULT_SAMPLING } from '../src/colour-query.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { folderStorage } from '../src/storage/folder.ts'
import type { Storage } from '../src/storage/port.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { colourOfNumber } from './store/colour-samples.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const SAMPLE = join(import.meta.dirname, '../sample')
const sample = folderStorage({ folder: join(SAMPLE, 'bucket') })
const sampler = decodeThreads({ threads: 1, deadlineMs: 5000 })
const CANCELLED = { code: 'cancelled' }

/** All L1C granules of the sample. */
let granules: readonly Granule[]
let folder: Temporary
let count = 0
beforeAll(async () => {
  folder = await temporaryFolder()
  const catalog = sqliteCatalog({ file: join(SAMPLE, 'index.sqlite'), threads: 1 })
  const { search } = parseAreaQuery({ bbox: '11,54,15,57', dedupe: 'none' }, 'box')
  granules = (await catalog.search(search, { limit: 100 })).granules
  await catalog.close()
})
const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})
afterAll(async () => {
  await sampler.close()
  await folder.remove()
})

/** Colours made one at a time, over the sample whose reads wait until they are let through. */
function open() {
  const file = join(folder.path, `${count++}.sqlite`)
  const store = sqliteStore(file)
  const colours = store.colours('sample')
  const made = granuleColours({ colours, layouts: store.layouts('sample'), sampler, atOnce: 1 })
  const gate = Promise.withResolvers<void>()
  const reading = Promise.withResolvers<void>()
  const storage: Storage = {
    ...sample,
    list: (prefix, options) => sample.list(prefix, options),
    read: async (...read) => {
      reading.resolve()
      await gate.promise
      return sample.read(...read)
    },
  }
  opened.push(() => {
    gate.resolve()
    made.close()
    store.close()
  })
  /** Another process at the same store. */
  const openBeside = () => {
    const beside = sqliteStore(file)
    opened.push(() => beside.close())
    return beside.colours('sample')
  }
  return {
    colours,
    state: made.state,
    openBeside,
    ask: (granule: Granule, signal?: AbortSignal) =>
      made.lane(storage).colourOf(granule, DEFAULT_SAMPLING, signal),
    letThrough: gate.resolve,
    reads: reading.promise,
  }
}

const first = () => granules[0] ?? nothing()
const second = () => granules[1] ?? nothing()
const nothing = (): never => {
  throw new Error('The sample holds no granules.')
}
const ended = async (isOver: () => boolean) => {
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('askers who leave', () => {
  test('leave an empty queue behind, and what was begun for them is made and stored', async () => {
    const { ask, state, reads, letThrough, colours } = open()
    const left = new AbortController()
    const asked = Promise.allSettled(granules.map((granule) => ask(granule, left.signal)))
    await reads
    expect(state()).toMatchObject({ inFlight: 1, waiting: granules.length - 1 })
    left.abort()
    for (const outcome of await asked)
      expect(outcome).toMatchObject({ status: 'rejected', reason: CANCELLED })
    expect(state()).toMatchObject({ inFlight: 1, waiting: 0 })
    letThrough()
    await ended(() => state().inFlight === 0)
    expect(state()).toMatchObject({ made: 1, failed: 0 })
    expect(granules.filter((granule) => colours.get(granule, DEFAULT_SAMPLING))).toEqual([first()])
  })

  test('take nothing from one who waits for the same, though they came first', async () => {
    const { ask, state, reads, letThrough } = open()
    const begun = ask(first())
    await reads
    const left = new AbortController()
    const leaving = ask(second(), left.signal)
    const stays = ask(second(), new AbortController().signal)
    left.abort()
    await expect(leaving).rejects.toMatchObject(CANCELLED)
    expect(state().waiting).toBe(1)
    letThrough()
    await begun
    expect((await stays).cost).toBeDefined()
    expect(state()).toMatchObject({ made: 2, failed: 0 })
  })

  test('do not hit a newcomer who asks for what they gave up', async () => {
    const { ask, state, reads, letThrough } = open()
    const begun = ask(first())
    await reads
    const left = new AbortController()
    const leaving = ask(second(), left.signal)
    left.abort()
    const early = ask(second())
    await expect(leaving).rejects.toMatchObject(CANCELLED)
    const late = ask(second())
    letThrough()
    await begun
    expect((await early).colour).toEqual((await late).colour)
    expect(state()).toMatchObject({ made: 2, waiting: 0 })
  })
})

describe('a colour that waits for its turn', () => {
  test('is taken from the store where another process made it meanwhile', async () => {
    const { ask, state, reads, letThrough, openBeside } = open()
    const begun = ask(first())
    await reads
    const waits = ask(second())
    await openBeside().put(second(), DEFAULT_SAMPLING, colourOfNumber(7))
    letThrough()
    await begun
    expect(await waits).toMatchObject({ colour: colourOfNumber(7), cost: undefined })
    expect(state()).toMatchObject({ made: 1, remembered: 1, failed: 0 })
  })
})
