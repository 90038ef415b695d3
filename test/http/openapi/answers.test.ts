import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { ANSWERS } from '../../../src/http/openapi/answers.ts'
import { STAC_ANSWERS } from '../../../src/http/stac/openapi-answers.ts'
import { type Sample, serveSample } from '../../browser/explorer-page.ts'

/* Real answers are read by the schemas that the document is made of, which take no member that they do not tell. */

let sample: Sample
beforeAll(async () => {
  sample = await serveSample()
})
afterAll(() => sample.close())

const BOX = 'bbox=11.8,54.9,14,56'
const GRANULE = 'L1C_T33UUB_A017537_20200715T102602'

async function ask(address: string, options: RequestInit = {}): Promise<string> {
  const response = await fetch(sample.url + address, options)
  expect(response.status, address).toBe(200)
  return await response.text()
}

function expectToFit(schema: z.ZodType, text: string): unknown {
  const value: unknown = JSON.parse(text)
  const { error } = schema.safeParse(value)
  expect(error?.issues ?? []).toEqual([])
  return value
}

describe('answers of /area', () => {
  const ranks = ['', '&rank=blue', '&rank=%231e90ff', '&where=valid%3E0', '&rank=red&source=preview']

  test.each(ranks)('in JSON and GeoJSON: %s', async (rank) => {
    const paths = expectToFit(ANSWERS.ImagePaths, await ask(`/area?${BOX}${rank}`))
    expect(paths).not.toEqual([])
    for (const level of ['L1C', 'L2A']) {
      const text = await ask(`/area?${BOX}${rank}&level=${level}&dedupe=none&format=geojson`)
      expectToFit(ANSWERS.FeatureCollection, text)
    }
  })

  test.each(ranks)('in NDJSON, a line an image: %s', async (rank) => {
    const lines = (await ask(`/area?${BOX}${rank}&format=ndjson`)).trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(30)
    for (const line of lines) expectToFit(ANSWERS.ImageRow, line)
  })

  test('in CSV, whose columns are the members of a row', async () => {
    const { shape } = ANSWERS.ImageRow
    const always = Object.keys(shape).filter(
      (name) => !shape[name as keyof typeof shape].safeParse(undefined).success,
    )
    const header = async (rank: string) =>
      (await ask(`/area?${BOX}${rank}&format=csv`)).split('\r\n')[0]?.split(',')
    expect(await header('')).toEqual(always)
    expect(new Set(await header('&rank=blue'))).toEqual(new Set(Object.keys(shape)))
  })

  test('in lists of addresses', async () => {
    const uri = ANSWERS.Image.shape.uri
    for (const line of (await ask(`/area?${BOX}&format=uris`)).trimEnd().split('\n')) {
      expect(uri.safeParse(line).success, line).toBe(true)
    }
    const url = ANSWERS.Image.shape.url
    for (const line of (await ask(`/images?lat=55.66&lng=12.58&format=urls`)).trimEnd().split('\n')) {
      expect(url.safeParse(line).success, line).toBe(true)
    }
  })

  test('that are empty', async () => {
    const nowhere = 'bbox=-40,-10,-39,-9'
    expectToFit(ANSWERS.ImagePaths, await ask(`/area?${nowhere}`))
    expectToFit(ANSWERS.FeatureCollection, await ask(`/area?${nowhere}&format=geojson`))
    expectToFit(STAC_ANSWERS.StacItemCollection, await ask(`/stac/search?${nowhere}`))
  })
})

describe('answers in JSON', () => {
  test.each([
    ['Summary', `/area/summary?${BOX}`],
    ['Estimate', `/estimate?${BOX}`],
    ['Granule', `/granules/${GRANULE}`],
    ['Colour', `/granules/${GRANULE}/colour`],
    ['Colour', `/granules/${GRANULE}/colour?source=preview`],
    ['Granule', `/granules/${GRANULE}`],
    ['Health', '/healthz'],
    ['Readiness', '/readyz'],
  ] as const)('fit %s: %s', async (name, address) => {
    expectToFit(ANSWERS[name], await ask(address))
  })

  test('of STAC fit', async () => {
    expectToFit(STAC_ANSWERS.StacCatalog, await ask('/stac'))
    expectToFit(STAC_ANSWERS.StacConformance, await ask('/stac/conformance'))
    expectToFit(STAC_ANSWERS.StacCollections, await ask('/stac/collections'))
    expectToFit(STAC_ANSWERS.StacNames, await ask('/stac/queryables'))
    expectToFit(STAC_ANSWERS.StacNames, await ask('/stac/collections/sentinel-2-l2a/sortables'))
    const found = await ask(`/stac/search?${BOX}&limit=50&dedupe=none`)
    const { features } = STAC_ANSWERS.StacItemCollection.parse(JSON.parse(found))
    expect(features.length).toBeGreaterThan(5)
    for (const feature of features) {
      expectToFit(STAC_ANSWERS.StacItem, JSON.stringify(feature))
      const { id = '', collection = '' } = feature
      expectToFit(STAC_ANSWERS.StacItem, await ask(`/stac/collections/${collection}/items/${id}`))
    }
  })

  test('of STAC fit in lines, too', async () => {
    for (const format of ['ndjson', 'geojsonseq']) {
      const lines = (await ask(`/stac/search?${BOX}&format=${format}`)).trimEnd().split('\n')
      expect(lines.length).toBeGreaterThan(5)
      for (const line of lines) expectToFit(STAC_ANSWERS.StacItem, line.replace('\u001e', ''))
    }
  })

  test('that hold a member more do not fit', async () => {
    const summary: unknown = JSON.parse(await ask(`/area/summary?${BOX}`))
    const { success } = ANSWERS.Summary.safeParse({ ...Object(summary), more: 1 })
    expect(success).toBe(false)
  })
})
