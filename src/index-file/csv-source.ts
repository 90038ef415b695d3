import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Fault, messageOf } from '../errors.ts'

/** Columns of the archive's index, gs://gcp-public-data-sentinel-2/index.csv.gz and L2/index.csv.gz. */
const REQUIRED = [
  'GRANULE_ID',
  'PRODUCT_ID',
  'DATATAKE_IDENTIFIER',
  'MGRS_TILE',
  'SENSING_TIME',
  'TOTAL_SIZE',
  'CLOUD_COVER',
  'GEOMETRIC_QUALITY_FLAG',
  'GENERATION_TIME',
  'NORTH_LAT',
  'SOUTH_LAT',
  'WEST_LON',
  'EAST_LON',
  'BASE_URL',
] as const
/** The columns that are read; an export of the BigQuery table has the last. */
export const COLUMNS = [...REQUIRED, 'SOURCE_URL'] as const
export type CsvColumn = (typeof COLUMNS)[number]
/** What such an export has on top, which nothing here needs. */
const IGNORED = 'ETL_TIMESTAMP'
type HeaderName = CsvColumn | typeof IGNORED

/** A file that looks like an index CSV from outside: it is there, and its first line is the header. */
export type CsvSource = {
  /** As the user wrote it. */
  readonly file: string
  /** Absolute. */
  readonly path: string
  readonly gzipped: boolean
  readonly header: readonly HeaderName[]
}

/** @throws {Fault} misconfigured for a file that is not there, empty or of another form */
export async function inspectCsv(file: string): Promise<CsvSource> {
  const info = await stat(file).catch((cause: unknown) => {
    throw new Fault('misconfigured', `The index CSV ${file} cannot be read: ${messageOf(cause)}.`, { cause })
  })
  if (!info.isFile()) throw new Fault('misconfigured', `The index CSV ${file} is not a file.`)
  if (info.size === 0) throw new Fault('misconfigured', `The index CSV ${file} is empty; download it again.`)
  const gzipped = await startsAsGzip(file)
  if (!gzipped && file.endsWith('.gz')) {
    throw new Fault(
      'misconfigured',
      `${file} is named .gz but is no gzip file; download it again, or rename it if it is plain CSV.`,
    )
  }
  return { file, path: resolve(file), gzipped, header: parseHeader(file, await firstLine(file, gzipped)) }
}

/**
 * Unpacks a gzip file to its end: DuckDB does not look at the checksum and length that close it, so it
 * takes one whose last bytes are missing.
 * @throws {Fault} misconfigured where checksum or length are wrong or the file ends early
 */
export async function checkGzip(file: string, signal: AbortSignal): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    const unpacked = createGunzip({ chunkSize: GZIP_PIECE })
    await pipeline(createReadStream(file, { highWaterMark: GZIP_PIECE }), unpacked, nowhere, { signal })
  } catch (cause) {
    throw signal.aborted ? cause : notUnpacked(file, cause)
  }
}

/** Bytes; larger pieces cost fewer turns of the event loop. */
const GZIP_PIECE = 1 << 20

const notUnpacked = (file: string, cause: unknown): Fault =>
  new Fault('misconfigured', `${file} cannot be unpacked: ${messageOf(cause)}; download it again.`, { cause })

async function startsAsGzip(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

/** Longer than any header, shorter than what would hurt. */
const LONGEST_HEADER = 10_000

async function firstLine(file: string, gzipped: boolean): Promise<string> {
  const bytes = createReadStream(file)
  let text = ''
  try {
    for await (const chunk of gzipped ? bytes.pipe(createGunzip()) : bytes) {
      text += String(chunk)
      if (text.includes('\n') || text.length > LONGEST_HEADER) break
    }
  } catch (cause) {
    throw notUnpacked(file, cause)
  } finally {
    bytes.destroy()
  }
  return text.replace(/^\uFEFF/, '').split(/\r?\n|\r/)[0] ?? ''
}

function parseHeader(file: string, line: string): HeaderName[] {
  const names = line.split(',').map((name) => unquoted(name.trim()).trim().toUpperCase())
  const known = names.filter(isColumn)
  const missing = REQUIRED.filter((name) => !names.includes(name))
  const strange = names.filter((name) => !isColumn(name)).map((name) => JSON.stringify(name))
  const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i))
  const faults = [
    ...(missing.length > 0 ? [`it lacks ${missing.join(', ')}`] : []),
    ...(strange.length > 0 ? [`it has ${strange.slice(0, 5).join(', ').slice(0, 200)}`] : []),
    ...(twice.size > 0 ? [`it has ${[...twice].join(', ').slice(0, 200)} more than once`] : []),
  ]
  if (faults.length === 0) return known
  throw new Fault(
    'misconfigured',
    `The first line of ${file} is not the header of the archive's index: ${faults.join(' and ')}. ` +
      `Give the file that gs://gcp-public-data-sentinel-2/index.csv.gz holds.`,
  )
}

const isColumn = (name: string): name is HeaderName =>
  name === IGNORED || COLUMNS.some((known) => known === name)

/** No name of the header holds a comma, so a quoted one is whole between two commas. */
const unquoted = (name: string): string => /^"(.*)"$/.exec(name)?.[1]?.replaceAll('""', '"') ?? name
