import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBBlobValue, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveCsv } from '../bench/archive-csv.ts'
import { buildIndex } from '../src/build-index.ts'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { exportIndex } from '../src/export-index.ts'
import { propertiesOf } from '../src/formats.ts'
import { areaOfBox, WORLD } from '../src/sentinel2/area.ts'
import { footprintOf } from '../src/sentinel2/footprint.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { archiveRow, csvOf } from './archive.ts'
import { ROWS, searchOf } from './contracts/catalog.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'
import { type Geometry, outlinesOf, readWkb } from './wkb.ts'

let folder: Temporary
let index: string
let file: string
let granules: readonly Granule[]

/** Some thousand granules of all the world, those of the catalogs' contract, and one that crosses the antimeridian. */
beforeAll(async () => {
  folder = await temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  index = at('index.sqlite')
  file = at('x.parquet')
  writeFileSync(at('world.csv'), Buffer.concat([...archiveCsv({ rows: 3000 })]))
  const crossing = archiveRow({
    tile: '01KAB',
    start: '2020-02-02T10:00:00Z',
    box: [179.5, -17, -179.25, -16.5],
  })
  writeFileSync(at('known.csv'), csvOf([...ROWS, crossing]))
  await buildIndex({ from: [at('world.csv'), at('known.csv')], to: index })
  await exportIndex({ file: index, to: file })
  granules = await allGranules()
})
afterAll(() => folder.remove())

async function allGranules(): Promise<Granule[]> {
  const catalog = sqliteCatalog({ file: index, threads: 1 })
  try {
    const pages = ['L1C', 'L2A'] as const
    const found = await Promise.all(
      pages.map((level) =>
        catalog.search(searchOf({ area: WORLD, dedupe: 'none', level }), { limit: 10_000 }),
      ),
    )
    const all = found.flatMap((page) => page.granules)
    return all.sort((a, b) => (a.mgrsTile < b.mgrsTile ? -1 : a.mgrsTile > b.mgrsTile ? 1 : 0))
  } finally {
    await catalog.close()
  }
}

/** Asks a DuckDB that fetches nothing. */
async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const options = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' }
  const instance = await DuckDBInstance.create(':memory:', options)
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(sql)).getRowObjects()
  connection.closeSync()
  instance.closeSync()
  return rows
}

async function geoOf(parquet: string): Promise<unknown> {
  const said = await ask(
    `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${parquet}')`,
  )
  expect(said.map(({ key }) => key)).toEqual(['geo'])
  return JSON.parse(String(said[0]?.value))
}

async function geometriesOf(parquet: string): Promise<Geometry[]> {
  const rows = await ask(`SELECT ST_AsWKB(geometry) AS wkb FROM '${parquet}'`)
  return rows.flatMap(({ wkb }) => (wkb instanceof DuckDBBlobValue ? [readWkb(wkb.bytes)] : []))
}

describe('an export as GeoParquet', () => {
  test('has the metadata that GeoParquet 1.1 asks for, true of its rows', async () => {
    const types = new Set(granules.map((granule) => footprintOf(granule)?.type))
    const positions = granules.flatMap((granule) => {
      const footprint = footprintOf(granule)
      if (!footprint) return []
      return (footprint.type === 'Polygon' ? [footprint.coordinates] : footprint.coordinates).flat(2)
    })
    const [lons, lats] = [positions.map(([lon]) => lon), positions.map(([, lat]) => lat)]
    const ends = (values: readonly number[]) =>
      values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const, [
        Infinity,
        -Infinity,
      ] as const)
    expect(await geoOf(file)).toEqual({
      version: '1.1.0',
      primary_column: 'geometry',
      columns: {
        geometry: {
          encoding: 'WKB',
          geometry_types: [...types].sort(),
          orientation: 'counterclockwise',
          edges: 'planar',
          bbox: [ends(lons)[0], ends(lats)[0], ends(lons)[1], ends(lats)[1]],
          covering: {
            bbox: {
              xmin: ['bbox', 'xmin'],
              ymin: ['bbox', 'ymin'],
              xmax: ['bbox', 'xmax'],
              ymax: ['bbox', 'ymax'],
            },
          },
        },
      },
    })
    expect([...types].sort()).toEqual(['MultiPolygon', 'Polygon'])
  })

  test('keeps geometry as bytes at the root, and its covering as a struct of doubles', async () => {
    const schema = await ask(
      `SELECT name, type, num_children::INT AS children, repetition_type AS repetition FROM parquet_schema('${file}')`,
    )
    const of = (name: string) => schema.find((column) => column.name === name)
    expect(of('geometry')).toEqual({
      name: 'geometry',
      type: 'BYTE_ARRAY',
      children: null,
      repetition: 'OPTIONAL',
    })
    const at = schema.findIndex(({ name }) => name === 'bbox')
    expect(schema[at]).toMatchObject({ type: null, children: 4 })
    expect(schema.slice(at + 1, at + 5)).toEqual(
      ['xmin', 'ymin', 'xmax', 'ymax'].map((name) => expect.objectContaining({ name, type: 'DOUBLE' })),
    )
    const codecs = await ask(`SELECT DISTINCT compression FROM parquet_metadata('${file}')`)
    expect(codecs).toEqual([{ compression: 'ZSTD' }])
  })

  test('holds the footprint of every granule, and the box around it', async () => {
    const geometries = await geometriesOf(file)
    expect(geometries.length).toBe(granules.length)
    for (const [i, granule] of granules.entries()) expect(geometries[i]).toEqual(footprintOf(granule))
    const boxes = await ask(
      `SELECT bbox.xmin AS w, bbox.ymin AS s, bbox.xmax AS e, bbox.ymax AS n FROM '${file}'`,
    )
    for (const [i, geometry] of geometries.entries()) {
      const positions = outlinesOf(geometry).flat()
      const [lons, lats] = [0, 1].map((axis) => positions.map((position) => position[axis] ?? Number.NaN))
      const [w, s, e, n] = [
        Math.min(...(lons ?? [])),
        Math.min(...(lats ?? [])),
        Math.max(...(lons ?? [])),
        Math.max(...(lats ?? [])),
      ]
      expect(boxes[i]).toEqual({ w, s, e, n })
    }
  })

  test('winds every outline counterclockwise, as it claims', async () => {
    const outlines = (await geometriesOf(file)).flatMap(outlinesOf)
    expect(outlines.length).toBeGreaterThan(granules.length)
    for (const outline of outlines) {
      const twice = outline.reduce((sum, [lon = 0, lat = 0], i) => {
        const [nextLon = lon, nextLat = lat] = outline[i + 1] ?? []
        return sum + lon * nextLat - nextLon * lat
      }, 0)
      expect(twice).toBeGreaterThan(0)
      expect(outline.at(-1)).toEqual(outline[0])
    }
  })

  test('holds the properties of every granule, by tile and newest first', async () => {
    const rows = await ask(
      `SELECT * EXCLUDE (geometry, bbox) REPLACE (epoch_us(sensing_time)::DOUBLE AS sensing_time,
        epoch_us(generation_time)::DOUBLE AS generation_time, total_size::DOUBLE AS total_size) FROM '${file}'`,
    )
    const expected = granules.map((granule) => ({
      ...propertiesOf(granule),
      sensing_time: granule.sensingTime,
      generation_time: granule.generationTime ?? null,
      base_url: `gs://gcp-public-data-sentinel-2/${granule.place}`,
    }))
    expect(rows.length).toBe(expected.length)
    for (const [i, row] of rows.entries()) expect(row).toEqual(expected[i])
  })

  test('is read as geometry without an extension, and says which granules a box may touch', async () => {
    const types = await ask(`SELECT typeof(geometry)::VARCHAR AS type FROM '${file}' LIMIT 1`)
    expect(String(types[0]?.type)).toMatch(/^GEOMETRY/)
    const counted = await ask(
      `SELECT count(*)::INT AS n FROM '${file}' WHERE bbox.xmin <= 12.6 AND bbox.xmax >= 12.6
        AND bbox.ymin <= 55.65 AND bbox.ymax >= 55.65`,
    )
    const meeting = granules.filter((granule) => {
      const footprint = footprintOf(granule)
      if (footprint?.type !== 'Polygon') return false
      const positions = footprint.coordinates.flat()
      return [12.6, 55.65].every((at, i) => {
        const values = positions.map((position) => position[i] ?? 0)
        return Math.min(...values) <= at && Math.max(...values) >= at
      })
    })
    expect(meeting.length).toBeGreaterThan(30)
    expect(counted).toEqual([{ n: meeting.length }])
  })

  test('of an area tells how much of it each granule covers, as the catalog does', async () => {
    const search = searchOf({ area: areaOfBox(12.5, 55.6, 13.55, 55.7), dedupe: 'latest' })
    const to = join(folder.path, 'area.parquet')
    const report = await exportIndex({ file: index, to, asked: { search } })
    const rows = await ask(`SELECT base_url, coverage FROM '${to}'`)
    expect(rows.length).toBe(report.granules)
    const catalog = sqliteCatalog({ file: index, threads: 1 })
    const covered = new Map<string, number>()
    for (const level of ['L1C', 'L2A'] as const) {
      const page = await catalog.search({ ...search, level }, { limit: 10_000, coverage: true })
      page.granules.forEach(({ place }, i) => {
        covered.set(`gs://gcp-public-data-sentinel-2/${place}`, page.coverage?.[i] ?? Number.NaN)
      })
    }
    await catalog.close()
    expect(new Set(rows.map(({ base_url }) => base_url))).toEqual(new Set(covered.keys()))
    for (const { base_url, coverage } of rows) {
      expect(Number(coverage)).toBeCloseTo(covered.get(String(base_url)) ?? Number.NaN, 5)
    }
    expect(await geometriesOf(to)).toHaveLength(rows.length)
  })

  test('of nothing is whole all the same, and makes no claim of its rows', async () => {
    const search = searchOf({ area: areaOfBox(-140, -40, -139, -39) })
    const to = join(folder.path, 'none.parquet')
    await exportIndex({ file: index, to, asked: { search } })
    expect(await ask(`SELECT count(*)::INT AS n FROM '${to}'`)).toEqual([{ n: 0 }])
    const geo = await geoOf(to)
    expect(geo).toMatchObject({ version: '1.1.0', columns: { geometry: { geometry_types: [] } } })
    expect(JSON.stringify(geo)).not.toContain('null')
  })
})

describe('other tools', () => {
  const formats = spawnSync('ogrinfo', ['--formats'], { encoding: 'utf8' }).stdout ?? ''

  test('count as many granules as the report does', async () => {
    if (!formats.includes('CSV')) {
      console.log('Not run: counting an exported CSV with ogrinfo, which is not installed here.')
      return
    }
    const to = join(folder.path, 'x.csv')
    const report = await exportIndex({ file: index, to })
    const told = spawnSync('ogrinfo', ['-ro', '-so', '-al', to], { encoding: 'utf8' })
    expect(told.stdout).toContain(`Feature Count: ${report.granules}`)
  })

  test('know the GeoParquet for what it is', () => {
    if (!formats.includes('Parquet')) {
      const lack = formats === '' ? 'which is not installed here' : 'whose GDAL has no Parquet driver here'
      console.log(`Not run: reading an exported GeoParquet with ogrinfo, ${lack}.`)
      return
    }
    const told = spawnSync('ogrinfo', ['-ro', '-so', '-al', file], { encoding: 'utf8' })
    expect(told.stdout).toContain(`Feature Count: ${granules.length}`)
    expect(told.stdout).toMatch(/WGS 84/)
  })
})
