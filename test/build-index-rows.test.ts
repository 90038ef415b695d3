import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { readArchiveTime, readStamp } from '../src/index-file/fast-times.ts'
import { writeStampAt } from '../src/index-file/quick-digits.ts'
import { cellOf, readIndexRow, toIndexRow } from '../src/index-file/row.ts'
import { shortNames } from '../src/index-file/short-names.ts'
import { supersededOf } from '../src/index-file/superseded.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import { LEVELS } from '../src/sentinel2/bands.ts'
import { bestProducts, type Granule } from '../src/sentinel2/granule.ts'
import { tilesOf } from '../src/sentinel2/tiles.ts'
import { formatCompactTime, formatTime, parseCompactTime, parseTime } from '../src/sentinel2/time.ts'
import { type ArchiveRow, archiveRow, csvOf, LONG_FORM_ROW, writeCsv } from './archive.ts'
import { granulesIn } from './index-granules.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

const NEW_ROW = { seq: 0, batch: 0, superseded: false }

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const PLAIN = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })
const STRANGE = 'L1C_T33UUB_A000009_20190101T100006'

describe('a row with a value out of its range', () => {
  test.for([
    ['a size that no number holds', { TOTAL_SIZE: '100000000000000000' }],
    ['a negative size', { TOTAL_SIZE: '-1' }],
    ['a size with a fraction', { TOTAL_SIZE: '12.5' }],
    ['a size in hexadecimals', { TOTAL_SIZE: '0x10' }],
    ['a size of spaces', { TOTAL_SIZE: '  ' }],
    ['a cloud cover without end', { CLOUD_COVER: 'Infinity' }],
    ['a cloud cover that is none', { CLOUD_COVER: 'NaN' }],
    ['more clouds than sky', { CLOUD_COVER: '150' }],
    ['less clouds than none', { CLOUD_COVER: '-0.1' }],
    ['a cloud cover with a unit', { CLOUD_COVER: '10%' }],
    ['a longitude far out', { EAST_LON: '1e15' }],
    ['a longitude below -180', { WEST_LON: '-180.1' }],
    ['a latitude past the pole', { NORTH_LAT: '95' }],
    ['a latitude past the other pole', { SOUTH_LAT: '-90.5' }],
    ['a sensing time past the safe numbers', { SENSING_TIME: '9999-12-31T23:59:59Z' }],
    ['a generation time past the safe numbers', { GENERATION_TIME: '9999-12-31T23:59:59Z' }],
    ['a day that is none', { SENSING_TIME: '2019-02-30T10:00:06.000000Z' }],
    ['an hour that is none', { SENSING_TIME: '2019-02-03T24:00:06.000000Z' }],
  ] as const)('is counted and named: %s', async ([, values]) => {
    const csv = await writeCsv(at('index.csv'), [PLAIN, { ...PLAIN, ...values, GRANULE_ID: STRANGE }])
    const report = await buildIndex({ from: [csv], to: at('index.sqlite') })
    expect(report).toMatchObject({
      rows: 2,
      kept: 1,
      rejected: [
        {
          reason: 'with a value that cannot be read',
          count: 1,
          examples: [expect.stringContaining(`${STRANGE} (${Object.keys(values)[0]} `)],
        },
      ],
    })
    expect(granulesIn(at('index.sqlite'))).toHaveLength(1)
  })

  test('is told from one at the end of its range, which is kept and found', async () => {
    const edges: ArchiveRow[] = [
      { ...PLAIN, TOTAL_SIZE: '9007199254740991', CLOUD_COVER: '100' },
      { ...PLAIN, TOTAL_SIZE: '0', CLOUD_COVER: '0.0', GRANULE_ID: STRANGE },
      { ...PLAIN, CLOUD_COVER: '1.25e-05', GRANULE_ID: 'L1C_T33UUB_A000010_20190101T100006' },
      { ...PLAIN, TOTAL_SIZE: '600000000.0', GRANULE_ID: 'L1C_T33UUB_A000011_20190101T100006' },
      { ...PLAIN, SENSING_TIME: '2254-12-31T23:59:59.999999Z', GRANULE_ID: 'odd' },
    ]
    const report = await buildIndex({
      from: [await writeCsv(at('index.csv'), edges)],
      to: at('index.sqlite'),
    })
    expect(report).toMatchObject({ kept: 5, rejected: [] })
    const granules = granulesIn(at('index.sqlite'))
    expect(new Set(granules.map(({ totalSize }) => totalSize))).toEqual(
      new Set([Number.MAX_SAFE_INTEGER, 0, 600_000_000]),
    )
    expect(granules.map(({ cloudCover }) => cloudCover)).toContain(1.25e-5)
    expect(granules[0]?.granuleId).toBe('odd')
  })
})

describe('rows of one product', () => {
  test('give the same index in whatever order they stand', async () => {
    const others = ['11', '12', '13'].map((CLOUD_COVER) => ({ ...PLAIN, CLOUD_COVER }))
    const kept = []
    for (const rows of [others, others.toReversed()]) {
      const csv = await writeCsv(at('index.csv'), rows)
      await buildIndex({ from: [csv], to: at('index.sqlite') })
      kept.push(granulesIn(at('index.sqlite')))
    }
    expect(kept[0]).toHaveLength(1)
    expect(kept[1]).toEqual(kept[0])
  })
})

describe('a CSV', () => {
  const build = async (csv: string) => {
    await writeFile(at('index.csv'), csv)
    return buildIndex({ from: [at('index.csv')], to: at('index.sqlite') })
  }
  const second = archiveRow({ tile: '33UVB', start: '2019-01-02T10:00:00Z' })

  test('of one granule count once, whether or not they tell its datatake, and with whatever times', async () => {
    const rows = [
      LONG_FORM_ROW,
      // The folder of the long form carries the start of the sensing, some seconds after that of the datatake.
      { ...LONG_FORM_ROW, DATATAKE_IDENTIFIER: null, SENSING_TIME: '2015-12-23T02:39:14.886000Z' },
      PLAIN,
      {
        ...PLAIN,
        DATATAKE_IDENTIFIER: 'GS2A_20180505T101010_000022_N02.06',
        SENSING_TIME: '2019-01-01T10:00:07.000000Z',
      },
    ]
    const report = await buildIndex({ from: [await writeCsv(at('index.csv'), rows)], to: at('index.sqlite') })
    expect(report).toMatchObject({ kept: 2, duplicates: 2 })
    const granules = granulesIn(at('index.sqlite'))
    expect(granules.map(({ sensingTime }) => sensingTime)).toEqual(
      [PLAIN, LONG_FORM_ROW].map(({ SENSING_TIME }) => parseTime(SENSING_TIME ?? '')),
    )
  })

  test('may have its header in quotes, in lower case, after a byte order mark, with CR LF', async () => {
    const [header = '', ...rows] = csvOf([PLAIN, second]).split('\n')
    const quoted = header.split(',').map((name) => `"${name}"`)
    for (const line of [
      quoted.join(','),
      header.toLowerCase(),
      `\uFEFF${header}`,
      `\uFEFF${quoted.join()}`,
    ]) {
      expect(await build([line, ...rows].join('\n'))).toMatchObject({ kept: 2, rejected: [] })
      expect(await build([line, ...rows].join('\r\n'))).toMatchObject({ kept: 2, rejected: [] })
    }
  })

  test('that names a column twice is refused by the name', async () => {
    await expect(build(csvOf([PLAIN]).replace('SOURCE_URL', 'BASE_URL'))).rejects.toThrow(
      /it has BASE_URL more than once/,
    )
  })

  test('whose lines end in several ways is refused for that', async () => {
    const rows = Array.from({ length: 50 }, (_, day) =>
      archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, day + 1)).toISOString() }),
    )
    const lines = csvOf(rows).split('\n')
    const mixed = (odd: number) => lines.map((line, i) => (i % 2 === odd ? `${line}\r` : line)).join('\n')
    for (const csv of [mixed(0), mixed(1)])
      await expect(build(csv)).rejects.toThrow(/lines end in several ways/)
  })

  test('may have fields in quotes, letters of any tongue, and columns in another order', async () => {
    const odd = { ...second, GEOMETRIC_QUALITY_FLAG: 'PASSÉ' }
    const [head = '', first = '', last = ''] = csvOf([PLAIN, odd]).split('\n')
    const turned = (line: string) => line.split(',').reverse().join(',')
    const quoted = last.split(',').map((field) => `"${field}"`)
    for (const lines of [
      [head, first, last],
      [head, first, quoted.join()],
      [head, first, last].map(turned),
      [turned(head), turned(first), quoted.reverse().join()],
    ]) {
      expect(await build(`${lines.join('\n')}\n`)).toMatchObject({ kept: 2, exceptions: 0 })
      expect(granulesIn(at('index.sqlite')).map(({ quality }) => quality)).toEqual(['PASSÉ', 'PASSED'])
    }
  })

  test('may lack its last line feed and have blank lines at its end', async () => {
    expect(await build(csvOf([PLAIN, second]).trimEnd())).toMatchObject({ kept: 2 })
    expect(await build(`${csvOf([PLAIN, second])}\n\n`)).toMatchObject({ rows: 2, kept: 2 })
  })

  test('that is no UTF-8, has an open quote or a row without end is refused for that', async () => {
    const bytes = Buffer.from(csvOf([PLAIN, second]))
    bytes[bytes.indexOf('PASSED')] = 0xff
    await writeFile(at('index.csv'), bytes)
    const refused = (csv: string) => expect(buildIndex({ from: [csv], to: at('index.sqlite') })).rejects
    await refused(at('index.csv')).toThrow(/line 2 is broken \(it is not UTF-8\)/)
    await writeFile(at('index.csv'), csvOf([PLAIN]).replace('PASSED', '"PASSED'))
    await refused(at('index.csv')).toThrow(/line 2 is broken \(a quote/)
    await writeFile(at('index.csv'), csvOf([PLAIN]) + 'x'.repeat(3 << 20))
    await refused(at('index.csv')).toThrow(/line 3 is broken \(it does not end within a megabyte\)/)
  })
})

describe('the quick way', () => {
  const second = fc.integer({ min: -9_000_000_000, max: 9_000_000_000 })
  const strange = fc
    .tuple(second, fc.integer({ min: 0, max: 26 }), fc.constantFrom('0', '9', '6', '-', ':', 'T', ' ', 'x'))
    .map(([time, where, odd]) => {
      const text = formatTime(time * 1e6 + 123)
      return text.slice(0, where) + odd + text.slice(where + 1)
    })

  /** Past the safe numbers any number will do: such a row is refused. */
  const safe = (time: number | undefined) =>
    time === undefined || Number.isSafeInteger(time) ? time : 'past the safe numbers'

  test('reads every time as the plain way does, and what is no time as none', () => {
    fc.assert(
      fc.property(second, strange, (time, text) => {
        expect(readArchiveTime(formatTime(time * 1e6 + 7))).toBe(time * 1e6 + 7)
        expect(safe(readArchiveTime(text))).toBe(safe(parseTime(text) ?? parseTime(text.replace(' ', 'T'))))
        const stamp = text.slice(0, 19).replaceAll(/[-:]/g, '')
        expect(safe(readStamp(stamp))).toBe(safe(parseCompactTime(stamp)))
      }),
      { numRuns: 3000 },
    )
    expect(readArchiveTime('2017-02-08 09:21:43.89 UTC')).toBe(parseTime('2017-02-08T09:21:43.89Z'))
    expect(readStamp('20161231T235960')).toBe(parseCompactTime('20161231T235960'))
  })

  test('writes every time as the plain way does', () => {
    fc.assert(
      fc.property(second, (time) => {
        const plain = formatCompactTime(time * 1e6)
        const bytes = Buffer.from('_________T_______')
        writeStampAt(bytes, 1, time)
        expect(bytes.toString('latin1')).toBe(`_${plain}_`)
      }),
      { numRuns: 3000 },
    )
  })

  test('gives back every tile and level of a cell', () => {
    const granule = granuleOf(PLAIN)
    for (const level of LEVELS) {
      for (const mgrsTile of tilesOf(WORLD)) {
        const { level: toldLevel, mgrsTile: toldTile } = readIndexRow(
          toIndexRow({ ...granule, level, mgrsTile }, NEW_ROW),
        )
        if (toldLevel !== level || toldTile !== mgrsTile) throw new Error(`${level} ${mgrsTile}: ${toldTile}`)
      }
    }
    expect(cellOf('L1C', '33UUB')).not.toBe(cellOf('L2A', '33UUB'))
  })

  test('keeps the names verbatim as soon as one letter is another', () => {
    const granule = granuleOf(PLAIN)
    expect(shortNames(granule)).toBeDefined()
    fc.assert(
      fc.property(
        fc.constantFrom('granuleId' as const, 'productId' as const, 'datatake' as const, 'place' as const),
        fc.nat(),
        fc.constantFrom(' ', '+', '-', 'e', '.', '0', '1', '9', 'A', '_', ''),
        (field, where, letter) => {
          const text = granule[field] ?? ''
          const i = where % text.length
          const changed = { ...granule, [field]: text.slice(0, i) + letter + text.slice(i + 1) }
          const told = readIndexRow(toIndexRow(changed, NEW_ROW))
          expect([told.granuleId, told.productId, told.datatake, told.place]).toEqual([
            changed.granuleId,
            changed.productId,
            changed.datatake,
            changed.place,
          ])
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('gives back every name of the long form to the letter, and keeps few of them', () => {
    const long = granuleOf(LONG_FORM_ROW)
    expect(toIndexRow(long, NEW_ROW)[19]).toBe(
      JSON.stringify([LONG_FORM_ROW.GRANULE_ID, 46, LONG_FORM_ROW.DATATAKE_IDENTIFIER]),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('granuleId' as const, 'productId' as const, 'datatake' as const, 'place' as const),
        fc.nat(),
        fc.constantFrom(' ', '_', '.', '0', '1', '9', 'A', 'S', ''),
        fc.constantFrom(undefined, 0, 1e6),
        (field, where, letter, later) => {
          const text = long[field] ?? ''
          const i = where % (text.length + 1)
          const names = { ...long, [field]: text.slice(0, i) + letter + text.slice(i + 1) }
          const generationTime = later === undefined ? undefined : (long.generationTime ?? 0) + later
          const changed = { ...names, generationTime, sensingTime: long.sensingTime + (later ?? 0) }
          const told = readIndexRow(toIndexRow(changed, NEW_ROW))
          for (const name of ['granuleId', 'productId', 'datatake', 'place'] as const) {
            expect(told[name]).toBe(changed[name])
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('finds the superseded granules that bestProducts finds when asked for all', () => {
    const made = fc.record({
      hours: fc.integer({ min: 0, max: 60 }),
      minutes: fc.constantFrom(0, 0, 10, 50),
      orbit: fc.integer({ min: 1, max: 3 }),
      baseline: fc.constantFrom('02.04', '05.00'),
      satellite: fc.constantFrom('S2A' as const, 'S2B' as const),
      later: fc.integer({ min: 1, max: 3 }),
      datatake: fc.constantFrom('its own', 'none', 'nonsense'),
    })
    fc.assert(
      fc.property(fc.array(made, { maxLength: 30 }), (makings) => {
        const rows = makings.map(({ hours, minutes, later, datatake, ...rest }) => {
          const start = Date.UTC(2016, 10, 1) + (hours * 60 + minutes) * 60_000
          const row = archiveRow({
            tile: '33UUB',
            start: new Date(start).toISOString(),
            generation: new Date(start + later * 3_600_000).toISOString(),
            ...rest,
          })
          const granule = granuleOf(row)
          const told = { ...granule, datatake: datatake === 'its own' ? granule.datatake : undefined }
          return { granule: told, short: shortNames(told) }
        })
        const granules = rows.map(({ granule }) => granule)
        const best = bestProducts(granules)
        expect(supersededOf(rows)).toEqual(new Set(granules.filter((granule) => !best.has(granule))))
      }),
      { numRuns: 500 },
    )
  })
})

function granuleOf(row: ArchiveRow): Granule {
  const time = parseTime(row.SENSING_TIME ?? '') ?? 0
  return {
    granuleId: row.GRANULE_ID ?? '',
    productId: row.PRODUCT_ID ?? '',
    level: 'L1C',
    mgrsTile: row.MGRS_TILE ?? '',
    sensingTime: time,
    generationTime: parseTime(row.GENERATION_TIME ?? ''),
    baseline: row.DATATAKE_IDENTIFIER?.slice(-5),
    datatake: row.DATATAKE_IDENTIFIER ?? undefined,
    cloudCover: 10,
    totalSize: 600,
    quality: 'PASSED',
    box: [1.5, 2.5, 3.5, 4.5],
    place: (row.BASE_URL ?? '').replace('gs://gcp-public-data-sentinel-2/', ''),
  }
}
