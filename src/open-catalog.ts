import { resolve } from 'node:path'
import { type BreakerState, circuitBreaker } from './calls/breaker.ts'
import type { BigqueryOptions } from './catalog/bigquery-connection.ts'
import { fairCatalog } from './catalog/fair.ts'
import { guardedCatalog } from './catalog/guarded.ts'
import type { Catalog } from './catalog/port.ts'
import { type SqliteCatalog, sqliteCatalog } from './catalog/sqlite.ts'
import { METHOD } from './colour/port.ts'
import type { Config } from './config.ts'
import { storageName } from './open-storage.ts'
import { SAMPLE } from './sample.ts'
import type { Waited } from './seeing/port.ts'
import { areaOfBox } from './sentinel2/area.ts'
import { tilesOf } from './sentinel2/tiles.ts'

/** Of BigQuery: what a project may run at once is some hundred. */
const QUERIES_AT_ONCE = 32

/** What all requests share, in turn; the bucket's catalog is made for each, over its own lane. */
export type SharedCatalog = {
  lane(client?: string): Catalog
  inFlight(): number
  waiting(): number
  /** Of an index: threads that died and were replaced, since the start. */
  replaced?(): number
  /** How the service behind it does, where there is one. */
  readonly upstream?: () => BreakerState
  close(): Promise<void>
}

/**
 * The catalog that the configuration names; undefined for the bucket's, which is made for each request.
 * @throws {Fault} misconfigured where an index is not what it should be
 */
export async function openCatalog(config: Config, waited: Waited): Promise<SharedCatalog | undefined> {
  // The threads that ask an index find the file by this name, wherever they start.
  const colours = { store: resolve(config.storeFile), storage: storageName(config), method: METHOD }
  switch (config.catalog.kind) {
    case 'sample':
      return warmed(sqliteCatalog({ file: SAMPLE.index, threads: 1, colours, waited }))
    case 'sqlite':
      return warmed(sqliteCatalog({ file: config.catalog.file, colours, waited }))
    case 'bucket':
      return undefined
    case 'bigquery': {
      const { bigqueryCatalog } = await import('./catalog/bigquery.ts')
      const catalog = bigqueryCatalog(bigqueryOptions(config))
      const breaker = circuitBreaker('BigQuery')
      const fair = fairCatalog(guardedCatalog(catalog, breaker), QUERIES_AT_ONCE, { waited, breaker })
      return { ...fair, upstream: breaker.state, close: catalog.close }
    }
  }
}

/** Starts a thread and makes the tile grid, which the first request would wait for. */
async function warmed(catalog: SqliteCatalog): Promise<SharedCatalog> {
  tilesOf(areaOfBox(0, 0, 0, 0))
  await catalog.check()
  return catalog
}

export const bigqueryOptions = (config: Config): BigqueryOptions => ({
  table: config.bigqueryTable,
  tableL2A: config.bigqueryTableL2A,
  project: config.googleProject,
  endpoint: config.bigqueryEndpoint,
  anonymous: config.anonymous ?? false,
  maxBytesBilled: config.maxBytesBilled,
  deadlineMs: config.deadlineMs,
  mostMs: 0.9 * config.requestDeadlineMs,
})
