import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cuttableAt } from '../../src/jpeg2000/cut.ts'
import { wholeOf } from '../../src/jpeg2000/whole.ts'
import { realData } from '../real-data.ts'
import { checksumOf, realImages, sampleImages, storedChecksums } from './checked-images.ts'
import { cutImage, partOf, readImage, withoutSegments } from './cut-images.ts'
import { decode } from './decode.ts'
import { decodeCut, decodeInStrips } from './decode-cuts.ts'
import { decodedByOpenjpeg, hasOpenjpeg } from './openjpeg.ts'

const stored = storedChecksums()
const sample = sampleImages()
const bucket = realData('bucket')
const real = bucket === undefined ? [] : realImages(bucket)

/** Pixels a side: larger images are not decoded at full size here, which takes a minute and a GB. */
const LARGE = 10_000

test('every image of the sample has its checksums', () => {
  expect(sample.length).toBeGreaterThan(50)
  for (const { key } of sample) expect(stored.has(key), key).toBe(true)
})

describe.each([...sample, ...real])('$name of $key', ({ key, path }) => {
  const image = readImage(readFileSync(path))
  const { levels } = image.header.coding
  const reduces = Array.from({ length: levels + 1 }, (_, reduce) => reduce).filter(
    (reduce) =>
      cuttableAt(image.header, reduce) === undefined && (reduce > 0 || image.header.size.right < LARGE),
  )
  const expected = reduces.map((reduce) => stored.get(key)?.[reduce])

  test('what is cut out at any reduce decodes to what OpenJPEG makes of the whole', async () => {
    expect(reduces.length).toBeGreaterThanOrEqual(levels)
    const found: string[] = []
    for (const reduce of reduces) found.push(checksumOf((await decodeCut(image, reduce)).planes))
    expect(found).toEqual(expected)
  })

  test('its rows of tiles decoded one by one are the image', async () => {
    const found: string[] = []
    for (const reduce of reduces) found.push(checksumOf(await decodeInStrips(image, reduce, 1)))
    expect(found).toEqual(expected)
  })

  test('its packet headers tell the same ends as its PLT', () => {
    for (const read of image.parts) {
      const bare = withoutSegments(read)
      const from = read.part.headerLength - 14
      expect(partOf(bare, read.at, image.header)).toEqual({
        tile: read.part.tile,
        length: bare.length,
        headerLength: 14,
        ends: read.part.ends.map((end) => end - from),
      })
    }
  })
})

test('a file decoded whole is the image', async () => {
  const { path, key } = sample.find(({ name }) => name.endsWith('_PVI.jp2')) ?? { path: '', key: '' }
  const file = readFileSync(path)
  const cut = wholeOf(readImage(file).header, file)
  expect(checksumOf((await decode(cut.codestream)).planes)).toBe(stored.get(key)?.[0])
})

test('a file that is not all there is not decoded whole', () => {
  const file = readFileSync(sample[0]?.path ?? '')
  const { header } = readImage(file)
  expect(() => wholeOf(header, file.subarray(0, -1))).toThrow(/^it is cut short: \d+ of \d+ bytes came$/)
})

test('strips of two rows of tiles are the image, too', async () => {
  const { path, key } = sample.find(({ name }) => name.endsWith('_B02.jp2')) ?? { path: '', key: '' }
  const image = readImage(readFileSync(path))
  expect(checksumOf(await decodeInStrips(image, 1, 2))).toBe(stored.get(key)?.[1])
})

test('the last column and row say how much of them the image covers', () => {
  const { path } = sample.find(({ name }) => name.endsWith('_B02.jp2')) ?? { path: '' }
  const image = readImage(readFileSync(path))
  // 366 pixels are 22 times 16 and 14.
  const { lastColumn, lastRow } = cutImage(image, 4)
  expect([lastColumn, lastRow]).toEqual([14 / 16, 14 / 16])
  const upper = cutImage(image, 4, { from: 0, until: 1 })
  expect([upper.lastColumn, upper.lastRow]).toEqual([14 / 16, 1])
  expect(cutImage(image, 0)).toMatchObject({ lastColumn: 1, lastRow: 1, reduce: 0, reversible: true })
})

test('a tile that is missing, there twice or of another row is named', () => {
  const image = readImage(readFileSync(sample[0]?.path ?? ''))
  const [first, ...others] = image.parts
  if (first === undefined) throw new Error('The image has no tiles.')
  const { header } = image
  expect(() => cutImage({ header, parts: others }, 1)).toThrow('its tile 0 is missing')
  expect(() => cutImage({ header, parts: [first, ...image.parts] }, 1)).toThrow(
    'its tile 0 comes in several tile-parts',
  )
})

test('the stored checksums are those of the OpenJPEG installed here', async () => {
  if (!hasOpenjpeg('the comparison of stored checksums')) return
  for (const { key, path } of [...sample, ...real].filter((_, i) => i % 9 === 0)) {
    expect(checksumOf(await decodedByOpenjpeg(path, 2)), key).toBe(stored.get(key)?.[2])
  }
})
