import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import { Fault } from '../../src/errors.ts'
import { openHouse } from '../../src/wire.ts'
import { type DrawnHouse, openDrawnHouse } from '../drawn-house.ts'
import { serveHouse } from '../serve.ts'
import { temporaryFolder } from '../temporary.ts'

const BOX = 'bbox=11,54,15,57'
const ALGAE = 'L1C_T33UUB_A017537_20200715T102602'
const HAZE = 'L1C_T33VUC_A023114_20210809T102603'
const L2A = 'L2A_T33UUB_A036527_20220620T102042'

const row = z.object({
  granule_id: z.string(),
  sensing_time: z.string(),
  colour: z.string().nullable(),
  score: z.number().nullable(),
  reason: z.string().nullable(),
})
const problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ parameter: z.string() })).optional(),
})

let drawn: DrawnHouse
let url: string
let stop: () => void
beforeEach(async () => {
  drawn = await openDrawnHouse()
  const served = await serveHouse(drawn.house)
  url = served.url
  stop = served.stop
})
afterEach(async () => {
  stop()
  await drawn.close()
})

const ask = (path: string) => fetch(url + path)
const json = async (path: string) => (await ask(path)).json()
const faultOf = async (response: Response) => problem.parse(await response.json())
async function granulesOf(response: Response) {
  const lines = (await response.text()).trimEnd().split('\n')
  const rows = lines.map((line) => row.parse(JSON.parse(line)))
  return rows.filter((one, i) => one.granule_id !== rows[i - 1]?.granule_id)
}

describe('/area with rank', () => {
  test.for([
    ['red', 'L1C_T33UVB_A015792_20180701T102024'],
    ['green', ALGAE],
    ['blue', HAZE],
    // As a screen shows the algae: 0.075777, 0.149810, 0.095480 of 0.3558.
    ['%23366B44', ALGAE],
    ['366b44', ALGAE],
  ] as const)('%s puts its best first', async ([rank, best]) => {
    const response = await ask(`/area?${BOX}&rank=${rank}&format=ndjson`)
    const granules = await granulesOf(response)
    expect(granules[0]?.granule_id).toBe(best)
    expect(granules.length).toBe(9)
    expect(response.headers.get('swath-granules')).toBe('9')
    expect(response.headers.get('swath-without-colour')).toBe('0')
    expect(granules.every(({ colour }) => /^#[0-9a-f]{6}$/.test(colour ?? ''))).toBe(true)
  })

  test('orders the sample as it was drawn by what its files hold, and reads nothing a second time', async () => {
    const folder = await temporaryFolder()
    const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
    const served = await serveHouse(house)
    const order = async (at: string, rank: string) =>
      (await granulesOf(await fetch(`${at}/area?${BOX}&rank=${rank}&format=ndjson`))).map(
        (one) => one.granule_id,
      )
    try {
      expect(await order(served.url, 'blue')).toEqual(await order(url, 'blue'))
      const { made } = house.state().colours
      const { decoded } = house.state().decoding
      expect(made).toBe(9)
      for (const rank of ['red', 'green', '366b44'])
        expect((await order(served.url, rank))[0]).toBe((await order(url, rank))[0])
      expect(house.state()).toMatchObject({ colours: { made }, decoding: { decoded } })
    } finally {
      served.stop()
      await house.close()
      await folder.remove()
    }
  })

  test('ranks each page by itself, and the pages together are all granules', async () => {
    const pages: string[][] = []
    let next: string | undefined = `${url}/area?${BOX}&rank=blue&stride=8&format=ndjson&limit=4`
    while (next) {
      const response: Response = await fetch(next)
      const granules = await granulesOf(response)
      const scores = granules.map(({ score }) => score ?? 0)
      expect(scores).toEqual(scores.toSorted((a, b) => b - a))
      pages.push(granules.map(({ sensing_time }) => sensing_time))
      next = /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 1])
    expect((pages[0] ?? []).toSorted()[0]?.localeCompare((pages[1] ?? []).toSorted().at(-1) ?? '')).toBe(1)
    expect(new Set(pages.flat()).size).toBe(9)
    expect(drawn.asked.every(({ sampling }) => 'stride' in sampling && sampling.stride === 8)).toBe(true)
  })

  test('counts granules without a colour, and lists them last', async () => {
    drawn.instead.set(HAZE, new Fault('no-colour', 'It has no B03.'))
    const response = await ask(`/area?${BOX}&rank=blue&format=ndjson`)
    expect(response.headers.get('swath-without-colour')).toBe('1')
    expect(response.headers.get('access-control-expose-headers')).toContain('Swath-Without-Colour')
    expect((await granulesOf(response)).at(-1)).toMatchObject({
      granule_id: HAZE,
      colour: null,
      score: null,
      reason: 'It has no B03.',
    })
  })

  test('is a 504 before the first byte where the archive was too late for every one', async () => {
    const { house } = drawn
    const { granules } = await house.open().catalog.search(SEARCH, { limit: 100 })
    for (const { granuleId } of granules)
      drawn.instead.set(granuleId, new Fault('upstream-late', 'The bucket was too late.'))
    const response = await ask(`/area?${BOX}&rank=blue`)
    expect(response.status).toBe(504)
    expect((await faultOf(response)).detail).toBe('The bucket was too late.')
  })

  test('is answered for a point, too, and from previews', async () => {
    const path = '/images?lat=55.66&lng=12.58&rank=green&source=preview&bands=B04&format=uris'
    const first = (await (await ask(path)).text()).split('\n')[0]
    expect(first).toMatch(/20200715T102559_B04\.jp2$/)
    expect(drawn.asked[0]?.sampling).toEqual({ source: 'preview' })
  })

  test('names a colour that is none, a stride that is too long, and both beside the rest', async () => {
    const response = await ask(`/area?${BOX}&rank=bleu&stride=65&source=pvi&rnak=red`)
    expect(response.status).toBe(400)
    const { detail, errors = [] } = await faultOf(response)
    expect(errors.map(({ parameter }) => parameter).sort()).toEqual(['rank', 'rnak', 'source', 'stride'])
    expect(detail).toContain('did you mean blue?')
    expect(detail).toContain('did you mean rank?')
  })

  test('without rank no colour is made and nothing is told of any', async () => {
    const response = await ask(`/area?${BOX}&format=csv`)
    expect(await response.text()).not.toContain('colour')
    expect(response.headers.get('swath-without-colour')).toBeNull()
    expect(drawn.asked).toEqual([])
  })
})

const SEARCH = {
  area: { box: [11, 54, 15, 57] },
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: undefined,
  dedupe: 'none',
} as const

describe('/granules/{id}/colour', () => {
  test('gives the mean colour, and says whether it was known', async () => {
    const told = {
      granule_id: ALGAE,
      product_id: 'S2B_MSIL1C_20200715T102559_N0209_R065_T33UUB_20200715T124358',
      colour: '#366b44',
      red: 0.075777,
      green: 0.14981,
      blue: 0.09548,
      valid: 1,
      sampled: 1000,
      stride: 16,
      source: 'bands',
    }
    expect(await json(`/granules/${ALGAE}/colour`)).toEqual({ ...told, cached: false })
    expect(await json(`/granules/${ALGAE}/colour`)).toEqual({ ...told, cached: true })
    expect(await json(`/granules/${ALGAE}/colour?stride=4`)).toEqual({ ...told, stride: 4, cached: false })
  })

  test('of a preview has no stride, and shows its numbers as they are', async () => {
    drawn.instead.set(L2A, { red: 0.2, green: 0.4, blue: 0.6, valid: 0.5, sampled: 117_649 })
    expect(await json(`/granules/${L2A}/colour?source=preview`)).toMatchObject({
      colour: '#336699',
      red: 0.2,
      stride: null,
      source: 'preview',
      valid: 0.5,
    })
  })

  test('that cannot be had is a 404 or a 502 with the reason', async () => {
    drawn.instead.set(ALGAE, new Fault('no-colour', 'It has no B03; try ?source=preview.'))
    const none = await ask(`/granules/${ALGAE}/colour`)
    expect([none.status, (await faultOf(none)).detail]).toEqual([404, 'It has no B03; try ?source=preview.'])
    drawn.instead.set(ALGAE, new Fault('bad-image', 'B03.jp2 is no JPEG 2000 file.'))
    expect((await ask(`/granules/${ALGAE}/colour`)).status).toBe(502)
  })

  test('of a granule that is not there, by a wrong way or with wrong parameters, is refused', async () => {
    const unknown = await ask('/granules/L1C_T33UUB_A000001_20190101T000000/colour')
    expect([unknown.status, (await faultOf(unknown)).detail]).toEqual([
      404,
      'There is no granule L1C_T33UUB_A000001_20190101T000000 in the catalog.',
    ])
    const wrong = await ask(`/granules/${ALGAE}/colour?strid=4&source=preview&stride=16`)
    expect(wrong.status).toBe(400)
    expect((await faultOf(wrong)).detail).toMatch(/did you mean stride\?.*a preview takes no stride/)
    const posted = await fetch(`${url}/granules/${ALGAE}/colour`, { method: 'POST' })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(drawn.asked).toEqual([])
  })
})

test('/granules/{id} tells the colour once it is known, and computes none', async () => {
  const unknown = { colour: null, red: null, green: null, blue: null }
  expect(await json(`/granules/${ALGAE}`)).toMatchObject(unknown)
  await json(`/granules/${ALGAE}/colour?stride=4`)
  expect(await json(`/granules/${ALGAE}`)).toMatchObject(unknown)
  await json(`/granules/${ALGAE}/colour`)
  expect(await json(`/granules/${ALGAE}`)).toMatchObject({ colour: '#366b44', red: 0.075777 })
  expect(drawn.asked.length).toBe(2)
})
