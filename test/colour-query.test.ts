import { expect, test } from 'vitest'
import { DEFAULT_SAMPLING, parseSampling } from '../src/colour-query.ts'
import { Fault } from '../src/errors.ts'
import type { Parameters } from '../src/parameters.ts'

test('a colour asked for by itself is sampled by default as a rank is', () => {
  expect(parseSampling({})).toEqual(DEFAULT_SAMPLING)
  expect(parseSampling({ stride: ['4'] })).toEqual({ source: 'bands', stride: 4 })
  expect(parseSampling({ source: 'bands' })).toEqual({ source: 'bands', stride: 16 })
  expect(parseSampling({ source: 'preview' })).toEqual({ source: 'preview' })
})

test('every parameter of a colour that is wrong is named at once', () => {
  expect(errorsOf({ stride: ['0', '1'], sources: 'bands', rank: 'red', source: 'pvi' })).toEqual([
    'stride is given 2 times',
    'sources is no parameter (did you mean source?)',
    'rank is no parameter',
    'stride is not between 1 and 64',
    'source is none of bands, preview',
  ])
  expect(errorsOf({ source: 'preview', stride: '16' })).toEqual([
    'stride goes with source=bands: a preview takes no stride, it is sampled whole',
  ])
})

function errorsOf(parameters: Parameters): string[] {
  try {
    parseSampling(parameters)
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.errors.map(({ message }) => message)
    throw thrown
  }
  throw new Error('The parameters were taken.')
}
