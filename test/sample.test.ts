import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderProduct, imagePrefix, placeOf } from '../src/sentinel2/granule.ts'
import {
  compareBaselines,
  parseDatatake,
  parseGranuleName,
  parseImageName,
  parseProductName,
} from '../src/sentinel2/names.ts'
import { parseTime } from '../src/sentinel2/time.ts'

const SAMPLE = join(import.meta.dirname, '../sample')
const BUCKET = join(SAMPLE, 'bucket')
const isPreview = (key: string) => /_PVI[._]/.test(basename(key))
const REAL = process.env.SWATH_REAL_DATA ?? join(import.meta.dirname, '../../shared/data')

const keys = readdirSync(BUCKET, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(BUCKET, join(entry.parentPath, entry.name)).split(sep).join('/'))
const read = (key: string): Buffer => readFileSync(join(BUCKET, key))

type Row = Readonly<Record<string, string>>
const [header = [], ...lines] = csv('index.csv')
const rows: Row[] = lines.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ''])))
const granules = rows.map((row) => ({
  row,
  granuleId: row.GRANULE_ID ?? '',
  place: placeOf(undefined, row.BASE_URL) ?? '',
  name: parseGranuleName(row.GRANULE_ID ?? ''),
}))

describe('the sample', () => {
  test('is small enough to be kept with the code', () => {
    const bytes = keys.reduce((sum, key) => sum + statSync(join(BUCKET, key)).size, 0)
    expect(bytes).toBeLessThan(8_000_000)
    expect(bytes).toBeGreaterThan(1_000_000)
  })

  test("has the header of the archive's index", () => {
    expect(header.join()).toBe(
      'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
        'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL',
    )
    expect(lines.every((cells) => cells.length === header.length)).toBe(true)
  })

  test('has a row for every granule of the bucket and a folder for every row', () => {
    const folders = new Set(
      keys.flatMap((key) => /^.+\.SAFE\/GRANULE\/[^/]+\/IMG_DATA\//.exec(key)?.[0] ?? []),
    )
    expect([...folders].sort()).toEqual(granules.map(imagePrefix).sort())
    expect(granules.length).toBeGreaterThanOrEqual(10)
  })

  test('names agree with one another in every row', () => {
    for (const { row, place, name } of granules) {
      const folder = folderProduct(place)
      const product = parseProductName(row.PRODUCT_ID ?? '')
      const datatake = parseDatatake(row.DATATAKE_IDENTIFIER ?? '')
      expect([folder?.mgrsTile, name?.mgrsTile]).toEqual([row.MGRS_TILE, row.MGRS_TILE])
      expect(datatake?.absoluteOrbit).toBe(name?.absoluteOrbit)
      expect(datatake?.baseline).toBe(folder?.baseline)
      expect([product?.level, product?.satellite, product?.generation, product?.form]).toEqual([
        folder?.level,
        folder?.satellite,
        folder?.generation,
        name?.form,
      ])
      expect(parseTime(row.GENERATION_TIME ?? '')).toBe(product?.generation)
      if (product?.form === 'compact') expect(datatake?.start).toBe(product.start)
    }
  })

  // Counted from names of real products: A008785 is R065, S2B's A024407 R071, S2C's A005730 R040.
  test('relative orbits follow from absolute ones', () => {
    const first: Readonly<Record<string, number>> = { S2A: 141, S2B: 27, S2C: 114 }
    for (const { place, name } of granules) {
      const folder = folderProduct(place)
      const orbit = (((name?.absoluteOrbit ?? 0) - (first[folder?.satellite ?? ''] ?? 0) + 286) % 143) + 1
      expect(orbit, place).toBe(folder?.relativeOrbit)
    }
  })

  test('every file under IMG_DATA is an image, in QI_DATA one preview stands among masks', () => {
    for (const granule of granules) {
      const inside = keys.filter((key) => key.startsWith(imagePrefix(granule))).map((key) => basename(key))
      const bands = new Set(inside.map((file) => parseImageName(file)?.band))
      const wanted = granule.name?.form === 'long' ? ['B02', 'B03', 'B04'] : ['B02', 'B03', 'B04', 'TCI']
      expect(inside.filter((file) => parseImageName(file) === undefined)).toEqual([])
      expect([...bands].filter((band) => band !== 'SCL').sort()).toEqual(wanted)
      const quality = keys.filter((key) =>
        key.startsWith(imagePrefix(granule).replace('IMG_DATA', 'QI_DATA')),
      )
      expect(quality.filter((key) => isPreview(key))).toHaveLength(1)
      expect(quality.filter((key) => parseImageName(basename(key)) !== undefined)).toEqual([])
    }
    expect(keys.some((key) => /\/QI_DATA\/MSK_.+\.jp2$/.test(key))).toBe(true)
    expect(keys.filter((key) => key.endsWith('_$folder$')).every((key) => read(key).length === 6)).toBe(true)
  })

  test('holds the forms the archive has: long names, baselines around 04.00, L2A, three satellites', () => {
    const products = granules.map(({ place }) => folderProduct(place))
    expect(granules.filter(({ name }) => name?.form === 'long')).toHaveLength(1)
    expect(products.some((product) => compareBaselines(product?.baseline, '04.00') < 0)).toBe(true)
    expect(products.some((product) => compareBaselines(product?.baseline, '05.00') >= 0)).toBe(true)
    expect(products.filter((product) => product?.level === 'L2A')).toHaveLength(1)
    expect(new Set(products.map((product) => product?.satellite))).toEqual(new Set(['S2A', 'S2B', 'S2C']))
    expect(new Set(rows.map((row) => row.MGRS_TILE)).size).toBe(3)
  })

  test('holds one acquisition twice, in two baselines', () => {
    const byKey = Map.groupBy(granules, ({ row, place }) => {
      const product = folderProduct(place)
      const start = parseDatatake(row.DATATAKE_IDENTIFIER ?? '')?.start
      return [product?.satellite, product?.level, product?.relativeOrbit, row.MGRS_TILE, start].join()
    })
    const twice = [...byKey.values()].filter((same) => same.length > 1)
    expect(twice.map((same) => same.map(({ place }) => folderProduct(place)?.baseline))).toEqual([
      ['02.06', '05.00'],
    ])
  })

  test('every granule of 33UUB holds Copenhagen, and a swath that ends early has a narrower box', () => {
    for (const row of rows.filter(({ MGRS_TILE }) => MGRS_TILE === '33UUB')) {
      expect(Number(row.NORTH_LAT)).toBeGreaterThan(55.663369)
      expect(Number(row.SOUTH_LAT)).toBeLessThan(55.660797)
      expect(Number(row.WEST_LON)).toBeLessThan(12.58467)
      expect(Number(row.EAST_LON)).toBeGreaterThan(12.5896)
    }
    const [drought, clouded] = [
      'L1C_T33UVB_A015792_20180701T102024',
      'L1C_T33UVB_A037657_20240522T100601',
    ].map((id) => Number(rows.find((row) => row.GRANULE_ID === id)?.EAST_LON))
    expect(drought).toBeLessThan((clouded ?? 0) - 0.4)
  })

  test('the drawn colours have a reddest, a greenest and a bluest, and the README shows them', () => {
    const drawn = csv('drawn.csv').slice(1)
    const readme = readFileSync(join(SAMPLE, 'README.md'), 'utf8')
    expect(drawn.map(([id]) => id)).toEqual(granules.map(({ granuleId }) => granuleId))
    const best = [3, 4, 5].map((band) => {
      const share = (cells: readonly string[]) =>
        Number(cells[band]) / (Number(cells[3]) + Number(cells[4]) + Number(cells[5]))
      const [first, second] = drawn.toSorted((a, b) => share(b) - share(a))
      expect(share(first ?? []) - share(second ?? [])).toBeGreaterThan(0.02)
      return first?.[0]
    })
    expect(new Set(best).size).toBe(3)
    for (const cells of drawn) for (const cell of cells.slice(3, 6)) expect(readme).toContain(cell)
    expect(drawn.filter((cells) => Number(cells[6]) < 0.9)).toHaveLength(3)
  })
})

describe("the sample's JPEG 2000 files", () => {
  const images = keys.filter((key) => parseImageName(basename(key)) !== undefined)

  test('are LRCP, one layer, reversible, with explicit precincts and a PLT in each of several tile-parts', () => {
    for (const key of keys.filter((key) => key.endsWith('.jp2'))) {
      const header = mainHeader(read(key))
      expect(header, key).toMatchObject({
        progression: 0,
        layers: 1,
        reversible: true,
        precincts: true,
        plt: true,
      })
      expect(header.tileParts, key).toBe(header.tiles)
      expect(header.tiles, key).toBeGreaterThan(3)
      expect(header.decompositions, key).toBe(isPreview(key) ? 3 : 4)
    }
  })

  test('hold 15 bits in a band, three colours of 8 bits in TCI and PVI', () => {
    for (const key of images) {
      const { components, bits } = mainHeader(read(key))
      const band = parseImageName(basename(key))?.band
      expect([components, bits], key).toEqual(band === 'TCI' ? [3, 8] : band === 'SCL' ? [1, 8] : [1, 15])
    }
    const previews = keys.filter((key) => isPreview(key))
    expect(previews.every((key) => mainHeader(read(key)).components === 3)).toBe(true)
  })

  test('read a real band by the same parser as the archive writes it', ({ skip }) => {
    const real = join(
      REAL,
      'bucket/tiles/31/T/DH/S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911.SAFE/GRANULE',
      'L1C_T31TDH_A013204_20180101T105435/IMG_DATA/T31TDH_20180101T105441_B01.jp2',
    )
    if (!statSync(real, { throwIfNoEntry: false })) {
      console.log(`not compared with a real file: ${real} is not there`)
      return skip()
    }
    const { tiles: _, tileParts, ...form } = mainHeader(readFileSync(real))
    const {
      tiles: __,
      tileParts: ___,
      ...drawn
    } = mainHeader(read(images.find((key) => key.endsWith('_B02.jp2')) ?? ''))
    expect(drawn).toEqual(form)
    expect(tileParts).toBe(100)
  })
})

describe('node sample/make.ts', () => {
  const make = (args: string[], path = process.env.PATH) =>
    spawnSync(process.execPath, [join(SAMPLE, 'make.ts'), ...args], {
      encoding: 'utf8',
      timeout: 25_000,
      env: { ...process.env, PATH: path },
    })

  test('makes a granule again as it is kept', ({ skip }) => {
    if (spawnSync('opj_compress', ['-h']).error) {
      console.log('not made again: opj_compress (Debian: libopenjp2-tools) is not installed')
      return skip()
    }
    const run = make(['--check', '--only', 'L1C_T33UVB_A015792_20180701T102024'])
    expect(run.stderr).toMatch(/1 granules, \d+ files compared, 0 differ/)
    expect(run.status).toBe(0)
  })

  test('says what to install where opj_compress is missing', () => {
    const run = make(['--check', '--only', 'L1C_T33UVB_A015792_20180701T102024'], '/nonexistent')
    expect(run.status).toBe(1)
    expect(run.stderr).toContain('apt-get install libopenjp2-tools')
    expect(run.stderr).not.toContain('    at ')
  })
})

function csv(name: string): string[][] {
  return readFileSync(join(SAMPLE, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
}

/** The fields of SIZ and COD (ISO/IEC 15444-1 A.5.1, A.6.1), and a walk over the tile-parts (A.4.2). */
function mainHeader(file: Buffer) {
  const siz = file.indexOf(Buffer.from('ff4fff51', 'hex')) + 2
  const cod = file.indexOf(Buffer.from('ff52', 'hex'), siz)
  const across = (at: number) => Math.ceil(file.readUInt32BE(siz + at) / file.readUInt32BE(siz + at + 16))
  let [at, tileParts, plt] = [file.indexOf(Buffer.from('ff90000a', 'hex'), cod), 0, true]
  for (; file.readUInt16BE(at) === 0xff90; tileParts++) {
    plt &&= file.readUInt16BE(at + 12) === 0xff58
    at += file.readUInt32BE(at + 6)
  }
  expect(file.readUInt16BE(at)).toBe(0xffd9)
  return {
    components: file.readUInt16BE(siz + 38),
    bits: file.readUInt8(siz + 40) + 1,
    precincts: (file.readUInt8(cod + 4) & 1) === 1,
    progression: file.readUInt8(cod + 5),
    layers: file.readUInt16BE(cod + 6),
    decompositions: file.readUInt8(cod + 9),
    reversible: file.readUInt8(cod + 13) === 1,
    tiles: across(6) * across(10),
    tileParts,
    plt,
  }
}
