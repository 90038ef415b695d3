import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bestProducts,
  compareGranules,
  compareProducts,
  folderProduct,
  type Granule,
  imagePrefix,
  placeOf,
  tilePrefix,
} from '../../src/sentinel2/granule.ts'
import { compareBaselines } from '../../src/sentinel2/names.ts'
import { formatCompactTime, parseCompactTime } from '../../src/sentinel2/time.ts'

const KEY = 'tiles/54/U/VV/S2A_MSIL1C_20180101T105441_N0206_R051_T54UVV_20180101T124911.SAFE'
const L2A_KEY = 'L2/tiles/01/C/CV/S2B_MSIL2A_20250120T210529_N0511_R071_T01CCV_20250121T000408.SAFE'
const BUCKET = 'gcp-public-data-sentinel-2'
const GS = `gs://${BUCKET}/${KEY}`
const CSV = `https://storage.googleapis.com/${BUCKET}/index.csv.gz`
const SECOND = 1e6
const HOUR = 3600 * SECOND

describe('the place of a product', () => {
  test('stands in base_url where source_url names the CSV that the row came from', () => {
    expect(placeOf(CSV, GS)).toBe(KEY)
    expect(placeOf(`gs://${BUCKET}/index.csv.gz`, GS)).toBe(KEY)
    expect(placeOf(`https://storage.googleapis.com/${BUCKET}/L2/index.csv.gz`, GS)).toBe(KEY)
  })

  test('stands in source_url where base_url is empty, as since March 2024', () => {
    expect(placeOf(GS, null)).toBe(KEY)
    expect(placeOf(GS, undefined)).toBe(KEY)
    expect(placeOf(GS, '')).toBe(KEY)
    expect(placeOf(`gs://${BUCKET}/${L2A_KEY}`, null)).toBe(L2A_KEY)
  })

  test('stands in base_url where there is no source_url, as in the CSV', () => {
    for (const nothing of [null, undefined, '']) expect(placeOf(nothing, GS)).toBe(KEY)
  })

  test('is the one of source_url where both have one', () => {
    expect(placeOf(GS, `gs://${BUCKET}/${L2A_KEY}`)).toBe(KEY)
  })

  test('is the same of an https address and of one with a slash at its end', () => {
    for (const url of [
      `https://storage.googleapis.com/${BUCKET}/${KEY}`,
      `https://storage.cloud.google.com/${BUCKET}/${KEY}/`,
      `${GS}/`,
      `gs://a-mirror-of-it/${KEY}`,
    ]) {
      expect(placeOf(url, null), url).toBe(KEY)
      expect(placeOf(CSV, url), url).toBe(KEY)
    }
  })

  test.for([
    ['nothing at all', null, null],
    ['empty columns', '', ''],
    ['the CSV alone', CSV, null],
    ['the CSV twice', CSV, CSV],
    ['a bucket without a key', `gs://${BUCKET}`, null],
    ['a bucket and a slash', `gs://${BUCKET}/`, null],
    ['a key without its bucket', KEY, KEY],
    ['another host', `https://example.org/${BUCKET}/${KEY}`, null],
    ['a host that begins alike', `https://storage.googleapis.com.example.org/${BUCKET}/${KEY}`, null],
    ['plain http', `http://storage.googleapis.com/${BUCKET}/${KEY}`, null],
    ['a folder that is no product', `gs://${BUCKET}/tiles/54/U/VV`, null],
    ['another root', `gs://${BUCKET}/elsewhere/54/U/VV/x.SAFE`, null],
    ['a folder object', `${GS}_$folder$`, null],
    ['a way up', `gs://${BUCKET}/tiles/../../etc/x.SAFE`, null],
    ['a way up at the end', `gs://${BUCKET}/tiles/54/U/VV/..`, null],
    ['a way nowhere', `gs://${BUCKET}/tiles/./54/U/VV/x.SAFE`, null],
    ['two slashes', `gs://${BUCKET}/tiles//54/U/VV/x.SAFE`, null],
    ['backslashes', `gs://${BUCKET}/tiles\\..\\..\\x.SAFE`, null],
    ['a line break', `${GS}\n`, null],
  ] as const)('is absent of %s', ([, sourceUrl, baseUrl]) => {
    expect(placeOf(sourceUrl, baseUrl)).toBeUndefined()
  })

  test('never leads out of the archive, whatever the columns hold', () => {
    const part = fc.constantFrom('..', '.', '', '/', 'tiles', 'L2', 'x.SAFE', '\\', 'gs://b', '\0', '%2e%2e')
    const anyUrl = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 9 }).map((parts) => `gs://${BUCKET}/tiles/${parts.join('/')}`),
    )
    fc.assert(
      fc.property(fc.option(anyUrl), fc.option(anyUrl), (sourceUrl, baseUrl) => {
        const place = placeOf(sourceUrl, baseUrl)
        if (place === undefined) return
        expect(place).toMatch(/^(L2\/)?tiles\/.+\.SAFE$/)
        expect(place.split('/').some((name) => ['', '.', '..'].includes(name))).toBe(false)
      }),
    )
  })
})

describe('where things stand in the bucket', () => {
  test('the zone of a tile keeps its zero', () => {
    expect(tilePrefix('L1C', '01CCV')).toBe('tiles/01/C/CV/')
    expect(tilePrefix('L2A', '33UUB')).toBe('L2/tiles/33/U/UB/')
  })

  test('the images of a granule are in its IMG_DATA', () => {
    expect(imagePrefix({ place: KEY, granuleId: 'L1C_T54UVV_A013204_20180101T105435' })).toBe(
      `${KEY}/GRANULE/L1C_T54UVV_A013204_20180101T105435/IMG_DATA/`,
    )
  })

  test('the folder names the product', () => {
    expect(folderProduct(KEY)).toMatchObject({ mgrsTile: '54UVV', baseline: '02.06', relativeOrbit: 51 })
    expect(folderProduct('tiles/54/U/VV/odd.SAFE')).toBeUndefined()
  })
})

describe('the best product of an acquisition', () => {
  test('has the highest baseline, by its numbers, whatever its generation', () => {
    const products = ['04.00', '05.11', '05.09', '02.08'].map((baseline, i) =>
      making({ baseline, generation: 1000 * HOUR - i * HOUR }),
    )
    expect(best(products)).toEqual([products[1]])
  })

  test('is the latest of two with one baseline', () => {
    const products = [
      making({ generation: 5 * HOUR }),
      making({ generation: 7 * HOUR }),
      making({ generation: 6 * HOUR }),
    ]
    expect(best(products)).toEqual([products[1]])
  })

  test('is the same for two levels, satellites, tiles, orbits and starts: one of each', () => {
    const products = [
      making({}),
      making({ level: 'L2A' }),
      making({ satellite: 'S2B' }),
      making({ mgrsTile: '33UVB' }),
      making({ orbit: 52 }),
      making({ start: START + SECOND }),
      making({ start: START - 20 * SECOND }),
    ]
    expect(best(products)).toEqual(products)
  })

  test('does not depend on the sensing time, which baseline 02.07 gave another meaning', () => {
    const products = [
      { ...making({ baseline: '02.06' }), sensingTime: START + 100 * SECOND },
      { ...making({ baseline: '05.00' }), sensingTime: START + 10 * SECOND },
    ]
    expect(best(products)).toEqual([products[1]])
  })

  test('of the long form stands against its reprocessing, whose folder names another start', () => {
    // The long form's folder carries the sensing start, eleven seconds after the datatake's.
    const long = making({
      start: START2015 + 11 * SECOND,
      baseline: '02.01',
      datatake: `GS2A_${compact(START2015)}_002617_N02.01`,
    })
    const again = making({ start: START2015, baseline: '05.00', generation: 60_000 * HOUR })
    expect(best([long, again])).toEqual([again])
    expect(best([again, long])).toEqual([again])
  })

  test('of the long form needs no datatake to be known for that, within an hour', () => {
    const long = making({ start: START2015 + 600 * SECOND, baseline: '02.01', datatake: undefined })
    const again = making({ start: START2015, baseline: '05.00', datatake: undefined })
    expect(best([long, again])).toEqual([again])
    expect(best([again, long])).toEqual([again])
    const later = making({ start: START2015 + HOUR + 600 * SECOND, baseline: '02.01', datatake: undefined })
    expect(best([later, again])).toEqual([later, again])
  })

  test('keeps starts apart that are known, though they are seconds apart and of 2015', () => {
    const products = [making({ start: START2015 }), making({ start: START2015 + SECOND })]
    expect(best(products)).toEqual(products)
  })

  test('comes with all its granules, where it holds a tile in several pieces', () => {
    const pieces = (baseline: string) => {
      const first = making({ baseline })
      const granuleId = first.granuleId.replace('_A013204_', '_A013205_')
      return [first, { ...first, granuleId, sensingTime: first.sensingTime + 20 * SECOND }]
    }
    const [old, again] = [pieces('02.06'), pieces('05.00')]
    expect(best([...again, ...old])).toEqual(again)
    expect(best([...old, ...again].toReversed())).toEqual(again.toReversed())
    const unsure = again.map((granule, i) => (i === 0 ? granule : { ...granule, generationTime: undefined }))
    expect(best([...old, ...unsure])).toEqual(unsure)
  })

  test('stands for itself where the folder name says nothing', () => {
    const odd = { ...making({}), place: 'tiles/33/U/UB/odd.SAFE' }
    const other = { ...making({}), place: 'tiles/33/U/UB/other.SAFE' }
    expect(best([odd, making({}), other])).toHaveLength(3)
  })

  test('is one place of each key, and of its key the best, whatever the products and their order', () => {
    const anyProduct = fc.record({
      satellite: fc.constantFrom('S2A' as const, 'S2B' as const),
      level: fc.constantFrom('L1C' as const, 'L2A' as const),
      orbit: fc.constantFrom(51, 52),
      mgrsTile: fc.constantFrom('33UUB', '33UVB'),
      start: fc.constantFrom(START, START + SECOND, START2015, START2015 + 5 * SECOND),
      baseline: fc.constantFrom('02.06', '04.00', '05.00', '05.11', '10.00'),
      generation: fc.integer({ min: 1, max: 4 }).map((hours) => hours * HOUR),
    })
    fc.assert(
      fc.property(fc.array(anyProduct, { maxLength: 40 }), (given) => {
        const products = given.map(making)
        const keys = Map.groupBy(given.keys(), (i) => {
          const { satellite, level, orbit, mgrsTile, start } = given[i] ?? {}
          return [satellite, level, orbit, mgrsTile, start].join()
        })
        const kept = bestProducts(products)
        const at = (i: number) => products[i] ?? making({})
        for (const same of keys.values()) {
          const places = new Set(same.filter((i) => kept.has(at(i))).map((i) => at(i).place))
          expect(places.size).toBe(1)
          const [one, ...others] = same.filter((i) => places.has(at(i).place))
          expect(others.every((i) => kept.has(at(i)))).toBe(true)
          const chosen = given[one ?? -1]
          for (const i of same) {
            const rival = given[i]
            const order =
              compareBaselines(chosen?.baseline, rival?.baseline) ||
              (chosen?.generation ?? 0) - (rival?.generation ?? 0)
            expect(order).toBeGreaterThanOrEqual(0)
          }
        }
        const reversed = bestProducts(products.toReversed())
        expect(new Set([...reversed].map(({ place }) => place))).toEqual(
          new Set([...kept].map(({ place }) => place)),
        )
      }),
    )
  })

  test('of none is none', () => {
    expect(best([])).toEqual([])
  })
})

describe('the order of granules', () => {
  test('is newest first, and total: only a granule itself stands beside itself', () => {
    const few = fc.record({
      sensingTime: fc.constantFrom(START, START + SECOND),
      generationTime: fc.constantFrom(undefined, START, START + HOUR),
      mgrsTile: fc.constantFrom('33UUB', '33UVB'),
      place: fc.constantFrom('a', 'b'),
      granuleId: fc.constantFrom('x', 'y'),
    })
    const anyGranule = few.map((given): Granule => ({ ...making({}), ...given }))
    fc.assert(
      fc.property(anyGranule, anyGranule, anyGranule, (a, b, c) => {
        expect(Math.sign(compareGranules(a, b))).toBe(0 - Math.sign(compareGranules(b, a)))
        if (compareGranules(a, b) === 0) {
          expect([a.place, a.granuleId, a.mgrsTile]).toEqual([b.place, b.granuleId, b.mgrsTile])
        }
        if (compareGranules(a, b) < 0 && compareGranules(b, c) < 0)
          expect(compareGranules(a, c)).toBeLessThan(0)
        if (a.sensingTime > b.sensingTime) expect(compareGranules(a, b)).toBeLessThan(0)
      }),
    )
  })

  test('of products is by baseline, then generation, then place', () => {
    const [low, high] = [making({ baseline: '04.00' }), making({ baseline: '05.11' })]
    expect(compareProducts(low, high)).toBeLessThan(0)
    expect(compareProducts({ ...low, place: 'b' }, { ...low, place: 'a' })).toBeGreaterThan(0)
    expect(compareProducts(low, low)).toBe(0)
    expect(compareProducts({ ...low, baseline: undefined }, low)).toBeLessThan(0)
  })
})

const START = parseCompactTime('20180101T105441') ?? 0
const START2015 = parseCompactTime('20151223T023902') ?? 0
const compact = formatCompactTime

type Making = {
  readonly satellite?: string
  readonly level?: 'L1C' | 'L2A'
  readonly orbit?: number
  readonly mgrsTile?: string
  /** In the folder's name. */
  readonly start?: number
  readonly baseline?: string
  /** Microseconds after the start. */
  readonly generation?: number
  /** By default that of the folder's start. */
  readonly datatake?: string | undefined
}

function making(given: Making): Granule {
  const { satellite = 'S2A', level = 'L1C', orbit = 51, mgrsTile = '33UUB', start = START } = given
  const { baseline = '02.06', generation = 2 * HOUR } = given
  const digits = baseline.replace('.', '')
  const productId = `${satellite}_MSI${level}_${compact(start)}_N${digits}_R0${orbit}_T${mgrsTile}_${compact(start + generation)}`
  return {
    granuleId: `${level}_T${mgrsTile}_A013204_${compact(start)}`,
    productId,
    level,
    mgrsTile,
    sensingTime: start + 6 * SECOND,
    generationTime: start + generation,
    baseline,
    datatake: 'datatake' in given ? given.datatake : `G${satellite}_${compact(start)}_013204_N${baseline}`,
    cloudCover: undefined,
    totalSize: undefined,
    quality: undefined,
    box: undefined,
    place: `${tilePrefix(level, mgrsTile)}${productId}.SAFE`,
  }
}

const best = (products: readonly Granule[]): Granule[] => {
  const kept = bestProducts(products)
  return products.filter((product) => kept.has(product))
}
