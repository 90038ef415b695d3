import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cursor, Page, Search } from '../../src/catalog/port.ts'
import { coverOf } from '../../src/ground/cover.ts'
import { type Area, areaOfBox } from '../../src/sentinel2/area.ts'
import { compareGranules, type Granule } from '../../src/sentinel2/granule.ts'
import { tileBox } from '../../src/sentinel2/tiles.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { indexRow } from '../stand-ins/bigquery-index-rows.ts'
import type { TableRow } from '../stand-ins/bigquery-tables.ts'
import { type OpenBigQuery, openBigQueryOver } from '../stand-ins/open-bigquery.ts'

/*
 * Orders, choices and shapes in a table: what SQL tells and what is told on our side, against a plain sort
 * and filter of all granules.
 */

const TILES = ['33UUB', '33UVB'] as const
/** Clouds that tie, are zero and are not known; boxes of the left part of the tile, and none. */
const rows: readonly TableRow[] = TILES.flatMap((tile, t) =>
  Array.from({ length: 40 }, (_, i) => {
    const month = String(1 + (i % 4)).padStart(2, '0')
    const day = String(1 + Math.floor(i / 4)).padStart(2, '0')
    const west = 11.9 + t
    const wide = 0.2 + ((i * 7) % 10) / 10
    const box = i % 9 === 0 ? {} : { west_lon: west, east_lon: west + wide, south_lat: 55.0, north_lat: 55.8 }
    return indexRow({
      tile,
      start: `2018${month}${day}T105441`,
      generation: `2018${month}${day}T124911`,
      cells: { ...box, cloud_cover: i % 10 === 3 ? null : (i * 3) % 8 === 0 ? 0 : (i * 13) % 50 },
    })
  }),
)

const AREA = areaOfBox(12.1, 55.2, 13.4, 55.6)
/** A triangle that leaves out the upper right of its box. */
const TRIANGLE: Area = {
  box: [12.1, 55.2, 13.4, 55.6],
  shape: [
    [
      [
        [12.1, 55.2],
        [13.4, 55.2],
        [12.1, 55.6],
        [12.1, 55.2],
      ],
    ],
  ],
}

let opened: OpenBigQuery
let all: readonly Granule[]
beforeAll(async () => {
  opened = await openBigQueryOver(rows)
  all = (await opened.catalog.search(searchOf({}), { limit: 1000 })).granules
})
afterAll(() => opened.close())

const searchOf = (asked: Partial<Search>): Search => ({
  area: AREA,
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: undefined,
  dedupe: 'latest',
  ...asked,
})

async function paged(search: Search, limit: number): Promise<{ granules: Granule[]; coverage: number[] }> {
  const whole = { granules: [] as Granule[], coverage: [] as number[] }
  let after: Cursor | undefined
  do {
    const page: Page = await opened.catalog.search(search, { limit, after, coverage: true })
    expect(page.granules.length).toBeLessThanOrEqual(limit)
    expect(page.coverage).toHaveLength(page.granules.length)
    whole.granules.push(...page.granules)
    whole.coverage.push(...(page.coverage ?? []))
    after = page.next && JSON.parse(JSON.stringify(page.next))
  } while (after)
  return whole
}

const namesOf = (granules: readonly Granule[]) => granules.map(({ place }) => place)
const cloudOf = ({ cloudCover = 101 }: Granule) => cloudCover
const clearnessOf = ({ cloudCover }: Granule) => (cloudCover === undefined ? 101 : -cloudCover)

/** What the port says of a search, told by plain sorting and filtering. */
function expected({ area, relation, minCoverage, best, sort = '-datetime', cloud }: Search): Granule[] {
  const cover = coverOf(area)
  const share = (granule: Granule) => cover.coverage(granule)
  const matching = all
    .filter((granule) => cover.meets(granule))
    .filter(({ cloudCover }) => !cloud || (cloudCover !== undefined && cloudCover <= cloud.max))
    .filter((granule) => relation !== 'contains' || share(granule) === 1)
    .filter((granule) => relation !== 'within' || cover.isWithin(granule))
    .filter((granule) => minCoverage === undefined || share(granule) >= minCoverage)
  const clearest = matching.toSorted(
    (a, b) => cloudOf(a) - cloudOf(b) || share(b) - share(a) || compareGranules(a, b),
  )
  const groupOf = ({ mgrsTile, sensingTime }: Granule) =>
    best === 'tile' ? mgrsTile : mgrsTile + new Date(sensingTime / 1000).getUTCMonth()
  const chosen = best
    ? clearest.filter((one, i) => clearest.findIndex((other) => groupOf(other) === groupOf(one)) === i)
    : matching
  const compare = {
    '-datetime': () => 0,
    datetime: (a: Granule, b: Granule) => compareGranules(b, a),
    cloud: (a: Granule, b: Granule) => cloudOf(a) - cloudOf(b),
    '-cloud': (a: Granule, b: Granule) => clearnessOf(a) - clearnessOf(b),
    coverage: (a: Granule, b: Granule) => share(b) - share(a),
    '-coverage': (a: Granule, b: Granule) => share(a) - share(b),
    rank: () => 0,
    '-rank': () => 0,
  }[sort]
  return chosen.toSorted((a, b) => compare(a, b) || compareGranules(a, b))
}

describe('a search in a table', () => {
  test('has rows to tell things apart by', () => {
    expect(all.length).toBe(80)
    expect(all.some(({ cloudCover }) => cloudCover === undefined)).toBe(true)
    expect(all.filter(({ cloudCover }) => cloudCover === 0).length).toBeGreaterThan(5)
  })

  const searches: readonly Partial<Search>[] = [
    ...(['-datetime', 'datetime', 'cloud', '-cloud', 'coverage', '-coverage'] as const).flatMap((sort) => [
      { sort },
      { sort, area: TRIANGLE },
      { sort, best: 'tile' as const },
      { sort, best: 'tile,month' as const },
      { sort, best: 'tile,month' as const, area: TRIANGLE },
      { sort, minCoverage: 0.2, cloud: { min: 0, max: 30 } },
    ]),
    { relation: 'within', area: areaOfBox(11, 54.8, 12.8, 56) },
    { relation: 'contains', area: areaOfBox(12.1, 55.2, 12.3, 55.3) },
    { relation: 'contains', area: areaOfBox(12.1, 55.2, 12.3, 55.3), best: 'tile' },
  ]
  test.for(searches)('comes whole and in order, page by page: %j', async (asked) => {
    const search = searchOf(asked)
    const wanted = expected(search)
    expect(wanted.length).toBeGreaterThan(0)
    for (const limit of [7, 100]) {
      const { granules, coverage } = await paged(search, limit)
      expect(namesOf(granules)).toEqual(namesOf(wanted))
      expect(coverage).toEqual(granules.map(coverOf(search.area).coverage))
    }
  })

  test('of a shape sends no tile that the shape does not touch', async () => {
    const before = opened.server.jobs().length
    await opened.catalog.search(searchOf({ area: TRIANGLE }), { limit: 5 })
    const tiles = opened.server.jobs()[before]?.parameters.tiles
    const touched = coverOf(TRIANGLE)
    expect(Array.isArray(tiles) && tiles.length > 0 && tiles.every((tile) => touched.touches(tile))).toBe(
      true,
    )
  })

  test('of a shape without a candidate tile costs no query', async () => {
    const before = opened.server.calls().length
    const page = await opened.catalog.search(searchOf({ area: TRIANGLE, tiles: ['01KAB'] }), {
      limit: 5,
      coverage: true,
    })
    expect(page).toMatchObject({ granules: [], coverage: [], next: undefined })
    expect(opened.server.calls()).toHaveLength(before)
  })

  test('since a time finds what came into the table then or later, and names the column only then', async () => {
    const since = parseTime('2018-04-05T00:00:00Z') ?? 0
    const came = (row: TableRow) => parseTime(String(row.etl_timestamp)) ?? 0
    const at = came(rows[3] ?? {})
    for (const from of [since, at, at + 1]) {
      const { granules } = await paged(searchOf({ since: from }), 9)
      expect(granules).toHaveLength(rows.filter((row) => came(row) >= from).length)
    }
    const before = opened.server.jobs().length
    await opened.catalog.search(searchOf({}), { limit: 1 })
    expect(opened.server.jobs()[before]?.query).not.toContain('etl_timestamp')
  })

  test('a table without the time that rows came is searched all the same, but not since a time', async () => {
    const own = await openBigQueryOver({ rows, without: ['etl_timestamp'] })
    try {
      expect((await own.catalog.search(searchOf({}), { limit: 1 })).granules).toHaveLength(1)
      const asking = own.catalog.search(searchOf({ since: 0 }), { limit: 1 })
      await expect(asking).rejects.toMatchObject({ code: 'misconfigured' })
    } finally {
      await own.close()
    }
  })

  test('a box that reaches a little past its tile is found there, and a granule without a box is not', async () => {
    const [west = 0, , east = 0, north = 0] = tileBox('33UUB') ?? []
    const past = { west_lon: west - 0.0001, east_lon: east, south_lat: 55, north_lat: north + 0.0001 }
    const own = await openBigQueryOver([
      indexRow({ start: '20180101T105441', cells: past }),
      indexRow({ start: '20180103T105441' }),
      indexRow({ start: '20180105T105441', cells: { ...past, west_lon: -100, east_lon: 100 } }),
    ])
    try {
      const beside = areaOfBox(west - 0.001, 55.3, west - 0.00005, 55.4)
      const found = await own.catalog.search(searchOf({ area: beside }), { limit: 9, coverage: true })
      expect(found.granules.map(({ place }) => place.slice(25, 33))).toEqual(['20180101'])
      const inside = areaOfBox(west + 0.1, 55.3, west + 0.2, 55.4)
      expect((await own.catalog.search(searchOf({ area: inside }), { limit: 9 })).granules).toHaveLength(3)
    } finally {
      await own.close()
    }
  })

  test('asking for colours is refused with the parameter and the way out, before any call', async () => {
    const before = opened.server.calls().length
    const colours = { sampling: { source: 'preview' }, which: 'known', where: [], rank: undefined } as const
    const where = [{ of: 'share_red', is: '>=', than: 0.4 }] as const
    for (const [asked, parameter] of [
      [{ sort: 'rank' as const, colours }, 'rank'],
      [{ colours: { ...colours, where } }, 'where'],
    ] as const) {
      const asking = () => opened.catalog.search(searchOf(asked), { limit: 1 })
      await expect(asking()).rejects.toMatchObject({ code: 'bad-request', errors: [{ parameter }] })
      await expect(asking()).rejects.toThrow(/SWATH_CATALOG=sqlite:<file>/)
      await expect(opened.catalog.cost(searchOf(asked))).rejects.toMatchObject({ code: 'bad-request' })
    }
    expect(opened.server.calls()).toHaveLength(before)
  })
})

describe('a table of more rows than are worth comparing', () => {
  const withMost = async <T>(mostRows: number, act: (own: OpenBigQuery) => Promise<T>): Promise<T> => {
    const own = await openBigQueryOver(rows, { catalog: { mostRows } })
    try {
      return await act(own)
    } finally {
      await own.close()
    }
  }

  test('is refused for an order by coverage and for the best of each tile, with what to do', () =>
    withMost(20, async ({ catalog }) => {
      for (const asked of [{ sort: 'coverage' }, { best: 'tile', minCoverage: 0.001 }] as const) {
        const asking = () => catalog.search(searchOf(asked), { limit: 5 })
        await expect(asking()).rejects.toMatchObject({ code: 'area-too-large' })
        await expect(asking()).rejects.toThrow(/More than 20 granules.*smaller area or time.*sqlite:<file>/)
      }
      // The best of a tile are few, and SQL finds them.
      expect((await catalog.search(searchOf({ best: 'tile' }), { limit: 5 })).granules).toHaveLength(2)
    }))

  test('is searched in order all the same, with a further query where one does not fill the page', () =>
    withMost(20, async ({ catalog, server }) => {
      for (const sort of ['-datetime', 'datetime', 'cloud'] as const) {
        const search = searchOf({ sort, minCoverage: 0.55 })
        const wanted = expected(search)
        expect(wanted.length).toBeGreaterThan(3)
        const before = server.jobs().length
        const { granules } = await catalog.search(search, { limit: 19 })
        expect(namesOf(granules)).toEqual(namesOf(wanted.slice(0, 19)))
        expect(server.jobs().length - before).toBeGreaterThan(1)
      }
    }))
})
