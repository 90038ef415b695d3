import { describe, expect, test } from 'vitest'
import { parseCql2Text } from '../../../src/http/stac/cql2-text.ts'

const DAY = 86_400e6
const JULY_17 = Date.UTC(2020, 6, 17) * 1000
const cloud = (is: string, than: unknown) => ({ property: 'eo:cloud_cover', is, than })

describe('CQL2 text', () => {
  test.each([
    ['eo:cloud_cover<=10', cloud('<=', 10)],
    ['10 >= eo:cloud_cover', cloud('<=', 10)],
    ['10 = eo:cloud_cover', cloud('=', 10)],
    ['10<>eo:cloud_cover', cloud('<>', 10)],
    ['"eo:cloud_cover" < -5.5e3', cloud('<', -5500)],
    ['eo:cloud_cover < +.5E-1', cloud('<', 0.05)],
    ['eo:cloud_cover < 10.', cloud('<', 10)],
    ['\n\teo:cloud_cover\r\n=\u00a01 ', cloud('=', 1)],
    ['properties.eo:cloud_cover = 1', { property: 'properties.eo:cloud_cover', is: '=', than: 1 }],
    ["platform = 'it''s'", { property: 'platform', is: '=', than: "it's" }],
    ["platform = 'it\\'s'", { property: 'platform', is: '=', than: "it's" }],
    ["platform = ''", { property: 'platform', is: '=', than: '' }],
    ["platform LIKE 'a\\%b'", { property: 'platform', like: 'a\\%b' }],
    ["platform = 'Ünïcode 🛰'", { property: 'platform', is: '=', than: 'Ünïcode 🛰' }],
    ['"and" = 1', { property: 'and', is: '=', than: 1 }],
    ['"a ""b""" = 1', { property: 'a "b"', is: '=', than: 1 }],
    ['date = 1', { property: 'date', is: '=', than: 1 }],
    ['a is null', { property: 'a', isUnknown: true }],
    ['a Is Not Null', { not: { property: 'a', isUnknown: true } }],
    ['a between 1 and 2', { property: 'a', from: 1, to: 2 }],
    ['a NOT BETWEEN 1 AND 2', { not: { property: 'a', from: 1, to: 2 } }],
    ["a in ('x','y')", { property: 'a', oneOf: ['x', 'y'] }],
    ["a not in ('x')", { not: { property: 'a', oneOf: ['x'] } }],
    ["a NOT LIKE '%x'", { not: { property: 'a', like: '%x' } }],
    ['TRUE', { and: [] }],
    ['false', { or: [] }],
    ['a = true', { property: 'a', is: '=', than: true }],
    ["t = DATE('2020-07-17')", { property: 't', is: '=', than: { from: JULY_17, until: JULY_17 + DAY - 1 } }],
    [
      "t > TIMESTAMP ( '2020-07-17T00:00:00Z' )",
      { property: 't', is: '>', than: { from: JULY_17, until: JULY_17 } },
    ],
  ])('%s', (text, expression) => {
    expect(parseCql2Text(text)).toEqual(expression)
  })

  const [a, b, c] = ['a', 'b', 'c'].map((property) => ({ property, is: '=', than: 1 }))
  test.each([
    ['a=1 AND b=1 OR c=1', { or: [{ and: [a, b] }, c] }],
    ['a=1 OR b=1 AND c=1', { or: [a, { and: [b, c] }] }],
    ['(a=1 OR b=1) AND c=1', { and: [{ or: [a, b] }, c] }],
    ['NOT a=1 AND b=1', { and: [{ not: a }, b] }],
    ['NOT (a=1 AND b=1)', { not: { and: [a, b] } }],
    ['not not a=1', { not: { not: a } }],
    ['a=1 and b=1 and c=1', { and: [a, b, c] }],
    ['a BETWEEN 1 AND 1 AND b=1', { and: [{ property: 'a', from: 1, to: 1 }, b] }],
    ['((((a=1))))', a],
  ])('AND binds before OR, NOT before both: %s', (text, expression) => {
    expect(parseCql2Text(text)).toEqual(expression)
  })

  test.each([
    ["t_after(t, TIMESTAMP('2020-07-17T00:00:00Z'))", { property: 't', is: '>' }],
    ["T_BEFORE(t, DATE('2020-07-17'))", { property: 't', is: '<' }],
    ["t_before(DATE('2020-07-17'), t)", { property: 't', is: '>' }],
    ["t_after(DATE('2020-07-17'), t)", { property: 't', is: '<' }],
    [
      "t_during(t, INTERVAL('2020-07-17', '2020-07-18T00:00:00Z'))",
      {
        and: [
          { property: 't', is: '>' },
          { property: 't', is: '<' },
        ],
      },
    ],
    ["t_intersects(t, INTERVAL('..', '2020-07-18'))", { and: [{ property: 't', is: '<=' }] }],
    ["t_disjoint(t, INTERVAL('2020-07-18', '..'))", { not: { and: [{ property: 't', is: '>=' }] } }],
  ])('times: %s', (text, expression) => {
    expect(parseCql2Text(text)).toMatchObject(expression)
  })

  const square = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 0],
  ] as const
  test.each([
    ['POINT(-10.5 50)', { type: 'Point', coordinates: [-10.5, 50] }],
    ['POINT(-10.5 50 8)', { type: 'Point', coordinates: [-10.5, 50, 8] }],
    ['Point Z (-10.5 50 8)', { type: 'Point', coordinates: [-10.5, 50, 8] }],
    [
      'linestring (0 0, 1 1)',
      {
        type: 'LineString',
        coordinates: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    ['POLYGON((0 0,1 0,1 1,0 0),(0 0,1 0,1 1,0 0))', { type: 'Polygon', coordinates: [square, square] }],
    [
      'MULTIPOINT(0 0,(1 1))',
      {
        type: 'MultiPoint',
        coordinates: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    [
      'MULTILINESTRING((0 0,1 1))',
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [0, 0],
            [1, 1],
          ],
        ],
      },
    ],
    ['MULTIPOLYGON(((0 0,1 0,1 1,0 0)))', { type: 'MultiPolygon', coordinates: [[square]] }],
    [
      'BBOX(0,0,1,2)',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 2],
            [0, 2],
            [0, 0],
          ],
        ],
      },
    ],
  ])('shapes: %s', (shape, intersects) => {
    expect(parseCql2Text(`S_INTERSECTS(geometry, ${shape})`)).toEqual({ property: 'geometry', intersects })
    expect(parseCql2Text(`s_intersects(${shape},geometry)`)).toEqual({ property: 'geometry', intersects })
  })
})

describe('CQL2 text that is not understood is refused, all of it being read', () => {
  test.each([
    ['', 'is empty'],
    ['   ', 'is empty'],
    ['a = 1 AND', 'has its end at letter 10, where a property or a value belongs'],
    ['a = 1 b = 2', 'goes on at letter 7 with b, which joins nothing'],
    ['a = 1)', 'goes on at letter 6 with ), which joins nothing'],
    ['(a = 1', 'has its end at letter 7, where ) belongs'],
    ['a', 'has its end at letter 2, where a wants a comparison'],
    ['a = ', 'has its end at letter 5'],
    ['a == 1', 'has "==" at letter 3, which has no meaning there; write ='],
    ['a != 1', 'has "!=" at letter 3, which has no meaning there; write <>'],
    ['a = 1 && b = 1', 'has "&&" at letter 7, which has no meaning there; write AND'],
    ['a = 1; DROP TABLE x', 'has ";" at letter 6'],
    ["a = 'x", 'opens a quote at letter 5 and does not close it'],
    ['"a = 1', 'opens a quote at letter 1 and does not close it'],
    ['a = 10abc', 'at letter 5, which has no meaning there'],
    ['a = 1.5.3', 'at letter 5, which has no meaning there'],
    ['a = 1e999', 'holds 1e999, which is too large a number'],
    ['a = 0x10', 'has no meaning there'],
    ['a = b', 'compares a with b; it compares properties with values alone'],
    ['1 = 1', 'compares 1 with 1, neither of which is a property'],
    ['a + 1 = 2', 'has "+" at letter 3'],
    ['a IS 5', 'has IS at letter 6 without NULL'],
    ['a IN ()', 'holds an empty list behind IN'],
    ['a IN 5', 'has 5 at letter 6, where ( belongs'],
    ['5 IN (5)', 'has 5 before IN, where a property belongs'],
    ['a BETWEEN 1', 'has no AND at letter 12, where BETWEEN wants one'],
    ['a NOT = 1', 'has = at letter 7'],
    ['a LIKE 5', 'takes a LIKE 5, which is no text'],
    [`a LIKE '${'x'.repeat(201)}'`, 'holds a pattern of 201 letters; it takes 200 at most'],
    ["casei(a) = 'x'", 'uses casei; texts are compared letter by letter'],
    ['a = casei(b)', 'uses casei'],
    ["t_aftr(t, DATE('2020-07-17'))", 'uses t_aftr, which is no function here (did you mean t_after?)'],
    ['s_within(geometry, POINT(1 2))', 'uses s_within; of spatial functions it takes s_intersects alone'],
    ['t_after(t, 5)', 'gives t_after 5; it takes a TIMESTAMP, a DATE or an INTERVAL'],
    ['t_after(t)', 'gives t_after 1 arguments; it takes two'],
    ["t_after(t, INTERVAL('2020-07-17', '..'))", 'leaves nothing to compare with'],
    ["t_during(t, INTERVAL('..', '..'))", 'open at both ends'],
    ["t_during(t, INTERVAL('2020-07-18', '2020-07-17'))", 'ends before it begins'],
    ["t_during(DATE('2020-07-17'), t)", 'it takes t_during(datetime, …)'],
    ["t = INTERVAL('2020-07-17', '..')", 'use T_INTERSECTS'],
    ["t = DATE('2020-07-17T00:00:00Z')", 'which is no date'],
    ["t = TIMESTAMP('2020-07-17')", "write DATE('2020-07-17')"],
    ["t = DATE('2020-02-30')", 'holds "2020-02-30"'],
    ['t = DATE(2020)', 'where a time in single quotes belongs'],
    ['s_intersects(geometry, POLYGON((0 0, 1))', 'holds a shape without a number at letter 39'],
    ['s_intersects(geometry, BBOX(1,2,3))', 'holds a box of 3 numbers'],
    ['s_intersects(geometry, BBOX(10,0,10,5))', 'whose west is its east'],
    ['s_intersects(geometry, BBOX(10,5,20,0))', 'whose south is not below its north'],
    ['s_intersects(geometry, BBOX(180,0,-180,5))', 'between which nothing lies'],
    ['s_intersects(geometry, 5)', 'other than a property and a geometry'],
    ['a = POINT(1 2)', 'holds a geometry where a value belongs'],
    ['AND', 'has AND at letter 1'],
    ['toString = 1 OR', 'has its end'],
  ])('%s', (text, why) => {
    expect(parseCql2Text(text)).toEqual(expect.stringContaining(why))
  })

  test.each([
    ['brackets', '('.repeat(100_000)],
    ['a NOT for each', 'NOT '.repeat(2400)],
    ['brackets of what is allowed in length', `${'('.repeat(4000)}a=1${')'.repeat(4000)}`],
    ['functions in each other', 'casei('.repeat(1600)],
    ['comparisons', Array.from({ length: 1000 }, () => 'a=1').join(' OR ')],
    ['shapes in each other', `s_intersects(geometry,${'MULTIPOLYGON('.repeat(700)}`],
    ['quotes', `a='${"\\'".repeat(4900)}`],
    ['spaces', `a${' '.repeat(9990)}`],
    ['digits', `a=${'1'.repeat(9990)}x`],
    ['letters', 'a'.repeat(10_001)],
  ])('hostile text is refused at once: %s', (_, text) => {
    const start = performance.now()
    expect(parseCql2Text(text)).toEqual(expect.any(String))
    expect(performance.now() - start).toBeLessThan(50)
  })

  test('50 brackets and 200 comparisons are taken, one more of either is not', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}a=1${')'.repeat(depth)}`
    const many = (count: number) => Array.from({ length: count }, () => 'a=1').join(' OR ')
    expect(parseCql2Text(nested(50))).toEqual({ property: 'a', is: '=', than: 1 })
    expect(parseCql2Text(nested(51))).toBe('is nested deeper than 50, which is the most it takes')
    expect(parseCql2Text(many(200))).toEqual(expect.any(Object))
    expect(parseCql2Text(many(201))).toBe('makes more than 200 comparisons, which is the most it takes')
  })
})
