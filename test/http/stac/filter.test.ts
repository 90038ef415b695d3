import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conditionTest } from '../../../src/catalog/condition.ts'
import { readCql2Json } from '../../../src/http/stac/cql2-json.ts'
import { parseCql2Text } from '../../../src/http/stac/cql2-text.ts'
import { allOf, type Filter, filterOf, readFilter } from '../../../src/http/stac/filter.ts'
import { itemIdOf } from '../../../src/http/stac/item-id.ts'
import { readQuery } from '../../../src/http/stac/query-extension.ts'
import type { Granule } from '../../../src/sentinel2/granule.ts'
import { says } from './oracle.ts'
import { asJson, asText, expressions, granules } from './written.ts'

/** As a search has it: every part must hold, and what is not known does not. */
function finds(filter: Filter, granule: Granule): boolean {
  const { only, cloud, time, tiles, levels, ids } = filter
  const { cloudCover, sensingTime } = granule
  if (cloud && !(cloudCover !== undefined && cloudCover >= cloud.min && cloudCover <= cloud.max)) return false
  if (time?.from !== undefined && sensingTime < time.from) return false
  if (time?.until !== undefined && sensingTime > time.until) return false
  if (tiles && !tiles.includes(granule.mgrsTile)) return false
  if (levels && !levels.includes(granule.level)) return false
  if (ids && !ids.includes(itemIdOf(granule))) return false
  return only === undefined || conditionTest(only)(granule)
}

const read = (text: string) => readFilter(text, 'cql2-text')
function filter(text: string): Filter {
  const found = read(text)
  if (typeof found === 'string') throw new Error(`${text} ${found}`)
  return found
}

describe('what is told apart of a filter', () => {
  test('together with the rest it means what the filter says, unknown values included', () => {
    fc.assert(
      fc.property(expressions, fc.array(granules, { minLength: 8, maxLength: 8 }), (expression, some) => {
        const found = filterOf(expression)
        if (typeof found === 'string') throw new Error(found)
        for (const granule of some) expect(finds(found, granule)).toBe(says(expression, granule) === true)
      }),
      { numRuns: 3000 },
    )
  })

  test('of two filters together it is what both ask', () => {
    fc.assert(
      fc.property(
        expressions,
        expressions,
        fc.array(granules, { minLength: 6, maxLength: 6 }),
        (a, b, some) => {
          const filters = [filterOf(a), filterOf(b)].filter((one) => typeof one !== 'string')
          const both = allOf(filters)
          if (typeof both === 'string' || filters.length < 2) throw new Error(String(both))
          for (const granule of some)
            expect(finds(both, granule)).toBe(filters.every((one) => finds(one, granule)))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('text in any spelling and JSON are read alike', () => {
    fc.assert(
      fc.property(
        expressions,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (expression, drawn) => {
          const text = asText(expression, () => drawn.next().value ?? 0)
          const json: unknown = JSON.parse(JSON.stringify(asJson(expression)))
          expect(parseCql2Text(text), text).toEqual(expression)
          expect(readCql2Json(json)).toEqual(expression)
          expect(readFilter(JSON.stringify(json), 'cql2-json')).toEqual(readFilter(text, 'cql2-text'))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

const JULY = { from: Date.UTC(2020, 6, 1) * 1000, until: Date.UTC(2020, 7, 1) * 1000 - 1 }

describe('conjuncts of the top AND that a search has a word for', () => {
  test('clouds, times, tiles, collections and ids leave nothing over', () => {
    expect(
      filter(
        "eo:cloud_cover <= 20 AND datetime BETWEEN DATE('2020-07-01') AND DATE('2020-07-31') " +
          "AND grid:code IN ('MGRS-33UUC', 'MGRS-33UUB') AND collection = 'sentinel-2-l2a' AND id = 'S2A_x'",
      ),
    ).toEqual({
      where: [],
      cloud: { min: 0, max: 20 },
      time: JULY,
      tiles: ['33UUB', '33UUC'],
      levels: ['L2A'],
      ids: ['S2A_x'],
    })
  })

  test('an end that is left out of the clouds is tested beside the search, of times it is the next one', () => {
    expect(filter('eo:cloud_cover < 20')).toEqual({
      where: [],
      cloud: { min: 0, max: 20 },
      only: { of: 'cloudCover', is: '<', than: 20 },
    })
    expect(filter("datetime >= '2020-07-01' AND datetime < DATE('2020-08-01')")).toEqual({
      where: [],
      time: JULY,
    })
    expect(
      filter("t_after(datetime, DATE('2020-06-30')) AND t_before(datetime, DATE('2020-08-01'))"),
    ).toEqual({
      where: [],
      time: JULY,
    })
  })

  test('an end at 1970 is an end', () => {
    expect(filter("datetime > TIMESTAMP('1970-01-01T00:00:00Z')")).toEqual({
      where: [],
      time: { from: 1, until: undefined },
    })
  })

  test('tiles joined by OR are tiles', () => {
    expect(filter("s2:mgrs_tile = '33UUB' OR grid:code = 'MGRS-33UUC'")).toEqual({
      where: [],
      tiles: ['33UUB', '33UUC'],
    })
  })

  test('a collection that is left out leaves the other', () => {
    expect(filter("collection <> 'sentinel-2-l1c'")).toEqual({ where: [], levels: ['L2A'] })
    expect(filter("collection NOT IN ('sentinel-2-l1c', 'sentinel-2-l2a')").levels).toEqual([])
    expect(filter("collection NOT IN ('landsat')")).toEqual({ where: [], levels: ['L1C', 'L2A'] })
  })

  test('what lies within an OR or a NOT stays together', () => {
    const only = {
      or: [{ of: 'cloudCover', is: '<', than: 5 }, { not: { of: 'satellite', is: '=', than: 'S2A' } }],
    }
    expect(filter("eo:cloud_cover < 5 OR platform <> 'sentinel-2a'")).toEqual({ where: [], only })
  })

  test.each([
    'eo:cloud_cover < 10 AND eo:cloud_cover > 20',
    "datetime > '2020-07-02' AND datetime < '2020-07-01'",
    "grid:code = 'MGRS-33UUB' AND grid:code = 'MGRS-33UUC'",
    "collection = 'sentinel-2-l1c' AND collection = 'sentinel-2-l2a'",
    "id = 'a' AND id = 'b'",
    "platform = 'landsat-8'",
    "constellation = 'landsat'",
    'eo:cloud_cover > 100.5',
    'FALSE',
  ])('%s has no levels left to search', (text) => {
    expect(filter(text).levels).toEqual([])
  })

  test('TRUE asks nothing', () => {
    expect(filter('TRUE')).toEqual({ where: [] })
  })

  test('colours go to where, one s_intersects to the area', () => {
    const shape = 'POLYGON((10 50, 11 50, 11 51, 10 50))'
    expect(
      filter(`swath:share_red >= 0.4 AND 0.5 < swath:valid AND s_intersects(geometry, ${shape})`),
    ).toEqual({
      where: [
        { of: 'share_red', is: '>=', than: 0.4 },
        { of: 'valid', is: '>', than: 0.5 },
      ],
      intersects: {
        type: 'Polygon',
        coordinates: [
          [
            [10, 50],
            [11, 50],
            [11, 51],
            [10, 50],
          ],
        ],
      },
    })
    expect(filter('swath:share_red BETWEEN 0.4 AND 0.5').where).toEqual([
      { of: 'share_red', is: '>=', than: 0.4 },
      { of: 'share_red', is: '<=', than: 0.5 },
    ])
  })
})

describe('what a filter cannot ask is refused by name', () => {
  test.each([
    ['eo:cloud_covr < 10', 'holds eo:cloud_covr, which is no property here (did you mean eo:cloud_cover?)'],
    [
      "eo:cloud_cover < '10'",
      'compares eo:cloud_cover, which is a number, with the text "10"; leave the quotes out',
    ],
    ['platform = 5', 'compares platform, which is a text, with the number 5'],
    ['eo:cloud_cover = TRUE', 'compares eo:cloud_cover, which is a number, with the boolean true'],
    ['datetime > 5', 'compares datetime, which is a time, with the number 5'],
    ["eo:cloud_cover > DATE('2020-07-01')", 'compares eo:cloud_cover, which is a number, with a time'],
    ["datetime LIKE '2020%'", 'takes datetime, which is a time, for a text with LIKE'],
    ["eo:cloud_cover LIKE '1%'", 'takes eo:cloud_cover, which is a number, for a text with LIKE'],
    ["platform < 'sentinel-2b'", 'orders platform by its letters; it is compared by = <> IN and LIKE'],
    ["constellation > 'a'", 'orders constellation by its letters; it is compared by = <> IN and LIKE'],
    ["datetime > '2020-13-01'", 'holds "2020-13-01", which is neither an RFC 3339 time'],
    ["datetime = '2020-01-01/2020-02-01'", 'holds an interval where one time belongs'],
    ['swath:share_red = 0.4', 'compares swath:share_red, a number of the colour, in a way other than'],
    ['swath:share_red < 40', 'compares swath:share_red with 40; it lies between 0 and 1'],
    ["swath:share_red < '0.4'", 'compares swath:share_red, which is a number, with the text "0.4"'],
    ['swath:share_red < 0.4 OR eo:cloud_cover < 5', 'has swath:share_red within OR or NOT'],
    ['NOT swath:share_red < 0.4', 'has swath:share_red within OR or NOT'],
    ['NOT s_intersects(geometry, POINT(1 2))', 'has s_intersects within OR or NOT'],
    [
      's_intersects(geometry, POINT(1 2)) AND s_intersects(geometry, POINT(1 2))',
      'holds more than one s_intersects',
    ],
    ['s_intersects(datetime, POINT(1 2))', 'holds s_intersects of datetime; it takes s_intersects(geometry'],
    ['geometry = 5', 'compares geometry, which s_intersects(geometry, …) alone does'],
    ['id = 5', 'compares id, which is a text, with the number 5'],
  ])('%s', (text, why) => {
    expect(read(text)).toEqual(expect.stringContaining(why))
  })

  test('JSON as text, text as JSON and objects as text', () => {
    expect(readFilter('eo:cloud_cover < 5', 'cql2-json')).toBe(
      'is not JSON; name filter-lang=cql2-text to filter by text',
    )
    expect(readFilter({ op: 'and' }, 'cql2-text')).toMatch(/^is no text; .*cql2-json/)
  })

  test('more colours than a store is asked at once', () => {
    expect(read(Array.from({ length: 21 }, () => 'swath:red < 0.5').join(' AND '))).toMatch(
      /colours 21 times/,
    )
  })
})

describe('whatever is given', () => {
  const words = fc.constantFrom(
    ...[
      'a',
      '"b',
      '"b"',
      'AND',
      'or',
      'NOT',
      '(',
      ')',
      ',',
      '<',
      '=',
      '<>',
      "'x'",
      "'",
      '1',
      '-2.5e3',
      '.',
      ';',
    ],
    ...[
      'IS',
      'NULL',
      'IN',
      'LIKE',
      'BETWEEN',
      'TRUE',
      'DATE',
      "('2020-07-17')",
      'INTERVAL',
      't_after',
      'POINT',
    ],
    ...['BBOX', 's_intersects', 'geometry', 'datetime', 'eo:cloud_cover', 'platform', '\\', '🛰', '\ud800'],
  )
  const readable = (read: unknown) => typeof read === 'string' || (typeof read === 'object' && read !== null)

  test('text is either read or refused with a sentence', () => {
    const texts = fc.oneof(
      fc.array(words, { maxLength: 12 }).map((some) => some.join(' ')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(texts, (text) => readable(readFilter(text, 'cql2-text'))),
      { numRuns: 20_000 },
    )
  })

  test('JSON too', () => {
    const operations = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 2 }),
        fc.record({ property: fc.constantFrom('eo:cloud_cover', 'datetime', 'geometry', 'id') }),
        fc.record({
          op: fc.constantFrom(
            'and',
            'or',
            'not',
            '=',
            '<',
            'in',
            'between',
            'like',
            'isNull',
            't_during',
            's_intersects',
          ),
          args: fc.oneof(fc.array(tie('tree'), { maxLength: 3 }), tie('tree')),
        }),
        fc.record({ interval: fc.array(tie('tree'), { maxLength: 2 }) }),
        fc.record({ bbox: fc.array(tie('tree'), { maxLength: 6 }) }),
      ),
    })).tree
    fc.assert(
      fc.property(operations, (json) => readable(readFilter(json, 'cql2-json')) && readable(readQuery(json))),
      { numRuns: 10_000 },
    )
  })
})
