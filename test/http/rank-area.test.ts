import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { openHouse } from '../../src/wire.ts'
import { serveHouse } from '../serve.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

const BOX = 'bbox=11,54,15,57'
const HAZE = 'L1C_T33VUC_A023114_20210809T102603'
const DROUGHT = 'L1C_T33UVB_A015792_20180701T102024'

const row = z.object({
  granule_id: z.string(),
  sensing_time: z.string(),
  colour: z.string().nullable(),
  red: z.number(),
  green: z.number(),
  blue: z.number(),
  score: z.number().nullable(),
})

let folder: Temporary
let house: House
let url: string
let stop: () => void
beforeAll(async () => {
  folder = await temporaryFolder()
  house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
  const served = await serveHouse(house)
  url = served.url
  stop = served.stop
})
afterAll(async () => {
  stop()
  await house.close()
  await folder.remove()
})

const ask = (query: string) => fetch(`${url}/area?${BOX}&bands=B02&format=ndjson&${query}`)
async function granulesOf(response: Response) {
  expect(response.status, await response.clone().text()).toBe(200)
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => row.parse(JSON.parse(line)))
}
const scores = (rows: readonly z.infer<typeof row>[]) => rows.map(({ score }) => score ?? Number.NaN)

/** The sample's files are read, its colours stored, and the catalog finds them there by itself. */
describe('the sample', () => {
  test('is ranked as far as it is remembered, a page more each time, until all of it is', async () => {
    const counts: (string | null)[] = []
    for (let i = 0; i < 4; i++) {
      const response = await ask('rank=blue&sort=rank&limit=3')
      counts.push(response.headers.get('swath-without-colour'))
      await response.text()
    }
    expect(counts).toEqual(['6', '3', '0', '0'])
    expect(house.state().colours.made).toBe(9)
  })

  test.for(['blue', 'red', '366b44'])('is ranked by %s over pages as in one', async (rank) => {
    await (await ask(`rank=blue&sort=rank`)).text()
    const whole = await granulesOf(await ask(`rank=${rank}&sort=rank`))
    const page = await granulesOf(await ask(`rank=${rank}`))
    expect(whole).toEqual(page)
    const paged: z.infer<typeof row>[] = []
    let next: string | undefined = `${url}/area?${BOX}&bands=B02&format=ndjson&rank=${rank}&sort=rank&limit=2`
    while (next) {
      const response: Response = await fetch(next)
      paged.push(...(await granulesOf(response)))
      next = /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(paged).toEqual(whole)
    const inOrder = scores(whole).toSorted((a, b) => (rank === '366b44' ? a - b : b - a))
    expect(scores(whole)).toEqual(inOrder)
  })

  test('is filtered by what its colours are', async () => {
    await (await ask(`rank=blue&sort=rank`)).text()
    const all = await granulesOf(await ask('rank=blue&sort=rank'))
    const share = ({ red, green, blue }: z.infer<typeof row>) => blue / (red + green + blue)
    const bluest = await granulesOf(await ask('where=share_blue%3E%3D0.34'))
    expect(new Set(bluest.map(({ granule_id }) => granule_id))).toEqual(
      new Set(all.filter((one) => share(one) >= 0.34).map(({ granule_id }) => granule_id)),
    )
    expect(bluest[0]).toMatchObject({ score: null, colour: expect.stringMatching(/^#[0-9a-f]{6}$/) })
    const times = bluest.map(({ sensing_time }) => sensing_time)
    expect(times).toEqual(times.toSorted().toReversed())
    const [best] = await granulesOf(await ask('where=share_blue>=0.34,valid>0&rank=blue&sort=rank&limit=1'))
    expect(best?.granule_id).toBe(HAZE)
    const [reddest] = await granulesOf(await ask('where=share_blue<0.34&rank=red&sort=rank&limit=1'))
    expect(reddest?.granule_id).toBe(DROUGHT)
  })

  test('refuses a token of another rank', async () => {
    const link = (await ask('rank=blue&sort=rank&limit=2')).headers.get('link') ?? ''
    const token = /token=([^>&]+)/.exec(link)?.[1]
    expect((await ask(`rank=red&sort=rank&limit=2&token=${token}`)).status).toBe(400)
    expect((await ask(`rank=blue&sort=rank&limit=2&token=${token}`)).status).toBe(200)
  })
})
