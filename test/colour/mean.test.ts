import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addStrip, type MeanSoFar, meansOf, type Strip } from '../../src/colour/mean.ts'

const AS_IS = { reduce: 0, reversible: true, lastColumn: 1, lastRow: 1 }

const image = (rows: readonly (readonly number[])[], how: Partial<Strip> = {}): Strip => ({
  ...AS_IS,
  values: Uint16Array.from(rows.flat()),
  width: rows[0]?.length ?? 0,
  height: rows.length,
  components: 1,
  ...how,
})

const only = (strip: Strip) => meansOf(addStrip(undefined, strip))[0]

/** `height` × `width` pixels, where `at` says what is in each. */
const drawn = (height: number, width: number, at: (y: number, x: number) => number): number[][] =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => at(y, x)))

describe('the mean of an image', () => {
  it('leaves nodata out and tells its share', () => {
    const strip = image([
      [0, 0, 100],
      [0, 300, 200],
    ])
    expect(only(strip)).toEqual({ mean: 200, valid: 0.5, sampled: 6, isNarrow: false })
  })

  it('has no value where all is nodata', () => {
    expect(only(image([[0, 0]]))).toMatchObject({ mean: undefined, valid: 0, sampled: 2 })
    const halved = image(
      drawn(9, 9, () => 0),
      { reduce: 3 },
    )
    expect(only(halved)).toEqual({ mean: undefined, valid: 0, sampled: 81, isNarrow: false })
  })

  it('counts a pixel of several components where any is not 0', () => {
    const values = Uint8Array.from([0, 0, 0, 10, 0, 30, 20, 40, 50])
    const strip: Strip = { ...AS_IS, values, width: 3, height: 1, components: 3 }
    expect(meansOf(addStrip(undefined, strip)).map(({ mean }) => mean)).toEqual([15, 20, 40])
  })

  it('keeps a valid value of 1 DN', () => {
    expect(only(image([[1, 3]]))?.mean).toBe(2)
  })

  it('takes half a DN for each halving off, where the wavelet is the reversible one', () => {
    const rows = drawn(6, 6, () => 1000)
    expect(only(image(rows, { reduce: 4 }))?.mean).toBe(998)
    expect(only(image(rows, { reduce: 4, reversible: false }))?.mean).toBe(1000)
    expect(only(image(rows))?.mean).toBe(1000)
  })

  it('counts the first column and row for half, the last for half and for what the image covers of them', () => {
    const rows = drawn(3, 3, (y, x) => 10 ** y * 2 ** x)
    const strip = image(rows, { reduce: 1, reversible: false, lastColumn: 0.5, lastRow: 0.25 })
    const across = 0.5 * 1 + 1 * 2 + 1 * 4
    const down = 0.5 * 1 + 1 * 10 + 0.75 * 100
    expect(only(strip)?.mean).toBeCloseTo((across * down) / (2.5 * 2.25), 12)
    expect(only(strip)).toMatchObject({ valid: 1, sampled: 9 })
  })

  it('counts a single column or row for what the image covers of it', () => {
    expect(only(image([[8]], { reduce: 2, reversible: false, lastColumn: 0.25 }))?.mean).toBe(8)
    const column = image([[8], [4]], { reduce: 2, reversible: false, lastColumn: 0.25, lastRow: 0.5 })
    expect(only(column)?.mean).toBeCloseTo((0.5 * 8 + 1 * 4) / 1.5, 12)
  })

  it('is not darkened by pixels that are part nodata', () => {
    const rows = drawn(8, 10, (_, x) => (x < 4 ? 0 : x === 4 ? 250 : 1000))
    const mean = only(image(rows, { reduce: 2, reversible: false }))
    expect(mean?.mean).toBeCloseTo(1000, 9)
    expect(mean?.valid).toBeCloseTo((0.25 + 4 + 1.5) / 10, 9)
  })

  it('counts what lies along an edge, so that the mean is not that of the middle alone', () => {
    const rows = drawn(8, 12, (_, x) => (x === 0 ? 0 : x === 1 ? 500 : x < 4 ? 1000 : 2000))
    const [dropped, kept] = [(1000 * 2 + 2000 * 8.5) / 10.5, (500 + 1000 * 2 + 2000 * 8.5) / 11]
    const mean = only(image(rows, { reduce: 2, reversible: false }))?.mean ?? 0
    expect(mean).toBeCloseTo(kept, 9)
    expect(mean).toBeLessThan(dropped)
  })

  it('has no value where data is too narrow to be told apart from its edge, and says so', () => {
    const rows = drawn(8, 8, (_, x) => (x === 3 || x === 4 ? 600 : 0))
    expect(only(image(rows, { reduce: 3 }))).toMatchObject({ mean: undefined, isNarrow: true })
    expect(only(image(rows))).toMatchObject({ mean: 600, isNarrow: false })
  })

  it('is the same however the image comes in strips', () => {
    const pixel = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 32_767 }))
    const pictures = fc
      .record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 12 }) })
      .chain(({ width, height }) =>
        fc.record({
          rows: fc.array(fc.array(pixel, { minLength: width, maxLength: width }), {
            minLength: height,
            maxLength: height,
          }),
          cuts: fc.array(fc.integer({ min: 0, max: height })),
          reduce: fc.integer({ min: 0, max: 4 }),
        }),
      )
    fc.assert(
      fc.property(pictures, ({ rows, cuts, reduce }) => {
        const ends = [...new Set([...cuts, rows.length])].filter((end) => end > 0).sort((a, b) => a - b)
        const how = { reduce, lastColumn: 0.25 }
        let soFar: MeanSoFar | undefined
        let from = 0
        for (const end of ends) {
          const lastRow = end === rows.length ? 0.5 : 1
          soFar = addStrip(soFar, image(rows.slice(from, end), { ...how, lastRow }))
          from = end
        }
        const whole = only(image(rows, { ...how, lastRow: 0.5 }))
        const inStrips = soFar && meansOf(soFar)[0]
        expect(inStrips?.sampled).toBe(whole?.sampled)
        expect(inStrips?.valid).toBeCloseTo(whole?.valid ?? 0, 9)
        if (whole?.mean === undefined) expect(inStrips?.mean).toBeUndefined()
        else expect(inStrips?.mean).toBeCloseTo(whole.mean, 6)
      }),
    )
  })

  it('does not change what it was given before', () => {
    const before = addStrip(
      undefined,
      image(
        drawn(5, 5, () => 7),
        { reduce: 1 },
      ),
    )
    const copy = structuredClone(before)
    addStrip(
      before,
      image(
        drawn(5, 5, () => 9),
        { reduce: 1 },
      ),
    )
    meansOf(before)
    expect(before).toEqual(copy)
  })
})
