import { expect, test } from 'vitest'
import { drawPlot, type Line } from '../../bench/plot.ts'

const STRIDES = [1, 2, 4, 8, 16]
const flat = (name: string, value: number): Line => ({
  name,
  points: STRIDES.map((stride) => ({ stride, value, least: value, most: value })),
})

const heightsOf = (svg: string, name: string): number =>
  Number(new RegExp(`y="([\\d.]+)" text-anchor="start">${name}<`).exec(svg)?.[1])

test('larger errors stand higher, and none leaves its panel', () => {
  const svg = drawPlot({ errors: [flat('large', 0.5), flat('none', 0)], megabytes: [flat('read', 2)] })
  const heights = [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y))
  expect(heights).toHaveLength(15)
  expect(heights[0]).toBeLessThan(heights[5] ?? 0)
  // No error at all has no logarithm; it lies on the lowest line.
  expect(heights[5]).toBe(318)
  expect(svg).not.toMatch(/NaN|Infinity/)
})

test('names of lines that end side by side are moved apart', () => {
  const svg = drawPlot({ errors: [flat('one', 0.01), flat('two', 0.01)], megabytes: [flat('read', 2)] })
  expect(Math.abs(heightsOf(svg, 'one') - heightsOf(svg, 'two'))).toBeGreaterThanOrEqual(20)
})

test('a bar goes from the best to the worst', () => {
  const points = [{ stride: 16, value: 0.01, least: 0.001, most: 0.1 }]
  const svg = drawPlot({ errors: [{ name: 'spread', points }], megabytes: [flat('read', 2)] })
  expect(svg).toMatch(/<line class="line c0" x1="544" x2="544" y1="254" y2="126"\/>/)
})
