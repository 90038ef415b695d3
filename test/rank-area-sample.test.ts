import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import { bucketCatalog } from '../src/catalog/bucket.ts'
import type { Catalog, Search } from '../src/catalog/port.ts'
import { readConfig } from '../src/config.ts'
import type { House, Session } from '../src/house.ts'
import type { Parameters } from '../src/parameters.ts'
import { rankArea } from '../src/rank-area.ts'
import { openHouse } from '../src/wire.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

/* The sample's own catalog and store: colours are made of its files, and the index finds them there. */

let folder: Temporary
let house: House
/** What was counted, in order. */
let counted: Search[]
let session: Session
beforeEach(async () => {
  folder = await temporaryFolder()
  house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
  counted = []
  const open = house.open()
  const extent: Catalog['extent'] = (search, signal) => {
    counted.push(search)
    return open.catalog.extent(search, signal)
  }
  session = { ...open, catalog: { ...open.catalog, extent } }
})
afterEach(async () => {
  await house.close()
  await folder.remove()
})

async function pageOf(more: Parameters, from: Session = session) {
  const { search, limit, after, rank } = parseAreaQuery({ bbox: '11,54,15,57', ...more }, 'box')
  if (!search.colours) throw new Error('No colours are asked for.')
  const page = await rankArea(from, search, search.colours, { bands: undefined, limit, after, rank })
  return { ...page, listed: await Array.fromAsync(page.granules) }
}

test('granules without a colour are counted as all less those that have one, never by a walk', async () => {
  expect((await pageOf({ where: 'valid>=0', limit: '3' })).withoutColour).toBe(6)
  expect((await pageOf({ where: 'share_red>=0.9', limit: '3' })).withoutColour).toBe(3)
  expect(counted.map(({ colours }) => [colours?.which, colours?.where])).toEqual([
    [undefined, undefined],
    ['known', []],
    [undefined, undefined],
    ['known', []],
  ])
})

test.for([
  [{ where: 'valid>=0' }, ['where']],
  [{ where: 'valid>=0', rank: 'red' }, ['where']],
  [{ rank: 'red', sort: 'rank' }, ['sort', 'rank']],
  [{ where: 'valid>=0', sort: 'cloud' }, ['sort', 'where']],
] as const)('a catalog without colours refuses %o by these names', async ([more, names]) => {
  const catalog = bucketCatalog(session.storage, { maxTiles: 1000, now: () => Date.now() * 1000 })
  const refused = await pageOf(more, { ...session, catalog }).catch((thrown: unknown) => thrown)
  expect(refused).toMatchObject({ code: 'bad-request', errors: names.map((parameter) => ({ parameter })) })
})
