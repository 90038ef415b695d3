import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatCompactTime, formatTime, parseCompactTime, parseTime } from '../../src/sentinel2/time.ts'

const SECOND = 1e6
/** From the year 1900 to the end of what microseconds hold safely, 2255. */
const anyTime = fc.integer({ min: Date.UTC(1900, 0) * 1000, max: Date.UTC(2255, 0) * 1000 })

describe('a time', () => {
  test('is the same after it was written and read', () => {
    fc.assert(fc.property(anyTime, (time) => parseTime(formatTime(time)) === time))
  })

  test('of a product name is the same to the second after it was written and read', () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        expect(parseCompactTime(formatCompactTime(time))).toBe(Math.floor(time / SECOND) * SECOND)
      }),
    )
  })

  test('sorts as its text does where both have as many digits', () => {
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        const [first, second] = [a, b].map((time) => formatCompactTime(time))
        if (a < b) expect(first && second && first <= second).toBe(true)
      }),
    )
  })

  test('keeps the microseconds that the archive gives', () => {
    const time = parseTime('2017-02-08T09:21:43.890123Z')
    expect(time).toBe(Date.UTC(2017, 1, 8, 9, 21, 43, 890) * 1000 + 123)
    expect(formatTime(time ?? 0)).toBe('2017-02-08T09:21:43.890123Z')
  })

  test.for([
    ['2017-02-08T09:21:43Z', '2017-02-08T09:21:43.000Z'],
    ['2017-02-08T09:21:43.8Z', '2017-02-08T09:21:43.800Z'],
    ['2017-02-08T09:21:43.890000Z', '2017-02-08T09:21:43.890Z'],
    ['2017-02-08T09:21:43.000001Z', '2017-02-08T09:21:43.000001Z'],
    ['2017-02-08T09:21:43.123456789Z', '2017-02-08T09:21:43.123456Z'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    ['2017-02-08t09:21:43z', '2017-02-08T09:21:43.000Z'],
    ['2017-02-08 09:21:43Z', '2017-02-08T09:21:43.000Z'],
    ['2017-02-08T09:21:43+05:30', '2017-02-08T03:51:43.000Z'],
    ['2017-01-01T00:30:00-08:00', '2017-01-01T08:30:00.000Z'],
    ['2017-01-01T00:30:00+01:00', '2016-12-31T23:30:00.000Z'],
    ['2017-02-08T09:21:43-00:00', '2017-02-08T09:21:43.000Z'],
    ['2020-02-29T00:00:00Z', '2020-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    ['2016-12-31T15:59:60.25-08:00', '2016-12-31T23:59:59.250Z'],
  ] as const)('%s', ([text, expected]) => {
    const time = parseTime(text)
    expect(time).toBeDefined()
    expect(formatTime(time ?? 0)).toBe(expected)
  })

  test.for([
    '',
    'now',
    '2017',
    '2017-02-08',
    '2017-02-08T09:21:43',
    '2017-02-08T09:21Z',
    '2017-02-08T09:21:43+0530',
    '2017-02-08T09:21:43+05',
    '2017-02-08T09:21:43 +05:30',
    '2017-02-08T09:21:43.Z',
    '2017-02-08T09:21:43,5Z',
    '2017-02-08T09:21:43.1234567890Z',
    '2017-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2017-02-30T00:00:00Z',
    '2017-04-31T00:00:00Z',
    '2017-13-01T00:00:00Z',
    '2017-00-10T00:00:00Z',
    '2017-01-00T00:00:00Z',
    '2017-01-01T24:00:00Z',
    '2017-01-01T23:60:00Z',
    '2017-01-01T23:59:61Z',
    '2017-01-01T23:59:59+24:00',
    '2017-01-01T23:59:59+05:60',
    '0050-01-01T00:00:00Z',
    '17-02-08T09:21:43Z',
    '+002017-02-08T09:21:43Z',
    ' 2017-02-08T09:21:43Z',
    '2017-02-08T09:21:43Z\n',
    '２017-02-08T09:21:43Z',
    '20170208T092143',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })

  test('of a product name reads only what such a name holds', () => {
    expect(parseCompactTime('20180101T105441')).toBe(Date.UTC(2018, 0, 1, 10, 54, 41) * 1000)
    for (const text of ['20180101T105441Z', '20180101105441', '2018-01-01T10:54:41', '20180231T105441', '']) {
      expect(parseCompactTime(text), text).toBeUndefined()
    }
  })

  test('reading never throws, whatever is read', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9T:Zz.+-]{0,30}$/)), (text) => {
        const time = parseTime(text)
        expect(time === undefined || Number.isSafeInteger(time)).toBe(true)
        expect(parseCompactTime(text) === undefined || text.length === 15).toBe(true)
      }),
    )
  })
})
