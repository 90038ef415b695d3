import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addStrip, type MeanSoFar, meansOf, type Strip } from '../../src/colour/mean.ts'
import { type Drawn, draw, halve, seeded, truthOf } from './lifting.ts'

const AS_IS = { reduce: 0, reversible: true, zero: 0, lastColumn: 1, lastRow: 1 }

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

  it('takes a single 0 among data for data', () => {
    const rows = drawn(8, 8, (y, x) => (y === 3 && x === 4 ? 0 : 640))
    expect(only(image(rows, { reduce: 2, reversible: false }))).toMatchObject({ mean: 630, valid: 1 })
  })

  it('counts what rings below 0, where there is room for it', () => {
    const rows = drawn(4, 4, (y, x) => 16_384 + ((x + y) % 2 === 0 ? -200 : 600))
    const weights = 0.5 + 1 + 1 + 1.5
    expect(only(image(rows, { reduce: 3, reversible: false, zero: 16_384 }))?.valid).toBe(1)
    expect(
      only(
        image(
          drawn(1, 4, (_, x) => 100 - x),
          { reduce: 1, reversible: false, zero: 98 },
        ),
      )?.mean,
    ).toBeCloseTo((0.5 * 2 + 1 * 1 + 1 * 0 + 1.5 * -1) / weights, 12)
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

describe('the mean of a halved image', () => {
  const SIDE = 960
  const random = seeded(7)
  const noise = Array.from({ length: SIDE * SIDE }, () => random())
  const noiseAt = (x: number, y: number) => noise[y * SIDE + x] ?? 0
  /** Coarse noise, constant in blocks. */
  const blocks = (x: number, y: number, size: number) =>
    noiseAt(Math.floor(x / size) * size, Math.floor(y / size) * size)

  const land = (x: number, y: number) => Math.round(1500 + 900 * blocks(x, y, 12) + 200 * noiseAt(x, y))
  const clouds = (x: number, y: number) =>
    blocks(x, y, 4) > 0.7 ? 7000 : Math.round(110 + 20 * noiseAt(x, y))
  const half = (x: number, y: number) => x > 300 + 0.2 * y

  /** With the zero that a cut with headroom has. */
  const halvedMean = (drawing: Drawn, reduce: number) => {
    const { values, width, height } = halve(drawing, reduce)
    const side = 2 ** reduce
    return only({
      values: Uint16Array.from(values, (value) => value + 16_384),
      width,
      height,
      components: 1,
      reduce,
      reversible: true,
      zero: 16_384,
      lastColumn: drawing.width / side - (width - 1),
      lastRow: drawing.height / side - (height - 1),
    })
  }
  const errorOf = (drawing: Drawn, reduce: number): number =>
    ((halvedMean(drawing, reduce)?.mean ?? Number.NaN) / truthOf(drawing).mean - 1) * 100

  it.each([1, 2, 3, 4])(
    'is that of all pixels, at reduce %i, of land and of small clouds over a dark sea',
    (reduce) => {
      for (const at of [land, clouds]) {
        const drawing = draw(SIDE, SIDE, at)
        expect(Math.abs(errorOf(drawing, reduce))).toBeLessThan(0.1)
        expect(halvedMean(drawing, reduce)?.valid).toBe(1)
      }
    },
  )

  it('is off by more than half a percent, of clouds over a sea, where what rings below 0 is clamped', () => {
    const { values, width, height } = halve(draw(SIDE, SIDE, clouds), 4)
    const clamped = Uint16Array.from(values, (value) => Math.max(value, 0))
    const how = {
      width,
      height,
      components: 1,
      reduce: 4,
      reversible: true,
      zero: 0,
      lastColumn: 1,
      lastRow: 1,
    }
    const mean = only({ values: clamped, ...how })?.mean ?? Number.NaN
    expect(Math.abs(mean / truthOf(draw(SIDE, SIDE, clouds)).mean - 1)).toBeGreaterThan(0.005)
  })

  it.each([
    [1, 0.15],
    [2, 0.3],
    [3, 0.6],
    [4, 1.2],
  ])('is near that of all pixels at reduce %i where a swath ends, within %f percent', (reduce, percent) => {
    for (const at of [land, clouds]) {
      const drawing = draw(SIDE, SIDE, (x, y) => (half(x, y) ? at(x, y) : 0))
      expect(Math.abs(errorOf(drawing, reduce))).toBeLessThan(percent)
      const { valid = 0, isNarrow } = halvedMean(drawing, reduce) ?? {}
      expect(Math.abs(valid / truthOf(drawing).valid - 1)).toBeLessThan(percent / 100)
      if (reduce < 4) expect(isNarrow).toBe(false)
    }
  })

  it.each([8, 20, 33, 60])('says that data %i pixels wide is too narrow, until it is not', (width) => {
    const drawing = draw(SIDE, SIDE, (x, y) =>
      x > 300 + 0.2 * y && x < 300 + width + 0.2 * y ? land(x, y) : 0,
    )
    const tries = [4, 3, 2, 1].map((reduce) => ({ reduce, mean: halvedMean(drawing, reduce) }))
    expect(tries[0]?.mean?.isNarrow).toBe(true)
    for (const { reduce, mean } of tries) {
      if (mean?.isNarrow === false) expect(Math.abs(errorOf(drawing, reduce))).toBeLessThan(2)
    }
  })
})
