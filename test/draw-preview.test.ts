import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { decodeThreads } from '../src/colour/sampler.ts'
import { type GranuleColours, granuleColours } from '../src/colour-of.ts'
import { granulePreviews, type PictureForm } from '../src/draw-preview.ts'
import { Fault } from '../src/errors.ts'
import { findGranule } from '../src/list-area.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { folderStorage } from '../src/storage/folder.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { type Edit, editedStorage } from './edited-storage.ts'
import { realData } from './real-data.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const SAMPLE = join(import.meta.dirname, '../sample')
const FULL = 'L1C_T33UUB_A017537_20200715T102602'
const HALF = 'L1C_T33UVB_A015792_20180701T102024'
const LONG = 'S2A_OPER_MSI_L1C_TL_SGS__20160502T154438_A004495_T33UUB_N02.01'
const OFFSET = 'L1C_T33UUB_A036527_20220620T102042'
const L2A = 'L2A_T33UUB_A036527_20220620T102042'
const PNG: PictureForm = { type: 'png', width: undefined }
const isPreview = (key: string) => /PVI/.test(key)

const catalog = sqliteCatalog({ file: join(SAMPLE, 'index.sqlite'), threads: 1 })
const sampler = decodeThreads({ threads: 2, deadlineMs: 5000 })
const sample = folderStorage({ folder: join(SAMPLE, 'bucket') })
let folder: Temporary
let store: ReturnType<typeof sqliteStore>
beforeAll(async () => {
  folder = await temporaryFolder()
  store = sqliteStore(join(folder.path, 'store.sqlite'))
})
afterAll(async () => {
  await sampler.close()
  await catalog.close()
  store.close()
  await folder.remove()
})

const opened: GranuleColours[] = []
afterEach(() => {
  for (const colours of opened.splice(0)) colours.close()
})

/** Previews of a storage with some of its files edited, by several askers of one process. */
function open(edit?: (key: string) => Edit | undefined, over = sample, mostBytes = 2 ** 25) {
  const storage = editedStorage(over, edit)
  const { colours, layouts } = {
    colours: store.colours('x'),
    layouts: store.layouts(`layouts ${opened.length}`),
  }
  const made = granuleColours({ colours, layouts, sampler, atOnce: 4 })
  opened.push(made)
  const previews = granulePreviews({ mostBytes, atOnce: 2 })
  const asker = () => previews.over(made.lane(storage).pixelsOf)
  return { asker, draw: asker(), reads: storage.reads, state: previews.state, close: made.close }
}

const granuleOf = (granuleId: string) => findGranule({ catalog }, granuleId)

type Decoded = { readonly mean: readonly number[]; readonly valid: number; readonly width: number }

/** Mean of the pixels shown, 0 to 255, and their share; by sharp, which decodes no JPEG 2000. */
async function decode(bytes: Uint8Array): Promise<Decoded> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const sums = [0, 0, 0]
  let shown = 0
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue
    shown++
    for (const part of [0, 1, 2]) sums[part] = (sums[part] ?? 0) + (data[at + part] ?? 0)
  }
  expect(info.height).toBe(info.width)
  return {
    mean: sums.map((sum) => sum / shown),
    valid: shown / (info.width * info.height),
    width: info.width,
  }
}

const farthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))

describe('a preview', () => {
  test.for([FULL, HALF, LONG, OFFSET, L2A])('of %s shows the mean colour of its PVI', async (granuleId) => {
    const granule = await granuleOf(granuleId)
    const { colourOf } = granuleColours({
      colours: store.colours('sample'),
      layouts: store.layouts('sample'),
      sampler,
      atOnce: 1,
    }).lane(sample)
    const { colour } = await colourOf(granule, { source: 'preview' })
    const { bytes, from } = await open().draw(granule, PNG)
    const { mean, valid, width } = await decode(bytes)
    expect([from, width]).toEqual(['preview', 171])
    expect(farthest(mean, [colour.red * 255, colour.green * 255, colour.blue * 255])).toBeLessThan(0.5)
    expect(Math.abs(valid - colour.valid)).toBeLessThan(0.005)
  })

  test.for([
    ['png', undefined],
    ['webp', undefined],
    ['jpg', undefined],
    ['png', 16],
    ['webp', 300],
    ['jpg', 1024],
  ] as const)('as %s of width %s is what it says', async ([type, width]) => {
    const { bytes } = await open().draw(await granuleOf(FULL), { type, width })
    const { format, width: wide, height } = await sharp(bytes).metadata()
    expect([format, wide, height]).toEqual([type === 'jpg' ? 'jpeg' : type, width ?? 171, width ?? 171])
  })

  test('is transparent where there is no data, and black as JPEG; enlarged it has no dark rim', async () => {
    const { draw } = open()
    const granule = await granuleOf(HALF)
    const own = await decode((await draw(granule, PNG)).bytes)
    expect(Math.abs(own.valid - 0.6)).toBeLessThan(0.02)
    for (const type of ['png', 'webp'] as const) {
      const wide = await decode((await draw(granule, { type, width: 512 })).bytes)
      expect(Math.abs(wide.valid - own.valid)).toBeLessThan(0.02)
      expect(farthest(wide.mean, own.mean)).toBeLessThan(2)
    }
    const jpg = await sharp((await draw(granule, { type: 'jpg', width: undefined })).bytes)
      .raw()
      .toBuffer()
    const dark = Array.from(
      { length: jpg.length / 3 },
      (_, i) => Math.max(...jpg.subarray(3 * i, 3 * i + 3)) < 12,
    )
    expect(Math.abs(dark.filter(Boolean).length / dark.length - (1 - own.valid))).toBeLessThan(0.03)
  })
})

describe('without a PVI', () => {
  const gone = (key: string) => (isPreview(key) ? 'gone' : undefined)

  test.for([FULL, LONG, OFFSET, L2A])(
    '%s is drawn from its bands in the colours of the PVI',
    async (granuleId) => {
      const granule = await granuleOf(granuleId)
      const [preview, bands] = await Promise.all([open().draw(granule, PNG), open(gone).draw(granule, PNG)])
      const [expected, { mean, valid, width }] = await Promise.all([
        decode(preview.bytes),
        decode(bands.bytes),
      ])
      expect([bands.from, valid]).toEqual(['bands', 1])
      expect(width).toBeGreaterThan(150)
      expect(farthest(mean, expected.mean)).toBeLessThan(2)
    },
  )

  test('nodata is transparent as well', async () => {
    const { bytes } = await open(gone).draw(await granuleOf(HALF), PNG)
    expect(Math.abs((await decode(bytes)).valid - 0.6)).toBeLessThan(0.02)
  })

  test('and without one of its bands the reason is told', async () => {
    const { draw, state } = open((key) => (/PVI|B03/.test(key) ? 'gone' : undefined))
    const reason = `The archive holds no preview (PVI) of ${FULL} as a JPEG 2000 file, and it does not hold all of B04, B03 and B02 in one resolution.`
    await expect(draw(await granuleOf(FULL), PNG)).rejects.toMatchObject({
      code: 'no-colour',
      message: reason,
    })
    expect(state()).toMatchObject({ drawn: 0, failed: 1 })
  })

  test('and without a baseline the reason is told, as the numbers of bands mean nothing then', async () => {
    const granule: Granule = { ...(await granuleOf(FULL)), baseline: undefined }
    await expect(open(gone).draw(granule, PNG)).rejects.toMatchObject({
      code: 'no-colour',
      message: expect.stringContaining('processing baseline'),
    })
    expect((await open().draw(granule, PNG)).from).toBe('preview')
  })

  test('a band that is no image is named', async () => {
    const { draw } = open((key) =>
      isPreview(key) ? 'gone' : /B03/.test(key) ? new TextEncoder().encode('no image'.repeat(99)) : undefined,
    )
    await expect(draw(await granuleOf(FULL), PNG)).rejects.toMatchObject({
      code: 'bad-image',
      message: expect.stringMatching(/_B03\.jp2 cannot be read: /),
    })
  })
})

describe('a PVI that is not as it should be', () => {
  const band = readFileSync(sampleFile(/33UUB_20200715T102559_B04\.jp2$/))
  const spoilt = readFileSync(sampleFile(/33UUB_20200715T102559_PVI\.jp2$/)).subarray(0, 9000)
  const strange: readonly (readonly [string, Edit])[] = [
    ['is cut short', spoilt],
    ['is a band', band],
    ['is empty', new Uint8Array()],
    ['is gone since it was listed', new Fault('not-found', 'There is no such object.')],
  ]
  test.for(strange)('and %s gives way to the bands', async ([, edit]) => {
    const { draw } = open((key) => (isPreview(key) ? edit : undefined))
    expect((await draw(await granuleOf(FULL), PNG)).from).toBe('bands')
  })

  test.for(strange)('and %s is named where there are no bands either', async ([, edit]) => {
    const { draw } = open((key) => (isPreview(key) ? edit : /B0\d/.test(key) ? 'gone' : undefined))
    await expect(draw(await granuleOf(FULL), PNG)).rejects.toMatchObject({
      code: 'bad-image',
      message: expect.stringMatching(/33UUB_20200715T102559_PVI\.jp2 /),
    })
  })

  test('does not give way where the archive was too late: the next asker may fare better', async () => {
    const late = new Fault('upstream-late', 'The bucket was too late.')
    const { draw } = open((key) => (isPreview(key) ? late : undefined))
    await expect(draw(await granuleOf(FULL), PNG)).rejects.toBe(late)
  })
})

describe('many askers', () => {
  test('for one picture share one read, and later ones none', async () => {
    const { asker, reads, state } = open()
    const granule = await granuleOf(FULL)
    const before = sampler.state().decoded
    const drawn = await Promise.all(Array.from({ length: 20 }, () => asker()(granule, PNG)))
    expect(new Set(drawn.map(({ bytes }) => bytes)).size).toBe(1)
    expect(await asker()(granule, PNG)).toBe(drawn[0])
    expect(reads.length).toBe(1)
    expect(sampler.state().decoded - before).toBe(1)
    expect(state()).toEqual({ recalled: 1, drawn: 1, failed: 0, bytes: drawn[0]?.bytes.length })
  })

  test('may leave, and the picture is there for the next', async () => {
    const { draw, reads, state } = open()
    const granule = await granuleOf(FULL)
    const asker = new AbortController()
    const left = draw(granule, PNG, asker.signal)
    asker.abort()
    await expect(left).rejects.toMatchObject({ code: 'cancelled' })
    await draw(granule, PNG)
    expect([reads.length, state().drawn]).toEqual([1, 1])
    await expect(draw(granule, PNG, asker.signal)).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('for more pictures than fit have the last ones at hand', async () => {
    const { draw, reads, state } = open(undefined, sample, 150_000)
    const granule = await granuleOf(FULL)
    for (const width of [16, 170, 171, 172]) await draw(granule, { type: 'png', width })
    expect(state().bytes).toBeLessThan(150_001)
    const before = reads.length
    await draw(granule, { type: 'png', width: 172 })
    expect(reads.length).toBe(before)
    await draw(granule, { type: 'png', width: 16 })
    expect(reads.length).toBe(before + 1)
  })

  test('hear that the service ends', async () => {
    const { draw, close } = open()
    const granules = await Promise.all([FULL, HALF, OFFSET, L2A].map(granuleOf))
    const asked = Promise.allSettled(granules.map((granule) => draw(granule, PNG)))
    close()
    for (const outcome of await asked)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
  })

  test('leave the event loop free', async () => {
    const granules = await Promise.all([FULL, HALF, LONG, OFFSET, L2A].map(granuleOf))
    // Loading the picture library is not what is measured.
    await open().draw(granules[0] ?? (await granuleOf(FULL)), PNG)
    const { asker } = open()
    const delays = monitorEventLoopDelay({ resolution: 5 })
    delays.enable()
    const forms = [300, 600, 1024].flatMap((width) =>
      (['png', 'webp', 'jpg'] as const).map((type) => ({ type, width })),
    )
    await Promise.all(granules.flatMap((granule) => forms.map((form) => asker()(granule, form))))
    delays.disable()
    expect(delays.percentile(99) / 1e6).toBeLessThan(50)
  })
})

describe('real previews', () => {
  const bucket = realData('bucket')
  const golden = realData('golden.tsv')
  const rows = golden ? readFileSync(golden, 'utf8').trim().split('\n') : []
  const previews = rows.map((row) => row.split('\t')).filter(([path = '']) => isPreview(path))

  test.runIf(bucket && golden).for(previews)(
    '%s has the golden mean colour',
    async ([path = '', , , , valid, means = '']) => {
      const [, place = '', granuleId = ''] = /^(.+\.SAFE)\/GRANULE\/([^/]+)\//.exec(path) ?? []
      const granule: Granule = { ...(await granuleOf(FULL)), place, granuleId, baseline: '04.00' }
      const { draw } = open(undefined, folderStorage({ folder: bucket ?? '' }))
      const { bytes, from } = await draw(granule, PNG)
      const decoded = await decode(bytes)
      expect([from, decoded.width]).toEqual(['preview', 343])
      expect(farthest(decoded.mean, means.split(',').map(Number))).toBeLessThan(1)
      expect(Math.abs(decoded.valid - Number(valid))).toBeLessThan(0.01)
    },
  )

  test.runIf(bucket)('29UNU from its bands has the colours of its bands at full size', async () => {
    const place = 'L2/tiles/29/U/NU/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE'
    const granule = { ...(await granuleOf(L2A)), place, granuleId: 'L2A_T29UNU_A038058_20221005T115407' }
    const real = folderStorage({ folder: bucket ?? '' })
    const { bytes, from } = await open((key) => (isPreview(key) ? 'gone' : undefined), real).draw(
      granule,
      PNG,
    )
    const { mean, valid, width } = await decode(bytes)
    expect([from, width]).toEqual(['bands', 458])
    // Of B04, B03 and B02 as GDAL decodes them, each pixel brought to (DN - 1000) / 3558 of 255 and clamped.
    expect(farthest(mean, [143.101, 151.305, 144.877])).toBeLessThan(1)
    expect(Math.abs(valid - 0.596)).toBeLessThan(0.005)
  })

  const hostile = realData('hostile')
  test.runIf(hostile)(
    'a hostile file in place of a PVI is a picture or a reason that names it',
    async () => {
      const granule = await granuleOf(FULL)
      const files = readdirSync(hostile ?? '').filter((name) => name !== 'FILES.tsv')
      const outcomes = { picture: 0, reason: 0 }
      for (const name of files) {
        const bytes = readFileSync(join(hostile ?? '', name))
        const { draw } = open((key) => (isPreview(key) ? bytes : /B0\d/.test(key) ? 'gone' : undefined))
        try {
          await decode((await draw(granule, PNG)).bytes)
          outcomes.picture++
        } catch (thrown) {
          expect(thrown, name).toMatchObject({
            code: 'bad-image',
            message: expect.stringContaining('_PVI.jp2 '),
          })
          outcomes.reason++
        }
      }
      expect(outcomes.picture + outcomes.reason).toBe(files.length)
      expect(outcomes.reason).toBeGreaterThan(100)
      expect((await open().draw(granule, PNG)).from).toBe('preview')
    },
    120_000,
  )
})

function sampleFile(pattern: RegExp): string {
  const root = join(SAMPLE, 'bucket')
  const file = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((path) => pattern.test(path))
  if (!file) throw new Error(`The sample has no ${pattern}.`)
  return join(root, file)
}
