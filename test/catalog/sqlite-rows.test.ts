import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packRows, unpackRows } from '../../src/catalog/sqlite-rows.ts'

test('rows of numbers, texts and NULLs come out as they went in', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.string(), fc.constant(null))
  const rows = fc
    .integer({ min: 1, max: 6 })
    .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 8 }))
  fc.assert(
    fc.property(rows, (given) => {
      expect(unpackRows(structuredClone(packRows(given)))).toEqual(given)
    }),
    { seed: 20261121 },
  )
})
