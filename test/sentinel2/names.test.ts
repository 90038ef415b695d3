import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BANDS } from '../../src/sentinel2/bands.ts'
import {
  compareBaselines,
  isTileName,
  parseDatatake,
  parseGranuleName,
  parseImageName,
  parseProductName,
} from '../../src/sentinel2/names.ts'
import { parseCompactTime } from '../../src/sentinel2/time.ts'
import { realData } from '../real-data.ts'

const LONG_GRANULE = 'S2A_OPER_MSI_L1C_TL_SGS__20151223T041908_A002617_T51RWP_N02.01'

describe('a product name', () => {
  test('of the compact form tells satellite, level, datatake start, baseline, orbit, tile and generation', () => {
    expect(parseProductName('S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722')).toEqual({
      form: 'compact',
      satellite: 'S2B',
      level: 'L1C',
      start: parseCompactTime('20180210T200549'),
      baseline: '02.06',
      relativeOrbit: 128,
      mgrsTile: '08VPK',
      generation: parseCompactTime('20180210T215722'),
    })
  })

  test('of L2A and of a reprocessing has the same form', () => {
    expect(parseProductName('S2C_MSIL2A_20250120T210529_N0511_R071_T01CCV_20250121T000408')).toMatchObject({
      satellite: 'S2C',
      level: 'L2A',
      baseline: '05.11',
      mgrsTile: '01CCV',
    })
    expect(parseProductName('S2B_MSIL1C_20211107T210529_N0500_R071_T01CCV_20221229T071512')).toMatchObject({
      baseline: '05.00',
      form: 'compact',
    })
  })

  test('without a baseline is read without one', () => {
    expect(parseProductName('S2A_MSIL1C_20200717T221941_R029_T01LAC_20200717T234135')).toMatchObject({
      form: 'compact',
      baseline: undefined,
      relativeOrbit: 29,
      mgrsTile: '01LAC',
    })
  })

  test('of the long form tells no tile and no baseline, and starts when sensing did', () => {
    expect(
      parseProductName('S2A_OPER_PRD_MSIL1C_PDMC_20160905T104813_R002_V20160905T005712_20160905T010424'),
    ).toEqual({
      form: 'long',
      satellite: 'S2A',
      level: 'L1C',
      start: parseCompactTime('20160905T005712'),
      baseline: undefined,
      relativeOrbit: 2,
      mgrsTile: undefined,
      generation: parseCompactTime('20160905T104813'),
    })
  })

  test('of the long form may come from a station with a short name', () => {
    const name = 'S2A_OPER_PRD_MSIL1C_SGS__20160905T104813_R002_V20160905T005712_20160905T005712'
    expect(parseProductName(name)).toMatchObject({ form: 'long', relativeOrbit: 2 })
  })

  test.for([
    '',
    '.SAFE',
    'S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722.SAFE',
    'S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722_$folder$',
    'S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722\n',
    ' S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722',
    'S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180231T215722',
    'S2B_MSIL1C_20180210T250549_N0206_R128_T08VPK_20180210T215722',
    'S2B_MSIL1C_20180210T200549_N02.06_R128_T08VPK_20180210T215722',
    'S2B_MSIL1C_20180210T200549_N0206_R128_T08VIK_20180210T215722',
    'S2B_MSIL1B_20180210T200549_N0206_R128_T08VPK_20180210T215722',
    'S3B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722',
    's2b_msil1c_20180210t200549_n0206_r128_t08vpk_20180210t215722',
    'LC08_L1TP_008052_20180210_20180210_01_RT',
    '../S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722',
  ])('%j is none', (text) => {
    expect(parseProductName(text)).toBeUndefined()
  })
})

describe('a granule name', () => {
  test('of the compact form tells level, tile, absolute orbit and time', () => {
    expect(parseGranuleName('L1C_T35TLF_A008527_20170208T092143')).toEqual({
      form: 'compact',
      level: 'L1C',
      mgrsTile: '35TLF',
      absoluteOrbit: 8527,
      time: parseCompactTime('20170208T092143'),
      baseline: undefined,
    })
    expect(parseGranuleName('L2A_T29UNU_A038058_20221005T115407')).toMatchObject({ level: 'L2A' })
  })

  test('of the long form tells the baseline as well', () => {
    expect(parseGranuleName(LONG_GRANULE)).toEqual({
      form: 'long',
      level: 'L1C',
      mgrsTile: '51RWP',
      absoluteOrbit: 2617,
      time: parseCompactTime('20151223T041908'),
      baseline: '02.01',
    })
    expect(parseGranuleName('S2A_USER_MSI_L2A_TL_SGS__20151223T041908_A002617_T51RWP_N02.01')).toMatchObject({
      level: 'L2A',
      form: 'long',
    })
  })

  test.for([
    '',
    'L1C_T35TLF_A008527_20170208T092143_$folder$',
    'L1C_T35TLF_A008527_20170208T092143/',
    'L1C_T35TLF_A8527_20170208T092143',
    'L1C_35TLF_A008527_20170208T092143',
    'L1C_T35TLF_A008527_20170208',
    'L1C_T35TLF_A008527_20171308T092143',
    'S2A_OPER_MSI_L1C_TL_SGS__20151223T041908_A002617_T51RWP',
    'S2A_OPER_MSI_L1C_DS_SGS__20151223T041908_A002617_T51RWP_N02.01',
    'S2B_MSIL1C_20180210T200549_N0206_R128_T08VPK_20180210T215722',
  ])('%j is none', (text) => {
    expect(parseGranuleName(text)).toBeUndefined()
  })
})

describe('an image name', () => {
  test.for([
    ['T33UUB_20180101T105441_B02.jp2', 'B02', 10],
    ['T33UUB_20180101T105441_B8A.jp2', 'B8A', 20],
    ['T33UUB_20180101T105441_B10.jp2', 'B10', 60],
    ['T33UUB_20180101T105441_TCI.jp2', 'TCI', 10],
    ['T29UNU_20221005T115411_B02_10m.jp2', 'B02', 10],
    ['T29UNU_20221005T115411_B02_60m.jp2', 'B02', 60],
    ['T29UNU_20221005T115411_B01_20m.jp2', 'B01', 20],
    ['T29UNU_20221005T115411_SCL_20m.jp2', 'SCL', 20],
    ['T29UNU_20221005T115411_AOT_10m.jp2', 'AOT', 10],
    ['T29UNU_20221005T115411_WVP_60m.jp2', 'WVP', 60],
    ['L2A_T32TMT_20170601T102031_B04_10m.jp2', 'B04', 10],
    ['L2A_T32TMT_20170601T102031_TCI_20m.jp2', 'TCI', 20],
    ['S2A_OPER_MSI_L1C_TL_SGS__20151223T041908_A002617_T51RWP_B02.jp2', 'B02', 10],
    ['S2A_OPER_MSI_L1C_TL_EPAE_20160905T073438_A006291_T53HMA_B8A.jp2', 'B8A', 20],
  ] as const)('%s', ([name, band, resolution]) => {
    expect(parseImageName(name)).toEqual({ band, resolution })
  })

  test.for([
    ['a preview', 'T33UUB_20180101T105441_PVI.jp2'],
    ['a preview of the long form', 'S2A_OPER_PVI_L1C_TL_SGS__20160905T073438_A006291_T53HPV.jp2'],
    ['a quality mask', 'MSK_QUALIT_B02.jp2'],
    ['a detector mask', 'MSK_DETFOO_B8A.jp2'],
    ['a classification', 'MSK_CLASSI_B00.jp2'],
    ['a cloud probability', 'MSK_CLDPRB_20m.jp2'],
    ['a mask that names the tile', 'T33UUB_20180101T105441_MSK.jp2'],
    ['a vector mask', 'S2A_OPER_MSK_DEFECT_SGS__20160905T073438_A006291_T53HPV_B02_MSIL1C.gml'],
    ['a folder object', 'T33UUB_20180101T105441_B02.jp2_$folder$'],
    ['a folder object of a folder', 'IMG_DATA_$folder$'],
    ['metadata', 'MTD_TL.xml'],
    ['a picture of another format', 'T01CCV_20191228T210519_AOT_10m.tif'],
    ['auxiliary data', 'T33UUB_20180101T105441_B02.jp2.aux.xml'],
    ['an unknown band', 'T33UUB_20180101T105441_B13.jp2'],
    ['an unknown resolution', 'T33UUB_20180101T105441_B02_15m.jp2'],
    ['a layer of L2A without a resolution', 'T33UUB_20180101T105441_SCL.jp2'],
    ['a lower-case ending', 'T33UUB_20180101T105441_B02.JP2'],
    ['a whole key', 'IMG_DATA/T33UUB_20180101T105441_B02.jp2'],
    ['a line break after it', 'T33UUB_20180101T105441_B02.jp2\n'],
    ['a property of every object', 'T33UUB_20180101T105441_constructor.jp2'],
    ['nothing', ''],
  ] as const)('%s is none', ([, name]) => {
    expect(parseImageName(name)).toBeUndefined()
  })

  test('every band of both levels is read back from the name it gives', () => {
    for (const band of BANDS.L1C)
      expect(parseImageName(`T33UUB_20180101T105441_${band}.jp2`)?.band).toBe(band)
    for (const band of BANDS.L2A) {
      expect(parseImageName(`T33UUB_20180101T105441_${band}_20m.jp2`)).toEqual({ band, resolution: 20 })
    }
    expect(BANDS.L1C.length).toBe(14)
    expect(BANDS.L2A).not.toContain('B10')
    for (const level of ['L1C', 'L2A'] as const) expect(BANDS[level]).toEqual(BANDS[level].toSorted())
  })
})

describe('a datatake identifier', () => {
  test('tells the start, the absolute orbit and the baseline', () => {
    expect(parseDatatake('GS2A_20170208T092131_008527_N02.04')).toEqual({
      start: parseCompactTime('20170208T092131'),
      absoluteOrbit: 8527,
      baseline: '02.04',
    })
    for (const text of [
      '',
      'GS2A',
      'S2A_20170208T092131_008527_N02.04',
      'GS2A_20170208T092131_008527_N0204',
    ]) {
      expect(parseDatatake(text), text).toBeUndefined()
    }
  })
})

describe('a tile name', () => {
  test('has a zone, a band and two letters, none of them I or O', () => {
    for (const name of ['33UUB', '01CCV', '60XWG', '29UNU']) expect(isTileName(name), name).toBe(true)
    for (const name of [
      '00UUB',
      '61UUB',
      '3UUB',
      'T33UUB',
      '33BUB',
      '33YUB',
      '33UIB',
      '33UUO',
      '33UUW',
      '33uub',
      '',
    ]) {
      expect(isTileName(name), name).toBe(false)
    }
  })
})

describe('the order of baselines', () => {
  const anyBaseline = fc.tuple(fc.nat(99), fc.nat(99))
  const written = ([major, minor]: readonly [number, number]) =>
    `${String(major).padStart(2, '0')}.${String(minor).padStart(2, '0')}`

  test('is that of their number pairs', () => {
    fc.assert(
      fc.property(anyBaseline, anyBaseline, (a, b) => {
        const expected = Math.sign(a[0] - b[0]) || Math.sign(a[1] - b[1])
        expect(Math.sign(compareBaselines(written(a), written(b)))).toBe(expected)
      }),
    )
  })

  test('puts 05.11 above 05.10 above 04.00 above 02.08, and none below all', () => {
    const sorted = ['05.11', '02.08', '04.00', undefined, '05.10', '10.00'].toSorted(compareBaselines)
    expect([...sorted.filter((baseline) => baseline !== undefined)]).toEqual([
      '02.08',
      '04.00',
      '05.10',
      '05.11',
      '10.00',
    ])
    expect(compareBaselines(undefined, '00.01')).toBeLessThan(0)
    expect(compareBaselines(undefined, undefined)).toBe(0)
  })
})

test('no reader of names throws, whatever it reads', () => {
  const alphabet = fc.constantFrom(...'S2AB_MSIL1CT33UUBN0206R128.jp2OPERPRDVTLAB02TCI/$ \n'.split(''))
  const readers = [parseProductName, parseGranuleName, parseImageName, parseDatatake, isTileName]
  const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: alphabet, maxLength: 90 }))
  fc.assert(
    fc.property(anyText, (text) => {
      for (const read of readers) read(text)
      expect(parseImageName(text)).toBeUndefined()
    }),
  )
})

test('hostile names are read in no time', () => {
  const hostile = ['S2A_OPER_PVI_', 'T33UUB_', '_', 'S2A_OPER_PRD_MSIL1C_'].map((text) => text.repeat(20_000))
  const start = performance.now()
  for (const text of hostile) {
    for (const read of [parseProductName, parseGranuleName, parseImageName, parseDatatake]) read(text)
  }
  expect(performance.now() - start).toBeLessThan(500)
})

const listings = realData('listings')
if (listings) {
  describe('the listing of', () => {
    const files = readdirSync(listings).filter((file) => file.endsWith('.tsv'))
    test.for(files)('%s: exactly the .jp2 under IMG_DATA are images, of a band their level has', (file) => {
      const paths = readFileSync(join(listings, file), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t')[2] ?? '')
      const level = file.includes('MSIL2A') ? 'L2A' : 'L1C'
      const images = paths.filter((path) => parseImageName(lastPart(path)) !== undefined)
      expect(images).toEqual(paths.filter((path) => path.includes('/IMG_DATA/') && path.endsWith('.jp2')))
      for (const path of images) {
        const image = parseImageName(lastPart(path))
        expect(BANDS[level], path).toContain(image?.band)
        const folder = /\/R(\d\d)m\//.exec(path)?.[1]
        if (folder) expect(image?.resolution, path).toBe(Number(folder))
      }
      const granules = new Set(paths.flatMap((path) => /(?:^|\/)GRANULE\/([^/]+)\//.exec(path)?.[1] ?? []))
      expect(granules.size).toBeGreaterThan(0)
      for (const granule of granules) expect(parseGranuleName(granule)?.level, granule).toBe(level)
    })

    test('every product is named by its name', () => {
      const products = files.map((file) => parseProductName(file.replace(/^esa_|\.tsv$/g, '')))
      expect(files.length).toBe(15)
      expect(products.every((product) => product !== undefined)).toBe(true)
    })
  })
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
