import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withHeadroom } from '../../src/jpeg2000/cut.ts'
import { sampleImages } from './checked-images.ts'
import { cutImage, readImage } from './cut-images.ts'
import { decode } from './decode.ts'

const bands = sampleImages().filter(({ key }) => /IMG_DATA.+_B0[234](_10m)?\.jp2$/.test(key))
const swathEnd = bands.find(({ key }) => key.includes('T33UVB_A015792'))?.path ?? ''

async function valuesOf(codestream: Uint8Array): Promise<Uint16Array> {
  const { planes } = await decode(codestream)
  return new Uint16Array(planes.buffer.slice(planes.byteOffset, planes.byteOffset + planes.byteLength))
}

describe('a cut with headroom', () => {
  test('decodes to the pixels of the cut, and below 0 where those are clamped', {
    timeout: 60_000,
  }, async () => {
    let below = 0
    for (const { path } of bands) {
      for (const reduce of [1, 2, 3, 4]) {
        const cut = cutImage(readImage(readFileSync(path)), reduce)
        const roomy = withHeadroom(cut)
        const [plain, deep] = await Promise.all([valuesOf(cut.codestream), valuesOf(roomy.codestream)])
        expect({ bits: roomy.bits, zero: roomy.zero }).toEqual({ bits: 16, zero: 16_384 })
        expect(deep.map((value) => Math.max(value - roomy.zero, 0))).toEqual(plain)
        below += deep.reduce((count, value) => count + (value < roomy.zero ? 1 : 0), 0)
      }
    }
    expect(below).toBeGreaterThan(0)
  })

  test('is the cut itself where nothing is halved, and leaves the cut as it was', () => {
    const image = readImage(readFileSync(swathEnd))
    expect(withHeadroom(cutImage(image, 0)).zero).toBe(0)
    const cut = cutImage(image, 2)
    const before = cut.codestream.slice()
    withHeadroom(cut)
    expect(cut.codestream).toEqual(before)
  })
})
