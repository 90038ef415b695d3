import { afterEach, describe, expect, test } from 'vitest'
import type { Search } from '../../src/catalog/port.ts'
import { query } from '../../src/queries.ts'
import { areaOfBox } from '../../src/sentinel2/area.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'
import { indexRow } from '../stand-ins/bigquery-index-rows.ts'
import { INDEX_COLUMNS, type TableSource } from '../stand-ins/bigquery-tables.ts'
import { type OpenBigQuery, openBigQueryOver, TABLE } from '../stand-ins/open-bigquery.ts'

const MB = 2 ** 20
const dollars = (bytes: number) => (bytes / 2 ** 40) * 6.25
const rows = [indexRow()]

const SEARCH: Search = {
  area: areaOfBox(8, 54, 16, 57),
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: undefined,
  dedupe: 'latest',
}

let opened: OpenBigQuery | undefined
const open = async (table: TableSource): Promise<OpenBigQuery> => {
  opened = await openBigQueryOver(table)
  return opened
}
afterEach(() => opened?.close())

/** As large as the archive, going by what the stand-in counts for a row. */
const ROWS_OF_ARCHIVE = 45e6

describe('the cost of a search', () => {
  test('of a table that is not clustered tells what a clustered copy would bill, and what making it costs', async () => {
    const { catalog } = await open({ rows, countedAs: ROWS_OF_ARCHIVE })
    const cost = await catalog.cost(SEARCH)
    const bytes = cost?.bytesBilled ?? 0
    expect(bytes).toBeGreaterThan(10e9)
    const tiles = tilesOf(SEARCH.area).length
    const { likely, making, clustered } = cost?.clustering ?? {}
    expect(clustered).toBe(false)
    expect(likely?.bytesBilled).toBeGreaterThan((bytes * tiles) / 56_686)
    expect(likely?.bytesBilled).toBeLessThan((bytes * tiles) / 10_000)
    expect((likely?.bytesBilled ?? 0) % MB).toBe(0)
    expect(likely?.dollars).toBeCloseTo(dollars(likely?.bytesBilled ?? 0), 12)
    expect(making?.bytesBilled).toBeGreaterThan(bytes)
    expect(making?.dollars).toBeCloseTo(dollars(making?.bytesBilled ?? 0), 12)
  })

  test('is 10 MB at the least, the least that BigQuery bills', async () => {
    const { catalog } = await open({ rows, countedAs: ROWS_OF_ARCHIVE })
    const cost = await catalog.cost({ ...SEARCH, tiles: ['33UUB'] })
    expect(cost?.clustering?.likely.bytesBilled).toBe(10 * MB)
  })

  test('of a clustered table tells the likely bill beside the most it can be, and no copy is made', async () => {
    const table: TableSource = { rows, countedAs: ROWS_OF_ARCHIVE, clustering: ['mgrs_tile', 'sensing_time'] }
    const { catalog } = await open(table)
    const { bytesBilled = 0, clustering } = (await catalog.cost(SEARCH)) ?? {}
    expect(clustering).toMatchObject({ clustered: true, making: undefined })
    expect(clustering?.likely.bytesBilled).toBeLessThan(bytesBilled / 50)
  })

  test('of a table that is clustered by something else is that of one that is not', async () => {
    const { catalog } = await open({ rows, clustering: ['sensing_time', 'mgrs_tile'] })
    expect((await catalog.cost(SEARCH))?.clustering?.clustered).toBe(false)
  })

  test('names the column of a wish: since a time costs more', async () => {
    const { catalog } = await open({ rows, countedAs: ROWS_OF_ARCHIVE })
    const plain = await catalog.cost(SEARCH)
    const since = await catalog.cost({ ...SEARCH, since: 0 })
    expect((since?.bytesBilled ?? 0) - (plain?.bytesBilled ?? 0)).toBe(ROWS_OF_ARCHIVE * 8)
  })

  test('looks at the table once for all who ask', async () => {
    const { catalog, server } = await open({ rows })
    await Promise.all([catalog.cost(SEARCH), catalog.cost(SEARCH)])
    await catalog.cost(SEARCH)
    expect(server.calls().filter((call) => call === 'table')).toHaveLength(1)
  })

  test.for([
    { kind: 'refuse', at: 'table', status: 403, reason: 'accessDenied' },
    { kind: 'nonsense', at: 'table' },
    { kind: 'reset', at: 'table' },
  ] as const)('is told where the look fails, without what it would have told: $kind', async (fault) => {
    const { catalog, server } = await open({ rows })
    server.setFault(fault)
    const cost = await catalog.cost(SEARCH)
    expect(cost?.bytesBilled).toBeGreaterThan(0)
    expect(cost?.clustering).toBeUndefined()
    server.setFault(undefined)
    expect((await catalog.cost(SEARCH))?.clustering).toBeDefined()
  })

  test('a search never looks at the table', async () => {
    const { catalog, server } = await open({ rows })
    await catalog.search(SEARCH, { limit: 1 })
    expect(server.calls()).not.toContain('table')
  })
})

describe('the statements', () => {
  test.for([
    ['matching', /^mgrs_tile IN UNNEST\(@tiles\) AND sensing_time BETWEEN @early AND @late\b/],
    ['granule', /^granule_id = @granule_id AND mgrs_tile = @tile\b/],
  ] as const)('%s reads the table by its clustering, with no function around it', ([name, filter]) => {
    const sql = query('bigquery', name).replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ')
    const reads = sql.split('FROM {table} WHERE ').slice(1)
    expect(reads).toHaveLength(1)
    expect(reads[0]).toMatch(filter)
  })

  test.for(['search', 'search-oldest', 'search-clearest', 'best'] as const)(
    '%s reads it as matching does',
    (name) => {
      expect(query('bigquery', name)).toContain(query('bigquery', 'matching'))
    },
  )

  test('the copy is clustered by tile, then time, and made of the public table', () => {
    const sql = query('bigquery', 'copy-clustered').replaceAll(/--.*$/gm, '')
    expect(sql).toMatch(/CLUSTER BY mgrs_tile, sensing_time/)
    expect(sql).toContain(`FROM \`${TABLE}\``)
    expect(sql).toMatch(/CREATE OR REPLACE TABLE `\{copy\}`/)
  })

  test('no statement names a column that the public table lacks', () => {
    const columns = Object.keys(INDEX_COLUMNS)
    for (const column of query('bigquery', 'newer').match(/\b[a-z]+_(?:id|time|size|cover|lat|lon|url)\b/g) ??
      []) {
      expect(columns).toContain(column)
    }
  })
})
