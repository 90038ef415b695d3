import { describe, expect, test } from 'vitest'
import { readFilter } from '../../../src/http/stac/filter.ts'
import { readQuery } from '../../../src/http/stac/query-extension.ts'

describe('the query extension', () => {
  test.each([
    [{ 'eo:cloud_cover': { lt: 10, gte: 0 } }, 'eo:cloud_cover < 10 AND eo:cloud_cover >= 0'],
    [{ 'eo:cloud_cover': { lte: 10, gt: 1 } }, 'eo:cloud_cover <= 10 AND eo:cloud_cover > 1'],
    [{ platform: { eq: 'sentinel-2a' } }, "platform = 'sentinel-2a'"],
    [{ platform: { neq: 'sentinel-2a' } }, "platform <> 'sentinel-2a'"],
    [{ 's2:mgrs_tile': { in: ['33UUB', '33UUC'] } }, "s2:mgrs_tile IN ('33UUB', '33UUC')"],
    [{ 's2:mgrs_tile': { startsWith: '33' } }, "s2:mgrs_tile LIKE '33%'"],
    [{ 's2:datatake_id': { endsWith: '_N02.04' } }, "s2:datatake_id LIKE '%\\_N02.04'"],
    [{ 's2:datatake_id': { contains: '50%\\' } }, "s2:datatake_id LIKE '%50\\%\\\\%'"],
    [
      { datetime: { gte: '2020-07-17' }, 'swath:valid': { gt: 0.5 } },
      "datetime >= '2020-07-17' AND swath:valid > 0.5",
    ],
  ])('%j is %s, as an object and as its text', (query, text) => {
    const filter = readFilter(text, 'cql2-text')
    expect(filter).toEqual(expect.any(Object))
    expect(readQuery(query)).toEqual(filter)
    expect(readQuery(JSON.stringify(query))).toEqual(filter)
  })

  test.each([
    ['{', 'is not JSON; write it as {"eo:cloud_cover":{"lt":10}}'],
    ['x'.repeat(10_001), 'has 10001 letters; it takes 10000 at most'],
    [5, 'holds other than an object; it takes an object such as {"eo:cloud_cover":{"lt":10}}'],
    [[], 'holds other than an object'],
    [{}, 'is empty; it takes an object'],
    [{ platform: {} }, 'asks nothing of platform'],
    [{ platform: 'sentinel-2a' }, 'holds other than an object; platform takes an object such as {"lt":10}'],
    [{ platform: { lessThan: 5 } }, 'holds the operator lessThan, which is none of eq, neq'],
    [{ platform: { startswith: 'x' } }, '(did you mean startsWith?)'],
    [{ platform: { toString: 'x' } }, 'holds the operator toString'],
    [{ 'eo:cloud_covr': { lt: 5 } }, '(did you mean eo:cloud_cover?)'],
    [{ 'eo:cloud_cover': { lt: '5' } }, 'compares eo:cloud_cover, which is a number, with the text "5"'],
    [{ 'eo:cloud_cover': { lt: null } }, 'compares with what is neither a text nor a number'],
    [{ 'eo:cloud_cover': { startsWith: '5' } }, 'takes eo:cloud_cover, which is a number, for a text'],
    [{ platform: { startsWith: 5 } }, 'looks for other than a text'],
    [{ platform: { in: 'x' } }, 'holds "in" without a list'],
    [{ platform: { in: [] } }, 'holds an empty list behind IN'],
    [{ 'swath:red': { eq: 0.5 } }, 'compares swath:red, a number of the colour, in a way other than'],
    [
      Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`a${i}`, { eq: 1 }])),
      'more than 200 comparisons',
    ],
  ])('%j is refused', (query, why) => {
    expect(readQuery(query)).toEqual(expect.stringContaining(why))
  })
})
