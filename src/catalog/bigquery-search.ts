import { Fault } from '../errors.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Jobs } from './bigquery-jobs.ts'
import { compareKeys, compareOldest, type Key, keyForm, keyOf, type Row, readRow } from './bigquery-rows.ts'
import { pageValues, STATEMENT, searchSql, valuesOf } from './bigquery-statements.ts'
import { readCursor } from './cursor.ts'
import type { Best, CatalogPage, PageOptions, Position, Search, Sort } from './port.ts'
import { coverageOfEach, type Refinement, refinement } from './refine.ts'

/** A granule that matches, and where it stands in the order asked for. */
type Found = { readonly granule: Granule; readonly key: Key }

/**
 * A page of a search in a table. What SQL cannot tell is told here: shapes, and the share of the area a
 * granule covers; rows are read in order until the page is full. For the order by coverage, and for the best
 * of each tile, all that match must be seen.
 * @throws {Fault} bad-request for a cursor of another form, area-too-large, upstream-failed
 */
export async function searchTable(
  jobs: Jobs,
  table: string,
  search: Search,
  options: PageOptions & { readonly mostRows: number },
): Promise<CatalogPage> {
  const after = options.after && readCursor(keyForm, options.after)
  const refined = await refinement(search)
  if (refined.tiles.length === 0) return { ...NOTHING, coverage: options.coverage ? [] : undefined }
  const { limit, mostRows, signal } = options
  const asked = { jobs, table, search, refined, after, limit, mostRows, signal }
  const readsAll = search.best !== undefined || BY_COVERAGE.includes(search.sort ?? '-datetime')
  const found = await (readsAll ? chosen(asked) : inOrder(asked))
  const page = found.slice(0, limit)
  const granules = page.map(({ granule }) => granule)
  return {
    granules,
    coverage: options.coverage ? await coverageOfEach(refined, granules) : undefined,
    next: found.length > limit ? page.at(-1)?.key : undefined,
    positionOf: (granule) => positionOf(page[granule]),
  }
}

const positionOf = (found: Found | undefined): Position => ({
  score: found?.key[0] ?? 0,
  after: found?.key ?? [],
})

const NOTHING = { granules: [], next: undefined, positionOf: () => positionOf(undefined) } as const
const BY_COVERAGE: readonly Sort[] = ['coverage', '-coverage']

type Asked = {
  readonly jobs: Jobs
  readonly table: string
  readonly search: Search
  readonly refined: Refinement
  readonly after: Key | undefined
  readonly limit: number
  readonly mostRows: number
  readonly signal: AbortSignal | undefined
}

/** The first granules after the cursor, one more than the page holds where there are more. */
async function inOrder(asked: Asked): Promise<Found[]> {
  const { jobs, table, search, refined, after, limit, mostRows, signal } = asked
  const { keeps, breathe } = refined
  const sort = search.sort ?? '-datetime'
  const sql = searchSql(STATEMENT[sort], table, search)
  const values = valuesOf(search, refined)
  const pageRows = keeps ? Math.max(mostRows, limit + 1) : limit + 1
  const found: Found[] = []
  for (let from = after; ; ) {
    let rows = 0
    let last: Row | undefined
    await jobs.run(
      sql,
      { ...values, ...pageValues(from, pageRows) },
      async (pages) => {
        for await (const row of each(pages)) {
          rows++
          last = row
          const granule = readRow(row)
          if (keeps) await breathe()
          if (!granule || (keeps && !keeps(granule))) continue
          found.push({ granule, key: keyOf(row, leadOf(sort)) })
          if (found.length > limit) return
        }
      },
      signal,
    )
    if (found.length > limit || rows < pageRows || last === undefined) return found
    from = keyOf(last, leadOf(sort))
  }
}

const leadOf = (sort: Sort) => (sort === 'cloud' || sort === '-cloud' ? 'cloudiness' : undefined)

/** Of all that match the first after the cursor, where their order or choice hangs on what they cover. */
async function chosen(asked: Asked): Promise<Found[]> {
  const { search, after, limit } = asked
  const { best, sort = '-datetime' } = search
  const compare = sort === 'datetime' ? compareOldest : compareKeys
  const found: Found[] = []
  const order = () => {
    found.sort((a, b) => compare(a.key, b.key))
    found.splice(limit + 1)
  }
  const take = ({ granule, key, coverage }: Seen) => {
    const [cloudiness, ...rest] = key
    const placed: Key = [LEAD[sort](cloudiness, coverage), ...rest]
    if (after && compare(after, placed) >= 0) return
    found.push({ granule, key: placed })
    if (found.length > 4 * limit + 1000) order()
  }
  if (best === undefined) await readAll(asked, take)
  else for (const seen of (await bestOf(asked, best)).values()) take(seen)
  order()
  return found
}

/** By what each order goes before it goes by time, the least first; clouds above 100 are unknown, and last. */
const LEAD = {
  '-datetime': () => 0,
  datetime: () => 0,
  cloud: (cloudiness) => cloudiness,
  '-cloud': (cloudiness) => (cloudiness > 100 ? cloudiness : -cloudiness),
  coverage: (_, coverage) => -coverage,
  '-coverage': (_, coverage) => coverage,
  rank: () => 0,
  '-rank': () => 0,
} as const satisfies Record<Sort, (cloudiness: number, coverage: number) => number>

/** A granule with its cloudiness leading its key. */
type Seen = { readonly granule: Granule; readonly key: Key; readonly coverage: number }

/** The best granule of each tile, or of each tile and month: the clearest, most covering, newest. */
async function bestOf(asked: Asked, best: Best): Promise<Map<string, Seen>> {
  const groups = new Map<string, Seen>()
  await readAll(asked, (seen) => {
    const { mgrsTile, sensingTime } = seen.granule
    const month = new Date(sensingTime / 1000).toISOString().slice(0, 7)
    const group = best === 'tile' ? mgrsTile : `${mgrsTile} ${month}`
    const before = groups.get(group)
    if (!before || compareSeen(seen, before) < 0) groups.set(group, seen)
  })
  return groups
}

const compareSeen = (a: Seen, b: Seen): number =>
  a.key[0] - b.key[0] || b.coverage - a.coverage || compareKeys(a.key, b.key)

/** All that match, those alone that can be the best of their group where SQL can tell. */
async function readAll(
  { jobs, table, search, refined, mostRows, signal }: Asked,
  take: (seen: Seen) => void,
): Promise<void> {
  const { keeps, breathe } = refined
  const name = search.best && !keeps ? 'best' : 'search'
  const sql = searchSql(name, table, search)
  const values = {
    ...valuesOf(search, refined),
    ...pageValues(undefined, mostRows + 1),
    by_month: search.best === 'tile,month',
  }
  await jobs.run(
    sql,
    values,
    async (pages) => {
      let rows = 0
      for await (const row of each(pages)) {
        if (++rows > mostRows) throw tooMany(search, mostRows)
        const granule = readRow(row)
        await breathe()
        if (!granule || (keeps && !keeps(granule))) continue
        take({ granule, key: keyOf(row, 'cloudiness'), coverage: refined.coverage(granule) })
      }
    },
    signal,
  )
}

function tooMany({ best, sort }: Search, mostRows: number): Fault {
  const what = best === undefined ? `sort=${sort}` : `best=${best}`
  const sentence =
    `More than ${mostRows} granules of BigQuery's table would have to be compared for ${what}. ` +
    'Ask for a smaller area or time, or use SWATH_CATALOG=sqlite:<file>, which compares them all.'
  return new Fault('area-too-large', sentence)
}

async function* each(pages: AsyncIterable<readonly Row[]>): AsyncGenerator<Row> {
  for await (const page of pages) yield* page
}
