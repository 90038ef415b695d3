import { describe, expect, it } from 'vitest'
import { FIELDS, fieldOf } from '../../../src/catalog/condition.ts'
import { itemOf } from '../../../src/http/stac/item.ts'
import { PROPERTIES, propertyOf } from '../../../src/http/stac/properties.ts'
import { L1C, L2A, LONG } from './granules.ts'

const item = (granule: typeof L2A) => {
  const { properties, id, collection } = itemOf(granule, { base: 'http://h', bucket: 'b' })
  return { ...properties, id, collection } as Readonly<Record<string, unknown>>
}

describe('the properties that can be asked for', () => {
  it('are read as the field that the item took them from', () => {
    for (const granule of [L1C, L2A, LONG]) {
      const told = item(granule)
      for (const [name, property] of Object.entries(PROPERTIES)) {
        if (property.means !== 'field') continue
        const value = told[name]
        if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`${name} is ${value}`)
        expect([name, property.read(value)]).toEqual([name, fieldOf(granule, property.field)])
      }
    }
  })

  it('tell what stands round the field in their texts', () => {
    for (const [name, property] of Object.entries(PROPERTIES)) {
      if (property.means !== 'field' || !property.around) continue
      const [before, after] = property.around
      expect(item(L2A)[name]).toBe(`${before}${fieldOf(L2A, property.field)}${after}`)
    }
  })

  it('ask for every field there is, but for the level, which the collection tells', () => {
    const asked = Object.values(PROPERTIES).flatMap((property) =>
      property.means === 'field' ? property.field : [],
    )
    expect(FIELDS.filter((field) => !asked.includes(field) && field !== 'level')).toEqual([])
  })

  it('have no value for what no granule can be', () => {
    const read = (name: string, value: string | number) => {
      const property = propertyOf(name)
      return property?.means === 'field' ? property.read(value) : 'no field'
    }
    expect(read('platform', 'landsat-8')).toBeUndefined()
    expect(read('grid:code', 'MGRS-99ZZZ')).toBeUndefined()
    expect(read('grid:code', '29UNU')).toBeUndefined()
    expect(read('datetime', 'yesterday')).toBeUndefined()
    expect(read('eo:cloud_cover', '20')).toBeUndefined()
    expect(read('s2:product_uri', '.SAF')).toBeUndefined()
  })

  it('may be named as they stand in an item, and nothing else is one', () => {
    expect(propertyOf('properties.eo:cloud_cover')).toBe(PROPERTIES['eo:cloud_cover'])
    for (const name of ['toString', '__proto__', 'properties.', 'cloud'])
      expect(propertyOf(name)).toBeUndefined()
  })
})
