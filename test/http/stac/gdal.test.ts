import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import type { House } from '../../../src/house.ts'
import { openHouse } from '../../../src/wire.ts'
import { serveHouse } from '../../serve.ts'
import { type Temporary, temporaryFolder } from '../../temporary.ts'

/*
 * GDAL, and with it QGIS and all that is built on them, opens searches and collections of the service. The bucket
 * cannot be reached from here, so that images are those of the sample: only the addresses are put in their place.
 */

const run = promisify(execFile)
const SAMPLE = join(import.meta.dirname, '../../../sample/bucket/')

const hasGdal = await run('gdalinfo', ['--formats']).then(
  ({ stdout }) => /STACIT/.test(stdout) && /JP2OpenJPEG/.test(stdout),
  () => false,
)
if (!hasGdal) console.log('Not run: GDAL opens searches (there is no gdalinfo with STACIT and JP2OpenJPEG).')

let folder: Temporary
let house: House
let served: Awaited<ReturnType<typeof serveHouse>>
beforeAll(async () => {
  folder = await temporaryFolder()
  house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
  served = await serveHouse(house)
})
afterAll(async () => {
  served.stop()
  await house.close()
  await folder.remove()
})

/** What a tool of GDAL says on both streams. */
async function told(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(program, args, {
    timeout: 30_000,
    env: { ...process.env, LC_ALL: 'C' },
  })
  return stdout + stderr
}

/** A search as a file whose images are the sample's. */
async function searchFile(query: string): Promise<string> {
  const response = await fetch(`${served.url}/stac/search?${query}`)
  const text = await response.text()
  const file = join(folder.path, 'search.json')
  await writeFile(file, text.replaceAll(/https:\/\/storage\.googleapis\.com\/[^/]+\//g, SAMPLE))
  return file
}

describe.runIf(hasGdal)('GDAL', () => {
  test('finds the images of a search by the name of their asset', async () => {
    const listed = await told('gdalinfo', `STACIT:"${served.url}/stac/search?limit=10":asset=visual`)
    for (const collection of ['sentinel-2-l1c', 'sentinel-2-l2a']) {
      expect(listed).toContain(`Collection ${collection}, Asset visual of`)
    }
    expect(listed).not.toMatch(/ERROR|Warning/)
  })

  test('opens the images of a search as a mosaic in their projection', async () => {
    const file = await searchFile('collections=sentinel-2-l1c&limit=10')
    const told10 = await told('gdalinfo', `STACIT:"${file}":asset=visual`)
    expect(told10).toContain('ID["EPSG",32633]')
    expect(told10).toContain('Pixel Size = (10.000000000000000,-10.000000000000000)')
    expect(told10).toMatch(/Band 3 .*Type=Byte/)
    expect(told10).not.toMatch(/ERROR/)
  })

  for (const [asset, pixel, side] of [
    ['red', 10, 10980],
    ['red-20m', 20, 5490],
    ['scl-60m', 60, 1830],
  ] as const) {
    test(`places ${asset} by what item and asset tell of its pixels`, async () => {
      const file = await searchFile('collections=sentinel-2-l2a')
      const placed = await told('gdalinfo', `STACIT:"${file}":asset=${asset}`)
      expect(placed).toContain(`Size is ${side}, ${side}`)
      expect(placed).toContain('Origin = (300000.000000000000000,6200040.000000000000000)')
      expect(placed).toContain(`Pixel Size = (${pixel}.000000000000000,-${pixel}.000000000000000)`)
    })
  }

  test('reads the collections as layers of features', async () => {
    const layers = await told('ogrinfo', `OAPIF:${served.url}/stac`)
    expect(layers).toContain('1: sentinel-2-l1c (title: Sentinel-2 Level-1C)')
    expect(layers).not.toMatch(/ERROR|Warning/)
  })

  test('reads all features of a layer, page by page, and those of a box', async () => {
    const layer = async (...more: readonly string[]) => {
      const text = await told('ogrinfo', '-al', ...more, `OAPIF:${served.url}/stac`, 'sentinel-2-l1c')
      expect(text).not.toMatch(/ERROR|Warning/)
      return [...text.matchAll(/^OGRFeature/gm)].length
    }
    const search = (query: string) => fetch(`${served.url}/stac/search?collections=sentinel-2-l1c&${query}`)
    const linesOf = async (query: string) =>
      (await (await search(`format=ndjson&${query}`)).text()).trimEnd().split('\n').length
    const all = await linesOf('')
    expect(all).toBeGreaterThan(5)
    expect(await layer('-oo', 'PAGE_SIZE=2')).toBe(all)
    const inBox = await linesOf('bbox=14.5,55,15,56')
    expect(inBox).toBeGreaterThan(0)
    expect(inBox).toBeLessThan(all)
    expect(await layer('-spat', '14.5', '55', '15', '56')).toBe(inBox)
  })
})
