import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import pMap from 'p-map'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuildReport, buildIndex } from '../src/build-index.ts'
import type { Page } from '../src/catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from '../src/catalog/sqlite.ts'
import { KINDS, type Kind } from './oracle/areas.ts'
import { writeCorpus } from './oracle/corpus.ts'
import { type Question, questions } from './oracle/questions.ts'
import { nameOf, openScan, type Scan } from './oracle/scan.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

/*
 * The index against a plain scan of the CSVs it was built from. AGREE_ROWS and AGREE_AREAS make it as large as
 * CI has it: 2,000,000 rows and 10,000 areas.
 */

const ROWS = Number(process.env.AGREE_ROWS || 60_000)
const AREAS = Number(process.env.AGREE_AREAS || 600)
const SEED = Number(process.env.AGREE_SEED || 20_261_121)
/** Milliseconds; a few questions of a large index take seconds. */
const PATIENCE = 60_000 + ROWS / 10 + AREAS * 200
/** Areas of which everything is counted, which takes a large one a second. */
const COUNTS = Math.min(500, Math.ceil(AREAS / 3))

let folder: Temporary
let report: BuildReport
let catalog: SqliteCatalog
let scan: Scan

beforeAll(async () => {
  folder = await temporaryFolder()
  const files = await writeCorpus(folder.path, ROWS, SEED)
  const file = join(folder.path, 'index.sqlite')
  report = await buildIndex({ from: files, to: file })
  catalog = sqliteCatalog({ file, threads: 1 })
  scan = await openScan(files, folder.path)
}, PATIENCE)
afterAll(async () => {
  scan?.close()
  await catalog?.close()
  await folder?.remove()
})

test('as many granules are kept and superseded as the rows of the CSVs say', () => {
  expect({ kept: report.kept, superseded: report.about.superseded }).toEqual({
    kept: scan.granules,
    superseded: scan.superseded,
  })
  expect(scan.superseded).toBeGreaterThan(ROWS / 50)
})

test(
  'random areas with random filters hold the same granules in the same order as a scan of the CSVs',
  async () => {
    const seen = createSeen()
    const wrong: string[] = []
    await pMap(
      questions(AREAS, SEED, await scan.sample(5000)),
      async (question) => {
        const [expected, pages] = await Promise.all([
          scan.search(question.search, 2 * question.limit + 1),
          pagesOf(question),
        ])
        const difference = differenceOf(expected, pages, question.limit)
        if (difference) wrong.push(`${describe(question)}: ${difference}`)
        seen.note(question, pages)
      },
      { concurrency: 2 },
    )
    expect(wrong.slice(0, 5), `${wrong.length} of ${AREAS} answers differ`).toEqual([])
    seen.check()
  },
  PATIENCE,
)

test(
  'what random areas hold is counted, in all and by month, tile and cloud, as a scan of the CSVs counts it',
  async () => {
    let [some, sized] = [0, 0]
    const wrong: string[] = []
    for (const question of questions(COUNTS, SEED + 1, await scan.sample(5000))) {
      const { search } = question
      const expected = [await scan.extent(search), await scan.summary(search)] as const
      const counted = [await catalog.extent(search), await catalog.summary(search)]
      const [extent] = expected
      some += extent.granules > 0 ? 1 : 0
      sized += extent.withoutSize > 0 && extent.bytes > 0 ? 1 : 0
      if (isDeepStrictEqual(counted, expected)) continue
      wrong.push(
        `${describe(question)}: ${whereTextsPart(JSON.stringify(counted), JSON.stringify(expected))}`,
      )
    }
    expect(wrong.slice(0, 5), `${wrong.length} of ${COUNTS} counts differ`).toEqual([])
    expect(some).toBeGreaterThan(COUNTS / 2)
    expect(sized).toBeGreaterThan(COUNTS / 20)
  },
  PATIENCE,
)

/** The first page, and the second where there is one. */
async function pagesOf({ search, limit }: Question): Promise<Page[]> {
  const first = await catalog.search(search, { limit })
  return first.next ? [first, await catalog.search(search, { limit, after: first.next })] : [first]
}

/** The first thing in which pages differ from names in order, of which there is one more if there is a third page. */
function differenceOf(
  expected: readonly string[],
  pages: readonly Page[],
  limit: number,
): string | undefined {
  for (const [n, page] of pages.entries()) {
    const names = page.granules.map(nameOf)
    const due = expected.slice(n * limit, (n + 1) * limit)
    const at = due.findIndex((name, i) => name !== names[i])
    const where = `page ${n + 1} of ${names.length} granules, ${due.length} due`
    if (at >= 0) return `${where}: granule ${at + 1} is ${names[at]} in place of ${due[at]}`
    if (names.length > due.length) return `${where}: granule ${due.length + 1} is ${names[due.length]}`
    if (Boolean(page.next) !== expected.length > (n + 1) * limit)
      return `${where}: the next page ${page.next}`
  }
  return undefined
}

function whereTextsPart(told: string, due: string): string {
  const at = Math.max(0, [...told].findIndex((letter, i) => letter !== due[i]) - 40)
  return `${told.slice(at, at + 120)} in place of ${due.slice(at, at + 120)}`
}

const describe = ({ kind, search, limit }: Question): string =>
  `${kind} ${JSON.stringify(search)} by ${limit}`

/** Counts what was found, so that the test cannot come to test nothing. */
function createSeen() {
  const kinds = new Map<Kind, number>()
  const sorts = new Map<string, number>()
  let [some, paged, filtered, crossing] = [0, 0, 0, 0]
  const raise = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1)
  return {
    note: ({ kind, search }: Question, pages: readonly Page[]) => {
      if (!pages[0]?.granules.length) return
      some++
      raise(kinds, kind)
      if (pages.length > 1) {
        paged++
        raise(sorts, search.sort ?? '')
      }
      if (search.cloud && search.time.from !== undefined) filtered++
      if (search.area.box[2] > 180) crossing++
    },
    check: () => {
      expect(some).toBeGreaterThan(AREAS * 0.4)
      expect(paged).toBeGreaterThan(AREAS * 0.1)
      expect(filtered).toBeGreaterThan(AREAS * 0.05)
      expect(crossing).toBeGreaterThan(AREAS * 0.05)
      for (const kind of KINDS) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(AREAS * 0.01)
      for (const sort of ['-datetime', 'datetime', 'cloud']) {
        expect(sorts.get(sort) ?? 0, sort).toBeGreaterThan(AREAS * 0.02)
      }
    },
  }
}
