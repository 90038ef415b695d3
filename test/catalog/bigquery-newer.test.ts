import { afterEach, describe, expect, test } from 'vitest'
import { bigqueryNewer, type Newer } from '../../src/catalog/bigquery-newer.ts'
import type { CsvRow } from '../../src/index-file/csv.ts'
import { granuleOfRow } from '../../src/index-file/csv-granule.ts'
import { type Micros, parseTime } from '../../src/sentinel2/time.ts'
import { indexRow, sinceMarch2024 } from '../stand-ins/bigquery-index-rows.ts'
import type { BigQueryFault, BigQueryServer } from '../stand-ins/bigquery-server.ts'
import { startBigQueryServer } from '../stand-ins/bigquery-server.ts'
import type { TableRow, TableSource } from '../stand-ins/bigquery-tables.ts'
import { TABLE } from '../stand-ins/open-bigquery.ts'

let server: BigQueryServer | undefined
let newer: Newer | undefined
afterEach(async () => {
  await newer?.close()
  await server?.close()
})

async function open(
  table: TableSource,
  options: Partial<Parameters<typeof bigqueryNewer>[0]> = {},
): Promise<Newer> {
  server = await startBigQueryServer({ tables: { [TABLE]: table } })
  newer = bigqueryNewer({
    level: 'L1C',
    table: TABLE,
    project: 'swath-test',
    endpoint: server.url,
    anonymous: true,
    maxBytesBilled: 20 * 2 ** 30,
    deadlineMs: 10_000,
    ...options,
  })
  return newer
}

const at = (text: string): Micros => parseTime(text) ?? Number.NaN

async function rowsOf(from: Newer, since: Parameters<Newer['rows']>[0]): Promise<CsvRow[]> {
  const rows: CsvRow[] = []
  for await (const page of from.rows(since)) rows.push(...page)
  return rows.toSorted((a, b) => String(a.PRODUCT_ID).localeCompare(String(b.PRODUCT_ID)))
}

/** Five days, each in the table three hours after it was made; the last one came with the one before it. */
const days: readonly TableRow[] = [1, 2, 3, 4, 5].map((day) =>
  indexRow({
    start: `2024060${day}T105441`,
    generation: `2024060${day}T124911`,
    cells: day === 5 ? { etl_timestamp: '2024-06-04T15:49:11Z' } : {},
  }),
)

describe('what came into the table', () => {
  test('then or later is read, all rows of one moment together', async () => {
    const from = await open({ rows: days })
    const since = { generation: 0, etl: at('2024-06-04T15:49:11Z') }
    const rows = await rowsOf(from, since)
    expect(rows.map((row) => row.SENSING_TIME?.slice(0, 10))).toEqual(['2024-06-04', '2024-06-05'])
    expect(await rowsOf(from, { ...since, etl: since.etl + 1 })).toEqual([])
  })

  test('is told by the making where the index does not know when its rows came', async () => {
    const from = await open({ rows: days })
    const rows = await rowsOf(from, { generation: at('2024-06-04T12:49:11Z'), etl: undefined })
    expect(rows.map((row) => row.GENERATION_TIME)).toEqual([
      '2024-06-04T12:49:11.000Z',
      '2024-06-05T12:49:11.000Z',
    ])
    expect(rows.map((row) => row.ETL_TIMESTAMP)).toEqual([
      '2024-06-04T15:49:11.000Z',
      '2024-06-04T15:49:11.000Z',
    ])
  })

  test('is told by the making where the table does not know it', async () => {
    const from = await open({ rows: days, without: ['etl_timestamp'] })
    const since = { generation: at('2024-06-05T12:49:11Z'), etl: at('2024-06-01T00:00:00Z') }
    expect((await rowsOf(from, since)).map((row) => row.ETL_TIMESTAMP)).toEqual([null])
    expect((await from.cost(since)).bytesBilled).toBeGreaterThan(0)
  })

  test('comes as rows of the CSV, of which an index makes the granules that a search would give', async () => {
    const old = indexRow({ cells: { sensing_time: '2018-01-01T10:54:35.457123Z', cloud_cover: 11.9204 } })
    const empty = sinceMarch2024({
      ...indexRow({ start: '20240601T105441' }),
      cloud_cover: null,
      total_size: null,
      geometric_quality_flag: '',
    })
    const from = await open({
      rows: [old, { ...empty, north_lat: 55.5, south_lat: 55, west_lon: 12, east_lon: 13 }],
    })
    const rows = await rowsOf(from, { generation: 0, etl: 0 })
    expect(rows[0]).toMatchObject({
      GRANULE_ID: old.granule_id,
      SENSING_TIME: '2018-01-01T10:54:35.457123Z',
      CLOUD_COVER: '11.9204',
      BASE_URL: old.base_url,
      NORTH_LAT: null,
    })
    expect(rows[1]).toMatchObject({ CLOUD_COVER: null, GEOMETRIC_QUALITY_FLAG: null, BASE_URL: null })
    const granules = rows.map(granuleOfRow)
    expect(granules).toMatchObject([
      { granule: { sensingTime: at('2018-01-01T10:54:35.457123Z'), cloudCover: 11.9204, totalSize: 1000 } },
      { granule: { box: [12, 55, 13, 55.5], totalSize: undefined, cloudCover: undefined } },
    ])
  })

  test('is costed before it is read, and over the limit it is not read', async () => {
    const from = await open({ rows: days }, { maxBytesBilled: 100 })
    const since = { generation: 0, etl: 0 }
    const cost = await from.cost(since)
    expect(cost.bytesBilled).toBeGreaterThan(100)
    expect(cost.dollars).toBeCloseTo((cost.bytesBilled / 2 ** 40) * 6.25, 15)
    expect(server?.jobs().map(({ dryRun }) => dryRun)).toEqual([true])
    await expect(rowsOf(from, since)).rejects.toMatchObject({ code: 'over-budget' })
  })

  test('is refused of a level that has no table', async () => {
    const from = await open({ rows: days }, { level: 'L2A' })
    const refused = { code: 'bad-request', errors: [{ parameter: 'level' }] }
    await expect(from.cost({ generation: 0, etl: 0 })).rejects.toMatchObject(refused)
    await expect(rowsOf(from, { generation: 0, etl: 0 })).rejects.toMatchObject(refused)
  })
})

describe('many rows', () => {
  /** Of one product each, all alike but for their names. */
  const csvOf = (count: number): TableSource => ({
    rows: Array.from({ length: count }, (_, i) => indexRow({ cells: { granule_id: `g${i}` } })),
  })

  test('come a page at a time, as the reader asks for them', async () => {
    const from = await open(csvOf(10_100))
    const sizes: number[] = []
    for await (const page of from.rows({ generation: 0, etl: 0 })) {
      sizes.push(page.length)
      // While the reader is busy, no further page is on its way.
      const calls = server?.calls().filter((call) => call === 'results').length ?? 0
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect(server?.calls().filter((call) => call === 'results')).toHaveLength(calls)
    }
    expect(sizes).toEqual([5000, 5000, 100])
  })

  test('a reader that takes longer than a call may loses nothing', async () => {
    const from = await open(csvOf(5200), { deadlineMs: 1500 })
    let count = 0
    for await (const page of from.rows({ generation: 0, etl: 0 })) {
      count += page.length
      await new Promise((resolve) => setTimeout(resolve, 1700))
    }
    expect(count).toBe(5200)
  })

  test('a job that takes longer than a search may is waited for', async () => {
    const from = await open({ rows: days }, { deadlineMs: 700 })
    server?.setFault({ kind: 'slow', ms: 4500 })
    expect(await rowsOf(from, { generation: 0, etl: 0 })).toHaveLength(5)
  })

  test('a reader who leaves in the middle gets no more, and one who leaves before cancels the job', async () => {
    const from = await open(csvOf(5100))
    for await (const _ of from.rows({ generation: 0, etl: 0 })) break
    expect(server?.calls().filter((call) => call === 'results')).toHaveLength(1)
    server?.setFault({ kind: 'slow', ms: 20_000 })
    const asker = new AbortController()
    const asking = from.rows({ generation: 0, etl: 0 }, asker.signal).next()
    setTimeout(() => asker.abort(), 200)
    await expect(asking).rejects.toMatchObject({ code: 'cancelled' })
    await from.close()
    expect(server?.jobs().at(-1)?.cancelled).toBe(true)
  })

  test.for([
    [{ kind: 'refuse', at: 'results', status: 500, reason: 'backendError' }, 'upstream-failed'],
    [{ kind: 'refuse', at: 'insert', status: 403, reason: 'accessDenied' }, 'upstream-failed'],
    [{ kind: 'refuse', at: 'insert', status: 404, reason: 'notFound' }, 'misconfigured'],
  ] as const satisfies readonly (readonly [BigQueryFault, string])[])(
    'fail with a sentence: %j',
    async ([fault, code]) => {
      const from = await open({ rows: days })
      server?.setFault(fault)
      await expect(rowsOf(from, { generation: 0, etl: 0 })).rejects.toMatchObject({ code })
      await expect(rowsOf(from, { generation: 0, etl: 0 })).rejects.toThrow(TABLE)
    },
  )
})
