import { openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pMap from 'p-map'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildIndex } from '../src/build-index.ts'
import { type ComponentMean, type MeanSoFar, meansOf } from '../src/colour/mean.ts'
import { decodeThreads } from '../src/colour/sampler.ts'
import { readConfig } from '../src/config.ts'
import { withHeadroom } from '../src/jpeg2000/cut.ts'
import { readStrips } from '../src/jpeg2000/read-strips.ts'
import { openHouse } from '../src/wire.ts'
import { archiveRow } from './archive.ts'
import { realData } from './real-data.ts'
import { serveHouse, serveRows } from './serve.ts'
import { temporaryFolder } from './temporary.ts'

const bucket = realData('bucket')
const golden = realData('golden.tsv')
const csv = realData('index', 'index.csv')
const csvL2A = realData('index', 'L2.index.csv')

/** Images of the real bucket as GDAL decodes them whole: the means of their pixels that are not 0. */
type Golden = {
  readonly path: string
  readonly name: string
  readonly valid: number
  readonly means: readonly number[]
}

const GOLDEN: readonly Golden[] = readFileSync(golden ?? '/dev/null', 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'))
  .map(([path = '', , , , valid, means = '']) => ({
    path,
    name: basename(path, '.jp2'),
    valid: Number(valid),
    means: means.split(',').map(Number),
  }))
const REFLECTANCE = GOLDEN.filter(({ name }) => /_B\w\w(_60m)?$/.test(name))

/** Percent. */
const errorOf = (mean: number | undefined, truth: number | undefined): number =>
  Math.abs((mean ?? Number.NaN) / (truth ?? Number.NaN) - 1) * 100

describe.runIf(bucket && golden)('the reduced mean of a real band, half of it nodata,', () => {
  const sampler = decodeThreads({ threads: 2 })
  afterAll(() => sampler.close())

  async function meanAt(path: string, reduce: number): Promise<ComponentMean | undefined> {
    const file = join(bucket ?? '', path)
    const opened = openSync(file, 'r')
    const read = async ({ first, last }: { first: number; last: number }) => {
      const bytes = new Uint8Array(last + 1 - first)
      return bytes.subarray(0, readSync(opened, bytes, 0, bytes.length, first))
    }
    let soFar: MeanSoFar | undefined
    const { strips } = readStrips({ size: statSync(file).size, layout: undefined, read }, reduce)
    for await (const cut of strips) soFar = (await sampler.sum(withHeadroom(cut), soFar)).soFar
    return soFar && meansOf(soFar)[0]
  }

  test('there are twelve of them', () => {
    expect(REFLECTANCE).toHaveLength(12)
  })

  test.for(REFLECTANCE)('$name, is that of all its pixels', async ({ path, means, valid }) => {
    const errors = await Promise.all(
      [0, 1, 2, 3, 4].map(async (reduce) => {
        const mean = await meanAt(path, reduce)
        expect(Math.abs((mean?.valid ?? 0) - valid)).toBeLessThan(0.01)
        return errorOf(mean?.mean, means[0])
      }),
    )
    const [r0 = 9, r1 = 9, r2 = 9, r3 = 9, r4 = 9] = errors
    expect(r0).toBeLessThan(1e-4)
    for (const error of [r1, r2, r3]) expect(error).toBeLessThan(0.3)
    expect(r4).toBeLessThan(0.8)
  })
})

const colour = z.object({
  red: z.number(),
  green: z.number(),
  blue: z.number(),
  valid: z.number(),
  cached: z.boolean(),
})
const problem = z.object({ status: z.number(), detail: z.string() })

describe.runIf(bucket && golden && csv && csvL2A)('the service on the real products', () => {
  const UNU = 'L2A_T29UNU_A038058_20221005T115407'
  let url: string
  let close: () => Promise<void>
  beforeAll(async () => {
    const folder = await temporaryFolder()
    const index = join(folder.path, 'index.sqlite')
    await buildIndex({ from: [csv ?? '', csvL2A ?? ''], to: index })
    const house = await openHouse(
      readConfig({
        SWATH_CATALOG: `sqlite:${index}`,
        SWATH_STORAGE: `folder:${bucket}`,
        SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
      }),
    )
    const served = await serveHouse(house)
    url = served.url
    close = async () => {
      served.stop()
      await house.close()
      await folder.remove()
    }
  })
  afterAll(() => close())

  const truthOf = (end: string) => GOLDEN.find(({ path }) => path.endsWith(end))?.means ?? []
  const ask = async (granule: string, query = '') => {
    const response = await fetch(`${url}/granules/${granule}/colour${query}`)
    return { status: response.status, body: await response.json() }
  }

  test.for([
    ['', 0.25],
    ['?stride=6', 0.01],
    ['?stride=12', 0.25],
    ['?stride=24', 0.25],
    ['?stride=48', 0.3],
  ] as const)('gives the colour of 29UNU%s within %f percent', async ([query, percent]) => {
    const { red, green, blue, valid } = colour.parse((await ask(UNU, query)).body)
    for (const [band, reflectance] of [
      ['B04', red],
      ['B03', green],
      ['B02', blue],
    ] as const) {
      // Baseline 04.00: DN are a thousand above reflectance.
      expect(errorOf(reflectance * 10_000 + 1000, truthOf(`${band}_60m.jp2`)[0])).toBeLessThan(percent)
    }
    expect(Math.abs(valid - 0.596)).toBeLessThan(0.002)
  })

  test.for([
    [UNU, 'T29UNU_20221005T115411_PVI.jp2'],
    ['L1C_T32TNM_A008785_20170226T102458', 'T32TNM_20170226T102021_PVI.jp2'],
  ] as const)('gives the colour of the preview of %s within half of 255', async ([granule, file]) => {
    const { red, green, blue } = colour.parse((await ask(granule, '?source=preview')).body)
    for (const [i, shown] of [red, green, blue].entries()) {
      expect(Math.abs(shown * 255 - (truthOf(file)[i] ?? 0))).toBeLessThan(0.05)
    }
  })

  test('says why there is no colour, and offers the preview where there is one', async () => {
    const without = await ask('L1C_T31TDH_A013204_20180101T105435')
    expect(without).toMatchObject({ status: 404 })
    expect(problem.parse(without.body).detail).toMatch(/does not hold all of B04, B03 and B02.+no preview/)
    const previewed = await ask('L1C_T32TNM_A008785_20170226T102458')
    expect(problem.parse(previewed.body).detail).toMatch(/ask with source=preview/)
  })
})

const hostile = realData('hostile')

describe.runIf(hostile)('the service, where every image is hostile,', () => {
  const names = readdirSync(hostile ?? '.').filter((name) => /\.(jp2|j2k|j2c|jpc)$/.test(name))

  test('gives colours or clear reasons, and answers others meanwhile', { timeout: 120_000 }, async () => {
    expect(names.length).toBeGreaterThan(130)
    const { rows, held } = hostileArchive(names)
    const served = await serveRows(rows, {}, 0, held)
    try {
      let slowest = 0
      let done = false
      const others = (async () => {
        while (!done) {
          const began = performance.now()
          expect((await fetch(`${served.url}/healthz`)).status).toBe(200)
          slowest = Math.max(slowest, performance.now() - began)
          await setTimeout(10)
        }
      })()
      for (const query of ['', '?stride=1', '?source=preview']) {
        await pMap(
          rows,
          async ({ GRANULE_ID }, n) => {
            const response = await fetch(`${served.url}/granules/${GRANULE_ID}/colour${query}`)
            const body: unknown = await response.json()
            if (response.status === 200) {
              const { red, green, blue, valid } = colour.parse(body)
              for (const part of [red, green, blue]) expect(Number.isFinite(part)).toBe(true)
              expect(valid).toBeGreaterThan(0)
            } else {
              expect([404, 502], names[n]).toContain(response.status)
              const { detail } = problem.parse(body)
              expect(detail, names[n]).toMatch(/\.jp2|hold no data/)
            }
          },
          { concurrency: 8 },
        )
      }
      done = true
      await others
      expect(slowest).toBeLessThan(1000)
      const { busy, waiting } = served.house.state().decoding
      expect({ busy, waiting }).toEqual({ busy: 0, waiting: 0 })
    } finally {
      await served.close()
    }
  })
})

/** A granule for each file, whose bands and preview are all that file. */
function hostileArchive(names: readonly string[]) {
  const rows = names.map((_, n) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, 1, 10) + n * 864e5).toISOString() }),
  )
  const held = rows.flatMap(({ GRANULE_ID, BASE_URL }, n) => {
    const bytes = readFileSync(join(hostile ?? '', names[n] ?? ''))
    const folder = `${BASE_URL?.replace('gs://gcp-public-data-sentinel-2/', '')}/GRANULE/${GRANULE_ID}`
    const files = ['IMG_DATA/T33UUB_20190101T100000_B', 'QI_DATA/T33UUB_20190101T100000_PVI']
    return ['02', '03', '04']
      .map((band) => `${files[0]}${band}`)
      .concat(files[1] ?? '')
      .map((file) => [`${folder}/${file}.jp2`, bytes] as const)
  })
  return { rows, held }
}
