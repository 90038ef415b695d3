import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import type { Colour, Coloured } from '../src/colour/port.ts'
import { DEFAULT_SAMPLING } from '../src/colour-query.ts'
import { Fault, type FaultCode } from '../src/errors.ts'
import type { Session } from '../src/house.ts'
import type { Ranked } from '../src/list-area.ts'
import { type RankOptions, rankGranules, rankPage } from '../src/rank-colour.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type DrawnHouse, openDrawnHouse } from './drawn-house.ts'
import { colourOfNumber, granuleOf } from './store/colour-samples.ts'

let drawn: DrawnHouse
let session: Session
/** All L1C granules of the sample, newest first. */
let granules: readonly Granule[]
const { search } = parseAreaQuery({ bbox: '11,54,15,57', dedupe: 'none' }, 'box')

beforeEach(async () => {
  drawn = await openDrawnHouse()
  session = drawn.house.open()
  granules = (await session.catalog.search(search, { limit: 100 })).granules
})
afterEach(() => drawn.close())

/** By the names of sample/README.md. */
const DROUGHT = 'L1C_T33UVB_A015792_20180701T102024'
const ALGAE = 'L1C_T33UUB_A017537_20200715T102602'
const HAZE = 'L1C_T33VUC_A023114_20210809T102603'
const SPRING = 'S2A_OPER_MSI_L1C_TL_SGS__20160502T154438_A004495_T33UUB_N02.01'

const colour = (red: number, green: number, blue: number): Colour => ({
  red,
  green,
  blue,
  valid: 1,
  sampled: 1000,
})
const fault = (code: FaultCode, sentence: string = code) => new Fault(code, sentence)
const rankOf = (rank: string) =>
  parseAreaQuery({ lat: '0', lng: '0', rank }, 'point').rank ?? { by: 'share' as const, of: 'red' as const }
const ranked = (rank: string, signal?: AbortSignal) =>
  rankGranules(session, granules, { rank: rankOf(rank), sampling: DEFAULT_SAMPLING, signal })
const names = async (rank: string) => (await ranked(rank)).map(({ granule }) => granule.granuleId)
const scoreOf = (rank: Ranked | undefined) => (rank && 'score' in rank ? rank.score : undefined)
const reasonOf = (rank: Ranked | undefined) => (rank && 'reason' in rank ? rank.reason : undefined)
const ids = (of: readonly Granule[]) => of.map(({ granuleId }) => granuleId)

describe('a rank by a band', () => {
  test('puts the largest share of the colour first', async () => {
    expect(granules.length).toBe(10)
    expect((await names('red'))[0]).toBe(DROUGHT)
    expect((await names('green'))[0]).toBe(ALGAE)
    expect((await names('blue'))[0]).toBe(HAZE)
  })

  test('gives every granule its share as the score, in falling order', async () => {
    const all = await ranked('blue')
    const scores = all.map(({ rank }) => scoreOf(rank) ?? Number.NaN)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(scores[0]).toBeCloseTo(0.188699 / (0.119807 + 0.158397 + 0.188699), 12)
    expect(ids(all.map(({ granule }) => granule)).sort()).toEqual(ids(granules).sort())
  })

  test('takes dark parts below 0 as none, so that no share passes 1', async () => {
    drawn.instead.set(SPRING, colour(-0.01, -0.002, 0.004))
    const [first] = await ranked('blue')
    expect([first?.granule.granuleId, scoreOf(first?.rank)]).toEqual([SPRING, 1])
    const last = (await ranked('red')).at(-1)
    expect([last?.granule.granuleId, scoreOf(last?.rank)]).toEqual([SPRING, 0])
  })

  test('of a colour without any light says that it has no share', async () => {
    drawn.instead.set(HAZE, colour(0, -0.1, 0))
    const last = (await ranked('blue')).at(-1)
    expect(last?.granule.granuleId).toBe(HAZE)
    expect(reasonOf(last?.rank)).toMatch(/0 or below/)
  })

  test('keeps equals newest first', async () => {
    for (const { granuleId } of granules) drawn.instead.set(granuleId, colour(0.1, 0.2, 0.3))
    expect(await names('green')).toEqual(ids(granules))
  })
})

describe('a rank by a colour', () => {
  test('puts the colour that looks nearest first, with the distance as its score', async () => {
    // The drought as a screen shows it: 0.105923, 0.105258, 0.093407 of 0.3558.
    const all = await ranked('#4c4b43')
    expect(all[0]?.granule.granuleId).toBe(DROUGHT)
    const scores = all.map(({ rank }) => scoreOf(rank) ?? Number.NaN)
    expect(scores).toEqual(scores.toSorted((a, b) => a - b))
    expect(scores[0]).toBeLessThan(1)
  })

  test('compares what a screen shows: reflectance beyond its white is white, below its black is black', async () => {
    drawn.instead.set(ALGAE, colour(0.9, 0.5, 0.3558))
    drawn.instead.set(HAZE, colour(-0.1, 0, -0.02))
    const [white] = await ranked('FFFFFF')
    expect([white?.granule.granuleId, scoreOf(white?.rank)]).toEqual([ALGAE, 0])
    const [black] = await ranked('000000')
    expect([black?.granule.granuleId, scoreOf(black?.rank)]).toEqual([HAZE, 0])
  })

  test('takes the colour of a preview as it is shown', async () => {
    drawn.instead.set(SPRING, colour(0x33 / 255, 0x66 / 255, 0x99 / 255))
    const sampling = { source: 'preview' } as const
    const [first] = await rankGranules(session, granules, { rank: rankOf('336699'), sampling })
    expect([first?.granule.granuleId, scoreOf(first?.rank)]).toEqual([SPRING, 0])
    expect(drawn.asked.every(({ sampling }) => sampling.source === 'preview')).toBe(true)
  })
})

describe('granules whose colour cannot be had', () => {
  test('come last, newest first, each with its reason', async () => {
    const [newest, second, third] = ids(granules)
    for (const [id, code] of [
      [newest, 'no-colour'],
      [third, 'upstream-late'],
      [HAZE, 'bad-image'],
    ] as const) {
      drawn.instead.set(id ?? '', fault(code, `${id}: ${code}`))
    }
    const all = await ranked('blue')
    expect(all.length).toBe(10)
    expect(all.slice(-3).map(({ rank }) => reasonOf(rank))).toEqual([
      `${newest}: no-colour`,
      `${third}: upstream-late`,
      `${HAZE}: bad-image`,
    ])
    expect(all.slice(0, 7).every(({ rank }) => scoreOf(rank) !== undefined)).toBe(true)
    expect(all.slice(0, 7).map(({ granule }) => granule.granuleId)).toContain(second)
  })

  test('are an answer where they are all there is', async () => {
    for (const { granuleId } of granules) drawn.instead.set(granuleId, fault('no-colour'))
    expect(await names('blue')).toEqual(ids(granules))
  })

  test('are a failure of the archive where it failed for every one', async () => {
    for (const { granuleId } of granules) drawn.instead.set(granuleId, fault('upstream-busy'))
    drawn.instead.set(ids(granules)[0] ?? '', fault('upstream-late', 'The newest one was too late.'))
    await expect(ranked('blue')).rejects.toMatchObject({
      code: 'upstream-late',
      message: 'The newest one was too late.',
    })
    drawn.instead.set(HAZE, fault('bad-image'))
    expect((await ranked('blue')).length).toBe(10)
    drawn.instead.delete(HAZE)
    const [first, ...others] = await ranked('blue')
    expect([first?.granule.granuleId, others.every(({ rank }) => 'reason' in rank)]).toEqual([HAZE, true])
  })

  test.for(['cancelled', 'misconfigured'] as const)('%s ends the rank', async (code) => {
    drawn.instead.set(HAZE, fault(code))
    await expect(ranked('blue')).rejects.toMatchObject({ code })
  })

  test('a bug is no reason', async () => {
    drawn.instead.set(HAZE, new TypeError('a bug'))
    await expect(ranked('blue')).rejects.toThrow('a bug')
  })
})

describe('colours', () => {
  test('of a rank are asked for 32 at once, however many are listed at once', async () => {
    let [now, most] = [0, 0]
    const { session } = manyOf(async (n) => {
      most = Math.max(most, ++now)
      await setImmediate()
      now--
      return made(n)
    })
    await rankMany({ ...session, listConcurrency: 1 }, 200)
    expect(most).toBe(32)
  })

  test('are started no more once the asker has left', async () => {
    const left = new AbortController()
    const { session, asked } = manyOf(made)
    const ranking = rankMany(session, 200, { signal: left.signal, onTried: () => left.abort() })
    await expect(ranking).rejects.toMatchObject({ code: 'cancelled' })
    // Those asked for in the same moment.
    expect(asked.length).toBeLessThanOrEqual(32)
  })

  test('of ten thousand remembered granules leave the event loop free', async () => {
    const { session } = manyOf((n) => ({ ...made(n), cost: undefined }))
    let [turns, over] = [0, false]
    const turn = () => {
      turns++
      if (!over) globalThis.setImmediate(turn)
    }
    turn()
    expect((await rankMany(session, 10_000)).length).toBe(10_000)
    over = true
    // After every few hundred, once as they are asked for and once as they are compared.
    expect(turns).toBeGreaterThanOrEqual(2 * (10_000 / 500))
  })

  test('are counted as they are tried, whatever comes of it', async () => {
    drawn.instead.set(HAZE, fault('bad-image'))
    const counts: number[] = []
    const onTried = (count: number) => counts.push(count)
    await rankGranules(session, granules, { rank: rankOf('red'), sampling: DEFAULT_SAMPLING, onTried })
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})

describe('an archive that fails', () => {
  const LEFT_OUT = /^It was not tried to the end, as the archive failed 8 times in a row; ask again later\.$/

  test('for eight granules in a row is asked for no more, and its first failure is told', async () => {
    const { session, asked } = manyOf(async (n) => {
      await setImmediate()
      return fault('upstream-late', `${n} was too late.`)
    })
    await expect(rankMany(session, 250)).rejects.toMatchObject({
      code: 'upstream-late',
      message: '0 was too late.',
    })
    expect(asked.length).toBeLessThan(8 + 32)
  })

  test('and hangs is waited for by none of those that wait for their turn', async () => {
    // The first eight fail at their deadline; the others have only their signal to end them.
    const { session, asked } = manyOf((n, signal) => (n < 8 ? fault('upstream-late') : untilLeft(signal)))
    await expect(rankMany(session, 250)).rejects.toMatchObject({ code: 'upstream-late' })
    expect(asked.length).toBeLessThan(8 + 32)
  })

  test('leaves those that have colours in order, and the untried last, each with the reason', async () => {
    const { session, asked } = manyOf((n) => (n < 40 ? made(n) : fault('upstream-busy', 'Busy.')))
    const all = await rankMany(session, 250)
    expect(all.length).toBe(250)
    expect(all.filter(({ rank }) => 'score' in rank).length).toBe(40)
    const reasons = all.slice(40).map(({ rank }) => reasonOf(rank) ?? '')
    expect(reasons.slice(0, 8)).toEqual(Array(8).fill('Busy.'))
    expect(reasons.slice(-170).every((reason) => LEFT_OUT.test(reason))).toBe(true)
    expect(asked.length).toBeLessThan(40 + 8 + 32)
  })

  test('does not keep a rank from what is remembered', async () => {
    const { session } = manyOf(
      () => fault('upstream-failed'),
      (n) => (n >= 200 ? colour(0.1, 0.2, 0.3) : undefined),
    )
    const all = await rankMany(session, 250)
    expect(all.slice(0, 50).every(({ rank }) => 'score' in rank)).toBe(true)
    expect(all.slice(50).every(({ rank }) => 'reason' in rank)).toBe(true)
  })

  test('is not given up where an answer comes in between, and what is remembered is none', async () => {
    const answers = [made(0), fault('no-colour'), fault('bad-image')]
    const alive = manyOf((n) => (n % 8 === 7 ? (answers[n % 3] ?? made(n)) : fault('upstream-busy')))
    await rankMany(alive.session, 240)
    expect(alive.asked.length).toBe(240)
    const remembering = manyOf((n) =>
      n % 4 === 0 ? { ...made(n), cost: undefined } : fault('upstream-busy'),
    )
    await rankMany(remembering.session, 240)
    expect(remembering.asked.length).toBeLessThan(12 + 32)
  })

  test('and an asker who leaves then hears that, and no failure', async () => {
    const left = new AbortController()
    const { session } = manyOf((n, signal) => {
      if (n < 8) return fault('upstream-late')
      left.abort()
      return untilLeft(signal)
    })
    const ranking = rankMany(session, 250, { signal: left.signal })
    await expect(ranking).rejects.toMatchObject({ code: 'cancelled' })
  })
})

const COST = { listMs: 1, readMs: 1, reads: 1, bytes: 1, decodeMs: 1, cpuMs: 1, storeMs: 1 }
const made = (n: number): Coloured => ({ colour: colourOfNumber(n), cost: COST, unstored: undefined })

/** A session whose granules of each number come to something, and the numbers of those that were asked for. */
function manyOf(
  becomes: (n: number, signal?: AbortSignal) => Coloured | Fault | Promise<Coloured | Fault>,
  remembered: (n: number) => Colour | undefined = () => undefined,
) {
  const numberOf = ({ granuleId }: Granule) => Number(granuleId.slice(12, 18))
  const asked: number[] = []
  const many: Session = {
    ...session,
    colourOf: async (granule, _, signal) => {
      asked.push(numberOf(granule))
      const outcome = await becomes(numberOf(granule), signal)
      if (outcome instanceof Fault) throw outcome
      return outcome
    },
    rememberedColour: (granule) => remembered(numberOf(granule)),
  }
  return { session: many, asked }
}

const rankMany = (session: Session, count: number, options: Partial<RankOptions> = {}) =>
  rankGranules(
    session,
    Array.from({ length: count }, (_, n) => granuleOf(n)),
    {
      rank: rankOf('red'),
      sampling: DEFAULT_SAMPLING,
      ...options,
    },
  )

const untilLeft = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(fault('cancelled')))
  })

describe('a ranked page', () => {
  const options = { rank: rankOf('blue'), sampling: DEFAULT_SAMPLING, bands: undefined }

  test('is of its newest granules alone, best first, with their images', async () => {
    const page = await rankPage(session, search, { ...options, limit: 4 })
    const listed = await Array.fromAsync(page.granules)
    expect([page.count, page.withoutColour, page.next === undefined]).toEqual([4, 0, false])
    const newest = ids(granules.slice(0, 4))
    expect(ids(listed.map(({ granule }) => granule)).sort()).toEqual(newest.toSorted())
    const scores = listed.map(({ rank }) => scoreOf(rank) ?? Number.NaN)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(listed.every(({ images }) => images.length > 0)).toBe(true)
    expect(drawn.asked.length).toBe(4)
  })

  test('tells how many of its granules have no colour, and starts where the one before ends', async () => {
    drawn.instead.set(SPRING, fault('no-colour', 'It has no B02.'))
    const { next } = await rankPage(session, search, { ...options, limit: 4 })
    const page = await rankPage(session, search, { ...options, limit: 100, after: next })
    expect([page.count, page.withoutColour, page.next]).toEqual([6, 1, undefined])
    const listed = await Array.fromAsync(page.granules)
    expect(listed.at(-1)).toMatchObject({
      granule: { granuleId: SPRING },
      rank: { reason: 'It has no B02.' },
    })
  })

  test('keeps with each granule the share of the area that it covers', async () => {
    const shares = new Map(granules.map(({ granuleId }, i) => [granuleId, i / 10]))
    const catalog: Session['catalog'] = {
      ...session.catalog,
      search: async (asked, page) => {
        const found = await session.catalog.search(asked, page)
        const coverage = found.granules.map(({ granuleId }) => shares.get(granuleId) ?? Number.NaN)
        return { ...found, coverage: page.coverage ? coverage : undefined }
      },
    }
    const covered = async (coverage: boolean) => {
      const page = await rankPage({ ...session, catalog }, search, { ...options, limit: 10, coverage })
      return Array.fromAsync(page.granules)
    }
    for (const { granule, coverage } of await covered(true)) {
      expect(coverage).toBe(shares.get(granule.granuleId))
    }
    expect((await covered(false)).map(({ coverage }) => coverage)).toEqual(Array(10).fill(undefined))
  })

  test('of no granules is empty, and no failure', async () => {
    const { search: nowhere } = parseAreaQuery({ bbox: '-180,86,180,90' }, 'box')
    const page = await rankPage(session, nowhere, { ...options, limit: 4 })
    expect([page.count, page.withoutColour, await Array.fromAsync(page.granules)]).toEqual([0, 0, []])
  })
})
