import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fault } from '../src/errors.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { sampleImages } from './colour/whole-files.ts'
import type { Edit } from './edited-storage.ts'
import {
  decode,
  FULL,
  farthest,
  HALF,
  isPreview,
  L2A,
  LONG,
  OFFSET,
  openPreviews,
  PNG,
  withoutPreview,
} from './previews.ts'

let previews: Awaited<ReturnType<typeof openPreviews>>
beforeAll(async () => {
  previews = await openPreviews()
})
afterAll(() => previews.close())

const open: typeof previews.open = (...options) => previews.open(...options)
const granuleOf = (granuleId: string) => previews.granuleOf(granuleId)

const sampleFile = (pattern: RegExp) => readFileSync(sampleImages(pattern)[0] ?? '')

describe('a preview', () => {
  test.for([FULL, HALF, LONG, OFFSET, L2A])('of %s shows the mean colour of its PVI', async (granuleId) => {
    const granule = await granuleOf(granuleId)
    const { colourOf, draw } = open()
    const { colour } = await colourOf(granule, { source: 'preview' })
    const { bytes, from } = await draw(granule, PNG)
    const { mean, valid, width, height } = await decode(bytes)
    expect([from, width, height]).toEqual(['preview', 171, 171])
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
  test.for([FULL, LONG, OFFSET, L2A])(
    '%s is drawn from its bands in the colours of the PVI',
    async (granuleId) => {
      const granule = await granuleOf(granuleId)
      const [preview, bands] = await Promise.all([
        open().draw(granule, PNG),
        open(withoutPreview).draw(granule, PNG),
      ])
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
    const { bytes } = await open(withoutPreview).draw(await granuleOf(HALF), PNG)
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
    await expect(open(withoutPreview).draw(granule, PNG)).rejects.toMatchObject({
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

  test('a band of another size is named', async () => {
    const small = sampleFile(/L2A.*_B03_60m\.jp2$/)
    const { draw } = open((key) => (isPreview(key) ? 'gone' : /_B03_20m/.test(key) ? small : undefined))
    await expect(draw(await granuleOf(L2A), PNG)).rejects.toMatchObject({
      code: 'bad-image',
      message: expect.stringMatching(/_B03_20m\.jp2 is 61 pixels wide where .*_B04_20m\.jp2 has 183\.$/),
    })
  })
})

describe('a PVI that', () => {
  const band = sampleFile(/33UUB_20200715T102559_B04\.jp2$/)
  const spoilt = sampleFile(/33UUB_20200715T102559_PVI\.jp2$/).subarray(0, 9000)
  const strange: readonly (readonly [string, Edit])[] = [
    ['is cut short', spoilt],
    ['is a band', band],
    ['is empty', new Uint8Array()],
    ['is gone since it was listed', new Fault('not-found', 'There is no such object.')],
  ]
  test.for(strange)('%s gives way to the bands', async ([, edit]) => {
    const { draw } = open((key) => (isPreview(key) ? edit : undefined))
    expect((await draw(await granuleOf(FULL), PNG)).from).toBe('bands')
  })

  test.for(strange)('%s is named where there are no bands either', async ([, edit]) => {
    const { draw } = open((key) => (isPreview(key) ? edit : /B0\d/.test(key) ? 'gone' : undefined))
    await expect(draw(await granuleOf(FULL), PNG)).rejects.toMatchObject({
      code: 'bad-image',
      message: expect.stringMatching(/33UUB_20200715T102559_PVI\.jp2 /),
    })
  })

  test('did not come in time does not give way: the next asker may fare better', async () => {
    const late = new Fault('upstream-late', 'The bucket was too late.')
    const { draw } = open((key) => (isPreview(key) ? late : undefined))
    await expect(draw(await granuleOf(FULL), PNG)).rejects.toBe(late)
  })
})

describe('many askers', () => {
  test('for one picture share one read, and later ones none', async () => {
    const { asker, reads, state } = open()
    const granule = await granuleOf(FULL)
    const before = previews.decoded()
    const drawn = await Promise.all(Array.from({ length: 20 }, () => asker()(granule, PNG)))
    expect(new Set(drawn.map(({ bytes }) => bytes)).size).toBe(1)
    expect(await asker()(granule, PNG)).toBe(drawn[0])
    expect(reads.length).toBe(1)
    expect(previews.decoded() - before).toBe(1)
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

  test('who leave while pictures wait for their turn take those out of the queue', async () => {
    const { draw, reads, state } = open()
    const granules = await Promise.all([FULL, HALF, OFFSET, LONG, L2A].map(granuleOf))
    const asker = new AbortController()
    const asked = Promise.allSettled(granules.map((granule) => draw(granule, PNG, asker.signal)))
    // The first two have begun by then: so many are drawn at once.
    await new Promise((resolve) => setImmediate(resolve))
    asker.abort()
    for (const outcome of await asked)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
    // Of two begun ones and one behind them, this is the last to be drawn.
    await draw(granules[4] ?? (await granuleOf(L2A)), PNG)
    while (state().drawn < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    expect([reads.length, state().failed]).toEqual([3, 0])
  })

  test('for more pictures than fit have the last ones at hand', async () => {
    const { draw, reads, state } = open(undefined, undefined, 150_000)
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
    // CPU time of this thread alone: other work on the machine delays the loop, but holds it not.
    const held: number[] = []
    let before = process.threadCpuUsage()
    const turns = setInterval(() => {
      const { user, system } = process.threadCpuUsage(before)
      before = process.threadCpuUsage()
      held.push((user + system) / 1000)
    }, 5)
    const forms = [300, 600, 1024].flatMap((width) =>
      (['png', 'webp', 'jpg'] as const).map((type) => ({ type, width })),
    )
    await Promise.all(granules.flatMap((granule) => forms.map((form) => asker()(granule, form))))
    clearInterval(turns)
    const milliseconds = held.toSorted((a, b) => a - b)
    expect(milliseconds.length).toBeGreaterThan(10)
    expect(milliseconds.at(Math.floor(milliseconds.length * 0.99))).toBeLessThan(50)
  })
})
