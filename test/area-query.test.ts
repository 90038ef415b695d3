import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AreaForm, parseAreaQuery } from '../src/area-query.ts'
import { Fault } from '../src/errors.ts'
import { writeToken } from '../src/page-token.ts'
import type { Parameters } from '../src/parameters.ts'
import { formatTime } from '../src/sentinel2/time.ts'

const CORNERS = { lat1: '55.660797', lng1: '12.5896', lat2: '55.663369', lng2: '12.584670' }
const SHARED = { level: 'L1C', dedupe: 'latest', cloud: undefined, tiles: undefined }

describe('a query', () => {
  test('of two corners takes the defaults for all else', () => {
    expect(parseAreaQuery(CORNERS, 'box')).toEqual({
      search: {
        area: { box: [12.58467, 55.660797, 12.5896, 55.663369] },
        time: { from: undefined, until: undefined },
        ...SHARED,
      },
      bands: undefined,
      limit: 250,
      after: undefined,
      format: undefined,
      rank: undefined,
      sampling: { source: 'bands', stride: 16 },
    })
  })

  test('takes every parameter', () => {
    const query = parse({
      datetime: '2020-07-17/2020-07-18',
      cloud: '5,20',
      level: 'L2A',
      tiles: '33UVB, t33uub,33UUB',
      bands: 'b02,TCI,SCL',
      dedupe: 'none',
      limit: '7',
      format: 'geojson',
      rank: 'red',
      stride: '4',
      source: 'bands',
      relation: 'within',
      min_coverage: '0.25',
      since: '2024-08-28',
      best: 'tile,month',
      sort: 'rank',
      where: 'valid>=0.5',
    })
    expect(query.search).toMatchObject({
      relation: 'within',
      minCoverage: 0.25,
      since: Date.UTC(2024, 7, 28) * 1000,
      best: 'tile,month',
      sort: 'rank',
      colours: { which: 'known', where: [{ of: 'valid', is: '>=', than: 0.5 }], rank: { of: 'red' } },
      level: 'L2A',
      cloud: { min: 5, max: 20 },
      tiles: ['33UUB', '33UVB'],
      dedupe: 'none',
    })
    expect([...(query.bands ?? [])]).toEqual(['B02', 'TCI', 'SCL'])
    expect([query.limit, query.format]).toEqual([7, 'geojson'])
    expect([query.rank, query.sampling]).toEqual([
      { by: 'share', of: 'red' },
      { source: 'bands', stride: 4 },
    ])
  })

  test('of a box takes its edges in the order west, south, east, north', () => {
    expect(parseAreaQuery({ bbox: '12.5,55.6,12.6,55.7' }, 'box').search.area.box).toEqual([
      12.5, 55.6, 12.6, 55.7,
    ])
    expect(parseAreaQuery({ bbox: ' 177 , -20, -178, -16 ' }, 'box').search.area.box).toEqual([
      177, -20, 182, -16,
    ])
  })

  test('of a point has an area without size', () => {
    expect(parseAreaQuery({ lat: '55.66', lng: '12.58' }, 'point').search.area.box).toEqual([
      12.58, 55.66, 12.58, 55.66,
    ])
  })

  test('takes one value in a list as well as alone', () => {
    const listed = Object.fromEntries(Object.entries(CORNERS).map(([name, value]) => [name, [value]]))
    expect(parseAreaQuery(listed, 'box')).toEqual(parseAreaQuery(CORNERS, 'box'))
  })

  test('takes numbers as people write them', () => {
    for (const lat1 of ['55', '+55', '55.', '55.0', '5.5e1', ' 55 ']) {
      expect(parse({ lat1, lat2: '55' }).search.area.box[1], lat1).toBe(55)
    }
    expect(parse({ lat1: '-.5', lat2: '0' }).search.area.box[1]).toBe(-0.5)
  })

  test('of one cloud percentage means at most that', () => {
    expect(parse({ cloud: '20' }).search.cloud).toEqual({ min: 0, max: 20 })
    expect(parse({ cloud: '0' }).search.cloud).toEqual({ min: 0, max: 0 })
    expect(parse({ cloud: '12.5,12.5' }).search.cloud).toEqual({ min: 12.5, max: 12.5 })
  })

  test('for more granules than a page holds gets as many as it holds', () => {
    expect(parse({ limit: '10000' }).limit).toBe(10_000)
    expect(parse({ limit: '10001' }).limit).toBe(10_000)
    expect(parse({ limit: '99999999999999999999999' }).limit).toBe(10_000)
    expect(parse({ limit: '1' }).limit).toBe(1)
    for (const limit of ['0', '-1', '-250']) expect(() => parse({ limit })).toThrow(/: limit is below 1\./)
  })
})

describe('a time asked for', () => {
  const timeOf = (datetime: string) => {
    const { from, until } = parse({ datetime }).search.time
    return [from, until].map((time) => (time === undefined ? undefined : formatTime(time)))
  }

  test.for([
    ['2020-07-17T10:20:30Z', '2020-07-17T10:20:30.000Z', '2020-07-17T10:20:30.000Z'],
    ['2020-07-17t10:20:30z', '2020-07-17T10:20:30.000Z', '2020-07-17T10:20:30.000Z'],
    ['2020-07-17T10:20:30+01:00', '2020-07-17T09:20:30.000Z', '2020-07-17T09:20:30.000Z'],
    ['2020-07-17', '2020-07-17T00:00:00.000Z', '2020-07-17T23:59:59.999999Z'],
    ['2020-07-17/2020-07-18', '2020-07-17T00:00:00.000Z', '2020-07-18T23:59:59.999999Z'],
    ['2020-07-17/2020-07-17', '2020-07-17T00:00:00.000Z', '2020-07-17T23:59:59.999999Z'],
    ['2020-07-17T12:00:00Z/2020-07-17', '2020-07-17T12:00:00.000Z', '2020-07-17T23:59:59.999999Z'],
    ['2020-07-17/..', '2020-07-17T00:00:00.000Z', undefined],
    ['../2020-07-17', undefined, '2020-07-17T23:59:59.999999Z'],
    ['2020-07-17/', '2020-07-17T00:00:00.000Z', undefined],
    ['/2020-07-17T10:20:30.5Z', undefined, '2020-07-17T10:20:30.500Z'],
    ['2016-12-31T23:59:60Z/..', '2016-12-31T23:59:59.000Z', undefined],
  ] as const)('%s', ([datetime, from, until]) => {
    expect(timeOf(datetime)).toEqual([from, until])
  })

  test.for([
    ['../..', 'open at both ends'],
    ['/', 'open at both ends'],
    ['..', 'neither an RFC 3339 time'],
    ['', 'neither an RFC 3339 time'],
    ['2020-07-18/2020-07-17', 'ends before it begins'],
    ['2020-07-17T10:00:00Z/2020-07-17T09:59:59Z', 'ends before it begins'],
    ['2020-07-17/2020-07-18/2020-07-19', 'more than one slash'],
    ['2020-07-17T10:20:30', '"2020-07-17T10:20:30"'],
    ['2020-07-17T10:20:30+0100', '"2020-07-17T10:20:30+0100"'],
    ['2020-07-17T10:20:30 01:00', '"2020-07-17T10:20:30 01:00"'],
    ['2020-02-30', '"2020-02-30"'],
    ['2020-07', '"2020-07"'],
    ['yesterday', '"yesterday"'],
    ['2020-07-17/tomorrow', '"tomorrow"'],
    ['now/2020-07-17', '"now"'],
  ] as const)('%j is refused', ([datetime, sentence]) => {
    const fault = faultOf({ ...CORNERS, datetime })
    expect(namesOf(fault)).toEqual(['datetime'])
    expect(fault.message).toContain(sentence)
  })
})

describe('a wrong parameter is named:', () => {
  test.for([
    ['a corner', { lat1: 'abc' }],
    ['no number', { lat1: 'NaN' }],
    ['no end', { lng1: 'Infinity' }],
    ['too large for a number', { lng1: '1e999' }],
    ['hexadecimal', { lat1: '0x10' }],
    ['empty', { lat2: '' }],
    ['two numbers', { lng2: '1,2' }],
    ['a decimal comma', { lng2: '12,5' }],
    ['other digits', { lat1: '１２' }],
    ['too far north', { lat1: '90.0001' }],
    ['too far south', { lat2: '-91' }],
    ['too far east', { lng1: '180.5' }],
    ['too far west', { lng2: '-181' }],
    ['clouds below none', { cloud: '-1' }],
    ['clouds above all', { cloud: '101' }],
    ['clouds of three', { cloud: '1,2,3' }],
    ['clouds turned round', { cloud: '20,5' }],
    ['clouds in words', { cloud: 'few' }],
    ['clouds of nothing', { cloud: '' }],
    ['a level', { level: 'L1B' }],
    ['a level in lower case', { level: 'l1c' }],
    ['a tile', { tiles: '33UUI' }],
    ['a tile that is not there', { tiles: '33XAA' }],
    ['tiles with a gap', { tiles: '33UUB,,33UVB' }],
    ['a band', { bands: 'B13' }],
    ['a band of the other level', { bands: 'SCL' }],
    ['bands of nothing', { bands: '' }],
    ['a way to deduplicate', { dedupe: 'yes' }],
    ['no granules', { limit: '0' }],
    ['fewer than none', { limit: '-1' }],
    ['a part of a granule', { limit: '1.5' }],
    ['a limit of ten in other words', { limit: '1e1' }],
    ['a format', { format: 'xml' }],
    ['a token', { token: 'garbage' }],
    ['an empty token', { token: '' }],
    ['a rank', { rank: 'cyan' }],
    ['an empty rank', { rank: '' }],
    ['a rank of three digits', { rank: '#f80' }],
    ['a rank of eight digits', { rank: '#ff8800ff' }],
    ['a rank in no digits', { rank: 'gg8800' }],
    ['no stride', { rank: 'red', stride: '0' }],
    ['a stride too long', { rank: 'red', stride: '65' }],
    ['a part of a stride', { rank: 'red', stride: '1.5' }],
    ['a stride in words', { rank: 'red', stride: 'sixteen' }],
    ['an empty stride', { rank: 'red', stride: '' }],
    ['a source', { rank: 'red', source: 'TCI' }],
    ['an empty source', { rank: 'red', source: '' }],
  ] as const)('%s', ([, wrong]) => {
    const fault = faultOf({ ...CORNERS, ...wrong })
    expect(fault.code).toBe('bad-request')
    const atFault = Object.entries<string>(wrong).filter(([, value]) => value !== 'red')
    expect([...new Set(namesOf(fault))]).toEqual(atFault.map(([name]) => name))
    for (const { parameter, message } of fault.errors)
      expect(message.startsWith(`${parameter} `), message).toBe(true)
  })

  test.for([
    ['three edges', '1,2,3'],
    ['five edges', '1,2,3,4,5'],
    ['words', 'a,b,c,d'],
    ['no numbers', '1,2,NaN,4'],
    ['no end', '1,2,Infinity,4'],
    ['south above north', '1,4,3,2'],
    ['latitude first', '12,181,13,55'],
    ['west of the world', '-180.1,2,3,4'],
    ['east of the world', '1,2,180.1,4'],
    ['north of the world', '1,2,3,91'],
    ['nothing', ''],
  ] as const)('a box of %s', ([, bbox]) => {
    const fault = faultOf({ bbox })
    expect(new Set(namesOf(fault))).toEqual(new Set(['bbox']))
  })

  test('each that is missing', () => {
    expect(namesOf(faultOf({}))).toEqual(['lat1', 'lng1', 'lat2', 'lng2'])
    expect(namesOf(faultOf({ lat1: '1', lng2: '2' }))).toEqual(['lng1', 'lat2'])
    expect(namesOf(faultOf({}, 'point'))).toEqual(['lat', 'lng'])
    expect(faultOf({}).message).toContain('bbox=west,south,east,north')
  })

  test('a box beside corners', () => {
    const fault = faultOf({ bbox: '1,2,3,4', lat1: '1', lng2: '2' })
    expect(namesOf(fault)).toEqual(['bbox'])
    expect(fault.message).toContain('lat1, lng2')
  })

  test('each that is given twice', () => {
    const twice = { lat1: ['1', '2'], cloud: ['1', '1'], bbox: undefined }
    const fault = faultOf({ ...CORNERS, ...twice })
    expect(namesOf(fault)).toEqual(['lat1', 'cloud'])
    expect(fault.message).toContain('lat1 is given 2 times')
  })

  test('all of them at once, with the value at fault', () => {
    const fault = faultOf({
      lat1: 'abc',
      lng1: '200',
      lat2: '5',
      cloud: 'x',
      bands: 'B10',
      level: 'L2A',
      tiles: '99ABC',
      datetime: 'soon',
      limit: '0',
      format: 'xml',
      dedupe: 'no',
      cluod: '5',
    })
    expect(new Set(namesOf(fault))).toEqual(
      new Set([
        'lat1',
        'lng1',
        'lng2',
        'cloud',
        'bands',
        'tiles',
        'datetime',
        'limit',
        'format',
        'dedupe',
        'cluod',
      ]),
    )
    expect(fault.message).toContain('99ABC')
    expect(fault.message).toContain('B10')
  })

  test.for([
    ['lon1', 'lng1'],
    ['lon2', 'lng2'],
    ['Lat1', 'lat1'],
    ['LAT2', 'lat2'],
    ['l2at', 'lat2'],
    ['latitude2', 'lat2'],
    ['clouds', 'cloud'],
    ['cluod', 'cloud'],
    ['cloudcover', 'cloud'],
    ['bands[]', 'bands'],
    ['band', 'bands'],
    ['tile', 'tiles'],
    ['date', 'datetime'],
    ['date_time', 'datetime'],
    ['box', 'bbox'],
    ['BBOX', 'bbox'],
    ['limits', 'limit'],
    ['tokens', 'token'],
    ['fromat', 'format'],
    ['lvl', 'level'],
    ['dedup', 'dedupe'],
  ] as const)('%s is unknown, and %s is meant', ([name, meant]) => {
    expect(faultOf({ ...CORNERS, [name]: '1' }).errors).toEqual([
      { parameter: name, message: `${name} is no parameter (did you mean ${meant}?)` },
    ])
  })

  test('an unknown one that is near to none goes without a proposal', () => {
    for (const name of ['xyzzy', '__proto__x', 'constructor', 'utm_source', '']) {
      expect(faultOf({ ...CORNERS, [name]: '1' }).errors).toEqual([
        { parameter: name, message: `${name} is no parameter` },
      ])
    }
  })

  test('those of a point where a box is asked, and the other way round', () => {
    expect(namesOf(faultOf({ ...CORNERS, lat: '1' }))).toEqual(['lat'])
    expect(namesOf(faultOf({ lat: '1', lng: '2', lat1: '1', bbox: '1,2,3,4' }, 'point'))).toEqual([
      'lat1',
      'bbox',
    ])
    expect(faultOf({ lat: '1', lon: '2' }, 'point').message).toContain(
      'lon is no parameter (did you mean lng?)',
    )
  })
})

describe('a rank', () => {
  test('is a band in any case, or a colour with or without its #', () => {
    expect(parse({ rank: 'green' }).rank).toEqual({ by: 'share', of: 'green' })
    expect(parse({ rank: 'Blue' }).rank).toEqual({ by: 'share', of: 'blue' })
    for (const rank of ['#1e90ff', '1e90ff', '#1E90FF', '1E90FF']) {
      expect(parse({ rank }).rank, rank).toEqual({ by: 'nearness', to: [0x1e / 255, 0x90 / 255, 1] })
    }
  })

  test.for([
    ['bleu', /"bleu", which is none of red, green, blue or six .* \(did you mean blue\?\)/],
    ['gren', /\(did you mean green\?\)/],
    ['rad', /\(did you mean red\?\)/],
    ['magenta', /"magenta", which is none of red, green, blue or six hexadecimal digits such as #1e90ff\.$/],
    ['%23ff0000', /"%23ff0000", which is none of/],
    ['#f80', /"#f80", of three digits; write all six: #ff8800/],
    ['abc', /write all six: #aabbcc/],
    ['', /rank is empty; .* # is written %23/],
    ['#', /rank is empty; .* # is written %23/],
  ] as const)('%j is named with the way out', ([rank, sentence]) => {
    const fault = faultOf({ ...CORNERS, rank })
    expect(namesOf(fault)).toEqual(['rank'])
    expect(fault.message).toMatch(sentence)
  })

  test('takes its stride from 1 to 64, and no stride of a preview', () => {
    for (const stride of [1, 64]) {
      expect(parse({ rank: 'red', stride: String(stride) }).sampling).toEqual({ source: 'bands', stride })
    }
    expect(parse({ rank: 'red', source: 'preview' }).sampling).toEqual({ source: 'preview' })
    const both = faultOf({ ...CORNERS, rank: 'red', source: 'preview', stride: '16' })
    expect(namesOf(both)).toEqual(['stride'])
    expect(both.message).toContain('a preview takes no stride')
  })

  test('is what stride and source need, but where colours are asked for themselves', () => {
    const fault = faultOf({ ...CORNERS, stride: '8', source: 'bands' })
    expect(namesOf(fault)).toEqual(['stride', 'source'])
    expect(fault.message).toContain('stride needs rank')
    const given = { ...CORNERS, source: 'bands', stride: '8' }
    expect(parseAreaQuery(given, 'box', [], 'colour')).toMatchObject({
      rank: undefined,
      sampling: { source: 'bands', stride: 8 },
    })
    expect(() => parseAreaQuery({ ...given, stride: '65' }, 'box', [], 'colour')).toThrow('between 1 and 64')
  })

  test('does not change the token of a page', () => {
    const { search } = parse({ cloud: '20' })
    const token = writeToken(search, [1])
    const more = { cloud: '20', token, rank: '1e90ff', stride: '4' }
    expect(parse(more).after).toEqual([1])
  })
})

describe('the token of a page', () => {
  const { search } = parse({ cloud: '20', tiles: '33UUB,33UVB' })
  const cursor = [1_500_000_000_000_000, 'tiles/33/U/UB/x.SAFE', -1.5]
  const token = writeToken(search, cursor)
  const same = { cloud: '20', tiles: '33UVB,33UUB' }

  test('gives the place where the next one starts', () => {
    expect(parse({ ...same, token }).after).toEqual(cursor)
    expect(token).toMatch(/^[\w-]+$/)
  })

  test('holds for any limit, format and bands, and however the area is written', () => {
    const bbox = '12.58467,55.660797,12.5896,55.663369'
    expect(parse({ ...same, token, limit: '3', format: 'csv', bands: 'B02' }).after).toEqual(cursor)
    expect(parseAreaQuery({ bbox, ...same, token }, 'box').after).toEqual(cursor)
  })

  test.for([
    ['area', { ...same, lat1: '55.7' }],
    ['level', { ...same, level: 'L2A' }],
    ['time', { ...same, datetime: '2020-07-17' }],
    ['clouds', { ...same, cloud: '21' }],
    ['least clouds', { ...same, cloud: '1,20' }],
    ['tiles', { ...same, tiles: '33UUB' }],
    ['deduplication', { ...same, dedupe: 'none' }],
  ] as const)('of a query with another %s is refused', ([, other]) => {
    const fault = faultOf({ ...CORNERS, ...other, token })
    expect(namesOf(fault)).toEqual(['token'])
    expect(fault.message).toContain('belongs to another query')
  })

  test('that swath never gave is refused', () => {
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const strange = [
      'x',
      token.slice(1),
      encoded(null),
      encoded([]),
      encoded({}),
      encoded([1]),
      encoded(['a', null]),
      '\0',
    ]
    for (const text of strange) {
      const fault = faultOf({ ...CORNERS, ...same, token: text })
      expect(namesOf(fault), text).toEqual(['token'])
      expect(fault.message).toContain('is not one that swath gave')
    }
  })
})

test('whatever is asked, the answer is a query or a Fault that names only what was asked or is missing', () => {
  const names =
    'lat1 lng1 lat2 lng2 lat lng bbox intersects datetime cloud level tiles relation min_coverage since best sort bands dedupe limit token format rank where stride source'.split(
      ' ',
    )
  const anyName = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 20 }))
  const anyValue = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.stringMatching(/^[0-9.,eE+-]{0,20}$/),
    fc.stringMatching(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?(\/(\.\.|\d{4}-\d\d-\d\d))?$/),
    fc.constantFrom(
      'NaN',
      'Infinity',
      'L1C',
      'L2A',
      '33UUB',
      'B02',
      'none',
      '0',
      '1',
      '-0',
      '../..',
      '1,2,3,4',
      'rank',
      'cloud',
      'tile,month',
      'within',
      'red',
      'share_red>=0.4',
      '{"type":"Polygon","coordinates":[[[12,55],[13,55],[13,56],[12,55]]]}',
    ),
    fc.base64String(),
    fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
    fc.constant(undefined),
  )
  const anyForm = fc.constantFrom<AreaForm>('box', 'point', 'any')
  fc.assert(
    fc.property(fc.dictionary(anyName, anyValue), fc.boolean(), anyForm, (given, withCorners, form) => {
      const asked = withCorners && form === 'box' ? { ...CORNERS, ...given } : given
      try {
        const { search, limit } = parseAreaQuery(asked, form)
        expect(search.area.box.every(Number.isFinite)).toBe(true)
        expect(limit >= 1 && limit <= 10_000).toBe(true)
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown
        expect(thrown.code).toBe('bad-request')
        expect(thrown.errors.length).toBeGreaterThan(0)
        const required = form === 'point' ? ['lat', 'lng'] : ['lat1', 'lng1', 'lat2', 'lng2']
        for (const name of namesOf(thrown)) expect([...Object.keys(asked), ...required]).toContain(name)
      }
    }),
    { numRuns: 2000 },
  )
})

function parse(more: Parameters) {
  return parseAreaQuery({ ...CORNERS, ...more }, 'box')
}

function faultOf(asked: Parameters, form: AreaForm = 'box'): Fault {
  try {
    parseAreaQuery(asked, form)
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error(`The query was taken: ${JSON.stringify(asked)}`)
}

function namesOf(fault: Fault): string[] {
  return fault.errors.map(({ parameter }) => parameter)
}

test('a bbox of too few numbers is told that alone', () => {
  expect(() => parseAreaQuery({ bbox: '1,2' }, 'box')).toThrow(
    /^The query is wrong: bbox is not four numbers west,south,east,north\.$/,
  )
})
