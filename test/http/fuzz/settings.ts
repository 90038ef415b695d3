import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { buildIndex } from '../../../src/build-index.ts'
import { type ArchiveRow, archiveRow, keysOf, writeCsv } from '../../archive.ts'
import { startStorageServer } from '../../stand-ins/storage-server.ts'
import { temporaryFolder } from '../../temporary.ts'
import { API_KEY } from './headers.ts'

/** What a service is started over, and what is closed after it. */
export type Setting = { readonly env: Readonly<Record<string, string>>; close(): Promise<void> }

/** The embedded sample, as `npm start` serves it. */
export async function sampleSetting(): Promise<Setting> {
  const folder = await temporaryFolder()
  return { env: { SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }, close: folder.remove }
}

const SAMPLE = join(import.meta.dirname, '../../../sample')
const ROWS = 400
const TILES = ['33UUB', '33UVB', '33VUC', '32VNH', '01CCV', '60XWM']

/**
 * An index of some hundred granules and a stand-in for the bucket. The images of the sample are there to be read;
 * of the others there are names alone, and no colours. Keys and what proxies tell are read, whatever they are.
 */
export async function bucketSetting(): Promise<Setting> {
  const folder = await temporaryFolder()
  const index = join(folder.path, 'index.sqlite')
  const rows = Array.from({ length: ROWS }, (_, n) => rowOf(n))
  const csv = await writeCsv(join(folder.path, 'index.csv'), rows)
  await buildIndex({ from: [join(SAMPLE, 'index.csv'), csv], to: index })
  const names = rows.flatMap(keysOf).filter((key) => !key.includes('PVI'))
  const bucket = await startStorageServer({
    objects: [...sampleObjects(), ...names.map((key) => [key, 1000] as const)],
  })
  return {
    env: {
      SWATH_CATALOG: `sqlite:${index}`,
      SWATH_STORAGE: 'gs://gcp-public-data-sentinel-2',
      SWATH_STORAGE_ENDPOINT: bucket.url,
      SWATH_ANONYMOUS: 'true',
      SWATH_TRUSTED_PROXIES: '1',
      SWATH_API_KEYS: `tester=${createHash('sha256').update(API_KEY).digest('hex')}`,
      SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    },
    close: async () => {
      await bucket.close()
      await folder.remove()
    },
  }
}

const DAY_MS = 86_400_000

function rowOf(n: number): ArchiveRow {
  const start = new Date(Date.UTC(2018, 0, 3, 10, 20, 21) + Math.floor(n / TILES.length) * 9 * DAY_MS)
  return archiveRow({
    tile: TILES[n % TILES.length] ?? '33UUB',
    start: start.toISOString(),
    level: n % 3 === 0 ? 'L2A' : 'L1C',
    orbit: 100 + n,
    cloud: n % 7 === 0 ? null : (n * 37) % 101,
  })
}

const sampleObjects = (): (readonly [string, Uint8Array])[] => {
  const root = join(SAMPLE, 'bucket')
  const files = globSync('**', { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map((entry) => {
    const file = join(entry.parentPath, entry.name)
    return [relative(root, file), readFileSync(file)] as const
  })
}
