import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import type { Cut, TilePartLayout } from '../../src/jpeg2000/codestream.ts'
import { type ImageFile, type Reading, readStrips } from '../../src/jpeg2000/read-strips.ts'
import { realData } from '../real-data.ts'
import { realImages, sampleImages } from './checked-images.ts'
import { cutImage, readImage, withoutSegments } from './cut-images.ts'
import { laidOut, layoutOf } from './laid-out.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

type Read = { strips: Cut[]; reading: Reading; learnt: TilePartLayout | undefined }

/** Reads all strips of a file that is in memory. */
async function readAll(bytes: Uint8Array, wanted: number, changes: Partial<ImageFile> = {}): Promise<Read> {
  const read: ImageFile['read'] = async ({ first, last }) => bytes.subarray(first, last + 1)
  const { strips, reading, learnt } = readStrips(
    { size: bytes.length, layout: undefined, read, ...changes },
    wanted,
  )
  const all = await Array.fromAsync(strips)
  return { strips: all, reading: reading(), learnt: learnt() }
}

/** What is wrong with a file, by the fault that reading it ends with. */
async function faultOf(reading: Promise<unknown>): Promise<string> {
  const thrown = await reading.then(
    () => undefined,
    (error: unknown) => error,
  )
  return thrown instanceof Fault ? `${thrown.code}: ${thrown.message}` : String(thrown)
}

/** The strips must be to the byte what is cut out of the whole file. */
async function expectCutsOf(path: string): Promise<void> {
  const bytes = readFileSync(path)
  const image = readImage(bytes)
  let layout: TilePartLayout | undefined
  for (let reduce = image.header.coding.levels; reduce >= 0; reduce--) {
    const fresh = await readAll(bytes, reduce)
    const again = await readAll(bytes, reduce, { layout: layout ?? fresh.learnt })
    layout ??= fresh.learnt
    for (const { strips } of [fresh, again]) {
      const whole = cutImage(image, reduce)
      expect(strips.map((strip) => strip.reduce)).toEqual(strips.map(() => reduce))
      expect(strips.reduce((sum, { height }) => sum + height, 0)).toBe(whole.height)
      if (strips.length === 1)
        expect(Buffer.compare(strips[0]?.codestream ?? whole.codestream, whole.codestream)).toBe(0)
    }
    expect(again.strips).toEqual(fresh.strips)
    expect(again.reading.bytes).toBeLessThanOrEqual(bytes.length)
    if (bytes.length > 256 * 1024) expect(fresh.learnt).toEqual(layout)
  }
}

const B04 = sampleImages().find(({ name }) => name.endsWith('_B04.jp2'))?.path ?? ''

test('an image of the sample is cut as if it had been read whole, at every reduce', async () => {
  const bands = sampleImages().filter(({ name }) => /_(B04|B02_60m|TCI_10m|SCL_20m)(\.|_)/.test(name))
  expect(bands.length).toBeGreaterThan(4)
  for (const { path } of bands) await expectCutsOf(path)
}, 30_000)

test('a small file takes one read, and nothing of it is worth remembering', async () => {
  const { reading, learnt } = await readAll(readFileSync(B04), 4)
  expect(reading).toMatchObject({ rounds: 1, reads: 1, bytes: readFileSync(B04).length })
  expect(learnt).toBeUndefined()
})

test('real bands are cut as if they had been read whole, with and without their lengths', async () => {
  const bucket = realData('bucket')
  if (!bucket) return
  const names = /(AOT_10m|AOT_20m|SCL_20m|B02_60m|TCI_60m|31TDH.*B01)/
  const images = realImages(bucket).filter(({ key }) => names.test(key))
  expect(images.length).toBeGreaterThan(4)
  for (const { path } of images) await expectCutsOf(path)
}, 60_000)

test('a real band of 60 m costs one round and few of its bytes once its lengths are known', async () => {
  const path = realImages(realData('bucket') ?? '').find(({ name }) => name.endsWith('_B02_60m.jp2'))?.path
  if (!path) return
  const bytes = readFileSync(path)
  const fresh = await readAll(bytes, 4)
  expect(fresh.reading.rounds).toBeLessThanOrEqual(25)
  expect(fresh.reading.bytes).toBeLessThan(bytes.length / 4)
  const known = await readAll(bytes, 4, { layout: fresh.learnt })
  expect(known.reading).toMatchObject({ rounds: 1 })
  expect(known.reading.bytes).toBeLessThan(0.03 * bytes.length)
  expect(known.learnt).toBeUndefined()
  expect(fresh.learnt?.most).toHaveLength(5)
})

test('a real preview, whose tiles cannot be halved so often, comes whole', async () => {
  const path = realImages(realData('bucket') ?? '').find(({ name }) => name.endsWith('_PVI.jp2'))?.path
  if (!path) return
  const { strips, reading } = await readAll(readFileSync(path), 4)
  expect(strips).toMatchObject([{ reduce: 0, width: 343, height: 343, components: 3 }])
  expect(reading.rounds).toBe(1)
})

test('a file without PLT markers is cut the same', async () => {
  const bytes = readFileSync(B04)
  const image = readImage(bytes)
  const { start, firstTilePart } = image.header
  const head = bytes.subarray(start, firstTilePart)
  const bare = Buffer.concat([head, ...image.parts.map(withoutSegments), Uint8Array.of(0xff, 0xd9)])
  for (const reduce of [4, 2, 0]) {
    const { strips } = await readAll(bare, reduce)
    const whole = cutImage(image, reduce).codestream
    expect(Buffer.compare(strips[0]?.codestream ?? new Uint8Array(), whole)).toBe(0)
  }
})

test('all ranges of a round are asked for at once, and the next strip only when it is wanted', async () => {
  const file = laidOut({ side: 10980, tileSide: 1024, lengths: Array.from({ length: 121 }, () => 950_000) })
  let waiting = 0
  let most = 0
  const read: ImageFile['read'] = async (range) => {
    most = Math.max(most, ++waiting)
    await new Promise(setImmediate)
    waiting--
    return file.read(range)
  }
  const lengths = Array.from({ length: 121 }, () => 950_000)
  const layout = { first: file.offsets[0] ?? 0, lengths, most: [950_000, 260_000, 75_000, 21_000, 6_500] }
  const { strips, reading } = readStrips({ size: file.size, layout, read }, 2)
  await strips.next()
  expect(reading()).toMatchObject({ rounds: 2, reads: 1 + 55 })
  expect(most).toBe(55)
  await strips.next()
  expect(reading()).toMatchObject({ rounds: 3, reads: 1 + 121 })
  expect(await strips.next()).toMatchObject({ done: true })
  await strips.return()
})

test('a file that is shorter than it was listed is refused with both sizes', async () => {
  const bytes = readFileSync(B04)
  const size = bytes.length + 1000
  expect(await faultOf(readAll(bytes, 4, { size }))).toBe(
    `bad-image: it ends at byte ${bytes.length}, its listing says ${size}`,
  )
  const read = () => Promise.reject(new Fault('bad-request', 'The range starts past the end.'))
  expect(await faultOf(readAll(bytes, 4, { read }))).toBe(
    `bad-image: it ends before byte 0, its listing says ${bytes.length}`,
  )
})

test('an empty file, and one that is no image, are refused', async () => {
  expect(await faultOf(readAll(new Uint8Array(), 4))).toMatch(/^bad-image: /)
  expect(await faultOf(readAll(Buffer.from('<?xml version="1.0"?>'.repeat(20_000)), 4))).toMatch(
    /^bad-image: /,
  )
})

test('what the storage cannot read stays its fault', async () => {
  const read = () => Promise.reject(new Fault('upstream-late', 'The bucket was too late.'))
  expect(await faultOf(readAll(readFileSync(B04), 4, { read }))).toBe(
    'upstream-late: The bucket was too late.',
  )
})

test('a layout that was remembered wrongly is learnt anew', async () => {
  const lengths = Array.from({ length: 36 }, (_, i) => 400_000 + 1000 * i)
  const file = laidOut({ side: 6000, tileSide: 1024, lengths })
  const read: ImageFile['read'] = async (range) => file.read(range)
  const wrong = {
    first: file.offsets[0] ?? 0,
    lengths: lengths.toReversed(),
    most: [400_000, 9000, 9000, 9000, 5000],
  }
  const { strips, learnt } = readStrips({ size: file.size, layout: wrong, read }, 4)
  expect(await Array.fromAsync(strips)).toHaveLength(1)
  const most = [0, 1, 2, 3, 4].map((reduce) => Math.max(...file.need(reduce)))
  expect(learnt()).toEqual({ first: file.offsets[0], lengths, most })
})

test('tiles in another order than the raster are read, and their lengths not remembered', async () => {
  const tiles = Array.from({ length: 36 }, (_, i) => 35 - i)
  const file = laidOut({ side: 6000, tileSide: 1024, lengths: tiles.map(() => 400_000), tiles })
  const read: ImageFile['read'] = async (range) => file.read(range)
  const { strips, learnt } = readStrips({ size: file.size, layout: undefined, read }, 4)
  expect(await Array.fromAsync(strips)).toHaveLength(1)
  expect(learnt()).toBeUndefined()
})

test('what cannot be cut to its end is refused once a strip of it was given', async () => {
  const file = laidOut({ side: 3000, tileSide: 1024, lengths: Array.from({ length: 9 }, () => 800_000) })
  const lastCount = (file.offsets[8] ?? 0) + 11
  const read: ImageFile['read'] = async (range) => {
    const bytes = file.read(range)
    if (range.first <= lastCount && lastCount <= range.last) bytes[lastCount - range.first] = 2
    return bytes
  }
  const { strips } = readStrips({ size: file.size, layout: layoutOf(file), read }, 0)
  expect(await strips.next()).toMatchObject({ done: false })
  expect(await faultOf(Array.fromAsync(strips))).toContain('it cannot be cut to its end')
})

test('what a strip was cut out of is let go of before the strip is handed out', async () => {
  const lengths = Array.from({ length: 121 }, () => 950_000)
  const file = laidOut({ side: 10980, tileSide: 1024, lengths })
  const given: WeakRef<ArrayBufferLike>[] = []
  const read: ImageFile['read'] = async (range) => {
    const bytes = file.read(range)
    given.push(new WeakRef(bytes.buffer))
    return bytes
  }
  const { strips } = readStrips({ size: file.size, layout: layoutOf(file), read }, 0)
  for (let strip = 0; strip < 2; strip++) {
    expect(await strips.next()).toMatchObject({ done: false })
    await nextTurn()
    collectGarbage()
    const kept = given.flatMap((ref) => ref.deref()?.byteLength ?? []).reduce((sum, n) => sum + n, 0)
    expect(kept).toBeLessThan(64 * 1024)
  }
  await strips.return()
})

test('a tile that is said to take 200 MB is refused before it is read, remembered or not', async () => {
  const file = laidOut({ side: 1024, tileSide: 1024, lengths: [200_000_000] })
  let bytes = 0
  const read: ImageFile['read'] = async (range) => {
    bytes += range.last + 1 - range.first
    return bytes < 8e6 ? file.read(range) : Promise.reject(new Error('It was read.'))
  }
  for (const layout of [undefined, layoutOf(file)]) {
    bytes = 0
    const { strips } = readStrips({ size: file.size, layout, read }, 0)
    expect(await faultOf(Array.fromAsync(strips))).toContain(
      'bad-image: its tile 0 is said to take 200000000',
    )
  }
})
