import { describe, expect, test } from 'vitest'
import { shareOf } from '../../src/colour/share.ts'

describe('the share of a part of a colour', () => {
  test('is of red, green and blue together', () => {
    const colour = { red: 0.1, green: 0.2, blue: 0.5 }
    expect(shareOf(colour, 'red')).toBeCloseTo(0.125, 12)
    expect(shareOf(colour, 'green')).toBeCloseTo(0.25, 12)
    expect(shareOf(colour, 'blue')).toBeCloseTo(0.625, 12)
  })

  test('counts a part below 0 as none', () => {
    const water = { red: -0.01, green: 0.03, blue: 0.01 }
    expect(shareOf(water, 'red')).toBe(0)
    expect(shareOf(water, 'green')).toBeCloseTo(0.75, 12)
  })

  test('is none where there is no light at all', () => {
    expect(shareOf({ red: 0, green: -0.1, blue: 0 }, 'green')).toBeUndefined()
  })
})
