import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Freshness } from '../../src/catalog/port.ts'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { openHouse } from '../../src/wire.ts'
import { serveHouse } from '../serve.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

const time = (text: string) => parseTime(text) ?? 0
const FRESHNESS: Freshness = {
  levels: {
    L1C: {
      newestSensing: time('2024-08-28T10:20:30Z'),
      newestGeneration: time('2024-08-28T14:00:00Z'),
      completeUpTo: time('2024-08-28T13:00:00Z'),
    },
    L2A: {
      newestSensing: time('2026-08-28T10:20:30Z'),
      newestGeneration: undefined,
      completeUpTo: undefined,
    },
  },
  updatedAt: time('2024-08-29T01:02:03.456Z'),
}
const TOLD =
  'level="L1C", newest_sensing="2024-08-28T10:20:30.000Z", newest_generation="2024-08-28T14:00:00.000Z", ' +
  'complete_up_to="2024-08-28T13:00:00.000Z", updated="2024-08-29T01:02:03.456Z"'
const TOLD_L2A = 'level="L2A", newest_sensing="2026-08-28T10:20:30.000Z", updated="2024-08-29T01:02:03.456Z"'
const BOX = 'bbox=12.5,55.6,12.6,55.7'
const GRANULE = '/granules/L1C_T33UUB_A017537_20200715T102602'

let folder: Temporary
let house: House
let freshness: Freshness | undefined
let url: string
let stop: () => void
beforeAll(async () => {
  folder = await temporaryFolder()
  house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
  const open = () => {
    const session = house.open()
    return { ...session, catalog: { ...session.catalog, freshness: () => freshness } }
  }
  const served = await serveHouse({ ...house, open })
  url = served.url
  stop = served.stop
})
afterAll(async () => {
  stop()
  await house.close()
  await folder.remove()
})

const told = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(url + path, init)
  await response.arrayBuffer()
  return response.headers.get('swath-index')
}

describe('an answer that comes from an index', () => {
  test.for([
    `/area?${BOX}`,
    `/area?${BOX}&format=csv&limit=1`,
    '/images?lat=55.65&lng=12.55',
    `/estimate?${BOX}`,
    GRANULE,
    `${GRANULE}/preview.png?width=16`,
    '/readyz',
    '/granules/L1C_T33UUB_A000001_20190101T000000',
  ])('tells how fresh it is: %s', async (path) => {
    freshness = FRESHNESS
    expect(await told(path)).toBe(TOLD)
    expect(await told(path, { method: 'HEAD' })).toBe(TOLD)
    freshness = undefined
    expect(await told(path)).toBeNull()
  })

  test.for([
    `/area?${BOX}&level=L2A`,
    '/images?lat=55.65&lng=12.55&level=L2A',
    '/granules/L2A_T33UUB_A000001_20190101T000000',
  ])('tells it of the level that was asked for: %s', async (path) => {
    freshness = FRESHNESS
    expect(await told(path)).toBe(TOLD_L2A)
    freshness = { ...FRESHNESS, levels: { ...FRESHNESS.levels, L2A: undefined } }
    expect(await told(path)).toBe('level="L2A", updated="2024-08-29T01:02:03.456Z"')
  })

  test('does not say so of what comes from the process alone', async () => {
    freshness = FRESHNESS
    expect(await told('/healthz')).toBeNull()
  })

  test('lets a page of another origin read it', async () => {
    const response = await fetch(`${url}/area?${BOX}`, { headers: { origin: 'https://example.org' } })
    await response.text()
    expect(response.headers.get('access-control-expose-headers')).toContain('Swath-Index')
  })
})

test('/readyz tells the age of both levels, and null where the catalog is always current', async () => {
  const { L1C, L2A } = FRESHNESS.levels
  const newestSensing = Date.now() * 1000 - 2.5 * 86_400e6
  freshness = { ...FRESHNESS, levels: { L1C, L2A: L2A && { ...L2A, newestSensing } } }
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
    status: 'ready',
    index: {
      levels: {
        L1C: {
          newest_sensing: '2024-08-28T10:20:30.000Z',
          newest_generation: '2024-08-28T14:00:00.000Z',
          complete_up_to: '2024-08-28T13:00:00.000Z',
        },
        L2A: { age_days: 2.5, complete_up_to: null },
      },
      updated_at: '2024-08-29T01:02:03.456Z',
    },
    catalog: 'sample',
  })
  freshness = undefined
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ index: null })
})
