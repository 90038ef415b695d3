import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import type { Catalog } from '../src/catalog/port.ts'
import type { Coloured } from '../src/colour/port.ts'
import { DEFAULT_SAMPLING } from '../src/colour-query.ts'
import { readConfig } from '../src/config.ts'
import { Fault, type FaultCode } from '../src/errors.ts'
import type { Session } from '../src/house.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type WarmOptions, type WarmStep, warmUp } from '../src/warm-up.ts'
import { openHouse } from '../src/wire.ts'
import { type DrawnHouse, openDrawnHouse } from './drawn-house.ts'
import { colourOfNumber, granuleOf } from './store/colour-samples.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const { search } = parseAreaQuery({ bbox: '11,54,15,57', dedupe: 'none' }, 'box')
const OPTIONS: WarmOptions = { sampling: DEFAULT_SAMPLING, granulesInFlight: 4, limit: 100 }

const idsOf = (steps: readonly WarmStep[]) => steps.map(({ granule }) => granule.granuleId)
const outcomesOf = (steps: readonly WarmStep[]) => steps.map(({ outcome }) => outcome)

describe('a warm-up of the sample', () => {
  let folder: Temporary
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())
  const openSample = () =>
    openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))

  test('makes all colours, and a second one reads and decodes nothing', async () => {
    const house = await openSample()
    const steps = await Array.fromAsync(warmUp(house.open(), search, OPTIONS))
    expect(outcomesOf(steps)).toEqual(Array(10).fill('done'))
    for (const step of steps) {
      expect(step).toMatchObject({ cost: { reads: 3, cpuMs: expect.any(Number) } })
    }
    await house.close()

    const again = await openSample()
    const session = again.open()
    const unread = {
      ...session,
      storage: { bucket: 'none', list: () => unasked('list'), read: () => unasked('read') },
    }
    const cached = await Array.fromAsync(warmUp(unread, search, OPTIONS))
    expect(outcomesOf(cached)).toEqual(Array(10).fill('cached'))
    expect(again.state()).toMatchObject({
      colours: { remembered: 10, made: 0 },
      decoding: { started: 0, decoded: 0 },
    })
    const colourOf = (of: readonly WarmStep[]) =>
      new Map(of.map((step) => [step.granule.place, step.outcome === 'failed' ? undefined : step.colour]))
    expect(colourOf(cached)).toEqual(colourOf(steps))
    await again.close()
  })

  function unasked(what: string): never {
    throw new Error(`Nothing had to ${what}.`)
  }
})

describe('a warm-up', () => {
  let drawn: DrawnHouse
  let session: Session
  /** All L1C granules of the sample, newest first. */
  let granules: readonly Granule[]
  beforeEach(async () => {
    drawn = await openDrawnHouse()
    session = drawn.house.open()
    granules = (await session.catalog.search(search, { limit: 100 })).granules
  })
  afterEach(() => drawn.close())

  const run = (options: Partial<WarmOptions> = {}) =>
    Array.fromAsync(warmUp(session, search, { ...OPTIONS, ...options }))
  const nameOf = (i: number) => granules[i]?.granuleId ?? ''

  test('follows pages to the end, newest first', async () => {
    const steps = await run({ limit: 3, granulesInFlight: 1 })
    expect(idsOf(steps)).toEqual(granules.map(({ granuleId }) => granuleId))
  })

  test('stops after so many granules, and asks for no page beyond them', async () => {
    const limits: number[] = []
    const { catalog } = session
    const counting: Catalog = {
      ...catalog,
      search: (of, options) => {
        limits.push(options.limit)
        return catalog.search(of, options)
      },
    }
    const counted = { ...session, catalog: counting }
    const steps = await Array.fromAsync(warmUp(counted, search, { ...OPTIONS, limit: 3, most: 5 }))
    expect([steps.length, limits]).toEqual([5, [3, 2]])
  })

  test('has no more granules in flight than it may', async () => {
    await run({ granulesInFlight: 3 })
    expect([drawn.mostAtOnce(), drawn.asked.length]).toEqual([3, 10])
  })

  test('says cached of what is there, and done of the rest', async () => {
    expect(new Set(outcomesOf(await run({ most: 4 })))).toEqual(new Set(['done']))
    const steps = await run({ granulesInFlight: 1 })
    expect(outcomesOf(steps)).toEqual([...Array(4).fill('cached'), ...Array(6).fill('done')])
  })

  test.for(['no-colour', 'bad-image', 'upstream-failed', 'upstream-late', 'upstream-busy'] as const)(
    '%s of a granule is a step with its reason, and the others go on',
    async (code) => {
      drawn.instead.set(nameOf(2), new Fault(code, 'So it is.'))
      const steps = await run({ granulesInFlight: 1 })
      expect(steps.length).toBe(10)
      expect(steps[2]).toMatchObject({ outcome: 'failed', reason: 'So it is.' })
      expect(outcomesOf(steps).filter((outcome) => outcome === 'failed').length).toBe(1)
    },
  )

  test.for(['misconfigured', 'cancelled', 'not-found'] as const)('%s ends it', async (code) => {
    drawn.instead.set(nameOf(2), new Fault(code, 'So it is.'))
    await expect(run()).rejects.toMatchObject({ code })
  })

  test('a bug ends it', async () => {
    drawn.instead.set(nameOf(2), new TypeError('a bug'))
    await expect(run()).rejects.toThrow('a bug')
  })

  test('that is stopped begins nothing more', async () => {
    const stop = new AbortController()
    const steps: WarmStep[] = []
    const going = async () => {
      const options = { ...OPTIONS, granulesInFlight: 2, signal: stop.signal }
      for await (const step of warmUp(session, search, options)) {
        steps.push(step)
        stop.abort()
      }
    }
    await expect(going()).rejects.toMatchObject({ code: 'cancelled' })
    expect(steps.length).toBe(1)
    expect(drawn.asked.length).toBeLessThan(4)
  })
})

describe('a warm-up of many granules', () => {
  let drawn: DrawnHouse
  beforeEach(async () => {
    drawn = await openDrawnHouse()
  })
  afterEach(() => drawn.close())

  const NUMBERS = Array.from({ length: 100 }, (_, n) => n)
  const COST = { listMs: 1, readMs: 1, reads: 1, bytes: 1, decodeMs: 1, cpuMs: 1, storeMs: 1 }
  const made = (n: number): Coloured => ({ colour: colourOfNumber(n), cost: COST, unstored: undefined })
  const fault = (code: FaultCode) => new Fault(code, `The archive: ${code}.`)

  /** A session over granules 0 to 99, and what was asked of it. */
  function sessionOf(becomes: (n: number) => Coloured | Error | Promise<Coloured>) {
    const searched: number[] = []
    const begun: number[] = []
    const session: Session = {
      ...drawn.house.open(),
      colourOf: async ({ granuleId }) => {
        const n = Number(granuleId.slice(12, 18))
        begun.push(n)
        const outcome = await becomes(n)
        if (outcome instanceof Error) throw outcome
        return outcome
      },
    }
    const catalog: Catalog = {
      ...session.catalog,
      search: async (_, { limit, after: [from] = [0] }) => {
        const first = Number(from)
        searched.push(first)
        const next = first + limit < NUMBERS.length ? [first + limit] : undefined
        const granules = NUMBERS.slice(first, first + limit).map(granuleOf)
        return {
          granules,
          coverage: undefined,
          next,
          positionOf: (i) => ({ score: 0, after: [first + i + 1] }),
        }
      },
    }
    return { session: { ...session, catalog }, searched, begun }
  }
  const warm = (session: Session, options: Partial<WarmOptions> = {}) =>
    warmUp(session, search, { ...OPTIONS, granulesInFlight: 1, limit: 10, ...options })

  /** The steps that came, and what ended them. */
  async function outcome(steps: AsyncIterable<WarmStep>) {
    const came: WarmStep[] = []
    try {
      for await (const step of steps) came.push(step)
      return { came, thrown: undefined }
    } catch (thrown) {
      return { came, thrown }
    }
  }

  test('searches the next page while granules of this one are made, and no page further', async () => {
    const { promise: held, resolve } = Promise.withResolvers<void>()
    const { session, searched, begun } = sessionOf(async (n) => {
      await held
      return made(n)
    })
    const steps = warm(session, { granulesInFlight: 4 })
    const first = steps.next()
    await new Promise((done) => setTimeout(done, 20))
    expect([searched, begun]).toEqual([
      [0, 10],
      [0, 1, 2, 3],
    ])
    resolve()
    await first
    expect((await Array.fromAsync(steps)).length).toBe(99)
    expect(searched).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  })

  test('tells how long it waited for each page', async () => {
    const waits: number[] = []
    await Array.fromAsync(warm(sessionOf(made).session, { onSearched: (ms) => waits.push(ms) }))
    expect(waits.length).toBe(10)
    expect(waits.every((ms) => ms >= 0 && ms < 1000)).toBe(true)
  })

  test('stops after twenty failures of the archive in a row', async () => {
    const { session } = sessionOf((n) => (n < 7 ? made(n) : fault('upstream-late')))
    const { came, thrown } = await outcome(warm(session))
    expect(came.length).toBe(27)
    expect(thrown).toMatchObject({
      code: 'upstream-late',
      message: expect.stringMatching(/^20 granules in a row .* The archive: upstream-late\.$/),
    })
  })

  test('goes on where a granule in between shows that the archive answers', async () => {
    const alive = [made(0), fault('no-colour'), fault('bad-image')]
    const { session } = sessionOf((n) => (n % 20 === 19 ? (alive[n % 3] ?? made(n)) : fault('upstream-busy')))
    const { came, thrown } = await outcome(warm(session))
    expect([came.length, thrown]).toEqual([100, undefined])
  })

  test('does not take what is cached for an answer of the archive', async () => {
    const { session } = sessionOf((n) =>
      n % 2 === 0 ? { ...made(n), cost: undefined } : fault('upstream-failed'),
    )
    const { came, thrown } = await outcome(warm(session))
    expect([came.length, thrown]).toMatchObject([40, { code: 'upstream-failed' }])
  })

  test('counts a colour as done only where the store holds it, and stops after twenty it does not', async () => {
    const { session } = sessionOf((n) => ({
      ...made(n),
      unstored: n < 30 && n !== 5 ? undefined : 'the database or disk is full',
    }))
    const { came, thrown } = await outcome(warm(session))
    expect(came[5]).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/SWATH_STORE names: the database or disk is full\.$/),
      cost: COST,
    })
    expect(outcomesOf(came).filter((one) => one === 'done').length).toBe(29)
    expect([came.length, thrown]).toMatchObject([
      50,
      {
        code: 'misconfigured',
        message: expect.stringMatching(/Once the cause is gone, .* the database or disk is full\.$/),
      },
    ])
  })

  test('tells all steps of the pages it has before a page that cannot be had ends it', async () => {
    const { session } = sessionOf(made)
    const { catalog } = session
    const broken: Catalog = {
      ...catalog,
      search: async (of, options) => {
        if (options.after?.[0] === 20) throw fault('upstream-failed')
        return catalog.search(of, options)
      },
    }
    const { came, thrown } = await outcome(warm({ ...session, catalog: broken }, { granulesInFlight: 4 }))
    expect([came.length, thrown]).toMatchObject([20, { code: 'upstream-failed' }])
  })

  test('whose reader leaves gives up the page that it searches', async () => {
    const { session } = sessionOf(made)
    const { catalog } = session
    const { promise: gaveUp, resolve } = Promise.withResolvers<string>()
    const endless: Catalog = {
      ...catalog,
      search: (of, options) => {
        if (!options.after) return catalog.search(of, options)
        return new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => {
            resolve('given up')
            reject(fault('cancelled'))
          })
        })
      },
    }
    for await (const _ of warm({ ...session, catalog: endless })) break
    expect(await gaveUp).toBe('given up')
  })
})
