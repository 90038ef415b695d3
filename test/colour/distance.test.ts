import { describe, expect, test } from 'vitest'
import { distance, type Lab, labOf } from '../../src/colour/distance.ts'

const lab = (l: number, a: number, b: number): Lab => ({ l, a, b })

describe('the distance of two colours', () => {
  /*
   * Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula. Color Research and Application 30 (2005),
   * pages 21-30, Table 1: blues, greys, hues on either side of the seam, large steps, and dark and light ones.
   */
  test.for([
    [lab(50, 2.6772, -79.7751), lab(50, 0, -82.7485), 2.0425],
    [lab(50, -1.3802, -84.2814), lab(50, 0, -82.7485), 1],
    [lab(50, 0, 0), lab(50, -1, 2), 2.3669],
    [lab(50, 2.49, -0.001), lab(50, -2.49, 0.0009), 7.1792],
    [lab(50, 2.49, -0.001), lab(50, -2.49, 0.0011), 7.2195],
    [lab(50, -0.001, 2.49), lab(50, 0.0011, -2.49), 4.7461],
    [lab(50, 2.5, 0), lab(73, 25, -18), 27.1492],
    [lab(50, 2.5, 0), lab(56, -27, -3), 31.903],
    [lab(60.2574, -34.0099, 36.2677), lab(60.4626, -34.1751, 39.4387), 1.2644],
    [lab(22.7233, 20.0904, -46.694), lab(23.0331, 14.973, -42.5619), 2.0373],
    [lab(90.9257, -0.5406, -0.9208), lab(88.6381, -0.8985, -0.7239), 1.5381],
    [lab(6.7747, -0.2908, -2.4247), lab(5.8714, -0.0985, -2.2286), 0.6377],
    [lab(2.0776, 0.0795, -1.135), lab(0.9033, -0.0636, -0.5514), 0.9082],
  ] as const)('is the published one, either way round: %j %j %d', ([one, other, published]) => {
    expect(distance(one, other)).toBeCloseTo(published, 4)
    expect(distance(other, one)).toBeCloseTo(published, 4)
  })

  test('is none of a colour from itself, and 100 of black from white', () => {
    const [black, white] = [labOf([0, 0, 0]), labOf([1, 1, 1])]
    expect(distance(black, black)).toBe(0)
    expect(distance(black, white)).toBeCloseTo(100, 6)
  })
})

test('CIELAB of the primaries of sRGB is that of D65, of greys without a tint', () => {
  const rounded = (rgb: readonly [number, number, number]) =>
    Object.values(labOf(rgb))
      .filter((part) => typeof part === 'number')
      .map((part) => Number(part.toFixed(1)))
  // Computed with the matrix and the curve of IEC 61966-2-1 and CIE 15, white at 95.047, 100, 108.883.
  expect(rounded([1, 0, 0])).toEqual([53.2, 80.1, 67.2])
  expect(rounded([0, 1, 0])).toEqual([87.7, -86.2, 83.2])
  expect(rounded([0, 0, 1])).toEqual([32.3, 79.2, -107.9])
  const { l, a, b } = labOf([0.5, 0.5, 0.5])
  expect([l.toFixed(1), Math.abs(a) < 0.02, Math.abs(b) < 0.02]).toEqual(['53.4', true, true])
})
