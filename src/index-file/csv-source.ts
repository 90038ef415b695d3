import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import { Fault, messageOf } from '../errors.ts'

/** Columns of the archive's index, gs://gcp-public-data-sentinel-2/index.csv.gz and L2/index.csv.gz. */
export const ARCHIVE_COLUMNS = [
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
/** The columns that are read; an export of the BigQuery table has the last two. */
export const COLUMNS = [...ARCHIVE_COLUMNS, 'SOURCE_URL', 'ETL_TIMESTAMP'] as const
export type CsvColumn = (typeof COLUMNS)[number]

/** A file that looks like an index CSV from outside: it is there, and its first line is the header. */
export type CsvSource = {
  /** As the user wrote it. */
  readonly file: string
  /** Absolute. */
  readonly path: string
  readonly gzipped: boolean
  /** Bytes of the file. */
  readonly size: number
  readonly header: readonly CsvColumn[]
}

/**
 * @param file what the user calls it
 * @throws {Fault} misconfigured for a file that is not there, empty or of another form
 */
export async function inspectCsv(path: string, file: string = path): Promise<CsvSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw notRead(file, cause)
  })
  if (info.isDirectory()) throw new Fault('misconfigured', `The index CSV ${file} is a folder.`)
  if (!info.isFile()) {
    const sentence = `The index CSV ${file} is not a file; hand in what comes out of it as standard input: --from - < ${file}.`
    throw new Fault('misconfigured', sentence)
  }
  if (info.size === 0) throw new Fault('misconfigured', `The index CSV ${file} is empty; download it again.`)
  const gzipped = await startsAsGzip(path)
  if (!gzipped && file.endsWith('.gz')) {
    throw new Fault(
      'misconfigured',
      `${file} is named .gz but is no gzip file; download it again, or rename it if it is plain CSV.`,
    )
  }
  const source = { file, path: resolve(path), gzipped, size: info.size }
  const [line = '', ...more] = (await firstLine(source)).split('\r')
  const header = parseHeader(file, line)
  if (more.join('') !== '') throw returnsAlone(file)
  return { ...source, header }
}

/**
 * The bytes of a CSV, unpacked; a gzip file's checksum and length are looked at, too.
 * @param onBytes hears how many bytes of the file were read so far
 * @throws {Fault} misconfigured where the file cannot be read or unpacked to its end
 */
export async function* bytesOf(
  { file, path, gzipped }: CsvSource,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(path, { highWaterMark: PIECE, signal })
  try {
    for await (const bytes of gzipped ? unpacked(raw) : raw) {
      yield bytes
      onBytes(raw.bytesRead)
    }
  } catch (cause) {
    if (signal.aborted) throw cause
    throw gzipped ? notUnpacked(file, cause) : notRead(file, cause)
  } finally {
    raw.destroy()
  }
}

async function* unpacked(raw: ReturnType<typeof createReadStream>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: PIECE })
  raw.on('error', (error) => gunzip.destroy(error))
  try {
    yield* raw.pipe(gunzip)
  } finally {
    gunzip.destroy()
  }
}

/** Bytes; larger pieces cost fewer turns of the event loop. */
const PIECE = 1 << 20

const notRead = (file: string, cause: unknown): Fault =>
  new Fault('misconfigured', `The index CSV ${file} cannot be read: ${messageOf(cause)}.`, { cause })

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

const returnsAlone = (file: string): Fault =>
  new Fault(
    'misconfigured',
    `The index CSV ${file}: its lines end in CR alone, where LF or CR LF should stand. ` +
      `Make another of it first: tr '\\r' '\\n' < old.csv > new.csv`,
  )

/** Longer than any header, shorter than what would hurt. */
const LONGEST_HEADER = 10_000

async function firstLine({ file, path, gzipped }: Omit<CsvSource, 'header'>): Promise<string> {
  const bytes = createReadStream(path)
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
  return text.replace(/^\uFEFF/, '').split('\n')[0] ?? ''
}

function parseHeader(file: string, line: string): CsvColumn[] {
  const names = line.split(',').map((name) => unquoted(name.trim()).trim().toUpperCase())
  const known = names.filter(isColumn)
  const missing = ARCHIVE_COLUMNS.filter((name) => !names.includes(name))
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

const isColumn = (name: string): name is CsvColumn => COLUMNS.some((known) => known === name)

/** No name of the header holds a comma, so a quoted one is whole between two commas. */
const unquoted = (name: string): string => /^"(.*)"$/.exec(name)?.[1]?.replaceAll('""', '"') ?? name
