import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { conditionTest } from '../../src/catalog/condition.ts'
import type { ColourWish, Condition, Search } from '../../src/catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from '../../src/catalog/sqlite.ts'
import { shownAs } from '../../src/colour/display.ts'
import { distance, labOf } from '../../src/colour/distance.ts'
import { type Colour, type Comparison, METHOD, type Rank } from '../../src/colour/port.ts'
import { areaOfBox } from '../../src/sentinel2/area.ts'
import type { Granule } from '../../src/sentinel2/granule.ts'
import type { Store } from '../../src/store/port.ts'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { writeCsv } from '../archive.ts'
import { namesOf, pages, ROWS, searchOf } from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { searchAll } from './sqlite-oracle.ts'

const STORAGE = 'gs://bucket'
const SAMPLING = { source: 'bands', stride: 16 } as const
const DENMARK = areaOfBox(8, 54, 16, 57)

let folder: Temporary
let file: string
let granules: Granule[]
/** Those of every third granule are not remembered. */
const colours = new Map<Granule, Colour>()

beforeAll(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'index.sqlite')
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), ROWS)], to: file })
  const catalog = sqliteCatalog({ file, threads: 1 })
  granules = [...(await catalog.search(asked({}), { limit: 1000 })).granules]
  await catalog.close()
  for (const [i, granule] of granules.entries()) if (i % 3 > 0) colours.set(granule, colourOf(i))
})
afterAll(() => folder?.remove())

let place: Temporary
let catalog: SqliteCatalog
beforeEach(async () => {
  place = await temporaryFolder()
  catalog = sqliteCatalog({
    file,
    threads: 1,
    colours: { store: storeFile(), storage: STORAGE, method: METHOD },
  })
})
afterEach(async () => {
  await catalog.close()
  await place.remove()
})

const storeFile = () => join(place.path, 'store.sqlite')
const asked = (more: Partial<Search>) => searchOf({ area: DENMARK, dedupe: 'none', ...more })
const wish = (more: Partial<ColourWish>): ColourWish => ({
  sampling: SAMPLING,
  which: 'known',
  where: [],
  rank: undefined,
  ...more,
})
const find = async (search: Search) => namesOf((await catalog.search(search, { limit: 1000 })).granules)

describe('granules by their remembered colours', () => {
  beforeEach(() => withStore(remember))

  test('are those whose colour is remembered, or the others, at that sampling, storage and method', async () => {
    const known = granules.filter((granule) => colours.has(granule))
    expect(await find(asked({ colours: wish({}) }))).toEqual(namesOf(known))
    const unknown = granules.filter((granule) => !colours.has(granule))
    expect(unknown.length).toBeGreaterThan(10)
    expect(await find(asked({ colours: wish({ which: 'unknown' }) }))).toEqual(namesOf(unknown))
    for (const sampling of [{ source: 'bands', stride: 8 }, { source: 'preview' }] as const) {
      expect(await find(asked({ colours: wish({ sampling }) }))).toEqual([])
      const others = await find(asked({ colours: wish({ sampling, which: 'unknown' }) }))
      expect(others).toEqual(namesOf(granules))
    }
  })

  test('meet all comparisons, of parts, shares and valid, and are counted alike', async () => {
    let some = 0
    await fc.assert(
      fc.asyncProperty(fc.array(anyComparison, { maxLength: 3 }), async (where) => {
        const search = asked({ colours: wish({ where }) })
        const known = granules.filter((granule) => colours.has(granule))
        const expected = known.filter((granule) => where.every((one) => meets(colours.get(granule), one)))
        expect(await find(search)).toEqual(namesOf(expected))
        expect(namesOf(await pages(catalog, search, 5))).toEqual(namesOf(expected))
        expect((await catalog.extent(search))?.granules).toBe(expected.length)
        expect((await catalog.summary(search))?.granules).toBe(expected.length)
        some += expected.length > 0 && expected.length < colours.size ? 1 : 0
      }),
      { numRuns: 60, seed: 20261121 },
    )
    expect(some).toBeGreaterThan(15)
  })

  test.for([
    { by: 'share', of: 'red' },
    { by: 'share', of: 'blue' },
    { by: 'nearness', to: [0.4, 0.3, 0.2] },
  ] satisfies Rank[])(
    'come in order of a rank, equals newest first, those without a share last: %j',
    async (rank) => {
      const search = asked({ sort: 'rank', colours: wish({ rank }) })
      const scored = granules
        .filter((granule) => colours.has(granule))
        .map((granule) => ({ granule, score: scoreOf(colours.get(granule), rank) }))
      // Sorting keeps the order of equals.
      const expected = scored.toSorted((a, b) => a.score - b.score).map(({ granule }) => granule)
      expect(await find(search)).toEqual(namesOf(expected))
      expect(namesOf(await pages(catalog, search, 4))).toEqual(namesOf(expected))
      const turned = scored.toSorted((a, b) => worstFirst(a.score) - worstFirst(b.score))
      const worst: Search = { ...search, sort: '-rank' }
      expect(await find(worst)).toEqual(namesOf(turned.map(({ granule }) => granule)))
      expect(namesOf(await pages(catalog, worst, 4))).toEqual(await find(worst))
    },
  )

  test('are filtered by a condition, those without a colour too', async () => {
    const only: Condition = { of: 'granuleId', like: '%UUB%' }
    const met = granules.filter(conditionTest(only))
    for (const which of ['known', 'unknown'] as const) {
      const expected = met.filter((granule) => colours.has(granule) === (which === 'known'))
      expect(expected.length).toBeGreaterThan(5)
      const search = asked({ only, colours: wish({ which }) })
      expect(await find(search)).toEqual(namesOf(expected))
      expect(await catalog.extent(search)).toMatchObject({ granules: expected.length })
    }
  })

  test('are filtered by everything else too, and the best of a tile is one of those that meet', async () => {
    const where: Comparison[] = [{ of: 'share_red', is: '>=', than: 0.34 }]
    const wanted = granules.filter((granule) =>
      meets(colours.get(granule), { of: 'share_red', is: '>=', than: 0.34 }),
    )
    const search = asked({
      best: 'tile,month',
      sort: 'cloud',
      cloud: { min: 0, max: 60 },
      colours: wish({ where }),
    })
    const expected = searchAll(wanted, search)
    expect(expected.length).toBeGreaterThan(1)
    expect(await find(search)).toEqual(namesOf(expected))
    expect(await catalog.extent(search)).toMatchObject({ granules: expected.length })
  })

  test('are found without the index that makes it quick', async () => {
    const before = await find(asked({ colours: wish({}) }))
    const db = new DatabaseSync(storeFile())
    db.exec('DROP INDEX colour_by_tile')
    db.close()
    expect(before.length).toBeGreaterThan(10)
    expect(await find(asked({ colours: wish({}) }))).toEqual(before)
  })

  test('are found as soon as they are remembered', async () => {
    const search = asked({ colours: wish({}) })
    const unknown = granules.filter((granule) => !colours.has(granule))
    const before = await find(search)
    await withStore(async (store) => {
      const [first] = unknown
      if (first) await store.colours(STORAGE).put(first, SAMPLING, colourOf(1))
    })
    expect((await find(search)).length).toBe(before.length + 1)
  })
})

describe('a store', () => {
  test('that is not there yet holds no colour, and may be made later', async () => {
    const known = asked({ colours: wish({}) })
    const unknown = asked({ colours: wish({ which: 'unknown' }) })
    expect(await find(known)).toEqual([])
    expect(await catalog.extent(known)).toMatchObject({ granules: 0 })
    expect(await find(unknown)).toEqual(namesOf(granules))
    await withStore(remember)
    expect((await find(known)).length).toBe(colours.size)
    expect((await find(unknown)).length).toBe(granules.length - colours.size)
  })

  test('that is none of swath is told so', async () => {
    const db = new DatabaseSync(storeFile())
    db.exec('CREATE TABLE colour (a)')
    db.close()
    await expect(find(asked({ colours: wish({}) }))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining(storeFile()),
    })
    expect((await find(asked({}))).length).toBe(granules.length)
  })

  test('that is damaged is blamed, and not the index beside it', async () => {
    await withStore(remember)
    const bytes = await readFile(storeFile())
    // All but the page that holds its layout.
    bytes.fill(0xff, 4096)
    await writeFile(storeFile(), bytes)
    await expect(find(asked({ colours: wish({}) }))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/The colours in the store \S+ cannot be read: .*move it away/),
    })
    expect((await find(asked({}))).length).toBe(granules.length)
  })

  test('is needed for such a search', async () => {
    const without = sqliteCatalog({ file, threads: 1 })
    const refused = {
      code: 'bad-request',
      message: expect.stringMatching(/an index and a store.*SWATH_STORE/),
    }
    for (const search of [asked({ colours: wish({}) }), asked({ colours: wish({ which: 'unknown' }) })]) {
      await expect(without.search(search, { limit: 1 })).rejects.toMatchObject(refused)
      await expect(without.extent(search)).rejects.toMatchObject(refused)
    }
    await without.close()
  })
})

async function withStore(use: (store: Store) => Promise<void>): Promise<void> {
  const store = sqliteStore(storeFile())
  await use(store)
  store.close()
}

async function remember(store: Store): Promise<void> {
  const table = store.colours(STORAGE)
  await Promise.all([...colours].map(([granule, colour]) => table.put(granule, SAMPLING, colour)))
}

/** Colours of all kinds: equal ones, some with parts below 0, and some without any light. */
function colourOf(i: number): Colour {
  if (i % 11 === 1) return { red: -0.01, green: 0, blue: -0.02, valid: 0.5, sampled: 100 }
  return {
    red: 0.05 * (i % 7) - 0.02,
    green: 0.04 * (i % 5),
    blue: 0.03 * (i % 4) + 0.01,
    valid: ((i % 10) + 1) / 10,
    sampled: 100,
  }
}

const anyComparison: fc.Arbitrary<Comparison> = fc.record({
  of: fc.constantFrom('red', 'green', 'blue', 'share_red', 'share_green', 'share_blue', 'valid'),
  is: fc.constantFrom('<', '<=', '>=', '>'),
  than: fc.constantFrom(-0.02, 0, 0.04, 0.1, 0.2, 0.33, 0.5, 0.7),
})

function shareOf({ red, green, blue }: Colour, part: number): number {
  const sum = Math.max(red, 0) + Math.max(green, 0) + Math.max(blue, 0)
  return sum > 0 ? Math.max(part, 0) / sum : Number.NaN
}

function meets(colour: Colour | undefined, { of, is, than }: Comparison): boolean {
  if (!colour) return false
  const { red, green, blue, valid } = colour
  const [shareRed, shareGreen, shareBlue] = [red, green, blue].map((part) => shareOf(colour, part))
  const numbers = {
    red,
    green,
    blue,
    valid,
    share_red: shareRed,
    share_green: shareGreen,
    share_blue: shareBlue,
  }
  const value = numbers[of] ?? Number.NaN
  return { '<': value < than, '<=': value <= than, '>=': value >= than, '>': value > than }[is]
}

/** Turned round, those without a share last again. */
const worstFirst = (score: number): number => (score === 1 ? Number.MAX_VALUE : -score)

function scoreOf(colour: Colour | undefined, rank: Rank): number {
  if (!colour) return Number.NaN
  if (rank.by === 'nearness') return distance(labOf(rank.to), labOf(shownAs(colour, 'bands')))
  const share = shareOf(colour, colour[rank.of])
  return Number.isNaN(share) ? 1 : -share
}
