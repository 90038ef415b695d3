import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildIndex } from '../../src/build-index.ts'
import { archiveRow, writeCsv } from '../archive.ts'
import { type StorageServer, startStorageServer } from '../stand-ins/storage-server.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

/** An archive of many granules behind the stand-in, each with the bands of one of the sample's. */
export type ManyGranules = {
  /** A folder of the test's own, with the index in it. */
  readonly folder: string
  readonly bucket: StorageServer
  /** In order of time, a day apart from 2019-01-01 on. */
  readonly granuleIds: readonly string[]
  /** The environment of a process that works on it. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

const SAMPLE = join(import.meta.dirname, '../../sample/bucket')
const BANDS = ['B02', 'B03', 'B04']

export async function openManyGranules(count: number, latencyMs: number): Promise<ManyGranules> {
  const folder: Temporary = await temporaryFolder()
  const index = join(folder.path, 'index.sqlite')
  const rows = Array.from({ length: count }, (_, n) =>
    archiveRow({ tile: '33UUB', start: new Date(Date.UTC(2019, 0, 1, 10) + n * 864e5).toISOString() }),
  )
  await buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: index })
  const pictures = samplePictures()
  const bucket = await startStorageServer({
    latencyMs,
    objects: rows.flatMap(({ GRANULE_ID, BASE_URL }, n) => {
      const place = BASE_URL?.replace('gs://gcp-public-data-sentinel-2/', '')
      const picture = pictures[n % pictures.length]
      return BANDS.map((band) => {
        const key = `${place}/GRANULE/${GRANULE_ID}/IMG_DATA/T33UUB_20190101T100000_${band}.jp2`
        return [key, picture?.get(band) ?? 0] as const
      })
    }),
  })
  return {
    folder: folder.path,
    bucket,
    granuleIds: rows.map(({ GRANULE_ID }) => GRANULE_ID ?? ''),
    env: {
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
      SWATH_STORAGE_ENDPOINT: bucket.url,
      SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    },
    close: async () => {
      await bucket.close()
      await folder.remove()
    },
  }
}

/** The 10 m bands of each L1C granule of the sample, by name of the band. */
function samplePictures(): ReadonlyMap<string, Uint8Array>[] {
  return globSync('tiles/**/IMG_DATA', { cwd: SAMPLE }).map((folder) => {
    const files = globSync('*_B0[234].jp2', { cwd: join(SAMPLE, folder) })
    return new Map(files.map((file) => [file.slice(-7, -4), readFileSync(join(SAMPLE, folder, file))]))
  })
}
