import { type BigqueryOptions, bigqueryCatalog } from '../../src/catalog/bigquery.ts'
import type { Catalog } from '../../src/catalog/port.ts'
import { type BigQueryServer, type BigQueryServerOptions, startBigQueryServer } from './bigquery-server.ts'
import type { TableRow, TableSource } from './bigquery-tables.ts'

export const TABLE = 'bigquery-public-data.cloud_storage_geo_index.sentinel_2_index'
export const TABLE_L2A = 'swath-test.index.sentinel_2_l2a'

export type OpenOptions = {
  readonly catalog?: Partial<BigqueryOptions>
  readonly server?: Omit<BigQueryServerOptions, 'tables'>
  /** Rows or CSV files of L2A; without them the catalog has no such table. */
  readonly l2a?: Loaded
}

/** CSV files of the archive's form by path, or rows. */
export type Loaded = readonly string[] | readonly TableRow[] | TableSource

export type OpenBigQuery = {
  readonly catalog: Catalog
  readonly server: BigQueryServer
  /** Closes the catalog and the stand-in behind it. */
  close(): Promise<void>
}

/** The BigQuery catalog over a stand-in that holds these rows or files. */
export async function openBigQueryOver(l1c: Loaded, options: OpenOptions = {}): Promise<OpenBigQuery> {
  const tables = { [TABLE]: sourceOf(l1c), ...(options.l2a ? { [TABLE_L2A]: sourceOf(options.l2a) } : {}) }
  const server = await startBigQueryServer({ ...options.server, tables })
  const catalog = bigqueryCatalog({
    table: TABLE,
    ...(options.l2a ? { tableL2A: TABLE_L2A } : {}),
    project: 'swath-test',
    endpoint: server.url,
    anonymous: true,
    maxBytesBilled: 20 * 2 ** 30,
    deadlineMs: 10_000,
    ...options.catalog,
  })
  return {
    catalog,
    server,
    async close() {
      await catalog.close()
      await server.close()
    },
  }
}

function sourceOf(loaded: Loaded): TableSource {
  if (!isList(loaded)) return loaded
  const csv = loaded.filter((each) => typeof each === 'string')
  return csv.length > 0 ? { csv } : { rows: loaded.filter((each) => typeof each !== 'string') }
}

const isList = (loaded: Loaded): loaded is readonly string[] | readonly TableRow[] => Array.isArray(loaded)
