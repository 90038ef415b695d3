import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Source } from '../src/colour/port.ts'
import {
  FORMATS,
  type Format,
  featureOf,
  mediaTypeOf,
  propertiesOf,
  tellsCoverage,
  write,
} from '../src/formats.ts'
import type { Image, Listed } from '../src/list-area.ts'
import { type Granule, imagePrefix } from '../src/sentinel2/granule.ts'
import { parseTime } from '../src/sentinel2/time.ts'

const BUCKET = 'gcp-public-data-sentinel-2'

const GRANULE: Granule = {
  granuleId: 'L1C_T33UUB_A013204_20180101T105435',
  productId: 'S2A_MSIL1C_20180101T105441_N0206_R051_T33UUB_20180101T124911',
  level: 'L1C',
  mgrsTile: '33UUB',
  sensingTime: parseTime('2018-01-01T10:54:35.457Z') ?? 0,
  generationTime: parseTime('2018-01-01T12:49:11Z') ?? 0,
  baseline: '02.06',
  datatake: 'GS2A_20180101T105441_013204_N02.06',
  cloudCover: 11.9204,
  totalSize: 2_903_587,
  quality: 'PASSED',
  box: [11.9, 55, 12.1, 55.2],
  place: 'tiles/33/U/UB/S2A_MSIL1C_20180101T105441_N0206_R051_T33UUB_20180101T124911.SAFE',
}
/** As a catalog knows it that reads names alone. */
const BARE: Granule = {
  ...GRANULE,
  granuleId: 'L1C_T33UUB_A013205_20180111T105435',
  sensingTime: parseTime('2018-01-11T10:54:35.457123Z') ?? 0,
  generationTime: undefined,
  baseline: undefined,
  datatake: undefined,
  cloudCover: undefined,
  totalSize: undefined,
  quality: undefined,
  box: undefined,
}

const imageOf = (granule: Granule, band: 'B02' | 'TCI', size: number): Image => ({
  band,
  resolution: 10,
  key: `${imagePrefix(granule)}T33UUB_20180101T105441_${band}.jp2`,
  size,
})
const ONE: Listed = {
  granule: GRANULE,
  coverage: 2 / 3,
  images: [imageOf(GRANULE, 'B02', 100), imageOf(GRANULE, 'TCI', 200)],
}
const LOST: Listed = { granule: { ...BARE, granuleId: 'L1C_T33UUB_A000001_20180105T105435' }, images: [] }
const OTHER: Listed = { granule: BARE, images: [imageOf(BARE, 'B02', 300)] }

const KEYS = [...ONE.images, ...OTHER.images].map(({ key }) => key)
const [B02 = '', TCI = '', B02_OTHER = ''] = KEYS
const GS = `gs://${BUCKET}/`
const HTTPS = `https://storage.googleapis.com/${BUCKET}/`
const COLUMNS = 'granule_id,product_id,mgrs_tile,sensing_time,cloud_cover,band,resolution,uri,url,size'
const CSV_HEAD = `${COLUMNS},coverage\r\n`
const csvLine = (granule: Granule, time: string, cloud: string, rest: string, key: string, size: string) =>
  `${granule.granuleId},${granule.productId},33UUB,${time},${cloud},${rest},${GS}${key},${HTTPS}${key},${size}\r\n`
const ONE_CSV =
  csvLine(GRANULE, '2018-01-01T10:54:35.457Z', '11.9204', 'B02,10', B02, '100,0.666667') +
  csvLine(GRANULE, '2018-01-01T10:54:35.457Z', '11.9204', 'TCI,10', TCI, '200,0.666667')
const OTHER_CSV = csvLine(BARE, '2018-01-11T10:54:35.457123Z', '', 'B02,10', B02_OTHER, '300,')

const ndjsonLine = (granule: Granule, time: string, cloud: string, band: string, key: string, size: string) =>
  `{"granule_id":"${granule.granuleId}","product_id":"${granule.productId}","mgrs_tile":"33UUB",` +
  `"sensing_time":"${time}","cloud_cover":${cloud},"band":"${band}","resolution":10,` +
  `"uri":"${GS}${key}","url":"${HTTPS}${key}","size":${size}}\n`
const ONE_NDJSON =
  ndjsonLine(GRANULE, '2018-01-01T10:54:35.457Z', '11.9204', 'B02', B02, '100,"coverage":0.666667') +
  ndjsonLine(GRANULE, '2018-01-01T10:54:35.457Z', '11.9204', 'TCI', TCI, '200,"coverage":0.666667')
const OTHER_NDJSON = ndjsonLine(
  BARE,
  '2018-01-11T10:54:35.457123Z',
  'null',
  'B02',
  B02_OTHER,
  '300,"coverage":null',
)

const GEOJSON_HEAD = '{"type":"FeatureCollection","features":[\n'
const feature = (listed: Listed) => JSON.stringify(featureOf(listed, BUCKET))

describe('an answer', () => {
  test.for([
    ['json', '[\n]\n'],
    ['uris', ''],
    ['urls', ''],
    ['ndjson', ''],
    ['csv', CSV_HEAD],
    ['geojson', `${GEOJSON_HEAD}\n]}\n`],
  ] as const)('of no granule as %s is whole to the byte', async ([format, expected]) => {
    expect(await written(format, [])).toBe(expected)
  })

  test.for([
    ['json', `[\n"${BUCKET}/${B02}",\n"${BUCKET}/${TCI}"\n]\n`],
    ['uris', `${GS}${B02}\n${GS}${TCI}\n`],
    ['urls', `${HTTPS}${B02}\n${HTTPS}${TCI}\n`],
    ['ndjson', ONE_NDJSON],
    ['csv', `${CSV_HEAD}${ONE_CSV}`],
    ['geojson', `${GEOJSON_HEAD}${feature(ONE)}\n]}\n`],
  ] as const)('of one granule as %s is whole to the byte', async ([format, expected]) => {
    expect(await written(format, [ONE])).toBe(expected)
  })

  test.for([
    ['json', `[\n"${BUCKET}/${B02}",\n"${BUCKET}/${TCI}",\n"${BUCKET}/${B02_OTHER}"\n]\n`],
    ['uris', `${GS}${B02}\n${GS}${TCI}\n${GS}${B02_OTHER}\n`],
    ['urls', `${HTTPS}${B02}\n${HTTPS}${TCI}\n${HTTPS}${B02_OTHER}\n`],
    ['ndjson', ONE_NDJSON + OTHER_NDJSON],
    ['csv', CSV_HEAD + ONE_CSV + OTHER_CSV],
    ['geojson', `${GEOJSON_HEAD}${[LOST, ONE, LOST, OTHER, LOST].map(feature).join(',\n')}\n]}\n`],
  ] as const)(
    'of two granules as %s, others without images around them, is whole to the byte',
    async ([format, expected]) => {
      expect(await written(format, [LOST, ONE, LOST, OTHER, LOST])).toBe(expected)
    },
  )

  test('of granules that have lost their images alone is as that of none, but for the features', async () => {
    for (const format of ['json', 'uris', 'urls', 'ndjson', 'csv'] as const) {
      expect(await written(format, [LOST, LOST]), format).toBe(await written(format, []))
    }
    expect(await written('geojson', [LOST])).toBe(`${GEOJSON_HEAD}${feature(LOST)}\n]}\n`)
  })

  test('leaves piece by piece, none of which waits for the granule after it', async () => {
    for (const format of FORMATS) {
      const pulled: Listed[] = []
      async function* source() {
        for (const listed of [ONE, OTHER]) {
          pulled.push(listed)
          yield listed
        }
      }
      const pieces = write(format, source(), BUCKET)
      const first = await pieces.next()
      expect(first.value?.length, format).toBeGreaterThan(0)
      expect(pulled, format).toEqual([ONE])
      await pieces.return(undefined)
    }
  })

  test('breaks off where its source does', async () => {
    async function* source() {
      yield ONE
      throw new Error('broken off')
    }
    const pieces: string[] = []
    const reading = async () => {
      for await (const piece of write('json', source(), BUCKET)) pieces.push(piece)
    }
    await expect(reading()).rejects.toThrow('broken off')
    expect(pieces.join('')).not.toContain(']')
  })

  test('is one that its readers read, whatever the names hold', async () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 12 })
    const anyListed = fc
      .array(fc.tuple(anyText, anyText, fc.array(anyText, { maxLength: 3 })), { maxLength: 4 })
      .map((granules) =>
        granules.map(
          ([granuleId, productId, keys]): Listed => ({
            granule: { ...BARE, granuleId, productId },
            images: keys.map((key) => ({ band: 'B02', resolution: 10, key: key.toWellFormed(), size: 1 })),
          }),
        ),
      )
    await fc.assert(
      fc.asyncProperty(anyListed, async (listed) => {
        const keys = listed.flatMap(({ images }) => images.map(({ key }) => key))
        expect(JSON.parse(await written('json', listed))).toEqual(keys.map((key) => `${BUCKET}/${key}`))
        const features = JSON.parse(await written('geojson', listed)).features
        expect(features).toHaveLength(listed.length)
        const rows = (await written('ndjson', listed)).split('\n').slice(0, -1)
        expect(rows.map((row) => JSON.parse(row).uri)).toEqual(keys.map((key) => `${GS}${key}`))
        const cells = parseCsv(await written('csv', listed))
        expect(cells.slice(1).map((row) => row[7])).toEqual(keys.map((key) => `${GS}${key}`))
        expect(cells.every((row) => row.length === 11)).toBe(true)
        for (const url of (await written('urls', listed)).split('\n').slice(0, -1))
          expect(() => new URL(url)).not.toThrow()
      }),
    )
  })
})

describe('CSV', () => {
  test('puts what holds commas, quotes or line breaks in quotes, and doubles these', async () => {
    const odd = { ...GRANULE, granuleId: 'a,b', productId: 'say "hi"', mgrsTile: 'two\nlines' }
    const [, line] = (await written('csv', [{ granule: odd, images: [imageOf(GRANULE, 'B02', 1)] }])).split(
      '\r\n',
    )
    expect(line?.startsWith('"a,b","say ""hi""","two\nlines",2018-01-01T10:54:35.457Z,')).toBe(true)
  })

  test('leaves a cell empty where nothing is known', async () => {
    const [, row] = parseCsv(await written('csv', [OTHER]))
    expect(row?.[4]).toBe('')
  })
})

describe('GeoJSON', () => {
  test('gives a feature for each granule, with its images', async () => {
    const collection = JSON.parse(await written('geojson', [ONE, LOST]))
    expect(collection.type).toBe('FeatureCollection')
    const [first, second] = collection.features
    expect(first).toMatchObject({
      type: 'Feature',
      id: GRANULE.granuleId,
      geometry: { type: 'Polygon' },
      properties: {
        granule_id: GRANULE.granuleId,
        product_id: GRANULE.productId,
        mgrs_tile: '33UUB',
        sensing_time: '2018-01-01T10:54:35.457Z',
        cloud_cover: 11.9204,
        images: [
          { band: 'B02', resolution: 10, uri: `${GS}${B02}`, url: `${HTTPS}${B02}`, size: 100 },
          { band: 'TCI', resolution: 10, uri: `${GS}${TCI}`, url: `${HTTPS}${TCI}`, size: 200 },
        ],
      },
    })
    const ring = first.geometry.coordinates[0]
    expect(ring.at(-1)).toEqual(ring[0])
    expect(second.properties.images).toEqual([])
  })

  test('has no geometry where the tile is none', () => {
    expect(featureOf({ granule: { ...GRANULE, mgrsTile: 'odd' }, images: [] }, BUCKET).geometry).toBeNull()
  })

  test('says null of what its catalog does not know, and leaves no property out', () => {
    expect(Object.keys(propertiesOf(BARE))).toEqual(Object.keys(propertiesOf(GRANULE)))
    expect(propertiesOf(BARE)).toMatchObject({ cloud_cover: null, generation_time: null, total_size: null })
    expect(propertiesOf({ ...GRANULE, cloudCover: 0, totalSize: 0 })).toMatchObject({
      cloud_cover: 0,
      total_size: 0,
    })
  })
})

describe('a ranked answer', () => {
  const colour = { red: 0.1, green: 0.17790000000000003, blue: -0.002, valid: 0.5, sampled: 9 }
  const BEST: Listed = { ...ONE, rank: { colour, score: 0.125 } }
  const LAST: Listed = { ...OTHER, rank: { reason: 'It has no B02, B03 "or" B04.' } }

  test('has the colour, its numbers, the score and the reason behind the columns of every answer, and coverage last', async () => {
    const [head, first, second, third, end] = (await written('csv', [BEST, LAST], 'bands')).split('\r\n')
    expect(head).toBe(`${COLUMNS},colour,red,green,blue,score,reason,coverage`)
    const between = (line: string | undefined, coverage: string, ranked: string) =>
      `${line?.slice(0, line.length - coverage.length)}${ranked}${coverage}`
    const [one, two] = ONE_CSV.split('\r\n')
    const best = ',#488000,0.1,0.17790000000000003,-0.002,0.125,'
    expect(first).toBe(between(one, ',0.666667', best))
    expect(second).toBe(between(two, ',0.666667', best))
    expect(third).toBe(between(OTHER_CSV.trimEnd(), ',', ',,,,,,"It has no B02, B03 ""or"" B04."'))
    expect(end).toBe('')
  })

  test('says null of what is not there, in lines and in features alike', async () => {
    const best = { colour: '#488000', red: 0.1, green: 0.17790000000000003, blue: -0.002, score: 0.125 }
    const none = { colour: null, red: null, green: null, blue: null, score: null }
    const reason = 'It has no B02, B03 "or" B04.'
    const text = await written('ndjson', [BEST, LAST], 'bands')
    const plain = await written('ndjson', [ONE, OTHER])
    const rows = (lines: string) =>
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    const added = [best, best, none].map((more, i) => ({ ...more, reason: i === 2 ? reason : null }))
    expect(rows(text)).toEqual(rows(plain).map((row, i) => ({ ...row, ...added[i] })))
    const { features } = JSON.parse(await written('geojson', [BEST, LAST], 'bands'))
    expect(features[0].properties).toMatchObject({ ...best, reason: null })
    expect(features[1].properties).toMatchObject({ ...none, reason })
    expect(features[1].properties.images.length).toBe(1)
  })

  test('of previews shows their colour as it is', async () => {
    const rank = { colour: { ...colour, red: 0.2, green: 0.4, blue: 0.6 }, score: 1 }
    const text = await written('csv', [{ ...OTHER, rank }], 'preview')
    expect(text.endsWith(',#336699,0.2,0.4,0.6,1,,\r\n')).toBe(true)
    expect(await written('csv', [], 'preview')).toMatch(/,score,reason,coverage\r\n$/)
  })

  test('is as any other in the formats that hold names alone', async () => {
    for (const format of ['json', 'uris', 'urls'] as const) {
      expect(await written(format, [BEST, LAST], 'bands')).toBe(await written(format, [ONE, OTHER]))
    }
  })
})

test('an answer by colour that ranks nothing tells the colours, and no score', async () => {
  const rank = { colour: { red: 0.1, green: 0.2, blue: 0.3, valid: 1, sampled: 9 }, score: undefined }
  const [row] = (await written('ndjson', [{ ...OTHER, rank }], 'bands')).split('\n')
  expect(JSON.parse(row ?? '')).toMatchObject({ red: 0.1, green: 0.2, blue: 0.3, score: null, reason: null })
})

describe('coverage', () => {
  test('is told to six decimals, null where it is not known, and 0 is known', async () => {
    const coverages = [0.123_456_7, 1 - 1e-12, 0, undefined]
    const listed = coverages.map((coverage) => ({ ...OTHER, coverage }))
    const rows = (await written('ndjson', listed)).trimEnd().split('\n')
    expect(rows.map((row) => JSON.parse(row).coverage)).toEqual([0.123_457, 1, 0, null])
    const { features } = JSON.parse(await written('geojson', listed))
    const told = features.map(({ properties }: { properties: { coverage: number | null } }) => properties)
    expect(told.map(({ coverage }: { coverage: number | null }) => coverage)).toEqual([0.123_457, 1, 0, null])
  })

  test('is asked for by the formats that tell it, and stands in no other', async () => {
    expect(FORMATS.filter(tellsCoverage)).toEqual(['ndjson', 'csv', 'geojson'])
    for (const format of FORMATS) {
      expect((await written(format, [ONE])).includes('0.666667'), format).toBe(tellsCoverage(format))
    }
  })
})

describe('an address', () => {
  test('escapes what a URL cannot hold, and keeps its slashes', async () => {
    const image: Image = { band: 'B02', resolution: 10, key: 'tiles/a b/100%/ü?#.jp2', size: 1 }
    const listed = { granule: GRANULE, images: [image] }
    expect(await written('urls', [listed])).toBe(`${HTTPS}tiles/a%20b/100%25/%C3%BC%3F%23.jp2\n`)
    expect(await written('uris', [listed])).toBe(`${GS}tiles/a b/100%/ü?#.jp2\n`)
  })
})

test('every format says what it is', () => {
  const types: Readonly<Record<Format, string>> = {
    json: 'application/json',
    uris: 'text/uri-list',
    urls: 'text/uri-list',
    ndjson: 'application/x-ndjson',
    csv: 'text/csv; charset=utf-8; header=present',
    geojson: 'application/geo+json',
  }
  for (const format of FORMATS) expect(mediaTypeOf(format)).toBe(types[format])
})

async function written(format: Format, granules: readonly Listed[], ranked?: Source): Promise<string> {
  async function* source() {
    yield* granules
  }
  const pieces: string[] = []
  for await (const piece of write(format, source(), BUCKET, ranked)) pieces.push(piece)
  return pieces.join('')
}

/** RFC 4180, by the letter. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
