import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type BuildReport, createTally, type Tally } from './build-tally.ts'
import { Fault, messageOf } from './errors.ts'
import { type BuildPlace, openBuildPlace } from './index-file/build-place.ts'
import { type CsvRow, readArchiveCsv } from './index-file/csv.ts'
import { granuleOfRow, type ReadRow } from './index-file/csv-granule.ts'
import { toIndexRow } from './index-file/row.ts'
import { supersededOf } from './index-file/superseded.ts'
import { createIndex, type IndexWriter } from './index-file/writer.ts'
import { LEVELS } from './sentinel2/bands.ts'
import { compareGranules, type Granule } from './sentinel2/granule.ts'

export type { BuildReport } from './build-tally.ts'

/** A CSV of the archive's form, plain or gzipped: a file, or bytes that are written down first. */
export type BuildSource =
  | string
  | {
      readonly name: string
      /** @throws {Fault} upstream-failed where they end early */
      open(signal: AbortSignal): AsyncIterable<Uint8Array>
    }

export type BuildOptions = {
  readonly from: readonly BuildSource[]
  readonly to: string
  /** Ends the build and leaves things as they were. */
  readonly signal?: AbortSignal
  readonly onProgress?: (rows: number) => void
}

/**
 * Builds the index that the sqlite catalog reads. Whatever index stood at `to` is replaced when the new one
 * is whole and stays untouched if anything fails.
 * @throws {Fault} misconfigured for a CSV that cannot be read, a place that cannot be written, or when no
 * row could be kept; cancelled when the signal aborts; upstream-failed for bytes that end early
 */
export async function buildIndex(options: BuildOptions): Promise<BuildReport> {
  const { from, to, signal = new AbortController().signal } = options
  const place = await openBuildPlace(
    to,
    from.filter((source) => typeof source === 'string'),
  )
  try {
    return await buildIn(place, { ...options, signal })
  } catch (thrown) {
    if (signal.aborted) throw stopped(to, thrown)
    if (thrown instanceof Fault) throw thrown
    throw new Fault('misconfigured', `The index ${to} could not be built: ${messageOf(thrown)}.`, {
      cause: thrown,
    })
  } finally {
    await place.remove()
  }
}

async function buildIn(
  place: BuildPlace,
  { from, onProgress, signal }: BuildOptions & { signal: AbortSignal },
): Promise<BuildReport> {
  const files: string[] = []
  for (const source of from) {
    const file = typeof source === 'string' ? source : join(place.folder, `${files.length}.csv`)
    if (typeof source !== 'string') await pipeline(source.open(signal), createWriteStream(file), { signal })
    files.push(file)
  }
  const names = from.map((source) => (typeof source === 'string' ? source : source.name))
  const writer = createIndex(place)
  const tally = createTally()
  try {
    for await (const rows of byTile(readArchiveCsv(files, place.folder, signal))) {
      addTile(writer, tally, rows)
      const read = tally.read(rows.length)
      onProgress?.(read)
    }
    if (tally.kept === 0) throw new Fault('misconfigured', tally.nothing(names))
    const report = tally.report(names)
    await writer.finish(report.about)
    return report
  } finally {
    writer.close()
  }
}

const stopped = (to: string, cause: unknown): Fault =>
  new Fault('cancelled', `The build of ${to} was stopped before its end; nothing was changed.`, { cause })

async function* byTile(batches: AsyncIterable<CsvRow[]>): AsyncGenerator<CsvRow[]> {
  let group: CsvRow[] = []
  for await (const batch of batches) {
    for (const row of batch) {
      if (group.length > 0 && group[0]?.MGRS_TILE !== row.MGRS_TILE) {
        yield group
        group = []
      }
      group.push(row)
    }
  }
  if (group.length > 0) yield group
}

function addTile(writer: IndexWriter, tally: Tally, rows: readonly CsvRow[]): void {
  const read: ReadRow[] = []
  for (const row of rows) {
    const result = granuleOfRow(row)
    if (typeof result === 'string') tally.reject(result, row.GRANULE_ID)
    else read.push(result)
  }
  if (read.length > 0) tally.tile()
  for (const level of LEVELS) {
    const sorted = read
      .filter(({ granule }) => granule.level === level)
      .sort((a, b) => compareGranules(b.granule, a.granule) || compareTexts(a.granule, b.granule))
    const unique = sorted.filter(({ granule }, i) => !sameProduct(granule, sorted[i - 1]?.granule))
    tally.duplicate(sorted.length - unique.length)
    addCell(writer, tally, unique)
  }
}

/** Ascending, as the table is laid out, so that every row is appended. */
function addCell(writer: IndexWriter, tally: Tally, rows: readonly ReadRow[]): void {
  const outdated = supersededOf(rows)
  let seq = 0
  let before: Granule | undefined
  for (const { granule, short } of rows) {
    const sameTimes =
      before?.sensingTime === granule.sensingTime && before.generationTime === granule.generationTime
    seq = sameTimes ? seq + 1 : 0
    before = granule
    const superseded = outdated.has(granule)
    writer.add(toIndexRow(granule, { seq, batch: 0, superseded }, short))
    tally.keep(granule, { verbatim: short === undefined, superseded })
  }
}

/** Which of two rows of one product is kept must not hang on the order of the file. */
function compareTexts(a: Granule, b: Granule): number {
  const [textA, textB] = [JSON.stringify(a), JSON.stringify(b)]
  return textA < textB ? -1 : textA > textB ? 1 : 0
}

const sameProduct = (a: Granule, b: Granule | undefined): boolean =>
  a.granuleId === b?.granuleId && a.place === b.place
