import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AreaQuery, parseAreaQuery } from '../src/area-query.ts'
import type { Catalog, ColourWish, Search } from '../src/catalog/port.ts'
import type { Colour } from '../src/colour/port.ts'
import { Fault } from '../src/errors.ts'
import type { Session } from '../src/house.ts'
import type { Ranked } from '../src/list-area.ts'
import type { Parameters } from '../src/parameters.ts'
import { rankArea } from '../src/rank-area.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { type DrawnHouse, openDrawnHouse } from './drawn-house.ts'

let drawn: DrawnHouse
let session: Session
/** What the catalog was asked, in order. */
let searches: Search[]
/** All L1C granules of the sample, newest first. */
let granules: readonly Granule[]

beforeEach(async () => {
  drawn = await openDrawnHouse()
  const house = drawn.house.open()
  searches = []
  session = { ...house, catalog: knowingColours(house) }
  granules = (await house.catalog.search(queryOf({}).search, { limit: 100 })).granules
})
afterEach(() => drawn.close())

const HAZE = 'L1C_T33VUC_A023114_20210809T102603'
const queryOf = (more: Parameters) => parseAreaQuery({ bbox: '11,54,15,57', dedupe: 'none', ...more }, 'box')
const ids = (of: readonly { readonly granule: Granule }[]) => of.map(({ granule }) => granule.granuleId)
const newestIds = (from: number, to: number) => ids(granules.map((granule) => ({ granule })).slice(from, to))
const scoreOf = (rank: Ranked | undefined) => (rank && 'score' in rank ? rank.score : undefined)
const fault = (code: 'no-colour' | 'upstream-late') => new Fault(code, code)

async function pageOf({ search, rank, limit, after }: AreaQuery) {
  if (!search.colours) throw new Error('No colours are asked for.')
  const page = await rankArea(session, search, search.colours, { bands: undefined, limit, after, rank })
  return { ...page, listed: await Array.fromAsync(page.granules) }
}

describe('a rank of the whole area', () => {
  const ranked = (more: Parameters = {}) => pageOf(queryOf({ rank: 'blue', sort: 'rank', ...more }))

  test('is of what is remembered, after the newest without a colour got one, a page of them', async () => {
    const first = await ranked({ limit: '4' })
    expect(ids(first.listed).sort()).toEqual(newestIds(0, 4).sort())
    expect([first.count, first.withoutColour, first.next]).toEqual([4, 6, undefined])
    const second = await ranked({ limit: '4' })
    expect(drawn.asked.map(({ granuleId }) => granuleId)).toEqual(newestIds(0, 8))
    expect([second.count, second.withoutColour]).toEqual([4, 2])
  })

  test('puts the best of all first, whatever its age, and its pages together are all', async () => {
    await ranked()
    const asked = drawn.asked.length
    const pages = [await ranked({ limit: '3' })]
    for (let page = pages[0]; page?.next; page = pages.at(-1)) {
      pages.push(await pageOf({ ...queryOf({ rank: 'blue', sort: 'rank', limit: '3' }), after: page.next }))
    }
    const scores = pages.flatMap(({ listed }) => listed.map(({ rank }) => scoreOf(rank) ?? Number.NaN))
    expect(scores.length).toBe(10)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(pages[0]?.listed[0]?.granule.granuleId).toBe(HAZE)
    expect(pages.flatMap(({ listed }) => listed).every(({ images }) => images.length > 0)).toBe(true)
    expect(drawn.asked.length).toBe(asked)
  })

  test('makes colours and counts those that lack one before its first page alone', async () => {
    const first = await ranked({ limit: '4' })
    expect(first.withoutColour).toBe(6)
    const asked = drawn.asked.length
    const later = await pageOf({ ...queryOf({ rank: 'blue', sort: 'rank', limit: '4' }), after: [0] })
    expect([later.withoutColour, drawn.asked.length]).toEqual([undefined, asked])
  })

  test('counts granules whose colour cannot be had, and goes on without them', async () => {
    drawn.instead.set(HAZE, fault('no-colour'))
    const page = await ranked()
    expect([page.count, page.withoutColour]).toEqual([9, 1])
    expect(ids(page.listed)).not.toContain(HAZE)
  })

  test('is of what is remembered where the archive fails, and its failure where nothing is', async () => {
    for (const { granuleId } of granules) drawn.instead.set(granuleId, fault('upstream-late'))
    await expect(ranked()).rejects.toMatchObject({ code: 'upstream-late' })
    drawn.instead.clear()
    await ranked({ limit: '2' })
    for (const { granuleId } of granules) drawn.instead.set(granuleId, fault('upstream-late'))
    const page = await ranked()
    expect([page.count, page.withoutColour]).toEqual([2, 8])
  })

  test('of colours that are there makes none', async () => {
    await ranked()
    const { length } = drawn.asked
    await ranked()
    expect(drawn.asked.length).toBe(length)
  })

  test('tells of a colour that was forgotten meanwhile', async () => {
    await ranked()
    session = { ...session, rememberedColour: () => undefined }
    const { listed } = await ranked()
    expect(listed.every(({ rank }) => rank && 'reason' in rank)).toBe(true)
  })
})

describe('a search by colour', () => {
  test('tells the colours in the order of the search, and no score where nothing is ranked', async () => {
    const { listed } = await pageOf(queryOf({ where: 'share_blue>=0.34' }))
    const bluest = ids(listed)
    expect(bluest).toContain(HAZE)
    expect(bluest.length).toBeLessThan(10)
    expect(bluest).toEqual(newestIds(0, 10).filter((id) => bluest.includes(id)))
    for (const { rank } of listed) expect(rank).toMatchObject({ colour: expect.anything(), score: undefined })
  })

  test('asks for granules without a colour whatever the comparisons and the order', async () => {
    await pageOf(queryOf({ where: 'share_blue>=0.34', sort: 'cloud', cloud: '90' }))
    const [unknown, known] = searches
    expect(unknown).toMatchObject({ sort: undefined, cloud: { max: 90 } })
    expect(unknown?.colours).toMatchObject({ which: 'unknown', where: [], rank: undefined })
    expect(known).toMatchObject({ sort: 'cloud', colours: { which: 'known', where: [{ of: 'share_blue' }] } })
  })

  test('with a rank puts the newest that match best first, as a rank of a page does', async () => {
    await pageOf(queryOf({ where: 'valid>=0' }))
    const { listed } = await pageOf(queryOf({ where: 'valid>=0', rank: 'blue', limit: '4' }))
    expect(ids(listed).sort()).toEqual(newestIds(0, 4).sort())
    const scores = listed.map(({ rank }) => scoreOf(rank) ?? Number.NaN)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  })
})

/** The house's catalog, to which colours are known that are remembered by this house. */
function knowingColours({ catalog, rememberedColour }: Session): Catalog {
  const light = ({ red, green, blue }: Colour) => red + green + blue
  const numbers = (colour: Colour): Readonly<Record<string, number>> => ({
    share_blue: colour.blue / light(colour),
    valid: colour.valid,
  })
  const matching = async (
    search: Search,
    { sampling, which, where, rank }: ColourWish,
  ): Promise<Granule[]> => {
    const page = await catalog.search({ ...search, sort: undefined, colours: undefined }, { limit: 10_000 })
    const matches = page.granules.filter((granule) => {
      const colour = rememberedColour(granule, sampling)
      if (!colour || which === 'unknown') return !colour && which === 'unknown'
      return where.every(({ of, than }) => (numbers(colour)[of] ?? 0) >= than)
    })
    if (!rank) return matches
    const score = (granule: Granule) => {
      const colour = rememberedColour(granule, sampling)
      return colour ? colour.blue / light(colour) : 0
    }
    return matches.toSorted((a, b) => score(b) - score(a))
  }
  return {
    ...catalog,
    search: async (search, { limit, after: [start] = [0] }) => {
      searches.push(search)
      if (!search.colours) throw new Error('A search without colours.')
      const all = await matching(search, search.colours)
      const end = Number(start) + limit
      const next = end < all.length ? [end] : undefined
      const granules = all.slice(Number(start), end)
      const positionOf = (i: number) => ({ score: 0, after: [Number(start) + i + 1] })
      return { granules, coverage: undefined, next, positionOf }
    },
    extent: async (search) => {
      const colours = search.colours
      const all = colours
        ? await matching(search, colours)
        : (await catalog.search({ ...search, sort: undefined }, { limit: 10_000 })).granules
      return { granules: all.length, bytes: 0, withoutSize: 0, longForm: 0 }
    },
  }
}
