import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imagePrefix, tilePrefix } from '../../src/sentinel2/granule.ts'
import { parseImageName, parseProductName } from '../../src/sentinel2/names.ts'
import { gcsStorage } from '../../src/storage/gcs.ts'
import { allNames } from '../contracts/storage.ts'
import { realData } from '../real-data.ts'
import { type StorageServer, startStorageServer } from '../stand-ins/storage-server.ts'

const LISTINGS = realData('listings')

type Listing = { readonly place: string; readonly files: ReadonlyMap<string, number> }

/** The files of a real product below the place it has in the bucket. */
function readListing(file: string): Listing {
  const productId = file.replace('.tsv', '').replace('esa_', '')
  const product = parseProductName(productId)
  // The old multi-tile product is cut into one of each tile in the bucket; any tile's folder serves here.
  const place = `${tilePrefix(product?.level ?? 'L1C', product?.mgrsTile ?? '53HPV')}${productId}.SAFE`
  const lines = readFileSync(join(LISTINGS ?? '', file), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
  const files = lines.map((line): [string, number] => {
    const [size = '', , path = ''] = line.split('\t')
    return [`${place}/${path.replace(/^\.\//, '')}`, Number(size)]
  })
  return { place, files: new Map(files) }
}

const lastPart = (key: string): string => key.slice(key.lastIndexOf('/') + 1)

describe.runIf(LISTINGS)('the real listings, replayed through the stand-in', () => {
  const listings = LISTINGS ? readdirSync(LISTINGS).filter((file) => file.endsWith('.tsv')) : []
  const loaded = new Map(listings.map((file) => [file, readListing(file)]))
  let server: StorageServer
  beforeAll(async () => {
    server = await startStorageServer({ objects: [...loaded.values()].flatMap(({ files }) => [...files]) })
  })
  afterAll(() => server.close())

  test.each(listings)('%s gives exactly its images', async (file) => {
    const { place, files } = loaded.get(file) ?? { place: '', files: new Map<string, number>() }
    const options = { bucket: 'gcp-public-data-sentinel-2', endpoint: server.url, anonymous: true }
    const storage = gcsStorage({ ...options, deadlineMs: 5000 })

    const granules = await allNames(storage, `${place}/GRANULE/`, { delimiter: '/' })
    expect(granules.length).toBeGreaterThan(0)
    const images = new Map<string, number>()
    for (const granule of granules) {
      const granuleId = lastPart(granule.slice(0, -1))
      for await (const page of storage.list(imagePrefix({ place, granuleId }))) {
        for (const entry of page) {
          if (entry.kind !== 'object') throw new Error('A list without a delimiter gave a folder.')
          if (parseImageName(lastPart(entry.key)) !== undefined) images.set(entry.key, entry.size)
        }
      }
    }

    const expected = [...files].filter(([key]) => key.includes('/IMG_DATA/') && key.endsWith('.jp2'))
    expect([...images].sort()).toEqual(expected.sort())
  })

  test('there are images in them', () => {
    const all = [...loaded.values()].flatMap(({ files }) => [...files.keys()])
    const images = all.filter((key) => parseImageName(lastPart(key)) !== undefined)
    expect(images.length).toBeGreaterThan(300)
    expect(images.filter((key) => !key.includes('/IMG_DATA/'))).toEqual([])
  })
})
