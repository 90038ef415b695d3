import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEFAULT_SAMPLING } from '../../../src/colour-query.ts'
import { searchLevels } from '../../../src/search-levels.ts'
import { WORLD } from '../../../src/sentinel2/area.ts'
import { LEVELS } from '../../../src/sentinel2/bands.ts'
import type { Granule } from '../../../src/sentinel2/granule.ts'
import { sqliteStore } from '../../../src/store/sqlite.ts'
import { type Served, serveRows } from '../../serve.ts'
import { type Temporary, temporaryFolder } from '../../temporary.ts'
import { idsOf, pageOf, pagesOf, ROWS } from './stac-client.ts'

const BUCKET = 'gcp-public-data-sentinel-2'

/** All but those at the antimeridian: over the world a page costs some twenty milliseconds. */
const BOX = [12, 55, 16.5, 56.5]

let folder: Temporary
let served: Served
let search: string
beforeAll(async () => {
  folder = await temporaryFolder()
  served = await serveRows(ROWS, { SWATH_STORE: `sqlite:${storeFile()}` })
  search = `${served.url}/stac/search`
  const some = (await granules()).filter((_, i) => i % 3 === 0)
  for (const [i, granule] of some.entries()) await remember(granule, 0.1 + (i % 4) / 100)
})
afterAll(async () => {
  await served?.close()
  await folder?.remove()
})

describe('an order by the share of a colour', () => {
  test.for(['-swath:share_red', 'swath:share_red', '-swath:share_blue,id'])(
    'by %s has every item, those without a colour last and newest first, whatever the pages',
    async (sortby) => {
      const asked = { bbox: BOX.join(','), sortby }
      const { features } = await pageOf({
        href: `${search}?${new URLSearchParams({ ...asked, limit: '1000' })}`,
      })
      const all = idsOf([await pageOf({ href: `${search}?limit=1000&bbox=${BOX}` })])
      const whole = features.map(({ id }) => id)
      expect(whole.toSorted()).toEqual(all.toSorted())
      const red = features.map(({ properties }) => properties['swath:share_red'])
      const known = red.filter((share) => share !== undefined)
      expect(known.length).toBeGreaterThan(6)
      expect(known.length).toBeLessThan(all.length - 6)
      expect(red.slice(0, known.length)).toEqual(known)
      // The less red is in these, the more blue.
      const ascending = known.toSorted((a, b) => a - b)
      expect(known).toEqual(sortby === '-swath:share_red' ? ascending.reverse() : ascending)
      const rest = whole.slice(known.length)
      expect(rest).toEqual(all.filter((id) => rest.includes(id)))
      for (const limit of [1, 7, 100]) {
        const href = `${search}?${new URLSearchParams({ ...asked, limit: String(limit) })}`
        expect(idsOf(await pagesOf({ href }))).toEqual(whole)
        const body = { bbox: BOX, sortby: keysOf(sortby), limit }
        expect(idsOf(await pagesOf({ href: search, method: 'POST', body }))).toEqual(whole)
      }
    },
  )

  test('is counted as the same search in another order', async () => {
    const of = async (sortby: string) =>
      (await pageOf({ href: `${search}?bbox=12,55,14,56&sortby=${sortby}` })).numberMatched
    expect(await of('swath:share_red')).toBe(await of('datetime'))
    expect(await of('datetime')).toBeGreaterThan(10)
  })
})

test('the tag of an item changes when its colour is remembered', async () => {
  const granule = (await granules()).find((_, i) => i % 3 === 1)
  if (!granule) throw new Error('There is no granule without a colour.')
  const { features } = await pageOf({ href: `${search}?limit=1000` })
  const item = features.find(({ properties }) => properties['swath:granule_id'] === granule.granuleId)
  const href = `${served.url}/stac/collections/${item?.collection}/items/${item?.id}`
  const before = await itemAt(href)
  expect(before.item?.properties).not.toHaveProperty('swath:colour')
  expect(await itemAt(href, before.tag)).toMatchObject({ status: 304, tag: before.tag })

  await remember(granule, 0.15)
  const after = await itemAt(href, before.tag)
  expect(after.status).toBe(200)
  expect(after.tag).not.toBe(before.tag)
  expect(after.item?.properties).toMatchObject({ 'swath:mean_rgb': [0.15, 0.1, 0.2] })
  expect(await itemAt(href, after.tag)).toMatchObject({ status: 304, tag: after.tag })
})

const storeFile = () => join(folder.path, 'store.sqlite')

/** The best products of all, newest first. */
async function granules(): Promise<readonly Granule[]> {
  const time = { from: undefined, until: undefined }
  const all = {
    area: WORLD,
    levels: LEVELS,
    time,
    cloud: undefined,
    tiles: undefined,
    dedupe: 'latest',
  } as const
  return (await searchLevels(served.house.open().catalog, all, { limit: 1000 })).granules
}

/** As another process that shares the store would. */
async function remember(granule: Granule, red: number): Promise<void> {
  const store = sqliteStore(storeFile())
  const colour = { red, green: 0.1, blue: 0.2, valid: 1, sampled: 100 }
  const colours = store.colours(`gs://${BUCKET} at ${served.bucket.url}`)
  expect(await colours.put(granule, DEFAULT_SAMPLING, colour)).toBeUndefined()
  store.close()
}

const keysOf = (sortby: string) =>
  sortby.split(',').map((key) => ({
    field: key.replace(/^-/, ''),
    direction: key.startsWith('-') ? 'desc' : 'asc',
  }))

const told = z.looseObject({ properties: z.looseObject({}) })

async function itemAt(href: string, held?: string) {
  const response = await fetch(href, held === undefined ? {} : { headers: { 'If-None-Match': held } })
  const text = await response.text()
  const item = response.status === 200 ? told.parse(JSON.parse(text)) : undefined
  return { status: response.status, tag: response.headers.get('etag') ?? '', item }
}
