import { describe, expect, it } from 'vitest'
import { itemOf } from '../../../src/http/stac/item.ts'
import { imagePrefix } from '../../../src/sentinel2/granule.ts'
import { atTile, L1C, L2A, LONG, UNKNOWN } from './granules.ts'
import { faultsOf } from './validate.ts'

const BASE = 'http://127.0.0.1:8080'
const TOLD = { base: BASE, bucket: 'gcp-public-data-sentinel-2' }
const COLOUR = { red: 0.12, green: 0.1, blue: 0.18, valid: 0.75, sampled: 470_596 }

const KINDS = {
  L1C,
  L2A,
  'L2A of 02.06': { ...L2A, baseline: '02.06' },
  'the long form': LONG,
  'a tile at the antimeridian in the south': atTile(L2A, '01CCV'),
  'a tile at the antimeridian in the north': atTile(L1C, '60XWM'),
  'a granule of which little is known': { ...L1C, ...UNKNOWN },
  'a granule outside the grid': { ...L1C, mgrsTile: '61TNM' },
  'a granule whose names say nothing': {
    ...L1C,
    ...UNKNOWN,
    granuleId: 'ODD',
    place: 'tiles/32/T/NM/ODD.SAFE',
  },
}

describe('an item', () => {
  for (const [kind, granule] of Object.entries(KINDS)) {
    it(`keeps to the schemas: ${kind}`, async () => {
      expect(await faultsOf(itemOf(granule, TOLD))).toEqual([])
      expect(await faultsOf(itemOf(granule, { ...TOLD, colour: COLOUR, coverage: 0.3 }))).toEqual([])
      expect(await faultsOf(itemOf(granule, { ...TOLD, images: [] }))).toEqual([])
    })
  }

  it('fails the schemas where it is wrong', async () => {
    const item = itemOf(L2A, TOLD)
    const properties = { ...item.properties, 'eo:cloud_cover': 101, 'view:sun_azimuth': 1 }
    const faults = await faultsOf({ ...item, properties, bbox: [0, 0, 200, 1], stac_extensions: [] })
    for (const part of ['eo:cloud_cover', 'additional', '/bbox/2', 'eo/v2.0.0/schema.json is used']) {
      expect(faults.join('\n')).toContain(part)
    }
  })

  it('lies in the projection of its tile, in metres from the upper left corner', () => {
    const { properties, assets } = itemOf(L2A, TOLD)
    expect(properties).toMatchObject({
      'proj:code': 'EPSG:32629',
      'proj:epsg': 32629,
      'proj:transform': [10, 0, 499980, 0, -10, 5900040],
      'proj:shape': [10980, 10980],
      'grid:code': 'MGRS-29UNU',
    })
    expect(assets['red-60m']).toMatchObject({
      'proj:shape': [1830, 1830],
      'proj:transform': [60, 0, 499980, 0, -60, 5900040],
    })
    // Of its own resolution the item tells it for all.
    expect(assets.red).not.toHaveProperty('proj:transform')
    expect(itemOf(atTile(L2A, '01CCV'), TOLD).properties['proj:code']).toBe('EPSG:32701')
  })

  it('has a box whose west is east of its east where it crosses the antimeridian', () => {
    for (const tile of ['01CCV', '60XWM']) {
      const { bbox, geometry } = itemOf(atTile(L2A, tile), TOLD)
      const [west = 0, south = 0, east = 0, north = 0] = bbox ?? []
      const placed = [geometry?.type, west > 170, west < 180, east < -170, east > -180, south < north]
      expect([tile, ...placed]).toEqual([tile, 'MultiPolygon', true, true, true, true, true])
    }
    expect(itemOf(L2A, TOLD).bbox).toEqual([-8.2, 52.3, -7.4, 53.2])
  })

  it('tells the offset of reflectance by the baseline, of reflectance alone, and not where it is not known', () => {
    const scaled = (granule: typeof L2A, key: string) => itemOf(granule, TOLD).assets[key]
    expect(scaled(L2A, 'red')).toMatchObject({ 'raster:scale': 0.0001, 'raster:offset': -0.1, nodata: 0 })
    expect(scaled({ ...L2A, baseline: '02.14' }, 'red')).toMatchObject({ 'raster:offset': 0 })
    expect(scaled({ ...L2A, baseline: '05.00' }, 'red-20m')).toMatchObject({ 'raster:offset': -0.1 })
    for (const key of ['scl', 'visual', 'aot']) expect(scaled(L2A, key)).not.toHaveProperty('raster:scale')
    expect(scaled({ ...L2A, baseline: undefined }, 'red')).not.toHaveProperty('raster:offset')
  })

  it('calls its images by their common names, those of L2A by their finest resolution', () => {
    expect(Object.keys(itemOf(L1C, TOLD).assets).sort()).toEqual([
      'blue',
      'cirrus',
      'coastal',
      'green',
      'nir',
      'nir08',
      'nir09',
      'red',
      'rededge1',
      'rededge2',
      'rededge3',
      'swir16',
      'swir22',
      'thumbnail',
      'visual',
    ])
    const { assets } = itemOf(L2A, TOLD)
    expect(Object.keys(assets)).toHaveLength(37)
    const gsd = (key: string) => assets[key]?.gsd
    expect(['red', 'red-20m', 'coastal', 'coastal-60m', 'nir09', 'scl'].map(gsd)).toEqual([
      10, 20, 20, 60, 60, 20,
    ])
    expect(assets['nir-20m']).toBeUndefined()
    expect(itemOf(LONG, TOLD).assets.visual).toBeUndefined()
  })

  it('gives each image by https and gs, with the bands it shows', () => {
    const { visual, red } = itemOf(L2A, TOLD).assets
    const key = `${imagePrefix(L2A)}R10m/T29UNU_20221005T115411_B04_10m.jp2`
    expect(red).toMatchObject({
      href: `https://storage.googleapis.com/gcp-public-data-sentinel-2/${key}`,
      type: 'image/jp2',
      roles: ['data', 'reflectance'],
      bands: [{ name: 'B04', 'eo:common_name': 'red' }],
      alternate: { gs: { href: `gs://gcp-public-data-sentinel-2/${key}` } },
    })
    expect(visual).toMatchObject({ bands: [{ name: 'B04' }, { name: 'B03' }, { name: 'B02' }] })
  })

  it('holds what is listed, with sizes, and nothing else where a listing is given', async () => {
    const key = `${imagePrefix(L2A)}R20m/T29UNU_20221005T115411_B02_20m.jp2`
    const item = itemOf(L2A, { ...TOLD, images: [{ band: 'B02', resolution: 20, key, size: 1234 }] })
    expect(Object.keys(item.assets)).toEqual(['blue', 'thumbnail'])
    expect(item.assets.blue).toMatchObject({ 'file:size': 1234, gsd: 20 })
    expect(item.properties['swath:assets']).toBe('listed')
    expect(itemOf(L2A, TOLD).properties['swath:assets']).toBe('promised')
    expect(await faultsOf(item)).toEqual([])
  })

  it('escapes what an address cannot hold', () => {
    const images = [{ band: 'B02', resolution: 10, key: 'tiles/a b/ü#.jp2', size: 1 }] as const
    expect(itemOf(L1C, { ...TOLD, images }).assets.blue?.href).toMatch(/\/tiles\/a%20b\/%C3%BC%23\.jp2$/)
  })

  it('tells a remembered colour and how much of the area it covers', () => {
    const { properties } = itemOf(L2A, { ...TOLD, colour: COLOUR, coverage: 1 / 3 })
    expect(properties).toMatchObject({
      'swath:mean_rgb': [0.12, 0.1, 0.18],
      'swath:valid': 0.75,
      'swath:coverage': 0.333333,
    })
    expect(properties['swath:share_blue']).toBeCloseTo(0.45, 12)
    expect(properties['swath:colour']).toBe('#564881')
    expect(itemOf(L2A, TOLD).properties).not.toHaveProperty('swath:colour')
  })

  it('links to itself, its collection and the granule', () => {
    const { links, id, collection } = itemOf(LONG, TOLD)
    const href = (rel: string) => links.find((link) => link.rel === rel)?.href
    expect(href('self')).toBe(`${BASE}/stac/collections/${collection}/items/${id}`)
    expect(href('root')).toBe(`${BASE}/stac`)
    expect(href('via')).toBe(`${BASE}/granules/${LONG.granuleId}`)
    const items = `${BASE}/stac/collections/sentinel-2-l1c/items`
    expect(itemOf(LONG, TOLD).assets.thumbnail?.href).toBe(`${items}/${LONG.granuleId}/thumbnail.webp`)
  })
})
