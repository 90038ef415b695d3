import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { Catalog } from '../../../src/catalog/port.ts'
import type { House } from '../../../src/house.ts'
import { parseTime } from '../../../src/sentinel2/time.ts'
import { type Served, serveHouse, serveRows } from '../../serve.ts'
import { type Temporary, temporaryFolder } from '../../temporary.ts'
import { readWkb } from '../../wkb.ts'
import { failureOf, type Item, pagesOf, post, ROWS } from './stac-client.ts'

let folder: Temporary
let served: Served
let search: string
beforeAll(async () => {
  folder = await temporaryFolder()
  // Where the service makes its tables.
  vi.stubEnv('TMPDIR', folder.path)
  served = await serveRows(ROWS)
  search = `${served.url}/stac/search`
})
afterAll(async () => {
  await served.close()
  vi.unstubAllEnvs()
  await folder.remove()
})

/** Folders of tables that are being made or were left behind. */
const left = async () => (await readdir(folder.path)).filter((name) => name.startsWith('swath-items-'))

async function query(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'; SET enable_geoparquet_conversion = false")
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

let files = 0
async function saved(response: Response): Promise<string> {
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/vnd.apache.parquet',
  ])
  const bytes = new Uint8Array(await response.arrayBuffer())
  expect(Number(response.headers.get('content-length'))).toBe(bytes.length)
  const file = join(folder.path, `${++files}.parquet`)
  await writeFile(file, bytes)
  return file
}

const row = z.object({ row: z.string() })

/** The rows of a table as objects, what is null left out. */
async function rowsOf(file: string): Promise<Record<string, unknown>[]> {
  const rows = await query(`SELECT to_json(t) AS row FROM
    (SELECT * REPLACE (hex(geometry) AS geometry) FROM '${file}') t`)
  return rows.map((one) => Object(withoutNulls(JSON.parse(row.parse(one).row))))
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const known = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(known.map(([name, member]) => [name, withoutNulls(member)]))
}

const TIMES = ['datetime', 'created', 'updated', 's2:generation_time']
const asTime = (written: unknown) => parseTime(String(written).replace(' ', 'T').replace('+00', 'Z'))
const timesIn = (properties: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, TIMES.includes(name) ? asTime(value) : value]),
  )

/** The item that a row is of; `bbox` as the row has it. */
function itemIn(found: Readonly<Record<string, unknown>>) {
  const { stac_version, stac_extensions, id, collection, geometry, bbox, links, assets, ...properties } =
    found
  const wkb = Buffer.from(String(geometry), 'hex')
  return {
    type: 'Feature',
    ...{ stac_version, stac_extensions, id, collection, links, assets },
    geometry: readWkb(wkb),
    bbox,
    properties: timesIn(properties),
  }
}

/** An item as a row has it: its box by name, from -180 to 180 where it crosses the antimeridian. */
function asRow(item: Item) {
  const [west, south, east, north] = z.array(z.number()).parse(item.bbox)
  const crosses = Number(west) > Number(east)
  const bbox = { xmin: crosses ? -180 : west, ymin: south, xmax: crosses ? 180 : east, ymax: north }
  return { ...item, bbox, properties: timesIn(item.properties) }
}

const all = async (parameters = '') =>
  (await pagesOf({ href: `${search}?limit=1000${parameters}` })).flatMap(({ features }) => features)

describe('a search as GeoParquet', () => {
  test('holds every item that the search in JSON has, in its order, and all of each', async () => {
    const expected = (await all()).map(asRow)
    expect(expected.some(({ bbox }) => bbox.xmin === -180)).toBe(true)
    for (const asked of [
      fetch(`${search}?format=parquet`),
      fetch(search, { headers: { accept: 'application/vnd.apache.parquet' } }),
      post(search, { format: 'parquet' }),
    ]) {
      const rows = await rowsOf(await saved(await asked))
      expect(rows.map(itemIn)).toEqual(expected)
    }
    expect(await left()).toEqual([])
  })

  test('has times as times, lists as lists and assets as structs', async () => {
    const file = await saved(await fetch(`${search}?format=parquet&collections=sentinel-2-l1c`))
    const columns = new Map(
      (await query(`DESCRIBE SELECT * FROM '${file}'`)).map((column) => [
        Object(column).column_name,
        String(Object(column).column_type),
      ]),
    )
    expect(columns.get('datetime')).toBe('TIMESTAMP WITH TIME ZONE')
    expect(columns.get('geometry')).toBe('BLOB')
    expect(columns.get('bbox')).toBe('STRUCT(xmin DOUBLE, ymin DOUBLE, xmax DOUBLE, ymax DOUBLE)')
    expect(columns.get('proj:shape')).toBe('BIGINT[]')
    expect(columns.get('links')).toMatch(/^STRUCT\(.*\)\[\]$/)
    expect(columns.get('assets')).toMatch(/^STRUCT\(.*red STRUCT\(href VARCHAR/)
    // Of the other collection there are no columns.
    expect(columns.get('assets')).not.toContain('scl')
    const [found] = await query(
      `SELECT count(*) AS n, min(assets.red.href) AS href FROM '${file}' WHERE "eo:cloud_cover" < 50`,
    )
    expect(found).toMatchObject({ href: expect.stringMatching(/_B04\.jp2$/) })
  })

  test('says which formats it keeps to, and holds its collections', async () => {
    const file = await saved(await fetch(`${search}?format=parquet`))
    const entries = await query(
      `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${file}')`,
    )
    const about = new Map(
      entries.map((entry) => [Object(entry).key, JSON.parse(String(Object(entry).value))]),
    )
    expect(about.get('geo')).toMatchObject({
      version: '1.1.0',
      primary_column: 'geometry',
      columns: {
        geometry: {
          encoding: 'WKB',
          geometry_types: ['MultiPolygon', 'Polygon'],
          covering: { bbox: { xmin: ['bbox', 'xmin'] } },
        },
      },
    })
    const { version, collections } = about.get('stac-geoparquet')
    expect([version, Object.keys(collections)]).toEqual(['1.0.0', ['sentinel-2-l1c', 'sentinel-2-l2a']])
    expect(collections['sentinel-2-l2a']).toMatchObject({ type: 'Collection', item_assets: { red: {} } })
  })

  test('is one page where a limit is given, whose header leads to the next', async () => {
    const response = await fetch(`${search}?format=parquet&limit=5`)
    const next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? ''
    const first = await rowsOf(await saved(response))
    const second = await rowsOf(await saved(await fetch(next)))
    const ids = (await all()).map(({ id }) => id)
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids.slice(0, 10))
  })

  test('is a table without rows where nothing matches', async () => {
    const file = await saved(await fetch(`${search}?format=parquet&datetime=1999-01-01T00:00:00Z`))
    expect(await rowsOf(file)).toEqual([])
  })

  test('refuses a choice of fields, and more items than a table holds', async () => {
    expect(await failureOf(fetch(`${search}?format=parquet&fields=id`))).toMatchObject({
      status: 400,
      description: expect.stringContaining('fields'),
    })
    const { url, stop } = await serveWith((catalog) => async (asked, options) => {
      const page = await catalog.search(asked, { ...options, after: undefined, limit: 1 })
      const [one] = page.granules
      const granules = one ? Array.from({ length: options.limit }, () => one) : []
      return { ...page, granules, positionOf: () => page.positionOf(0) }
    })
    try {
      const failure = await failureOf(fetch(`${url}?format=parquet`))
      expect(failure).toMatchObject({ status: 400, code: 'InvalidParameterValue' })
      for (const way of ['ndjson', 'swath index export', '100,000'])
        expect(failure.description).toContain(way)
      expect(await left()).toEqual([])
    } finally {
      stop()
    }
  })

  test('leaves nothing behind where the client leaves, and makes the next table', async () => {
    let searched = () => {}
    const begun = new Promise<void>((resolve) => {
      searched = resolve
    })
    const { url, stop } = await serveWith((catalog) => async (asked, options) => {
      searched()
      await sleep(50)
      return { ...(await catalog.search(asked, { ...options, after: undefined })), next: ['newest', 1] }
    })
    try {
      const leaving = new AbortController()
      const asked = fetch(`${url}?format=parquet`, { signal: leaving.signal })
      asked.catch(() => {})
      await begun
      expect((await left()).length).toBe(1)
      leaving.abort()
      await expect(asked).rejects.toThrow()
      await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 5000 })
      const unread = await fetch(`${search}?format=parquet`)
      await unread.body?.cancel()
      const head = await fetch(`${search}?format=parquet`, { method: 'HEAD' })
      expect([head.status, await head.text()]).toEqual([200, ''])
      expect((await rowsOf(await saved(await fetch(`${search}?format=parquet`)))).length).toBe(
        ROWS.length - 4,
      )
      expect(await left()).toEqual([])
    } finally {
      stop()
    }
  })
})

/** The service over a catalog that searches in another way, asked for one collection. */
async function serveWith(searched: (catalog: Catalog) => Catalog['search']) {
  const house: House = {
    ...served.house,
    open() {
      const session = served.house.open()
      return { ...session, catalog: { ...session.catalog, search: searched(session.catalog) } }
    },
  }
  const { url, stop } = await serveHouse(house)
  return { url: `${url}/stac/collections/sentinel-2-l1c/items`, stop }
}
