import { WORLD } from '../sentinel2/area.ts'
import { compareProducts, type Granule } from '../sentinel2/granule.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import { type BigqueryOptions, bigqueryConnection, statement } from './bigquery-connection.ts'
import { bill, costOf } from './bigquery-cost.ts'
import { allRows } from './bigquery-jobs.ts'
import { readRow } from './bigquery-rows.ts'
import { searchTable } from './bigquery-search.ts'
import { searchStatement } from './bigquery-statements.ts'
import { tableLook } from './bigquery-table.ts'
import type { Catalog, Search } from './port.ts'
import { refuse } from './refuse.ts'

export type { BigqueryOptions }

/**
 * The archive's index as a table of BigQuery.
 * @throws {Fault} misconfigured where a table is not named as project.dataset.table, the endpoint is no
 * URL, or no project is there to run the queries in
 */
export function bigqueryCatalog(options: BigqueryOptions): Catalog {
  const { jobs, on, tableOf } = bigqueryConnection(options)
  const { mostRows = MOST_ROWS } = options
  const look = tableLook(jobs)

  return {
    async search(search, page) {
      refuse('bigquery', search, UNKNOWN)
      return on(search.level, (table) => searchTable(jobs, table, search, { ...page, mostRows }))
    },

    async granule(granuleId, signal) {
      const name = parseGranuleName(granuleId)
      // What is no granule's name is not looked for: a scan of the column is billed whatever it finds.
      if (!name) return undefined
      return on(name.level, async (table) => {
        const values = { granule_id: granuleId, tile: name.mgrsTile }
        const rows = await jobs.run(statement('granule', table), values, allRows, signal)
        return rows
          .map(readRow)
          .filter((granule) => granule?.level === name.level)
          .reduce<Granule | undefined>((a, b) => (a && b && compareProducts(a, b) >= 0 ? a : b), undefined)
      })
    },

    /** Counting would cost a query. */
    extent: async () => undefined,

    summary: async () => undefined,

    placesIn: async () => undefined,

    freshness: () => undefined,

    async cost(search, signal) {
      refuse('bigquery', search, UNKNOWN)
      return on(search.level, async (table) => {
        const { sql, values, tiles } = await searchStatement(table, search)
        if (tiles.length === 0) return bill(0)
        const [dryRun, facts] = await Promise.all([jobs.dryRun(sql, values, signal), look(table)])
        return costOf(dryRun, tiles.length, facts)
      })
    },

    async check(signal) {
      await on('L1C', (table) => jobs.run(statement('alive', table), {}, allRows, signal))
      for (const level of ['L1C', 'L2A'] as const) {
        if (tableOf(level) === undefined) continue
        await on(level, async (table) => {
          const { sql, values } = await searchStatement(table, { ...ONE_TILE, level })
          return jobs.dryRun(sql, values, signal)
        })
      }
    },

    close: () => jobs.close(),
  }
}

const MOST_ROWS = 100_000

const UNKNOWN = { where: 'asks for remembered colours, which no table of BigQuery holds' } as const

/** All of one tile, for a query that is checked and not run. */
const ONE_TILE: Omit<Search, 'level'> = {
  area: WORLD,
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: ['33UUB'],
  dedupe: 'latest',
}
