import { expect, test } from 'vitest'
import { browseCatalog } from '../../../src/http/stac/browse.ts'
import { L1C, LONG } from './granules.ts'
import { faultsOf } from './validate.ts'

const BASE = 'https://swath.example'
const BROWSE = `${BASE}/stac/collections/sentinel-2-l1c/browse`

test('each step leads up to the one before it', () => {
  const parentOf = (place: string, month?: string) => {
    const step = month === undefined ? { place } : { place, month }
    const { links } = browseCatalog('L1C', step, { granules: [] }, BASE)
    return links.find(({ rel }) => rel === 'parent')?.href
  }
  expect(parentOf('')).toBe(`${BASE}/stac/collections/sentinel-2-l1c`)
  expect(parentOf('33')).toBe(BROWSE)
  expect(parentOf('33U')).toBe(`${BROWSE}/33`)
  expect(parentOf('33UUB')).toBe(`${BROWSE}/33U`)
  expect(parentOf('33UUB', '2020-07')).toBe(`${BROWSE}/33UUB`)
})

test('what nobody has counted or looked for is said to be perhaps empty, and all else is not', () => {
  const told = (under: Parameters<typeof browseCatalog>[2]) =>
    browseCatalog('L1C', { place: '33UUB' }, under, BASE).description.includes('may be empty')
  expect(told({ places: ['33U'], isCertain: false })).toBe(true)
  expect(told({ places: ['33U'], isCertain: true })).toBe(false)
  expect(told({ months: [{ month: '2020-07' }] })).toBe(true)
  expect(told({ months: [{ month: '2020-07', granules: 3 }] })).toBe(false)
  expect(told({ granules: [L1C] })).toBe(false)
})

test('items are linked by time and clouds, one for each, and the schemas find nothing wrong', async () => {
  const step = { place: '53HPV', month: '2016-01' }
  const catalog = browseCatalog(
    'L1C',
    step,
    { granules: [LONG, LONG, { ...L1C, cloudCover: undefined }] },
    BASE,
  )
  const items = catalog.links.filter(({ rel }) => rel === 'item')
  expect(items.map(({ href }) => href)[0]).toBe(
    `${BASE}/stac/collections/sentinel-2-l1c/items/${LONG.granuleId}`,
  )
  expect(items.length).toBe(2)
  expect(items[0]?.title).toMatch(/^2\d{3}-\d\d-\d\dT[\d:.]+Z, \d+ % cloud$/)
  expect(items[1]?.title).toMatch(/^2017-[^,]+Z$/)
  expect(await faultsOf(catalog)).toEqual([])
})
