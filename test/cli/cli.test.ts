import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveRow, csvOf, keysOf, LONG_FORM_ROW } from '../archive.ts'
import { folderOf, type Temporary, temporaryFolder } from '../temporary.ts'
import { swath as run, startShell, startSwath } from './swath.ts'

const COPENHAGEN = ['55.660797', '12.5896', '55.663369', '12.584670']

let folder: Temporary
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const storeEnv = (name: string) => ({ SWATH_STORE: `sqlite:${join(folder.path, name)}` })

/** Runs swath on the sample unless told otherwise. */
const swath = (argv: readonly string[], env: Readonly<Record<string, string>> = {}, input = '') =>
  run(argv, { ...storeEnv('store.sqlite'), ...env }, input)

describe('swath area', () => {
  test('writes what gsutil -m cp -I takes, and nothing else, on stdout', async () => {
    const { code, stdout, stderr } = await swath(['area', ...COPENHAGEN, '--format', 'uris'])
    const lines = stdout.trimEnd().split('\n')
    expect(code).toBe(0)
    expect(lines.length).toBe(19)
    expect(
      lines.every((line) => /^gs:\/\/gcp-public-data-sentinel-2\/tiles\/33\/U\/UB\/\S+\.jp2$/.test(line)),
    ).toBe(true)
    expect(stderr).toMatch(/^19 images of 5 granules in 12\.58467,55\.660797,12\.5896,55\.663369 /)
  })

  test('follows pages to the end, whatever their size, and stops at --max-granules', async () => {
    const whole = await swath(['area', ...COPENHAGEN, '--dedupe', 'none'])
    const paged = await swath(['area', ...COPENHAGEN, '--dedupe', 'none', '--limit', '1'])
    expect(JSON.parse(paged.stdout)).toEqual(JSON.parse(whole.stdout))
    expect(JSON.parse(whole.stdout).length).toBe(23)
    const two = await swath(['area', ...COPENHAGEN, '-n', '2', '--limit', '1', '--bands', 'TCI'])
    expect(JSON.parse(two.stdout).length).toBe(2)
  })

  test('takes negative corners and a box that crosses the antimeridian', async () => {
    const south = await swath(['area', '-33.4', '-70.6', '-33.5', '-70.7', '--format', 'uris'])
    expect([south.code, south.stdout]).toEqual([0, ''])
    const across = await swath(['area', '--bbox', '179,-17,-179,-16'])
    expect(across.stderr).toContain('in 179,-17,-179,-16')
  })

  test('finds L2A by the bucket catalog, images and no masks', async () => {
    const argv = ['area', ...COPENHAGEN, '--level', 'L2A', '--format', 'uris']
    const { stdout } = await swath(argv, { SWATH_CATALOG: 'bucket', SWATH_STORAGE: 'sample' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(4)
    expect(lines.every((line) => line.includes('/L2/tiles/33/U/UB/') && line.includes('/IMG_DATA/R'))).toBe(
      true,
    )
  })

  test('names wrong parameters and exits 2', async () => {
    const wrong = await swath(['area', '91', '12', 'north', '13', '--cloud', '120'])
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toMatch(/cloud .*lat1 is not between -90 and 90.*lat2 is not a number/)
    const unknown = await swath(['area', ...COPENHAGEN, '--clouds', '20'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('Did you mean --cloud?')
    const twice = await swath([
      'area',
      ...COPENHAGEN,
      '--bands',
      'TCI',
      '--bands',
      'B02',
      '--level',
      'L3',
      '-n',
      '0',
      '9',
    ])
    expect(twice.code).toBe(2)
    expect(twice.stderr).toMatch(
      /5 corner numbers.*max-granules is not.*bands is given 2 times.*level is none of/,
    )
    expect((await swath(['area', '1', '2', '3'])).stderr).toContain('lng2 is missing')
    const rank = await swath(['area', ...COPENHAGEN, '--rank', 'rde', '--stride', '0'])
    expect([rank.code, rank.stdout]).toEqual([2, ''])
    expect(rank.stderr).toMatch(/rank is "rde", which is none of red, .*; stride is not between 1 and 64/)
  })

  test('ranks the granules of all pages together, and keeps the best of them', async () => {
    const sample = ['area', '--bbox', '11,54,15,57', '--bands', 'B04', '--format', 'ndjson', '--rank']
    const ranked = async (...more: string[]) => {
      const { code, stdout, stderr } = await swath([...sample, ...more])
      expect([code, stderr.includes('no colour')]).toEqual([0, false])
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    }
    const all = await ranked('blue', '--limit', '2')
    expect(all.length).toBe(9)
    expect(all[0]).toMatchObject({ granule_id: 'L1C_T33VUC_A023114_20210809T102603', reason: null })
    const scores = all.map(({ score }) => score)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(await ranked('blue', '--limit', '4', '-n', '3')).toEqual(all.slice(0, 3))
    // The algae of sample/README.md as a screen shows them.
    expect((await ranked('366B44', '-n', '1', '--stride', '32'))[0].granule_id).toBe(
      'L1C_T33UUB_A017537_20200715T102602',
    )
  })

  test('tells on stderr of granules that have no colour, and lists them newest first', async () => {
    const rows = ['2019-01-01', '2019-01-02', '2019-01-03', '2019-01-04'].map((day) =>
      archiveRow({ tile: '33UUB', start: `${day}T10:00:00Z` }),
    )
    const bucket = await folderOf(rows.flatMap(keysOf))
    const csv = join(bucket.path, 'index.csv')
    const index = join(bucket.path, 'index.sqlite')
    await writeFile(csv, csvOf(rows))
    await swath(['index', 'build', '--from', csv, '--to', index])
    const { code, stdout, stderr } = await swath(
      ['area', ...COPENHAGEN, '--rank', '1e90ff', '--bands', 'TCI', '--format', 'csv'],
      { SWATH_CATALOG: `sqlite:${index}`, SWATH_STORAGE: `folder:${bucket.path}` },
    )
    expect(code).toBe(0)
    const [head, ...lines] = stdout.trimEnd().split('\r\n')
    expect(head).toMatch(/,url,size,colour,red,green,blue,score,reason,coverage$/)
    expect(lines.map((line) => /_TCI\.jp2,0,,,,,,./.test(line))).toEqual([true, true, true, true])
    expect(lines.map((line) => line.split(',')[3]?.slice(0, 10))).toEqual([
      '2019-01-04',
      '2019-01-03',
      '2019-01-02',
      '2019-01-01',
    ])
    expect(stderr).toMatch(
      /^4 of 4 granules have no colour to rank by:\n( {2}L1C_\S+: .+\n){3} {2}and 1 more$/m,
    )
    await bucket.remove()
  })

  test('a reader that is slow gets all of it', async () => {
    const out = join(folder.path, 'slow.txt')
    const index = join(folder.path, 'many.sqlite')
    const csv = join(folder.path, 'many.csv')
    const rows = Array.from({ length: 80 }, (_, i) =>
      archiveRow({ tile: '33UUB', start: new Date(1.6e12 + i * 864e5).toISOString() }),
    )
    const bucket = await folderOf(rows.flatMap(keysOf))
    await writeFile(csv, csvOf(rows))
    await swath(['index', 'build', '--from', csv, '--to', index])
    const line = `swath area ${COPENHAGEN.join(' ')} --format ndjson | (sleep 1; cat > "${out}")`
    const catalog = { SWATH_CATALOG: `sqlite:${index}`, SWATH_STORAGE: `folder:${bucket.path}` }
    await startShell(line, { ...storeEnv('slow.sqlite'), ...catalog }).ended
    const text = await readFile(out, 'utf8')
    expect(text.length).toBeGreaterThan(2 * 65_536)
    expect(text.trimEnd().split('\n').length).toBe(240)
    await bucket.remove()
  })

  test('a reader that closes the pipe ends it quietly', async () => {
    const line = 'swath area --bbox 11,54,15,57 --format ndjson | head -n 1; echo end >&2'
    const { stdout, stderr } = await startShell(line, storeEnv('pipe.sqlite')).ended
    expect(stdout.split('\n').length).toBe(2)
    expect(stderr.replace(/^\d+ images? of .*\n/, '')).toBe('end\n')
  })

  test.for([
    ['data', ['area', ...COPENHAGEN]],
    ['help', ['area', '--help']],
    ['what an index holds', ['index', 'stats', 'sample/index.sqlite']],
  ] as const)('%s that cannot be written is a failure, with a sentence', async ([, argv]) => {
    const line = `swath ${argv.join(' ')} > /dev/full`
    const { code, stderr } = await startShell(line, storeEnv('full.sqlite')).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/^swath: The answer cannot be written to standard output: ENOSPC/)
  })

  test('a folder that is not there, or holds no archive, is named', async () => {
    const missing = await swath(['area', ...COPENHAGEN], { SWATH_STORAGE: 'folder:/nowhere' })
    expect([missing.code, missing.stdout]).toEqual([1, ''])
    expect(missing.stderr).toContain('The storage folder /nowhere is not there')
    const empty = await swath(['area', ...COPENHAGEN], {
      SWATH_STORAGE: `folder:${folder.path}`,
      SWATH_CATALOG: 'bucket',
    })
    expect([empty.code, empty.stdout]).toEqual([1, ''])
    expect(empty.stderr).toMatch(/holds neither tiles\/ nor L2\/tiles\/.*SWATH_STORAGE/)
  })

  test('a configuration that is wrong stops it with all faults named', async () => {
    const { code, stderr } = await swath(['area', ...COPENHAGEN], {
      SWATH_CATALOG: 'postgis',
      SWATH_DEADLINE_MS: 'soon',
    })
    expect(code).toBe(1)
    expect(stderr).toContain('SWATH_CATALOG=postgis')
    expect(stderr).toContain('SWATH_DEADLINE_MS=soon')
  })
})

describe('swath index', () => {
  test('builds from plain, gzipped and piped CSV, L1C and L2A in one, and tells what it holds', async () => {
    const l1c = join(folder.path, 'l1c.csv')
    const l2a = join(folder.path, 'l2a.csv.gz')
    const to = join(folder.path, 'index.sqlite')
    await writeFile(l1c, csvOf([archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' }), LONG_FORM_ROW]))
    await writeFile(
      l2a,
      gzipSync(csvOf([archiveRow({ tile: '33UUB', start: '2019-01-02T10:00:00Z', level: 'L2A' })])),
    )
    const piped = csvOf([archiveRow({ tile: '33UVB', start: '2019-01-03T10:00:00Z' })])
    const built = await swath(
      ['index', 'build', '--from', l1c, '--from', l2a, '--from', '-', '--to', to],
      {},
      piped,
    )
    expect(built.stderr).toContain('4 granules of 4 rows')
    expect(built.stderr).toContain('1 with names kept verbatim')
    expect(built.code).toBe(0)
    const stats = await swath(['index', 'stats', to])
    expect(JSON.parse(stats.stdout)).toMatchObject({
      rows: 4,
      levels: { L1C: 3, L2A: 1 },
      tiles: 3,
      kept_verbatim: 1,
      newest_sensing: '2019-01-03T10:00:06.000Z',
    })
    const area = await swath(['area', ...COPENHAGEN, '--format', 'uris'], {
      SWATH_CATALOG: `sqlite:${to}`,
      SWATH_STORAGE: 'sample',
    })
    expect(area.stderr).toContain('no such images in 1 of them')
  })

  test('a file that is no index is named with the way out', async () => {
    const csv = join(folder.path, 'not-an-index.csv')
    await writeFile(csv, 'GRANULE_ID\n')
    const stats = await swath(['index', 'stats', csv])
    expect(stats.code).toBe(1)
    expect(stats.stderr).toMatch(/not-an-index\.csv is no index.*swath index build/)
    const build = await swath(['index', 'build', '--from', csv, '--to', join(folder.path, 'never.sqlite')])
    expect(build.code).toBe(1)
    expect(build.stderr).toContain('it lacks PRODUCT_ID')
    const missing = await swath(['area', ...COPENHAGEN], { SWATH_CATALOG: 'sqlite:/nowhere/index.sqlite' })
    expect(missing.stderr).toContain('There is no index /nowhere/index.sqlite')
  })
})

describe('swath', () => {
  test('tells its commands, and help everywhere', async () => {
    const help = await swath(['--help'])
    expect([help.code, help.stderr]).toEqual([0, ''])
    expect(help.stdout).toMatch(/serve[\s\S]+area[\s\S]+index/)
    expect((await swath(['area', '--help'])).stdout).toContain('gsutil -m cp -I')
    expect((await swath(['index', 'build', '--help'])).stdout).toContain('--from')
    const unknown = await swath(['aera'])
    expect([unknown.code, unknown.stdout]).toEqual([2, ''])
    expect(unknown.stderr).toContain('Did you mean area?')
    expect((await swath([])).code).toBe(2)
  })

  test.for([
    ['::1', 'http://[::1]:'],
    ['0.0.0.0', 'http://127.0.0.1:'],
  ] as const)('serve on %s tells an address that answers', async ([host, url]) => {
    const { tries, stop } = await serve({ HOST: host })
    const [told = ''] = tries
    expect(told.startsWith(url)).toBe(true)
    expect((await fetch(told)).status).toBe(200)
    await stop()
  })

  test('serve prints three things to try, answers, and ends at SIGTERM', async () => {
    const { tries, stop } = await serve({})
    expect(tries.length).toBe(3)
    for (const url of tries) expect((await fetch(url)).status).toBe(200)
    expect((await stop()).code).toBe(0)
  })

  test('serve says which variable to set where its port is taken', async () => {
    const { tries, stop } = await serve({})
    const { port } = new URL(tries[0] ?? '')
    const { code, stderr } = await swath(['serve'], { PORT: port, ...storeEnv('other.sqlite') })
    expect([code, stderr]).toEqual([
      1,
      `swath: Cannot listen on 127.0.0.1:${port}: another program listens there; set PORT to another.\n`,
    ])
    await stop()
  })

  /** A service that has greeted, and the addresses that it told. */
  async function serve(env: Readonly<Record<string, string>>) {
    const { child, saw, shown, ended } = startSwath(['serve'], {
      PORT: '0',
      ...storeEnv('serve.sqlite'),
      ...env,
    })
    // The last of the three things to try.
    await saw("width=512'")
    const tries = [...shown().matchAll(/'(http:[^']+)'/g)].flatMap(([, url]) => url ?? [])
    const stop = () => {
      child.kill('SIGTERM')
      return ended
    }
    return { tries, stop }
  }
})
