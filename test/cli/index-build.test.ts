import { spawnSync } from 'node:child_process'
import { link, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveCsv } from '../../bench/archive-csv.ts'
import { aboutIndex } from '../../src/index-file/about.ts'
import { archiveRow, writeCsv } from '../archive.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { startShell, swath } from './swath.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
  await writeCsv(at('old.csv'), [archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })])
})
afterEach(() => folder.remove())

const index = (...argv: readonly string[]) => swath(['index', ...argv], {})
const build = (...argv: readonly string[]) => index('build', '--from', at('old.csv'), ...argv)

describe('swath index build', () => {
  test('refuses a name that is none at once, and a target or report that is given twice', async () => {
    const none = await build('--to', '')
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining('cannot be written to "": that names no'),
    ])
    const twice = await build(
      '--to',
      at('a.sqlite'),
      '--to',
      at('b.sqlite'),
      '--report',
      'x',
      '--report',
      'y',
    )
    expect(twice.code).toBe(2)
    expect(twice.stderr).toContain('to is given 2 times; report is given 2 times')
    expect(await readdir(folder.path)).toEqual(['old.csv'])
  })

  test('tells how to read a source that it does not read itself', async () => {
    const from = async (source: string) =>
      (await index('build', '--from', source, '--to', at('a.sqlite'))).stderr
    const gs = await from('gs://bucket/L2/index.csv.gz')
    expect(gs).toContain('https://storage.googleapis.com/bucket/L2/index.csv.gz')
    expect(gs).toContain('pipe it into --from -: gsutil cat gs://bucket/L2/index.csv.gz | swath index')
    expect(await from('s3://bucket/index.csv')).toContain('pipe it into --from -')
    spawnSync('mkfifo', [at('pipe')])
    expect(await from(at('pipe'))).toMatch(/pipe is not a file; .*--from - < /)
    expect(await from(folder.path)).toMatch(/is a folder/)
    expect(await readdir(folder.path)).toEqual(['old.csv', 'pipe'])
  })
})

test('a limit of the size of files is told in plain words, by build, update and export', async () => {
  await writeFile(at('large.csv'), Buffer.concat([...archiveCsv({ rows: 20_000 })]))
  await index('build', '--from', at('large.csv'), '--to', at('whole.sqlite'))
  await build('--to', at('a.sqlite'))
  const limited = async (...argv: readonly string[]) => {
    const line = `ulimit -f 600; swath index ${argv.map((text) => `'${text}'`).join(' ')}`
    return startShell(line, {}).ended
  }
  const runs = [
    [['build', '--from', at('large.csv'), '--to', at('b.sqlite')], 'Nothing was built'],
    [['update', at('a.sqlite'), '--from', at('large.csv')], 'the next update brings the rest'],
    [['export', at('whole.sqlite'), '--to', at('x.csv')], 'Nothing was changed'],
    [['export', at('whole.sqlite'), '--to', at('x.parquet')], 'Nothing was changed'],
  ] as const
  for (const [argv, left] of runs) {
    const { code, stderr } = await limited(...argv)
    expect(stderr, argv.join(' ')).toMatch(/ulimit -f/)
    expect(stderr, argv.join(' ')).toContain(left)
    expect(stderr, argv.join(' ')).not.toMatch(/EFBIG|disk I\/O error|File too large/)
    expect(code).toBe(1)
  }
  expect(aboutIndex(at('a.sqlite')).rows).toBeGreaterThan(1)
  expect((await index('update', at('a.sqlite'), '--from', at('large.csv'))).code).toBe(0)
})

test('a wrong option is followed by where its help is', async () => {
  const { code, stderr } = await index('build', '--frm', 'x')
  expect([code, stderr]).toEqual([2, expect.stringContaining('(swath index build --help tells more)')])
})

describe('a report', () => {
  test('never takes the place of the index or of what it is made from, by whatever name', async () => {
    await symlink(folder.path, at('also'))
    await link(at('old.csv'), at('hard.csv'))
    const csv = await readFile(at('old.csv'), 'utf8')
    for (const report of ['old.csv', 'hard.csv', 'also/old.csv', 'a.sqlite', 'also/a.sqlite']) {
      const { code, stderr } = await build('--to', at('a.sqlite'), '--report', at(report))
      expect([code, stderr], report).toEqual([1, expect.stringMatching(/which this run reads or makes/)])
    }
    expect(await readFile(at('old.csv'), 'utf8')).toBe(csv)
    expect(await readdir(folder.path)).toEqual(['also', 'hard.csv', 'old.csv'])
  })

  test('of an update takes the place of neither the index nor its sources', async () => {
    await build('--to', at('a.sqlite'))
    const before = aboutIndex(at('a.sqlite'))
    for (const report of ['a.sqlite', 'old.csv']) {
      const argv = ['update', at('a.sqlite'), '--from', at('old.csv'), '--report', at(report)]
      const { code, stderr } = await index(...argv)
      expect([code, stderr], report).toEqual([1, expect.stringMatching(/which this run reads or makes/)])
    }
    expect(aboutIndex(at('a.sqlite'))).toEqual(before)
  })

  test('takes the place of no database, of whichever command', async () => {
    await build('--to', at('other.sqlite'))
    const before = aboutIndex(at('other.sqlite'))
    const report = ['--report', at('other.sqlite')]
    const warm = ['warm', '--bbox', '12.5,55.6,12.6,55.7', ...report]
    const runs = [
      build('--to', at('a.sqlite'), ...report),
      swath(warm, { SWATH_STORE: `sqlite:${at('store.sqlite')}` }),
      swath([...warm.slice(0, -1), at('new.sqlite')], { SWATH_STORE: `sqlite:${at('new.sqlite')}` }),
    ]
    for (const { code, stderr } of await Promise.all(runs)) {
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^.*The report cannot be written to .*sqlite/),
      ])
    }
    expect(aboutIndex(at('other.sqlite'))).toEqual(before)
  })

  test('is written of a build that fails, too', async () => {
    await build('--to', at('a.sqlite'))
    await writeFile(at('cut.csv'), `${await readFile(at('old.csv'), 'utf8')}"a stray quote`)
    const argv = ['--from', at('cut.csv'), '--to', at('a.sqlite'), '--report', at('report.json')]
    const { code, stderr } = await index('build', ...argv)
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Nothing was built; the old index is untouched/),
    ])
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({
      kept: 0,
      sources: [at('cut.csv')],
      stopped: expect.stringMatching(/cut\.csv/),
    })
    expect(aboutIndex(at('a.sqlite')).rows).toBe(1)
  })

  test('takes the place of an older one', async () => {
    await writeFile(at('report.json'), '{}')
    const { code } = await build('--to', at('a.sqlite'), '--report', at('report.json'))
    expect(code).toBe(0)
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({
      kept: 1,
      newest: { L1C: { sensing: '2019-01-01T10:00:06.000Z' }, L2A: { sensing: null, generation: null } },
    })
  })
})

test('swath index stats tells both levels, each by its own rows', async () => {
  const L2A = archiveRow({ tile: '33UUB', start: '2021-01-01T10:00:00Z', level: 'L2A' })
  await writeCsv(at('l2a.csv'), [L2A])
  await build('--to', at('a.sqlite'))
  const stats = async () => JSON.parse((await index('stats', at('a.sqlite'))).stdout).newest
  const L1C = {
    sensing: '2019-01-01T10:00:06.000Z',
    generation: '2019-01-01T12:00:00.000Z',
    complete_up_to: '2019-01-01T12:00:00.000Z',
    age_days: expect.any(Number),
  }
  expect(await stats()).toEqual({ L1C, L2A: null })
  await build('--from', at('l2a.csv'), '--to', at('a.sqlite'))
  expect(await stats()).toMatchObject({ L1C, L2A: { sensing: '2021-01-01T10:00:06.000Z' } })
})
