import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from './errors.ts'
import { jsonBytes } from './export-bytes.ts'
import { ARCHIVE_CSV, type LineForm, NDJSON } from './export-lines.ts'
import { openExportPlace, stopped, unwritable, writerFor } from './export-place.ts'
import { type Asked, type Pieces, type Source, sourceOf } from './export-source.ts'
import { aboutIndex } from './index-file/about.ts'

export type ExportOptions = {
  /** The index. */
  readonly file: string
  /** Ends in .parquet, .csv or .ndjson. */
  readonly to: string
  /** Which of its granules; all of them by default. */
  readonly asked?: Asked
  /** Ends the export and leaves things as they were. */
  readonly signal?: AbortSignal
  readonly onProgress?: (granules: number) => void
}

export type ExportReport = {
  readonly granules: number
  /** Of the file that was made. */
  readonly bytes: number
}

/**
 * Writes granules of an index into a file, which takes the place of what stood there when it is whole. They come
 * by tile, then level, then newest first, or in the order that is asked for.
 * @throws {Fault} bad-request for another ending or a level that the index lacks; misconfigured where the index
 * cannot be read or the file not be written; as Catalog.search; cancelled when the signal aborts
 */
export async function exportIndex(options: ExportOptions): Promise<ExportReport> {
  const { file, to, signal = new AbortController().signal } = options
  const write = writerFor(to, WRITERS)
  const about = aboutIndex(file)
  await refuseOverIndex(file, to)
  const place = await openExportPlace(to)
  try {
    const source = await sourceOf(file, about, options.asked ?? {}, signal)
    const writing = writeAll(write, source, { ...options, folder: place.folder, signal })
    const { draft, granules } = await writing.finally(() => {
      if (source.kind === 'searched' && !signal.aborted) requireSame(file, about.builtAt)
    })
    const { size } = await stat(draft)
    await place.finish(draft)
    return { granules, bytes: size }
  } catch (thrown) {
    if (signal.aborted) throw stopped(to, thrown)
    throw thrown instanceof Fault ? thrown : unwritable(to, thrown)
  } finally {
    await place.remove()
  }
}

async function writeAll(
  write: Writer,
  source: Source,
  { folder, signal, onProgress }: Pick<Writing, 'folder' | 'signal'> & Pick<ExportOptions, 'onProgress'>,
): Promise<{ readonly draft: string; readonly granules: number }> {
  let granules = 0
  const count = (more: number) => {
    granules += more
    onProgress?.(granules)
  }
  try {
    const draft = await write({ source, folder, count, signal })
    return { draft, granules }
  } finally {
    await source.close()
  }
}

/**
 * What can be told before anything is read.
 * @throws {Fault} bad-request where the ending tells no form of a file
 */
export const refuseOtherForms = (to: string): void => void writerFor(to, WRITERS)

type Writing = {
  readonly source: Source
  readonly folder: string
  readonly count: (more: number) => void
  readonly signal: AbortSignal
}

/** Writes into the folder and gives the path of the file that is to stay. */
type Writer = (writing: Writing) => Promise<string>

const WRITERS: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['.csv', (writing) => writeLines(ARCHIVE_CSV, writing)],
  ['.ndjson', writeNdjson],
  ['.parquet', writeGeoParquet],
])

/** Rows of the table go straight into bytes; what a search finds goes the way of all lines. */
async function writeNdjson(writing: Writing): Promise<string> {
  const { source, folder, count, signal } = writing
  if (!source.rows) return writeLines(NDJSON, writing)
  const file = join(folder, 'granules.txt')
  await pipeline(jsonBytes(source.rows(), count), createWriteStream(file, { highWaterMark: 4 * PIECE }), {
    signal,
  })
  return file
}

/** Characters in a piece of text: fewer would cost more writes, more would cost memory for nothing. */
const PIECE = 1 << 16

async function writeLines(form: LineForm, { source, folder, count, signal }: Writing): Promise<string> {
  const file = join(folder, 'granules.txt')
  await pipeline(texts(form, source.pieces(), count), createWriteStream(file, { highWaterMark: 4 * PIECE }), {
    signal,
  })
  return file
}

async function* texts(
  { head, line }: LineForm,
  pieces: Pieces,
  count: (more: number) => void,
): AsyncGenerator<string> {
  let text = head
  for await (const { granules, coverage, composed } of pieces) {
    let i = 0
    for (const granule of granules) {
      text += line(granule, { coverage: coverage?.[i], composed: composed?.[i] === true })
      i++
      if (text.length < PIECE) continue
      yield text
      text = ''
    }
    count(granules.length)
  }
  if (text !== '') yield text
}

async function writeGeoParquet({ source, folder, count, signal }: Writing): Promise<string> {
  // DuckDB comes with it, which takes a while to load.
  const { writeParquet } = await import('./files/parquet.ts')
  const { geoTable } = await import('./export-geo.ts')
  const { columns, rows: rowsOf, metadata } = geoTable({ coverage: source.coverage })
  // DuckDB waits for no promise, so what a search finds is laid down first.
  const pieces = await source.atOnce(folder)
  function* rows() {
    for (const { granules, coverage } of pieces) {
      signal.throwIfAborted()
      yield rowsOf(granules, coverage)
      count(granules.length)
    }
  }
  const file = join(folder, 'granules.parquet')
  await writeParquet({ file, columns, rows: rows(), metadata, spill: join(folder, 'spill'), signal })
  return file
}

async function refuseOverIndex(file: string, to: string): Promise<void> {
  const [index, target] = await Promise.all([stat(file), stat(to).catch(() => undefined)])
  if (target?.ino !== index.ino || target.dev !== index.dev) return
  const sentence = `${to} is the index ${file} itself; give another name. Nothing was changed.`
  throw new Fault('misconfigured', sentence)
}

/** What was found in two indexes belongs to neither, and what a search of the second lacks tells nothing. */
function requireSame(file: string, builtAt: number): void {
  if (aboutIndex(file).builtAt === builtAt) return
  const sentence = `The index ${file} was replaced while it was exported; run the export again.`
  throw new Fault('misconfigured', sentence)
}
