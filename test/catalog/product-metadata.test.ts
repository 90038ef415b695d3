import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MOST_XML, type ProductMetadata, productMetadata } from '../../src/catalog/product-metadata.ts'
import { Fault } from '../../src/errors.ts'
import type { CsvRow } from '../../src/index-file/csv.ts'
import { granuleOfRow } from '../../src/index-file/csv-granule.ts'
import { COLUMNS } from '../../src/index-file/csv-source.ts'
import { parseTime } from '../../src/sentinel2/time.ts'
import { folderStorage } from '../../src/storage/folder.ts'
import type { Storage } from '../../src/storage/port.ts'
import { realData } from '../real-data.ts'
import { productXml, tileXml } from '../stand-ins/product-xml.ts'

const GRANULE = {
  place: 'tiles/33/U/UB/S2A_MSIL1C_20240601T100031_N0510_R122_T33UUB_20240601T120000.SAFE',
  granuleId: 'L1C_T33UUB_A046711_20240601T100029',
  level: 'L1C',
  mgrsTile: '33UUB',
} as const
const PRODUCT = `${GRANULE.place}/MTD_MSIL1C.xml`
const TILE = `${GRANULE.place}/GRANULE/${GRANULE.granuleId}/MTD_TL.xml`

const TOLD: ProductMetadata = {
  sensingTime: parseTime('2024-06-01T10:04:52.123456Z'),
  generationTime: parseTime('2024-06-01T12:00:00Z'),
  datatake: 'GS2A_20240601T100031_046711_N05.10',
  cloudCover: 12.5,
  quality: 'PASSED',
  box: [12, 55, 12.8, 55.9],
}

/** A storage of a few texts; what it does not hold is not there. */
function storageOf(texts: Readonly<Record<string, string | Uint8Array | Error>>): Storage {
  return {
    bucket: 'b',
    async *list() {},
    async read(key, { first, last }) {
      const held = texts[key]
      if (held instanceof Error) throw held
      if (held === undefined) throw new Fault('not-found', `There is no ${key}.`)
      const bytes = typeof held === 'string' ? new TextEncoder().encode(held) : held
      if (first >= bytes.length) throw new Fault('bad-request', 'The range starts past the end.')
      return bytes.subarray(first, last + 1)
    },
  }
}

const told = (
  product: string | Uint8Array | Error | undefined,
  tile: string | Error | undefined = tileXml(TOLD),
) =>
  productMetadata(
    storageOf({
      ...(product === undefined ? {} : { [PRODUCT]: product }),
      ...(tile === undefined ? {} : { [TILE]: tile }),
    }),
    GRANULE,
  )

describe('the XML of a product', () => {
  test('tells what the index would', async () => {
    expect(await told(productXml(TOLD))).toEqual({ metadata: TOLD, problems: [] })
  })

  test('tells the quality as a flag before baseline 02.06', async () => {
    const old = productXml(TOLD).replace(
      /<quality_check checkType="GEOMETRIC_QUALITY">PASSED<\/quality_check>/,
      '<GEOMETRIC_QUALITY_FLAG>FAILED</GEOMETRIC_QUALITY_FLAG>',
    )
    expect((await told(old)).metadata.quality).toBe('FAILED')
  })

  test('at the antimeridian gives a box that counts on', async () => {
    const positions = '-17 179.6 -17 -179.8 -18 -179.7 -18 179.5 -17 179.6'
    const xml = productXml(TOLD).replace(/(<EXT_POS_LIST>)[^<]*/, `$1${positions}`)
    const granule = { ...GRANULE, mgrsTile: '01KAB' }
    const { metadata } = await productMetadata(storageOf({ [PRODUCT]: xml, [TILE]: tileXml(TOLD) }), granule)
    expect(metadata.box?.map((edge) => Number(edge.toFixed(9)))).toEqual([179.5, -18, 180.3, -17])
  })

  test.for([
    ['of another place', '10 10 10 11 11 11 10 10'],
    ['with a number too many', '55 12 55.9 12.8 55.5'],
    ['with words', '55 12 north 12.8 55.5 12.1'],
    ['past the pole', '55 12 95 12.8 55.5 12.1'],
    ['of nothing', ''],
  ] as const)('with a footprint %s gives no box, and says so', async ([, positions]) => {
    const xml = productXml(TOLD).replace(/(<EXT_POS_LIST>)[^<]*/, `$1${positions}`)
    const { metadata, problems } = await told(xml)
    expect(metadata).toEqual({ ...TOLD, box: undefined })
    expect(problems).toEqual(['they tell no footprint'])
  })

  test('with values that are none gives none of them', async () => {
    const xml = productXml(TOLD)
      .replace('12.5', '112.5')
      .replace('GS2A_2024', 'S2A_2024')
      .replace(/<GENERATION_TIME>[^<]*/, '<GENERATION_TIME>yesterday')
    const { metadata, problems } = await told(
      xml,
      tileXml(TOLD).replace('<CLOUDY_PIXEL_PERCENTAGE>12.5', '<X>'),
    )
    expect(metadata).toMatchObject({ cloudCover: undefined, datatake: undefined, generationTime: undefined })
    expect(problems).toHaveLength(1)
  })

  test('that is missing leaves what the other tells', async () => {
    expect(await told(undefined)).toEqual({
      metadata: {
        ...TOLD,
        generationTime: undefined,
        datatake: undefined,
        quality: undefined,
        box: undefined,
      },
      problems: ['MTD_MSIL1C.xml is not there'],
    })
    expect(await told(productXml(TOLD), new Fault('not-found', 'no'))).toEqual({
      metadata: { ...TOLD, sensingTime: undefined },
      problems: [`GRANULE/${GRANULE.granuleId}/MTD_TL.xml is not there`],
    })
  })

  test('that fails to come is the failure of the reader', async () => {
    const failure = new Fault('upstream-failed', 'The bucket did not answer.')
    await expect(told(failure)).rejects.toBe(failure)
  })
})

describe('hostile XML is refused at little cost:', () => {
  const laughs = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">${Array.from({ length: 30 }, (_, i) => {
    const last = i === 0 ? 'a' : `a${i}`
    return `<!ENTITY a${i + 1} "&${last};&${last};&${last};&${last};&${last};&${last};&${last};&${last};">`
  }).join('')}]><l><SENSING_TIME>&a30;</SENSING_TIME></l>`
  const filled = (text: string, bytes: number) => text.repeat(Math.floor(bytes / text.length))
  const cases: readonly [string, string | Uint8Array, RegExp][] = [
    ['a billion laughs', laughs, /declares a document type/],
    ['a document type of a file', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', /declares a document type/],
    ['tags nested 300,000 deep', filled('<a>', 900_000), /nested deeper than 40/],
    ['tags nested 50 deep', `${filled('<a>', 150)}x${filled('</a>', 200)}`, /nested deeper than 40/],
    ['100 MB', new Uint8Array(100_000_000).fill(32), new RegExp(`more than ${MOST_XML} bytes`)],
    ['nothing', '', /is empty/],
    ['no UTF-8', new Uint8Array([60, 97, 62, 0xff, 0xfe]), /is no UTF-8/],
    ['no XML', 'Not Found', /is no XML/],
    ['an HTML page', '<html><head><meta charset=utf-8><p>hello', /is no XML/],
    ['cut off in the middle', productXml(TOLD).slice(0, 700), /is no XML/],
    ['2 MB of open angles', filled('<', MOST_XML), /is no XML/],
    ['2 MB of tags that are not closed', filled('<a b', MOST_XML), /is no XML|nested deeper/],
  ]
  test.for(cases)('%s', async ([, xml, why]) => {
    const start = performance.now()
    const { metadata, problems } = await told(xml)
    expect(performance.now() - start).toBeLessThan(8000)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^MTD_MSIL1C\.xml /)
    expect(problems[0]).toMatch(why)
    expect(metadata.sensingTime).toBe(TOLD.sensingTime)
  })

  test('2 MB of one element are read once', async () => {
    const xml = `<a>${filled('<SENSING_TIME>x</SENSING_TIME>', MOST_XML - 100)}</a>`
    const start = performance.now()
    expect((await told(xml)).metadata.datatake).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(8000)
  })

  test('entities stay as they are written, and names of prototypes do nothing', async () => {
    const xml = productXml(TOLD).replace(
      '<General_Info>',
      '<General_Info><__proto__><polluted>1</polluted></__proto__>',
    )
    await told(xml)
    expect('polluted' in {}).toBe(false)
    const named = productXml(TOLD).replace('GS2A_20240601T100031', '&#71;S2A_20240601T100031')
    expect((await told(named)).metadata.datatake).toBeUndefined()
  })
})

/** Rows of a CSV without quotes. */
function csvRows(text: string): CsvRow[] {
  const [header = '', ...lines] = text.trim().split(/\r?\n/)
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    const cellOf = (name: string): string | null => cells[names.indexOf(name)] || null
    return Object.fromEntries(COLUMNS.map((name) => [name, cellOf(name)])) as CsvRow
  })
}

const bucket = realData('bucket')
const index = realData('index')

describe.runIf(bucket && index)('the real products', () => {
  const rows = ['index.csv', 'L2.index.csv'].flatMap((name) =>
    csvRows(readFileSync(join(index ?? '', name), 'utf8')),
  )
  test.for(['31TDH', '32TNM', '29UNU'])('of %s tell what the index says of them', async (tile) => {
    const row = rows.find(({ MGRS_TILE }) => MGRS_TILE === tile)
    const read = row && granuleOfRow(row)
    if (typeof read !== 'object') throw new Error(`The real index has no row of ${tile}.`)
    const { sensingTime, generationTime, datatake, cloudCover, quality, box } = read.granule
    expect(await productMetadata(folderStorage({ folder: bucket ?? '' }), read.granule)).toEqual({
      metadata: { sensingTime, generationTime, datatake, cloudCover, quality, box },
      problems: [],
    })
  })
})
