import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { collectionOf } from '../../../src/http/stac/collections.ts'
import { itemOf } from '../../../src/http/stac/item.ts'
import { itemIdOf } from '../../../src/http/stac/item-id.ts'
import { PROPERTIES } from '../../../src/http/stac/properties.ts'
import { queryablesOf, sortablesOf } from '../../../src/http/stac/queryables.ts'
import { LEVELS } from '../../../src/sentinel2/bands.ts'
import { L1C, L2A, LONG } from './granules.ts'

const BASE = 'https://swath.example'

function compiled(schema: object) {
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'https://geojson.org/schema/Geometry.json', type: 'object', required: ['type'] })
  return ajv.compile(schema)
}

describe('queryables', () => {
  it('are a JSON Schema that says where it lies', () => {
    expect(queryablesOf(BASE)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `${BASE}/stac/queryables`,
      additionalProperties: false,
    })
    expect(queryablesOf(BASE, 'L2A').$id).toBe(`${BASE}/stac/collections/sentinel-2-l2a/queryables`)
    expect(sortablesOf(BASE).$id).toBe(`${BASE}/stac/sortables`)
  })

  it('describe the values that items have', () => {
    const validate = compiled(queryablesOf(BASE))
    for (const granule of [L1C, L2A, LONG]) {
      const colour = { red: 0.12, green: 0.1, blue: 0.18, valid: 0.75, sampled: 470_596 }
      const { properties, geometry, collection } = itemOf(granule, { base: BASE, bucket: 'b', colour })
      const names = Object.keys(queryablesOf(BASE).properties)
      const told = Object.fromEntries(
        names.filter((name) => name in properties).map((name) => [name, properties[name]]),
      )
      expect(Object.keys(told).length).toBeGreaterThan(15)
      validate({ ...told, id: itemIdOf(granule), collection, geometry })
      expect(validate.errors ?? []).toEqual([])
    }
  })

  it('are without numbers of colours, which filters take beside the rest alone, and collections tell of', () => {
    const names = Object.keys(queryablesOf(BASE).properties)
    expect(names.filter((name) => name.startsWith('swath:'))).toEqual(['swath:granule_id'])
    for (const level of LEVELS) {
      const { description, summaries } = collectionOf(level, { base: BASE })
      for (const [name, { means }] of Object.entries(PROPERTIES)) {
        if (means === 'colour') expect(description).toContain(name)
      }
      expect(summaries).toMatchObject({ 'swath:share_red': { minimum: 0, maximum: 1 } })
    }
  })

  it('refuse other values and other names', () => {
    const validate = compiled(queryablesOf(BASE, 'L1C'))
    for (const wrong of [
      { 'eo:cloud_cover': 101 },
      { platform: 'landsat-8' },
      { collection: 'sentinel-2-l2a' },
      { datetime: 'today' },
      { 'grid:code': '29UNU' },
      { other: 1 },
    ]) {
      expect([wrong, validate(wrong)]).toEqual([wrong, false])
    }
  })
})

describe('sortables', () => {
  it('are time, clouds, shares of colour and coverage', () => {
    expect(Object.keys(sortablesOf(BASE).properties).sort()).toEqual([
      'datetime',
      'eo:cloud_cover',
      'swath:coverage',
      'swath:share_blue',
      'swath:share_green',
      'swath:share_red',
    ])
    expect(() => compiled(sortablesOf(BASE, 'L1C'))).not.toThrow()
  })
})
