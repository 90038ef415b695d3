import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { aboutIndex } from '../../src/index-file/about.ts'
import { granuleOfRow } from '../../src/index-file/csv-granule.ts'
import { updateIndex } from '../../src/update-index.ts'
import { type ArchiveRow, archiveRow, csvOf, keysOf, writeCsv } from '../archive.ts'
import { granulesIn } from '../index-granules.ts'
import { PER_TILE, prepareLargeUpdate, TILES } from '../large-update.ts'
import { startBigQueryServer } from '../stand-ins/bigquery-server.ts'
import { TABLE } from '../stand-ins/open-bigquery.ts'
import { productXml, tileXml } from '../stand-ins/product-xml.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { MAIN, startSwath, swath } from './swath.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const day = (n: number, of: Partial<Parameters<typeof archiveRow>[0]> = {}) =>
  archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, n, 10)).toISOString(), ...of })
const build = async (...rows: readonly ArchiveRow[]) =>
  buildIndex({ from: [await writeCsv(at('old.csv'), rows)], to: at('a.sqlite') })
const update = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  swath(['index', 'update', at('a.sqlite'), ...argv], env)

describe('swath index update', () => {
  test('brings in a CSV from stdin, tells what became of the rows, and writes a report', async () => {
    await build(day(1))
    const argv = [MAIN, 'index', 'update', at('a.sqlite'), '--from', '-', '--report', at('report.json')]
    const input = csvOf([day(1), day(2), { ...day(3), GRANULE_ID: null }])
    const { status, stderr } = spawnSync(process.execPath, argv, { input, encoding: 'utf8' })
    expect(stderr).toMatch(/a\.sqlite: 1 added, 0 changed, 1 unchanged of 3 rows in/)
    expect(stderr).toContain('newest sensing 2019-01-01T10:00:06.000Z → 2019-01-02T10:00:06.000Z')
    expect(stderr).toContain(`1 without a granule id, left out: ${day(3).PRODUCT_ID}`)
    expect(status).toBe(0)
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({
      rows: 3,
      added: 1,
      batch: 1,
      rejected: [{ reason: 'without a granule id', count: 1 }],
      newest_sensing: { before: '2019-01-01T10:00:06.000Z', after: '2019-01-02T10:00:06.000Z' },
      newest_etl: { before: null, after: null },
      granules: 2,
      failed: [],
    })
    const stats = JSON.parse((await swath(['index', 'stats', at('a.sqlite')], {})).stdout)
    expect(stats).toMatchObject({
      rows: 2,
      newest_etl: null,
      sources: [at('old.csv'), '-'],
      batches: [
        { id: 0, sources: [at('old.csv')] },
        { id: 1, came_at: stats.updated_at, sources: ['-'] },
      ],
    })
    expect(stats.newest_sensing_age_days).toBeGreaterThan(2500)
    const again = await update(['--from', at('old.csv')])
    expect(again.stderr).toMatch(/no news in 1 row .*\n.*still 2019-01-02/)
  })

  test('names all that is wrong at once', async () => {
    const wrong = await update([
      '--from',
      'bigquery',
      'x.csv',
      '--tiles',
      '33UUB',
      '--metadata',
      '--level',
      'L9',
    ])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/from is bigquery, x\.csv; bigquery goes alone/)
    expect(wrong.stderr).toMatch(/tiles says nothing here: it is for --from bucket/)
    expect(wrong.stderr).toMatch(/metadata says nothing here/)
    expect(wrong.stderr).toMatch(/level is "L9"|level .*L1C/)
    const bare = await update(['--from', 'bucket', '--max-bytes-billed', '1'])
    expect(bare.code).toBe(2)
    expect(bare.stderr).toMatch(/max-bytes-billed says nothing here: it is for --from bigquery/)
    expect(bare.stderr).toMatch(/name them with --tiles or --bbox/)
    const wide = await update(['--from', 'bucket', '--bbox', '-60,-30,60,30'])
    expect(wide.code).toBe(2)
    expect(wide.stderr).toMatch(/The box touches \d+ tiles/)
    const missing = await update(['--from', at('none.csv')])
    expect(missing.stderr).toMatch(/There is no index .*a\.sqlite/)
  })

  test('brings in what the bucket has after the newest known, of both levels', async () => {
    await build(day(1), day(2))
    const held = [
      day(1),
      day(2),
      day(5),
      day(6, { level: 'L2A', baseline: '05.10' }),
      day(7, { tile: '33UVB' }),
    ]
    for (const key of held.flatMap(keysOf)) {
      await mkdir(dirname(at(`bucket/${key}`)), { recursive: true })
      await writeFile(at(`bucket/${key}`), '')
    }
    const env = { SWATH_STORAGE: `folder:${at('bucket')}` }
    const { code, stderr } = await update(['--from', 'bucket', '--tiles', '33UUB'], env)
    expect(stderr).toMatch(/L2A products of 1 tile\b.*of 1 it has no L2A yet/)
    expect(stderr).toMatch(/2 added, 0 changed, 0 unchanged of 2 rows/)
    expect(code).toBe(0)
    expect(aboutIndex(at('a.sqlite'))).toMatchObject({ rows: 4, levels: { L1C: 3, L2A: 1 } })
    // What the CSV tells of them later takes the place of what their names told.
    const full = await writeCsv(at('new.csv'), held)
    expect((await update(['--from', full])).stderr).toMatch(/1 added, 2 changed, 2 unchanged of 5 rows/)
    expect((await update(['--from', 'bucket', '--tiles', '33UUB'], env)).stderr).toMatch(/no news/)
  })

  test('reads the public bucket where no other is named, never the sample, and names it first', async () => {
    await build(day(1))
    const env = { SWATH_STORAGE_ENDPOINT: 'http://127.0.0.1:9', SWATH_DEADLINE_MS: '500' }
    const { code, stderr } = await update(['--from', 'bucket', '--tiles', '33UUB'], env)
    expect(stderr).toMatch(/^gs:\/\/gcp-public-data-sentinel-2: the L1C products of 1 tile\b/)
    expect(stderr).toMatch(/Nothing was changed\.\n$/)
    expect(code).toBe(1)
    expect(aboutIndex(at('a.sqlite')).rows).toBe(1)
    const sample = await update(['--from', 'bucket', '--tiles', '33UUB'], { SWATH_STORAGE: 'sample' })
    expect(sample.stderr).toMatch(/^sample \(drawn, not real\): the L1C/)
    expect(sample.code).toBe(0)
  })

  test('without a project for BigQuery says what it needs, in its own words', async () => {
    await build(day(1))
    const { code, stderr } = await update(['--from', 'bigquery'])
    expect(stderr).toMatch(/^swath: --from bigquery needs a Google Cloud project.*SWATH_GOOGLE_PROJECT/)
    expect(code).toBe(1)
    const L2A = await update(['--from', 'bigquery', '--level', 'L2A'])
    expect(L2A.stderr).toMatch(/holds L1C alone.* L2\/index\.csv\.gz/)
  })

  test('tells up to when the index is complete, and what is lacking where a CSV does not say so', async () => {
    await build(day(1), day(2))
    const some = await update(['--from', await writeCsv(at('some.csv'), [day(2), day(3)])])
    expect(some.stderr).toMatch(
      /complete for L1C up to 2019-01-02T.* as before, for the CSV lacks 1 granule /,
    )
    const complete = ['--from', at('some.csv'), '--complete', '--report', at('report.json')]
    const said = await update(complete)
    expect(said.stderr).toMatch(/complete for L1C up to 2019-01-02T\S+ → 2019-01-03T/)
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({
      complete_up_to: {
        L1C: { before: '2019-01-02T12:00:00.000Z', after: '2019-01-03T12:00:00.000Z' },
        L2A: { before: null, after: null },
      },
      stopped: null,
    })
    const wrong = await update(['--from', 'bucket', '--tiles', '33UUB', '--complete'])
    expect(wrong.stderr).toMatch(/complete says nothing here: it is for CSVs/)
  })

  test('that fails writes its report, too', async () => {
    await build(day(1))
    const argv = ['--from', at('none.csv'), '--report', at('report.json')]
    const { code, stderr } = await update(argv)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/none\.csv cannot be read/)])
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({
      rows: 0,
      added: 0,
      stopped: expect.stringMatching(/none\.csv cannot be read/),
    })
  })

  test.for(['SIGINT', 'SIGTERM'] as const)(
    'is stopped by %s while it writes, and says what stays',
    async (signal) => {
      const { index, newer } = await prepareLargeUpdate(folder.path)
      const before = aboutIndex(index).rows
      const { child, ended } = startSwath(['index', 'update', index, '--from', newer], {})
      while (aboutIndex(index).rows === before && child.exitCode === null) await sleep(5)
      const since = performance.now()
      child.kill(signal)
      // As npm does with a signal that the terminal has sent already.
      child.kill(signal)
      const { code, stderr } = await ended
      expect(performance.now() - since).toBeLessThan(1000)
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /stopped before its end\. .*stays, (\d+) granules added and 0 changed, and the next/,
        ),
      ])
      const after = aboutIndex(index).rows
      expect(after - before).toBe(Number(/(\d+) granules added/.exec(stderr)?.[1]))
      expect(after).toBeLessThan(TILES.length * PER_TILE.after)
      await updateIndex({ file: index, from: [newer] })
      expect(aboutIndex(index).rows).toBe(TILES.length * PER_TILE.after)
    },
  )

  test('tells with --metadata what names alone had told before', async () => {
    await build(day(1))
    const held = [1, 2, 3].map((n) => day(n, { baseline: '05.11', sensedAfter: 261, cloud: 12 }))
    for (const row of held) await hold(row)
    const env = { SWATH_STORAGE: `folder:${at('bucket')}` }
    const argv = ['--from', 'bucket', '--tiles', '33UUB', '--level', 'L1C']
    expect((await update(argv, env)).stderr).toMatch(/2 added/)
    const told = await update([...argv, '--metadata'], env)
    expect(told.stderr).toMatch(/0 added, 2 changed, 0 unchanged of 2 rows/)
    expect(granulesIn(at('a.sqlite')).map(({ cloudCover }) => cloudCover)).toEqual([12, 12, 10])
    expect(aboutIndex(at('a.sqlite')).withoutBox).toBe(0)
    expect((await update([...argv, '--metadata'], env)).stderr).toMatch(/no news in 0 rows/)
  })

  test('counts a granule once, however much of it cannot be read', async () => {
    await build(day(1))
    await hold(day(2))
    for (const key of keysOf(day(2)).filter((key) => key.endsWith('.xml')))
      await writeFile(at(`bucket/${key}`), '<')
    const env = { SWATH_STORAGE: `folder:${at('bucket')}` }
    const argv = ['--from', 'bucket', '--tiles', '33UUB', '--level', 'L1C', '--metadata']
    const { code, stderr } = await update([...argv, '--report', at('report.json')], env)
    expect(stderr).toMatch(/1 added/)
    expect(stderr).toMatch(/not all could be read of 1 granule: L1C_T33UUB_\S+: .+; .+/)
    expect(JSON.parse(await readFile(at('report.json'), 'utf8')).failed.length).toBeGreaterThan(1)
    expect(code).toBe(3)
  })

  test('of an index that is not there says so, whatever it is to read', async () => {
    for (const source of [['bigquery'], ['bucket', '--tiles', '33UUB']]) {
      const { code, stderr } = await update(['--from', ...source])
      expect(stderr).toMatch(/There is no index .*a\.sqlite\. Build one with/)
      expect(code).toBe(1)
    }
  })

  test('tells what BigQuery bills before it bills it, and no more than may be', async () => {
    await build(day(1))
    const server = await startBigQueryServer({ tables: { [TABLE]: { csv: [await csvWithEtl()] } } })
    const env = {
      SWATH_BIGQUERY_ENDPOINT: server.url,
      SWATH_GOOGLE_PROJECT: 'swath-test',
      SWATH_ANONYMOUS: 'true',
    }
    try {
      const refused = await update(['--from', 'bigquery', '--max-bytes-billed', '1'], env)
      expect(refused.stderr).toMatch(/BigQuery bills \d+ bytes, \$[\d.]+, for the L1C rows made since/)
      expect(refused.stderr).toMatch(/more than the 1 byte that may be billed; nothing was run/)
      expect(refused.code).toBe(1)
      expect(aboutIndex(at('a.sqlite')).rows).toBe(1)
      const { code, stderr } = await update(['--from', 'bigquery'], env)
      expect(stderr).toMatch(/2 added, 0 changed, 1 unchanged of 3 rows/)
      expect(code).toBe(0)
      const again = await update(['--from', 'bigquery'], env)
      expect(again.stderr).toMatch(/for the L1C rows in since 2019-02-03T00:00:00/)
      expect(again.stderr).toMatch(/no news in 1 row /)
    } finally {
      await server.close()
    }
  }, 30_000)
})

/** Puts a product into the bucket, with its XML. */
async function hold(row: ArchiveRow): Promise<void> {
  const read = granuleOfRow({ ...row, ETL_TIMESTAMP: null })
  if (typeof read === 'string') throw new Error(`A row is ${read}.`)
  for (const key of keysOf(row)) {
    const text = key.endsWith('MTD_TL.xml') ? tileXml(read.granule) : productXml(read.granule)
    await mkdir(dirname(at(`bucket/${key}`)), { recursive: true })
    await writeFile(at(`bucket/${key}`), key.endsWith('.xml') ? text : '')
  }
}

async function csvWithEtl(): Promise<string> {
  const [header = '', ...lines] = csvOf([day(1), day(2), day(3)])
    .trim()
    .split('\n')
  const rows = lines.map((line, i) => `${line},2019-02-0${i + 1}T00:00:00.000000Z`)
  await writeFile(at('table.csv'), [`${header},ETL_TIMESTAMP`, ...rows, ''].join('\n'))
  return at('table.csv')
}
