import { expect, test } from 'vitest'
import { nearMiss, unknownParameter } from '../src/near-miss.ts'
import { takeParameters } from '../src/parameters.ts'

/** Milliseconds of this thread alone, whatever else the machine does. */
function cpuOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

const KNOWN = ['datetime', 'cloud', 'level', 'bbox', 'intersects', 'min_coverage']

test('a slip is told what is near, and what is far is not', () => {
  expect(unknownParameter('clodu', KNOWN)).toBe('clodu is no parameter (did you mean cloud?)')
  expect(unknownParameter('xyzzy', KNOWN)).toBe('xyzzy is no parameter')
})

test('a word without end is near nothing, at once, and told in part', () => {
  const word = 'level'.repeat(2_000_000)
  expect(cpuOf(() => expect(nearMiss(word, KNOWN)).toBe(''))).toBeLessThan(100)
  const told = unknownParameter(word, KNOWN)
  expect(told.length).toBeLessThan(100)
  expect(told).toMatch(/^levellevel.*… is no parameter$/)
})

test('of thousands of unknown names some are told, and how many there are', () => {
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`b${i}`, 'x']))
  let told: ReturnType<typeof takeParameters>['errors'] = []
  const took = cpuOf(() => {
    told = takeParameters({ ...many, bbox: '1,2,3,4' }, KNOWN).errors
  })
  expect(took).toBeLessThan(300)
  expect(told).toHaveLength(21)
  expect(told[0]?.message).toContain('b0 is no parameter')
  expect(told.at(-1)?.message).toBe('19980 other names are no parameters either')
})
