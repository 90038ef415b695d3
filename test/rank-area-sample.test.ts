import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import { bucketCatalog } from '../src/catalog/bucket.ts'
import type { Catalog, Cursor, Search } from '../src/catalog/port.ts'
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

async function pageOf(more: Parameters, from: Session = session, after?: Cursor) {
  const { search, limit, rank } = parseAreaQuery({ bbox: '11,54,15,57', ...more }, 'box')
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

const made = () => house.state().colours.made
const idsOf = (of: readonly { readonly granule: { readonly granuleId: string } }[]) =>
  of.map(({ granule }) => granule.granuleId).sort()

test('a rank orders the best of each tile, whatever is known of their colours, and makes those of no others', async () => {
  const ranked = { rank: 'blue', sort: 'rank', best: 'tile' }
  const { search } = parseAreaQuery({ bbox: '11,54,15,57', best: 'tile' }, 'box')
  const { granules: best } = await session.catalog.search(search, { limit: 100 })
  expect(best.length).toBeGreaterThan(1)
  // Others of these tiles have colours, which must not make them the best.
  await pageOf({ where: 'valid>=0', limit: '4' })
  const known = best.filter((granule) => session.rememberedColour(granule, { source: 'bands', stride: 16 }))
  const before = made()
  const first = await pageOf({ ...ranked, limit: '1' })
  expect(first.withoutColour).toBe(Math.max(0, best.length - known.length - 1))
  const whole = await pageOf(ranked)
  expect(idsOf(whole.listed)).toEqual(best.map(({ granuleId }) => granuleId).sort())
  expect([whole.withoutColour, made() - before]).toEqual([0, best.length - known.length])
  const paged = [...(await pageOf({ ...ranked, limit: '1' })).listed]
  for (let after = (await pageOf({ ...ranked, limit: '1' })).next; after; ) {
    const page = await pageOf({ ...ranked, limit: '1' }, session, after)
    paged.push(...page.listed)
    after = page.next
  }
  expect(paged.map(({ granule }) => granule)).toEqual(whole.listed.map(({ granule }) => granule))
})

test('of granules filtered by colour the best are chosen among those that meet, and all others are counted', async () => {
  const wanted = { where: 'share_blue>=0.34', best: 'tile' }
  expect((await pageOf({ ...wanted, limit: '3' })).withoutColour).toBe(6)
  const { listed, withoutColour } = await pageOf(wanted)
  const meeting = (await pageOf({ where: 'share_blue>=0.34' })).listed.map(({ granule }) => granule)
  const clearest = meeting.toSorted((a, b) => (a.cloudCover ?? 101) - (b.cloudCover ?? 101))
  const best = clearest.filter(
    (one, i) => clearest.findIndex(({ mgrsTile }) => mgrsTile === one.mgrsTile) === i,
  )
  expect(idsOf(listed)).toEqual(idsOf(best.map((granule) => ({ granule }))))
  expect(best.length).toBeLessThan(meeting.length)
  expect([withoutColour, made()]).toEqual([0, 9])
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
