import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { swathClient } from '../../src/http/client.ts'
import { type Sample, serveSample } from '../browser/explorer-page.ts'

let sample: Sample
beforeAll(async () => {
  sample = await serveSample()
})
afterAll(() => sample.close())

const BOX = '11.8,54.9,14,56'
const granuleId = 'L1C_T33UUB_A017537_20200715T102602'

describe('the typed client', () => {
  test('lists an area', async () => {
    const { area } = swathClient(sample.url)
    const response = await area.$get({ query: { bbox: BOX, level: 'L1C', limit: 2, bands: 'TCI' } })
    expect(response.status).toBe(200)
    const paths = await response.json()
    if (!Array.isArray(paths)) throw new Error('This is no list of paths.')
    expectTypeOf(paths).toEqualTypeOf<string[]>()
    expect(paths).toHaveLength(2)
    expect(response.headers.get('Link')).toContain('rel="next"')
  })

  test('posts an area and reads features', async () => {
    const coordinates = [
      [
        [12.4, 55.5],
        [12.9, 55.5],
        [12.9, 55.8],
        [12.4, 55.5],
      ],
    ]
    const response = await swathClient(sample.url).area.$post({
      query: { format: 'geojson', cloud: 20 },
      json: { type: 'Polygon', coordinates },
    })
    const found = await response.json()
    if (Array.isArray(found)) throw new Error('This is a list of paths.')
    expectTypeOf(found.features[0]).toExtend<{ properties: { cloud_cover: number | null } } | undefined>()
    expect(found.features.length).toBeGreaterThan(1)
  })

  test('counts, prices, and knows granules and their colours', async () => {
    const client = swathClient(sample.url)
    const summary = await (await client.area.summary.$get({ query: { bbox: BOX } })).json()
    expectTypeOf(summary.months).toExtend<readonly { month: string; granules: number }[]>()
    const estimate = await (await client.estimate.$get({ query: { bbox: BOX } })).json()
    expectTypeOf(estimate.bytes).toEqualTypeOf<number | null>()
    expect(estimate.granules).toBe(summary.granules)

    const named = client.granules[':granuleId']
    const granule = await (await named.$get({ param: { granuleId } })).json()
    expectTypeOf(granule.images).toExtend<readonly { uri: string; size: number }[]>()
    const colour = await (await named.colour.$get({ param: { granuleId }, query: { stride: 32 } })).json()
    expectTypeOf(colour.valid).toEqualTypeOf<number>()
    expect(colour).toMatchObject({ granule_id: granule.granule_id, stride: 32 })
    const picture = await named['preview.webp'].$get({ param: { granuleId }, query: { width: 64 } })
    expect(picture.headers.get('Content-Type')).toBe('image/webp')
    const ready = await (await client.readyz.$get()).json()
    expectTypeOf(ready.status).toEqualTypeOf<'ready'>()
  })

  test('refuses by its types what the service refuses', async () => {
    const { area, images } = swathClient(sample.url)
    // @ts-expect-error There is no such level.
    expect((await area.$get({ query: { bbox: BOX, level: 'L3' } })).status).toBe(400)
    // @ts-expect-error A point has a longitude.
    expect((await images.$get({ query: { lat: 55 } })).status).toBe(400)
    // @ts-expect-error A parameter of this name there is not.
    expect((await area.$get({ query: { bbox: BOX, limt: '1' } })).status).toBe(400)
  })
})
