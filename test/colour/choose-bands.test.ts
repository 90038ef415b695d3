import { describe, expect, it } from 'vitest'
import { type BandFile, chooseBands } from '../../src/colour/choose-bands.ts'
import type { Band, Resolution } from '../../src/sentinel2/bands.ts'

const RGB: readonly Band[] = ['B02', 'B03', 'B04']
const filesOf = (...resolutions: readonly Resolution[]): BandFile[] =>
  resolutions.flatMap((resolution) =>
    RGB.map((band) => ({ band, resolution, key: `${band}_${resolution}m`, size: 1 })),
  )

describe('the files a colour is read from', () => {
  it.each([
    [1, 10, 0],
    [2, 20, 1],
    [3, 20, 1],
    [8, 80, 3],
    [15, 80, 3],
    [16, 160, 4],
    [64, 160, 4],
  ])('of L1C at stride %i have pixels of %i m, halved %i times', (stride, pixel, reduce) => {
    expect(chooseBands(filesOf(10), stride)).toMatchObject({ pixel, reduce })
  })

  it.each([
    [1, 10, 'B04_10m'],
    [2, 20, 'B04_10m'],
    [5, 40, 'B04_10m'],
    [6, 60, 'B04_60m'],
    [16, 160, 'B04_10m'],
    [24, 240, 'B04_60m'],
    [32, 320, 'B04_20m'],
    [64, 480, 'B04_60m'],
  ])('of L2A at stride %i have the largest pixel that is not too large, %i m of %s', (stride, pixel, key) => {
    const chosen = chooseBands(filesOf(10, 20, 60), stride)
    expect(chosen?.pixel).toBe(pixel)
    expect(chosen?.files[0].key).toBe(key)
  })

  it('are the finest there are where all pixels are larger than asked', () => {
    expect(chooseBands(filesOf(60), 2)).toMatchObject({ pixel: 60, reduce: 0 })
  })

  it('come as red, green and blue', () => {
    expect(chooseBands(filesOf(10), 16)?.files.map(({ band }) => band)).toEqual(['B04', 'B03', 'B02'])
  })

  it('say how many pixels across they are to have, so that a smaller image is halved fewer times', () => {
    expect(chooseBands(filesOf(10), 16)?.files.map(({ side }) => side)).toEqual([10_980, 10_980, 10_980])
    expect(chooseBands(filesOf(60), 16)?.files.map(({ side }) => side)).toEqual([1830, 1830, 1830])
  })

  it('are all of one resolution, or there are none', () => {
    const mixed = [...filesOf(10).slice(0, 2), ...filesOf(20).slice(2)]
    expect(chooseBands(mixed, 16)).toBeUndefined()
    expect(chooseBands(filesOf(10).slice(1), 16)).toBeUndefined()
    expect(chooseBands([], 16)).toBeUndefined()
  })
})
