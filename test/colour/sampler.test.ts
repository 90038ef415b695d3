import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { meansOf } from '../../src/colour/mean.ts'
import type { Pixels } from '../../src/colour/port.ts'
import { decodeThreads } from '../../src/colour/sampler.ts'
import type { Cut } from '../../src/jpeg2000/codestream.ts'
import { realData } from '../real-data.ts'
import { flatCut, readCut, sampleImages, tilePartsOf } from './whole-files.ts'

const shared = decodeThreads({ threads: 2 })
afterAll(() => shared.close())

const [BAND = ''] = sampleImages(/33VUC_20210809T102559_B04\.jp2$/)
const [SMALL = ''] = sampleImages(/_B04_60m\.jp2$/)
const [PREVIEW = ''] = sampleImages(/tiles.33.U.UB.*L1C.*33UUB_20220620T102041_PVI\.jp2$/)

const sha256 = ({ values }: Pixels) => createHash('sha256').update(values).digest('hex')
const badImage = (message: unknown) => expect.objectContaining({ name: 'Fault', code: 'bad-image', message })
const spoilt = (cut: Cut, spoil: (bytes: Uint8Array) => void): Cut => {
  const codestream = cut.codestream.slice()
  spoil(codestream)
  return { ...cut, codestream }
}

describe('what is decoded', () => {
  const rows = readFileSync(join(import.meta.dirname, '../../sample/drawn.csv'), 'utf8')
    .trim()
    .split('\n')
  test.for(rows.slice(1).map((row) => row.split(',')))('of %s has the means that were drawn', async (row) => {
    const [granule = '', , baseline = '', ...drawn] = row
    const offset = baseline >= '04.00' ? -1000 : 0
    const bands = ['B04', 'B03', 'B02'].map((band) =>
      sampleImages(new RegExp(`/${granule}/IMG_DATA/(R10m/)?[^/]*_${band}(_10m)?\\.jp2$`)),
    )
    for (const [i, [path = '']] of bands.entries()) {
      const { soFar } = await shared.sum(readCut(path), undefined)
      const [mean] = meansOf(soFar)
      expect(((mean?.mean ?? 0) + offset) / 10_000).toBeCloseTo(Number(drawn[i]), 6)
      expect(mean?.valid).toBeCloseTo(Number(drawn[3]), 6)
      expect(mean?.sampled).toBe(366 * 366)
    }
  })

  // The checksums are those of what opj_decompress 2.5.0 makes of the files, its 16 bits little-endian.
  test('has the exact values of 16 bits', async () => {
    const pixels = await shared.pixels(readCut(BAND))
    expect(pixels).toMatchObject({ width: 366, height: 366, components: 1, values: expect.any(Uint16Array) })
    expect(sha256(pixels)).toBe('d38c9b4052b8fc1b1d1bccc8beb5b6a13937484bee5aef5f14480138966ca0db')
  })

  test('has the exact values of three components, by pixel', async () => {
    const pixels = await shared.pixels(readCut(PREVIEW))
    expect(pixels).toMatchObject({ width: 171, height: 171, components: 3, values: expect.any(Uint8Array) })
    expect(sha256(pixels)).toBe('0b3db2b64c11901d8ace883474b1f7f1bf972f38bb2bc0721bde09edee9a0817')
  })

  test.for([
    [8, 128],
    [9, 256],
    [15, 16_384],
    [16, 32_768],
  ] as const)('may have %i bits', async ([bits, half]) => {
    const { values } = await shared.pixels(flatCut(40, 3, bits))
    expect(values).toHaveLength(40 * 40 * 3)
    expect(new Set(values)).toEqual(new Set([half]))
  })

  test('of a real preview has the means that GDAL finds', async () => {
    const golden = realData('golden.tsv')
    if (golden === undefined) return
    const previews = readFileSync(golden, 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([path]) => path?.endsWith('_PVI.jp2'))
    expect(previews).toHaveLength(2)
    for (const [path = '', , , , valid, means = ''] of previews) {
      const { soFar } = await shared.sum(readCut(realData('bucket', path) ?? ''), undefined)
      const found = meansOf(soFar)
      for (const [c, mean] of means.split(',').entries()) {
        expect(found[c]?.mean).toBeCloseTo(Number(mean), 3)
        expect(found[c]?.valid).toBeCloseTo(Number(valid), 5)
      }
    }
  })

  test('may be a strip that goes on where another ended', async () => {
    const first = await shared.sum(readCut(BAND), undefined)
    const both = await shared.sum(readCut(BAND), first.soFar)
    expect(meansOf(both.soFar)).toMatchObject([{ sampled: 2 * 366 * 366 }])
    expect(meansOf(both.soFar)[0]?.mean).toBeCloseTo(meansOf(first.soFar)[0]?.mean ?? 0, 6)
  })

  test('tells what it took', async () => {
    const { decodeMs, cpuMs } = await shared.sum(readCut(BAND), undefined)
    expect(cpuMs).toBeGreaterThan(1)
    expect(decodeMs).toBeLessThan(20_000)
  })
})

describe('what cannot be read', () => {
  const quoted = expect.stringMatching(/^the decoder says: \S/)

  test('because it is empty is refused', async () => {
    const empty = { ...readCut(SMALL), codestream: new Uint8Array() }
    await expect(shared.pixels(empty)).rejects.toEqual(badImage('the decoder gave up on it'))
  })

  test.for([
    ['without its end', (cut: Cut) => ({ ...cut, codestream: cut.codestream.slice(0, -2) }), quoted],
    ['cut in half', (cut: Cut) => ({ ...cut, codestream: cut.codestream.slice(0, 60_000) }), quoted],
    ['of its headers alone', (cut: Cut) => ({ ...cut, codestream: cut.codestream.slice(0, 1500) }), quoted],
    ['of zeros', (cut: Cut) => spoilt(cut, (bytes) => bytes.fill(0)), quoted],
    [
      'with a tile that says it is another',
      (cut: Cut) => spoilt(cut, (bytes) => bytes.set([0, 77], (tilePartsOf(bytes)[3] ?? 0) + 4)),
      quoted,
    ],
    [
      'of another size',
      (cut: Cut) => ({ ...cut, width: 343, components: 3, bits: 8 }),
      'it decodes to 366 x 366 x 1 of 15 bits where 343 x 366 x 3 of 8 bits were expected',
    ],
    ['of another depth', (cut: Cut) => ({ ...cut, bits: 16 }), expect.stringContaining('1 of 15 bits where')],
  ] as const)('%s is refused with a clause about it', async ([, spoil, message]) => {
    await expect(shared.pixels(spoil(readCut(BAND)))).rejects.toEqual(badImage(message))
    await expect(shared.sum(spoil(readCut(BAND)), undefined)).rejects.toEqual(badImage(message))
  })

  test('is refused with the first of two messages that share a line', async () => {
    const cut = flatCut(40, 1, 15)
    const [sot = 0] = tilePartsOf(cut.codestream)
    // TLM (A.7.1) with one tile-part, where SOT counts two.
    const tlm = [0xff, 0x55, 0, 10, 0, 0x60, 0, 0, ...cut.codestream.subarray(sot + 6, sot + 10)]
    const codestream = new Uint8Array([
      ...cut.codestream.subarray(0, sot),
      ...tlm,
      ...cut.codestream.subarray(sot),
    ])
    codestream[sot + tlm.length + 11] = 2
    await expect(shared.pixels({ ...cut, codestream })).rejects.toEqual(
      badImage('the decoder says: SOT marker for tile 0 declares more tile-parts than found in TLM marker.'),
    )
  })

  test('for want of a tile is not taken for nodata', async () => {
    const cut = readCut(BAND)
    const [from, to] = tilePartsOf(cut.codestream).slice(3, 5)
    const codestream = new Uint8Array([...cut.codestream.subarray(0, from), ...cut.codestream.subarray(to)])
    await expect(shared.pixels({ ...cut, codestream })).rejects.toEqual(
      badImage('only 8 of its 9 tiles are there'),
    )
  })

  test('leaves nothing of the image before it, and nothing to the one after it', async () => {
    const sampler = decodeThreads({ threads: 1 })
    const before = await sampler.pixels(readCut(BAND))
    const half = { ...readCut(BAND), codestream: readCut(BAND).codestream.slice(0, 60_000) }
    await expect(sampler.pixels(half)).rejects.toEqual(badImage(quoted))
    expect(await sampler.pixels(readCut(BAND))).toEqual(before)
    expect(sampler.state()).toMatchObject({ decoded: 2, unreadable: 1, replaced: 0 })
    await sampler.close()
  })
})
