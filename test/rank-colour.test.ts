import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import type { Colour } from '../src/colour/port.ts'
import { DEFAULT_SAMPLING } from '../src/colour-query.ts'
import { Fault, type FaultCode } from '../src/errors.ts'
import type { Session } from '../src/house.ts'
import type { Ranked } from '../src/list-area.ts'
import { rankArea, rankGranules } from '../src/rank-colour.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type DrawnHouse, openDrawnHouse } from './drawn-house.ts'

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
  test('are made no more at once than lists are', async () => {
    const narrow = await openDrawnHouse(3)
    const options = { rank: rankOf('red'), sampling: DEFAULT_SAMPLING }
    await rankGranules(narrow.house.open(), granules, options)
    expect([narrow.mostAtOnce(), narrow.asked.length]).toEqual([3, 10])
    await narrow.close()
  })

  test('are started no more once the asker has left', async () => {
    const narrow = await openDrawnHouse(1)
    const left = new AbortController()
    const options = {
      rank: rankOf('red'),
      sampling: DEFAULT_SAMPLING,
      signal: left.signal,
      onTried: () => left.abort(),
    }
    await expect(rankGranules(narrow.house.open(), granules, options)).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(narrow.asked.length).toBe(1)
    await narrow.close()
  })

  test('are counted as they are tried, whatever comes of it', async () => {
    drawn.instead.set(HAZE, fault('bad-image'))
    const counts: number[] = []
    const onTried = (count: number) => counts.push(count)
    await rankGranules(session, granules, { rank: rankOf('red'), sampling: DEFAULT_SAMPLING, onTried })
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})

describe('a ranked page', () => {
  const options = { rank: rankOf('blue'), sampling: DEFAULT_SAMPLING, bands: undefined }

  test('is of its newest granules alone, best first, with their images', async () => {
    const page = await rankArea(session, search, { ...options, limit: 4 })
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
    const { next } = await rankArea(session, search, { ...options, limit: 4 })
    const page = await rankArea(session, search, { ...options, limit: 100, after: next })
    expect([page.count, page.withoutColour, page.next]).toEqual([6, 1, undefined])
    const listed = await Array.fromAsync(page.granules)
    expect(listed.at(-1)).toMatchObject({
      granule: { granuleId: SPRING },
      rank: { reason: 'It has no B02.' },
    })
  })

  test('of no granules is empty, and no failure', async () => {
    const { search: nowhere } = parseAreaQuery({ bbox: '-180,86,180,90' }, 'box')
    const page = await rankArea(session, nowhere, { ...options, limit: 4 })
    expect([page.count, page.withoutColour, await Array.fromAsync(page.granules)]).toEqual([0, 0, []])
  })
})
