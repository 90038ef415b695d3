import { describe, expect, test } from 'vitest'
import type { Pixels } from '../../src/colour/port.ts'
import { type Shown, shownBands, shownPreview } from '../../src/colour/shown.ts'

/** A square picture from rows of digits; each is a grey value, or a DN. */
const drawn = (rows: readonly string[], components: 1 | 3): Pixels => {
  const values = Uint16Array.from(
    rows
      .join('')
      .split('')
      .flatMap((digit) => Array(components).fill(Number(digit))),
  )
  return { values, width: rows.length, height: rows.length, components }
}
/** The same, from what is shown: `.` is transparent. */
const rowsOf = ({ values, width, height }: Shown): string[] =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = 4 * (y * width + x)
      return values[at + 3] === 255 ? String(values[at]) : '.'
    }).join(''),
  )
const bandsOf = (red: string[], green: string[], blue: string[]): [Pixels, Pixels, Pixels] => [
  drawn(red, 1),
  drawn(green, 1),
  drawn(blue, 1),
]

describe('a preview', () => {
  test('is transparent where black reaches in from a side, and nowhere else', () => {
    const shown = shownPreview(drawn(['77770', '70770', '77700', '77710', '77777'], 3))
    expect(rowsOf(shown)).toEqual(['7777.', '7077.', '777..', '777..', '77777'])
    expect(shown.opaque).toBe(false)
  })

  test('keeps the colours of its pixels, and counts a pixel as data that is bright in one of them', () => {
    const values = Uint8Array.from([1, 1, 1, 0, 0, 9, 9, 8, 7, 255, 0, 3])
    const shown = shownPreview({ values, width: 2, height: 2, components: 3 })
    expect([...shown.values]).toEqual([0, 0, 0, 0, 0, 0, 9, 255, 9, 8, 7, 255, 255, 0, 3, 255])
  })

  test('with data everywhere is opaque', () => {
    expect(shownPreview(drawn(['77', '72'], 3)).opaque).toBe(true)
  })
})

describe('bands', () => {
  test('are transparent where any of them has no data', () => {
    const rows = ['456', '456', '456']
    const shown = shownBands(bandsOf(rows, ['450', '456', '456'], ['456', '056', '456']), (dn) => dn, 0)
    expect(rowsOf(shown)).toEqual(['45.', '.56', '456'])
  })

  test('that were halved lose the rim of their data, which has nodata mixed in', () => {
    const rows = ['77740', '77740', '77740', '77740', '77740']
    const shown = shownBands(bandsOf(rows, rows, rows), (dn) => dn, 4)
    expect(rowsOf(shown)).toEqual(Array(5).fill('777..'))
  })

  test('of a sliver keep it, though all of it is rim', () => {
    const rows = ['004', '003', '002']
    expect(rowsOf(shownBands(bandsOf(rows, rows, rows), (dn) => dn, 4))).toEqual(['..4', '..3', '..2'])
  })

  test('are shown by the byte of their DN, the brightest ones alike', () => {
    const values = Uint16Array.from([1, 300, 40_000, 2])
    const band = { values, width: 2, height: 2, components: 1 }
    const shown = shownBands([band, band, band], (dn) => Math.min(dn, 255), 0)
    expect([0, 4, 8, 12].map((at) => shown.values[at])).toEqual([1, 255, 255, 2])
  })
})
