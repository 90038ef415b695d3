import { describe, expect, test } from 'vitest'
import { readCql2Json } from '../../../src/http/stac/cql2-json.ts'
import { parseCql2Text } from '../../../src/http/stac/cql2-text.ts'

const a = { property: 'a' }
const op = (name: string, ...args: readonly unknown[]) => ({ op: name, args })

describe('CQL2 JSON', () => {
  test.each([
    [op('=', a, 1), 'a = 1'],
    [op('<=', 1, a), '1 <= a'],
    [op('and', op('=', a, 1), op('or', op('<', a, 2), op('>', a, 'x'))), "a = 1 AND (a < 2 OR a > 'x')"],
    [op('not', op('isNull', a)), 'a IS NOT NULL'],
    [op('between', a, 1, 2), 'a BETWEEN 1 AND 2'],
    [op('in', a, [1, 2]), 'a IN (1, 2)'],
    [op('like', a, '%x'), "a LIKE '%x'"],
    [op('=', a, { date: '2020-07-17' }), "a = DATE('2020-07-17')"],
    [op('=', a, { timestamp: '2020-07-17T00:00:00Z' }), "a = TIMESTAMP('2020-07-17T00:00:00Z')"],
    [
      op('t_before', a, { timestamp: '2020-07-17T00:00:00Z' }),
      "t_before(a, TIMESTAMP('2020-07-17T00:00:00Z'))",
    ],
    [
      op('t_during', a, { interval: ['2020-07-17', { timestamp: '2020-07-18T00:00:00Z' }] }),
      "t_during(a, INTERVAL('2020-07-17', '2020-07-18T00:00:00Z'))",
    ],
    [
      op('t_intersects', a, { interval: ['..', { date: '2020-07-17' }] }),
      "t_intersects(a, INTERVAL('..', '2020-07-17'))",
    ],
    [op('s_intersects', a, { type: 'Point', coordinates: [1, 2] }), 's_intersects(a, POINT(1 2))'],
    [op('s_intersects', a, { bbox: [1, 2, 3, 4] }), 's_intersects(a, BBOX(1, 2, 3, 4))'],
    [true, 'TRUE'],
    [op('=', a, false), 'a = FALSE'],
  ])('%j is %s', (json, text) => {
    const read = readCql2Json(json)
    expect(read).toEqual(expect.any(Object))
    expect(read).toEqual(parseCql2Text(text))
  })

  test.each([
    [5, 'holds 5 where an operation such as {"op":"=","args":[…]} belongs'],
    [null, 'holds null where an operation'],
    [[], 'holds a list of 0 where an operation'],
    [{}, 'holds an object of nothing, which has no op'],
    [{ op: '=' }, 'holds the operation "=" without a list of args'],
    [{ op: '=', args: [a, 1], extra: 1 }, 'holds "extra" beside op and args of "="'],
    [op('and'), 'holds the operation "and" of nothing'],
    [op('not', op('=', a, 1), op('=', a, 2)), 'holds the operation "not" with 2 args; it takes 1'],
    [op('=', a), 'holds the operation "=" with 1 args; it takes 2'],
    [op('=', a, a), 'compares a with a'],
    [op('between', a, [1, 2]), 'holds the operation "between" with 2 args; it takes 3'],
    [op('in', a, 5), 'holds in without a list'],
    [op('in', a, []), 'holds an empty list behind IN'],
    [op('=', a, null), 'holds null where a property or a value belongs'],
    [op('=', a, [1]), 'holds a list of 1 where a property or a value belongs'],
    [op('=', a, { foo: 1 }), 'holds an object of foo, which is neither a property nor a value'],
    [op('=', a, { property: 'b', other: 1 }), 'holds an object of property, other'],
    [op('=', { property: 5 }, 1), 'holds an object of property, which is neither'],
    [op('=', a, Number('1e999')), 'holds a number that is too large'],
    [op('=', op('casei', a), 'x'), 'uses casei'],
    [op('=', op('+', a, 1), 2), 'uses +, which is no function here'],
    [op('eq', a, 1), 'uses eq, which is no function here'],
    [op('s_intersects', a, { bbox: [1, 3, 4] }), 'holds a box of 3 numbers'],
    [op('s_intersects', a, { bbox: [1, 'x', 2, 3, 4] }), 'holds an object of bbox, which is neither'],
    [op('t_during', a, { interval: [1, 2] }), 'holds an interval of other than two times'],
    [op('=', { op: '__proto__', args: [] }, 1), 'uses __proto__'],
  ])('%j is refused', (json, why) => {
    expect(readCql2Json(json)).toEqual(expect.stringContaining(why))
  })

  /** Text that JSON.parse takes to any depth. */
  const nested = (depth: number, open: string, inner: string, close: string): unknown =>
    JSON.parse(`${open.repeat(depth)}${inner}${close.repeat(depth)}`)
  const NOT = '{"op":"not","args":['
  const LEAF = '{"op":"=","args":[{"property":"a"},1]}'

  test.each([
    ['operations in each other', nested(5000, NOT, LEAF, ']}')],
    ['lists in each other', nested(5000, '[', '', ']')],
    ['lists as values', op('=', a, nested(5000, '[', '1', ']'))],
    ['objects as values', op('=', a, nested(5000, '{"x":', '1', '}'))],
    ['functions in each other', op('=', nested(5000, '{"op":"casei","args":[', '1', ']}'), 1)],
    ['a long list', op('in', a, new Array(1_000_000).fill(1))],
    ['many operations', op('and', ...new Array(100_000).fill(op('=', a, 1)))],
    ['a long text', op('=', a, 'x'.repeat(10_000_000))],
    ['a long name', op('=', { property: 'x'.repeat(10_000_000) }, 1)],
    ['a long operation', op('x'.repeat(1_000_000), a, 1)],
    ['a long box', op('s_intersects', a, { bbox: new Array(1_000_000).fill(1) })],
  ])('hostile JSON is refused at once: %s', (_, json) => {
    const start = performance.now()
    expect(readCql2Json(json)).toEqual(expect.any(String))
    expect(performance.now() - start).toBeLessThan(50)
  })
})
