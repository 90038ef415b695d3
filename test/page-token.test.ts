import { expect, test } from 'vitest'
import type { ColourWish, Search } from '../src/catalog/port.ts'
import { readToken, writeToken } from '../src/page-token.ts'
import type { Area, Position } from '../src/sentinel2/area.ts'

const WISH: ColourWish = {
  sampling: { source: 'bands', stride: 16 },
  which: 'known',
  where: [{ of: 'red', is: '>', than: 0.1 }],
  rank: { by: 'share', of: 'red' },
}
const TRIANGLE: Position[] = [
  [1, 1],
  [2, 1],
  [2, 2],
  [1, 1],
]
const SEARCH: Search = {
  area: { box: [1, 1, 2, 2], shape: [[TRIANGLE]] },
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: undefined,
  dedupe: 'latest',
  relation: 'contains',
  minCoverage: 0.5,
  since: 1,
  best: 'tile',
  sort: 'cloud',
  colours: WISH,
  only: { of: 'satellite', is: '=', than: 'S2A' },
}
const CURSOR = [1, 'a', -2.5]

test('a token starts the same search where it was given', () => {
  const token = writeToken(SEARCH, CURSOR)
  expect(readToken(token, structuredClone(SEARCH))).toEqual(CURSOR)
})

test.for<[string, Partial<Search>]>([
  ['no shape', { area: { box: [1, 1, 2, 2] } }],
  ['another shape in the same box', { area: { box: [1, 1, 2, 2], shape: [[TRIANGLE.toReversed()]] } }],
  ['another relation', { relation: 'within' }],
  ['the relation left out', { relation: undefined }],
  ['another coverage', { minCoverage: 0.6 }],
  ['coverage left out', { minCoverage: undefined }],
  ['another time of coming in', { since: 2 }],
  ['a time of sensing in its place', { since: undefined, time: { from: 1, until: undefined } }],
  ['another choice', { best: 'tile,month' }],
  ['no choice', { best: undefined }],
  ['another order', { sort: 'coverage' }],
  ['its reverse', { sort: '-cloud' }],
  ['another condition', { only: { of: 'satellite', is: '=', than: 'S2B' } }],
  ['no condition', { only: undefined }],
  ['no wish for colours', { colours: undefined }],
  ['another comparison', { colours: { ...WISH, where: [{ of: 'red', is: '>=', than: 0.1 }] } }],
  ['another rank', { colours: { ...WISH, rank: { by: 'share', of: 'blue' } } }],
  ['another sampling', { colours: { ...WISH, sampling: { source: 'preview' } } }],
  ['the others', { colours: { ...WISH, which: 'unknown' } }],
])('a token is refused by a search with %s', ([, other]) => {
  const token = writeToken(SEARCH, CURSOR)
  expect(readToken(token, { ...SEARCH, ...other })).toBe('belongs to another query')
})

test('what is left out and its default are one', () => {
  const plain = { ...SEARCH, relation: undefined, sort: undefined }
  const token = writeToken(plain, CURSOR)
  expect(readToken(token, { ...SEARCH, relation: 'intersects', sort: '-datetime' })).toEqual(CURSOR)
})

test('a shape of fifty thousand positions is looked at once, and its tokens stay short', () => {
  let looks = 0
  const ring = Array.from({ length: 50_000 }, (_, i): Position => [i / 1e5, Math.sin(i)])
  const area: Area = {
    box: [0, -1, 1, 1],
    get shape() {
      looks++
      return [[ring]]
    },
  }
  const search = { ...SEARCH, area }
  const token = writeToken(search, CURSOR)
  expect(readToken(token, search)).toEqual(CURSOR)
  expect(looks).toBe(1)
  expect(token.length).toBeLessThan(100)
})
