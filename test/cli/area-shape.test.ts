import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveRow, csvOf, keysOf } from '../archive.ts'
import { folderOf, type Temporary, temporaryFolder } from '../temporary.ts'
import { type Outcome, swath as run } from './swath.ts'

const BBOX = '12.5,55.6,12.6,55.7'
/** The same ground. */
const SQUARE = JSON.stringify({
  type: 'Feature',
  properties: {},
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [12.5, 55.6],
        [12.6, 55.6],
        [12.6, 55.7],
        [12.5, 55.7],
        [12.5, 55.6],
      ],
    ],
  },
})

let folder: Temporary
let file: string
beforeAll(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'square.geojson')
  await writeFile(file, SQUARE)
})
afterAll(() => folder.remove())

/** Runs swath on the sample unless told otherwise. */
const swath = (argv: readonly string[], env: Readonly<Record<string, string>> = {}, input = '') =>
  run(argv, { SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`, ...env }, input)

describe('--intersects', () => {
  test('takes GeoJSON as it is, from a file, and from standard input', async () => {
    const box = await swath(['area', '--bbox', BBOX, '--format', 'uris'])
    expect([box.code, box.stdout.split('\n').length > 10]).toEqual([0, true])
    for (const [value, input] of [
      [SQUARE, ''],
      [`@${file}`, ''],
      ['@-', `\uFEFF${SQUARE}`],
      ['-', SQUARE],
    ] as const) {
      const { code, stdout, stderr } = await swath(
        ['area', '--intersects', value, '--format', 'uris'],
        {},
        input,
      )
      expect([code, stdout]).toEqual([0, box.stdout])
      expect(stderr).toContain(`in ${BBOX} `)
    }
  })

  test.for([
    ['@', /intersects names no file behind its @; write @file, or @- for standard input/],
    [
      '@/nowhere/at-all.geojson',
      /intersects cannot be read: there is no file \/nowhere\/at-all\.geojson[.;]/,
    ],
    ['FILE', /intersects is the name of a file; write @.*square\.geojson to read it/],
    ['@FOLDER', /intersects cannot be read: .*folder is a folder/],
    ['@-', /intersects (?!cannot be read from)/],
    ['{"type":"Point"', /intersects /],
  ] as const)(
    '%s is named with the way out, and no corner is missed beside it',
    async ([value, sentence]) => {
      const aFolder = join(folder.path, 'folder')
      await mkdir(aFolder, { recursive: true })
      const given = value.replace('FOLDER', aFolder).replace('FILE', file)
      const { code, stdout, stderr } = await swath(['area', '--intersects', given, '--cloud', 'x'])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(sentence)
      expect(stderr).toContain('cloud is not a number')
      expect(stderr).not.toContain('is missing')
    },
  )

  test('of more than 10 MiB is refused', async () => {
    const large = join(folder.path, 'large.geojson')
    await writeFile(large, ' '.repeat(10 * 2 ** 20 + 1))
    const { code, stderr } = await swath(['area', '--intersects', `@${large}`])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /intersects is larger than 10 MiB in .*large\.geojson; simplify the polygon to 50,000 positions/,
    )
  })

  test('stands alone', async () => {
    const both = await swath(['area', '--bbox', BBOX, '--intersects', `@${file}`, '1', '2'])
    expect(both.code).toBe(2)
    expect(both.stderr).toContain('intersects stands beside bbox, lat1, lng1; give one area')
    const twice = await swath(['area', '--intersects', `@${file}`, '--intersects', '@/nowhere'])
    expect(twice.stderr).toContain('intersects is given 2 times')
  })

  test('is taken by a warm-up, too, which refuses what asks for colours', async () => {
    const warm = await swath([
      'warm',
      '--intersects',
      `@${file}`,
      '--best',
      'tile',
      '--sort',
      'cloud',
      '-n',
      '1',
    ])
    expect(warm.stderr).not.toContain('wrong')
    expect(warm.stdout.trimEnd().split('\n').length).toBe(1)
    const wrong = await swath(['warm', '--bbox', BBOX, '--where', 'valid>0', '--sort', 'rank'])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(
      /where is for swath area, not for swath warm: .*; sort is rank, which needs rank/,
    )
  })
})

describe('swath area', () => {
  test('reads the options that choose and order, and names all that are wrong by their parameters', async () => {
    const wrong = await swath([
      'area',
      '--bbox',
      BBOX,
      '--relation',
      'in',
      '--min-coverage',
      '60',
      '--since',
      'now',
      '--best',
      'month',
      '--sort',
      'newest',
      '--where',
      'red=1',
    ])
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    for (const name of [
      'relation is none',
      'min_coverage is not',
      'since holds',
      'best is',
      'sort is none',
      'where holds',
    ])
      expect(wrong.stderr).toContain(name)
  })

  test('tells the share of the area that each granule covers', async () => {
    const { stdout } = await swath(['area', '--bbox', BBOX, '--format', 'ndjson', '--bands', 'B02'])
    const coverages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).coverage)
    expect(coverages.length).toBe(5)
    expect(coverages.every((share) => share > 0 && share <= 1)).toBe(true)
    const covering = await swath([
      ...['area', '--bbox', BBOX, '--format', 'ndjson', '--bands', 'B02'],
      ...['--relation', 'contains', '--sort', 'datetime'],
    ])
    const rows = covering.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ coverage }) => coverage)).toEqual(coverages.filter((share) => share === 1))
    const times = rows.map(({ sensing_time }) => sensing_time)
    expect(times).toEqual(times.toSorted())
  })

  test('ranks the whole area by what is remembered, to the end or to the best few', async () => {
    const env = { SWATH_STORE: `sqlite:${join(folder.path, 'rank.sqlite')}` }
    const sample = ['area', '--bbox', '11,54,15,57', '--bands', 'B02', '--format', 'ndjson', '--rank', 'blue']
    const lines = ({ stdout }: Outcome) => stdout.split('\n').filter((line) => line !== '')
    const some = await swath([...sample, '--sort', 'rank', '--limit', '4'], env)
    expect([some.code, lines(some).length]).toEqual([0, 4])
    expect(some.stderr).toMatch(
      /^5 more granules have no remembered colour, and may match; swath warm makes them$/m,
    )
    const few = await swath([...sample, '--sort', 'rank', '--limit', '3', '-n', '1'], env)
    expect(few.stderr).toMatch(/^2 more granules have no/m)
    const all = await swath(sample, env)
    const whole = await swath([...sample, '--sort', 'rank', '--limit', '2'], env)
    expect(lines(whole)).toEqual(lines(all))
    expect(whole.stderr).not.toContain('remembered colour')
    const best = await swath([...sample, '--where', 'valid>0', '--limit', '2', '-n', '3'], env)
    expect(lines(best)).toEqual(lines(all).slice(0, 3))
  })
})

describe('an index', () => {
  test('that ends long ago says so where the times asked for go on past its end', async () => {
    const row = archiveRow({ tile: '33UUB', start: '2024-08-28T10:00:00Z' })
    const bucket = await folderOf(keysOf(row))
    const csv = join(bucket.path, 'index.csv')
    const index = join(bucket.path, 'index.sqlite')
    await writeFile(csv, csvOf([row]))
    await swath(['index', 'build', '--from', csv, '--to', index])
    const env = { SWATH_CATALOG: `sqlite:${index}`, SWATH_STORAGE: `folder:${bucket.path}` }
    const stale =
      /^the index ends 2024-08-28 for L1C; swath index update --from bigquery brings all that is newer, .*$/m
    expect((await swath(['area', '--bbox', BBOX], env)).stderr).toMatch(stale)
    expect((await swath(['area', '--bbox', BBOX, '--datetime', '../2024-08-27'], env)).stderr).not.toMatch(
      stale,
    )
    expect((await swath(['area', '--bbox', BBOX])).stderr).not.toMatch(stale)
    await bucket.remove()
  })
})

describe('swath summary', () => {
  test('counts the granules of an area by month, tile and cloud', async () => {
    const { code, stdout, stderr } = await swath(['summary', '--bbox', '11,54,15,57'])
    expect([code, stderr]).toEqual([0, ''])
    const summary = JSON.parse(stdout)
    expect(summary).toMatchObject({ area: [11, 54, 15, 57], level: 'L1C', granules: 9 })
    for (const counts of [summary.months, summary.tiles, summary.clouds]) {
      expect(counts.reduce((sum: number, { granules }: { granules: number }) => sum + granules, 0)).toBe(9)
    }
  })

  test('of a catalog that cannot count says what can', async () => {
    const { code, stdout, stderr } = await swath(['summary', '--bbox', BBOX], {
      SWATH_CATALOG: 'bucket',
      SWATH_STORAGE: 'sample',
    })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/This catalog cannot count .*SWATH_CATALOG=sqlite:<file>/)
  })
})
