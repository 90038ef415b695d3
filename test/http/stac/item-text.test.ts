import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { itemOf } from '../../../src/http/stac/item.ts'
import type { ItemWriter } from '../../../src/http/stac/item-form.ts'
import { itemWriter } from '../../../src/http/stac/item-text.ts'
import { createPen } from '../../../src/http/stac/pen.ts'
import type { Granule } from '../../../src/sentinel2/granule.ts'
import { tileBox } from '../../../src/sentinel2/tiles.ts'
import { atTile, L1C, L2A, LONG, UNKNOWN } from './granules.ts'

/** Writes items as texts. */
function itemTexter() {
  const write = itemWriter()
  const pen = createPen(100)
  return (...told: Parameters<ItemWriter> extends [unknown, ...infer Told] ? Told : never): string => {
    write(pen, ...told)
    return Buffer.from(pen.take()).toString()
  }
}

const TILES = ['33UUB', '29UNU', '01CCV', '60XWM', '01KAB', '60WWT', '31NAA', '23KKP']
const share = fc.double({ min: 0, max: 1, noNaN: true })
const maybe = <T>(known: fc.Arbitrary<T>) => fc.option(known, { nil: undefined })

/** Boxes that cut a tile anyhow, or not at all; longitudes turned as indexes have them. */
const boxAt = (tile: string) =>
  fc.tuple(share, share, share, share, fc.constantFrom(0, 360)).map(([a, b, c, d, turn]) => {
    const [west, south, east, north] = tileBox(tile) ?? [0, 0, 1, 1]
    const [left, right] = [Math.min(a, b), Math.max(a, b)].map((of) => west + (east - west) * of - turn)
    const [low, high] = [Math.min(c, d), Math.max(c, d)].map((of) => south + (north - south) * of)
    return [left ?? 0, low ?? 0, right ?? 0, high ?? 0] as const
  })

const granule: fc.Arbitrary<Granule> = fc
  .record({
    named: fc.constantFrom(L1C, L2A, LONG),
    tile: fc.constantFrom(...TILES),
    baseline: maybe(fc.constantFrom('02.04', '02.05', '02.06', '02.14', '03.01', '04.00', '05.11')),
    micros: fc.integer({ min: 0, max: 1e9 }),
    cloudCover: maybe(fc.double({ min: 0, max: 100, noNaN: true })),
    generationTime: maybe(fc.integer({ min: 14e14, max: 18e14 })),
    isUnknown: fc.boolean(),
    strange: fc.constantFrom(undefined, 'tile', 'id', 'place', 'product', 'nameless'),
  })
  .chain((given) =>
    maybe(boxAt(given.tile)).map((box): Granule => {
      const { named, tile, baseline, micros, cloudCover, generationTime, isUnknown, strange } = given
      const placed = { ...atTile(named, tile), ...(isUnknown ? UNKNOWN : {}) }
      return {
        ...placed,
        sensingTime: placed.sensingTime + micros,
        baseline,
        cloudCover,
        generationTime,
        box,
        ...(strange === 'tile' && { mgrsTile: '61TNM' }),
        ...(strange === 'id' && { granuleId: 'L1C_"T33UUB/\\ü' }),
        ...(strange === 'place' && { place: 'tiles/33/U/UB/a "b" ü#\\.SAFE' }),
        ...(strange === 'product' && { productId: 'odd "product"\n--base--' }),
        ...(strange === 'nameless' && { place: 'tiles/33/U/UB/ODD.SAFE' }),
      }
    }),
  )

const told = fc.record({
  base: fc.constantFrom('http://127.0.0.1:8080', 'https://swath.example'),
  bucket: fc.constantFrom('gcp-public-data-sentinel-2', 'another "bucket"'),
  colour: maybe(fc.record({ red: share, green: share, blue: share, valid: share, sampled: fc.nat() })),
  coverage: maybe(share),
})

describe('the text of an item', () => {
  test('is that of the item, whatever is told and known of it', () => {
    const write = itemTexter()
    fc.assert(
      fc.property(granule, told, (one, tellings) => {
        expect(write(one, tellings)).toBe(JSON.stringify(itemOf(one, tellings)))
      }),
      { numRuns: 1500 },
    )
  })

  test('is written from the same form for granules of other tiles and times', () => {
    const write = itemTexter()
    const tellings = { base: 'http://127.0.0.1:1', bucket: 'b' }
    for (const tile of TILES) {
      for (const named of [L1C, L2A, LONG]) {
        const one = atTile(named, tile)
        expect(write(one, tellings)).toBe(JSON.stringify(itemOf(one, tellings)))
      }
    }
  })

  test('has no letter that takes two bytes, which would double the memory of a page', () => {
    const write = itemTexter()
    for (const one of [L1C, L2A, LONG]) {
      const text = write(one, { base: 'http://127.0.0.1:1', bucket: 'b' })
      expect(Buffer.byteLength(text)).toBe(text.length)
    }
  })
})
