import { describe, expect, test } from 'vitest'
import { parseAreaQuery } from '../src/area-query.ts'
import { Fault } from '../src/errors.ts'
import type { Parameters } from '../src/parameters.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import { formatTime } from '../src/sentinel2/time.ts'

const BBOX = { bbox: '12.5,55.6,12.6,55.7' }
const parse = (more: Parameters) => parseAreaQuery({ ...BBOX, ...more }, 'box')
const SAMPLING = { source: 'bands', stride: 16 }

describe('how a granule lies to the area', () => {
  test('is told by relation and min_coverage', () => {
    expect(parse({ relation: 'contains', min_coverage: '0.6' }).search).toMatchObject({
      relation: 'contains',
      minCoverage: 0.6,
    })
    expect(parse({ min_coverage: '1' }).search.minCoverage).toBe(1)
  })

  test('is told nothing of by a least coverage of none', () => {
    expect(parse({ min_coverage: '0' }).search.minCoverage).toBeUndefined()
  })

  test.for([
    { bbox: '12,55,12,56' },
    { bbox: '12,55,13,55' },
    { lat1: '55', lng1: '12', lat2: '55', lng2: '12' },
    { intersects: '{"type":"Point","coordinates":[12,55]}' },
    { intersects: '{"type":"MultiPoint","coordinates":[[12,55],[13,56]]}' },
    { intersects: '{"type":"LineString","coordinates":[[12,55],[13,56]]}' },
  ] as const)('cannot be within an area without extent: %o', (area) => {
    expect(errorsOf(() => parseAreaQuery({ ...area, relation: 'within' }, 'box'))).toEqual([
      'relation is within, and no granule lies within points or lines',
    ])
    expect(parseAreaQuery({ ...area, relation: 'contains' }, 'box').search.relation).toBe('contains')
  })

  test('cannot be within a point', () => {
    expect(errorsOf(() => parseAreaQuery({ lat: '1', lng: '2', relation: 'within' }, 'point'))).toEqual([
      'relation is within, and no granule lies within points or lines',
    ])
    expect(parseAreaQuery({ lat: '1', lng: '2', relation: 'contains' }, 'point').search.relation).toBe(
      'contains',
    )
  })
})

describe('since', () => {
  test.for([
    ['2024-08-28', '2024-08-28T00:00:00.000Z'],
    ['2024-08-28T10:00:00+02:00', '2024-08-28T08:00:00.000Z'],
  ] as const)('%s is %s', ([since, at]) => {
    expect(formatTime(parse({ since }).search.since ?? 0)).toBe(at)
  })

  test.for([
    ['2024-08-28/..', 'since holds an interval; it takes the one time from which on rows count as new'],
    ['../2024-08-28', 'since holds an interval; it takes the one time from which on rows count as new'],
    [
      'lately',
      'since holds "lately", which is neither an RFC 3339 time with a zone, such as 2020-07-17T10:00:00Z, nor a date',
    ],
  ] as const)('%s is refused', ([since, sentence]) => {
    expect(errorsOf(() => parse({ since }))).toEqual([sentence])
  })
})

describe('best and sort', () => {
  test('are taken by their names, also as addresses and people write them', () => {
    expect(parse({ best: 'tile', sort: 'cloud' }).search).toMatchObject({ best: 'tile', sort: 'cloud' })
    expect(parse({ best: 'tile, month', sort: '-datetime' }).search).toMatchObject({
      best: 'tile,month',
      sort: '-datetime',
    })
    expect(parse({ best: 'month,tile' }).search.best).toBe('tile,month')
    for (const sort of ['+datetime', ' datetime', 'datetime'])
      expect(parse({ sort }).search.sort).toBe('datetime')
  })

  test('are taken the other way round, the order by rank with a rank', () => {
    for (const sort of ['-cloud', '-coverage'] as const) expect(parse({ sort }).search.sort).toBe(sort)
    expect(parse({ sort: '-rank', rank: 'red' }).search).toMatchObject({
      sort: '-rank',
      colours: { which: 'known', where: [], rank: { by: 'share', of: 'red' } },
    })
  })

  test('are left to the catalog where nobody asks', () => {
    expect(parse({}).search).toMatchObject({ best: undefined, sort: undefined, colours: undefined })
  })

  test.for([
    [{ best: 'month' }, 'best is "month", which is neither tile nor tile,month'],
    [
      { sort: '-clouds' },
      'sort is none of -datetime, datetime, cloud, -cloud, coverage, -coverage, rank, -rank (did you mean -cloud?)',
    ],
    [{ relation: 'contain' }, 'relation is none of intersects, contains, within (did you mean contains?)'],
    [{ min_coverage: '60' }, 'min_coverage is not between 0 and 1'],
    [{ min_coverage: 'half' }, 'min_coverage is not a number'],
    [{ sort: 'rank' }, 'sort is rank, which needs rank to tell by what: rank=red'],
    [{ sort: '-rank' }, 'sort is -rank, which needs rank to tell by what: rank=red'],
    [
      { sort: 'cloud', rank: 'red' },
      'sort is cloud, and rank has an order of its own; leave sort out to rank the newest granules, ' +
        'or write sort=rank to rank all whose colours are remembered',
    ],
  ] as const)('%j is refused', ([wrong, sentence]) => {
    expect(errorsOf(() => parse(wrong))).toEqual([sentence])
  })

  test('are wrong at once with all else that is', () => {
    const wrong = { best: 'x', sort: 'y', relation: 'z', min_coverage: '2', since: 'now', where: 'red' }
    expect(errorsOf(() => parse(wrong)).map((message) => message.split(' ')[0])).toEqual([
      'relation',
      'min_coverage',
      'since',
      'best',
      'sort',
      'where',
    ])
  })

  test.for([
    ['geojson', 'intersects'],
    ['polygon', 'intersects'],
    ['intersect', 'intersects'],
    ['mincoverage', 'min_coverage'],
    ['min-coverage', 'min_coverage'],
    ['coverage', 'min_coverage'],
    ['relations', 'relation'],
    ['order_by', 'sort'],
    ['sortby', 'sort'],
    ['filter', 'where'],
    ['updated', 'since'],
  ] as const)('%s is unknown, and %s is meant', ([name, meant]) => {
    expect(errorsOf(() => parse({ [name]: '1' }))).toEqual([
      `${name} is no parameter (did you mean ${meant}?)`,
    ])
  })
})

describe('a search by remembered colours', () => {
  test('is asked by where, with or without a rank', () => {
    const where = [{ of: 'share_red', is: '>=', than: 0.4 }]
    const wish = { sampling: SAMPLING, which: 'known', where, rank: undefined }
    expect(parse({ where: 'share_red>=0.4' })).toMatchObject({ search: { colours: wish }, rank: undefined })
    const ranked = parse({ where: 'share_red>=0.4', rank: 'red', stride: '8' })
    expect(ranked.search.colours).toEqual({ ...wish, sampling: { source: 'bands', stride: 8 } })
    expect(ranked.rank).toEqual({ by: 'share', of: 'red' })
  })

  test('is asked by sort=rank, which hands the rank to the catalog', () => {
    const { search, rank } = parse({ rank: 'red', sort: 'rank', source: 'preview' })
    expect(search.sort).toBe('rank')
    expect(search.colours).toEqual({ sampling: { source: 'preview' }, which: 'known', where: [], rank })
  })

  test('is none where a rank is of the page', () => {
    expect(parse({ rank: 'red' }).search.colours).toBeUndefined()
  })

  test('goes with a sort of its own where nothing is ranked', () => {
    expect(parse({ where: 'valid>0.5', sort: 'cloud' }).search.sort).toBe('cloud')
  })
})

describe('the area', () => {
  test('of a form that needs none is the world', () => {
    expect(parseAreaQuery({}, 'any').search.area).toBe(WORLD)
    expect(parseAreaQuery(BBOX, 'any').search.area.box).toEqual([12.5, 55.6, 12.6, 55.7])
    expect(errorsOf(() => parseAreaQuery({ lat1: '1' }, 'any')).length).toBe(3)
  })

  test('is given once', () => {
    expect(errorsOf(() => parse({ intersects: TRIANGLE }))).toEqual([
      'intersects stands beside bbox; give one area',
    ])
    expect(errorsOf(() => parse({ intersects: TRIANGLE, lat1: '1', lng2: '2' }))).toEqual([
      'intersects stands beside bbox, lat1, lng2; give one area',
    ])
  })

  test('is a polygon where intersects tells one', () => {
    const { area } = parseAreaQuery({ intersects: TRIANGLE }, 'box').search
    expect(area.box).toEqual([12, 55, 13, 56])
    expect(area.shape?.[0]?.[0]?.length).toBe(4)
  })

  test('that is no GeoJSON is refused with what is wrong', () => {
    for (const intersects of ['', '{', '[]', '{"type":"Point"}', '{"type":"Polygon","coordinates":[]}']) {
      const [sentence = '', ...more] = errorsOf(() => parseAreaQuery({ intersects }, 'box'))
      expect(sentence).toMatch(/^intersects \w/)
      expect(more).toEqual([])
    }
  })
})

const TRIANGLE = '{"type":"Polygon","coordinates":[[[12,55],[13,55],[13,56],[12,55]]]}'

function errorsOf(asked: () => unknown): string[] {
  try {
    asked()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.errors.map(({ message }) => message)
    throw thrown
  }
  throw new Error('The query was taken.')
}
