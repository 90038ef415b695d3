import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { promisedImages } from '../../../src/http/stac/promised-images.ts'
import type { Granule } from '../../../src/sentinel2/granule.ts'
import {
  isPreviewName,
  parseGranuleName,
  parseImageName,
  parseProductName,
} from '../../../src/sentinel2/names.ts'
import { realData } from '../../real-data.ts'
import { L2A, LONG } from './granules.ts'

const IMAGE = /(GRANULE\/[^/\t]+\/IMG_DATA\/[^\t\n]+\.(?:jp2|tif))$/gm

/** The granules of a real product's listing, each with the images it holds. */
function granulesIn(file: string): { readonly granule: Granule; readonly keys: readonly string[] }[] {
  const folder = file.replace(/^.*\/(esa_)?|\.tsv$/g, '')
  const product = parseProductName(folder)
  if (!product) throw new Error(`${folder} is no product.`)
  const keys = [...readFileSync(file, 'utf8').matchAll(IMAGE)].map(([, key = '']) =>
    key.replace(/\.tif$/, '.jp2'),
  )
  const byGranule = Map.groupBy(keys, (key) => key.split('/')[1] ?? '')
  return [...byGranule].map(([granuleId, images]) => {
    const name = parseGranuleName(granuleId)
    if (!name) throw new Error(`${granuleId} is no granule.`)
    const granule: Granule = {
      ...L2A,
      granuleId,
      productId: folder,
      level: product.level,
      mgrsTile: name.mgrsTile,
      baseline: product.baseline ?? name.baseline,
      place: `${folder}.SAFE`,
    }
    const own = images.filter((key) => parseImageName(key.split('/').at(-1) ?? '') && !isPreviewName(key))
    return { granule, keys: own.map((key) => `${folder}.SAFE/${key}`).sort() }
  })
}

describe('promised images', () => {
  const listings = realData('listings')
  for (const file of listings ? readdirSync(listings) : []) {
    it(`are those that the archive holds: ${file}`, () => {
      const granules = granulesIn(join(listings ?? '', file))
      expect(granules.length).toBeGreaterThan(0)
      for (const { granule, keys } of granules) {
        expect(
          promisedImages(granule)
            .map(({ key }) => key)
            .sort(),
        ).toEqual(keys)
      }
    })
  }

  it('say of which band and resolution they are, as their names do', () => {
    for (const granule of [L2A, LONG]) {
      for (const { key, band, resolution } of promisedImages(granule)) {
        expect(parseImageName(key.split('/').at(-1) ?? '')).toEqual({ band, resolution })
      }
    }
  })

  it('begin with L2A_ in the baselines 02.05 and 02.06 alone', () => {
    const prefixed = (baseline: string) =>
      promisedImages({ ...L2A, baseline }).every(({ key }) => key.includes('m/L2A_T29UNU_'))
    expect(['02.04', '02.05', '02.06', '02.07'].map(prefixed)).toEqual([false, true, true, false])
  })

  it('are none where neither the product nor the datatake tells a start', () => {
    const lost = { ...L2A, place: 'L2/tiles/29/U/NU/odd.SAFE' }
    expect(promisedImages(lost)).toHaveLength(36)
    expect(promisedImages({ ...lost, datatake: undefined })).toEqual([])
  })
})
