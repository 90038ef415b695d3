import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type CsvRow, readArchiveCsv } from './catalog/archive-csv.ts'
import { granuleOfRow, REJECTIONS, type Rejection } from './catalog/csv-granule.ts'
import { type AboutIndex, createIndex, type IndexWriter } from './catalog/index-file.ts'
import { toIndexRow } from './catalog/index-row.ts'
import { Fault, messageOf } from './errors.ts'
import type { Level } from './sentinel2/bands.ts'
import { bestProducts, compareGranules, type Granule } from './sentinel2/granule.ts'

/** What became of the rows; `examples` names at most three of them. */
export type BuildReport = {
  readonly rows: number
  readonly kept: number
  /** Rows that name a granule and place that another row has named. */
  readonly duplicates: number
  /** Rows whose names do not follow from their numbers and are kept verbatim. */
  readonly exceptions: number
  /** Rows without a box: kept, found by their whole tile. */
  readonly withoutBox: { readonly count: number; readonly examples: readonly string[] }
  readonly rejected: readonly {
    readonly reason: Rejection
    readonly count: number
    readonly examples: readonly string[]
  }[]
  readonly about: AboutIndex
}

export type BuildOptions = {
  /** CSV files of the archive's form, plain or gzipped. */
  readonly from: readonly string[]
  readonly to: string
  /** What the index says it was made from; the files themselves by default. */
  readonly sources?: readonly string[]
  readonly onProgress?: (rows: number) => void
}

/**
 * Builds the index that the sqlite catalog reads. Whatever stood at `to` is replaced when the new index is
 * whole and stays untouched if anything fails.
 * @throws {Fault} misconfigured for a CSV that cannot be read, a place that cannot be written, or when no
 * row could be kept
 */
export async function buildIndex(options: BuildOptions): Promise<BuildReport> {
  const writer = createIndex(options.to)
  const spill = await mkdtemp(join(dirname(options.to), '.swath-sort-'))
  const tally = createTally()
  try {
    for await (const rows of byTile(readArchiveCsv(options.from, spill))) {
      tally.rows += rows.length
      addTile(writer, tally, rows)
      options.onProgress?.(tally.rows)
    }
    if (tally.kept === 0) throw new Fault('misconfigured', nothingKept(options, tally))
    const about = aboutOf(tally, options.sources ?? options.from)
    await writer.finish(about)
    return reportOf(tally, about)
  } catch (thrown) {
    writer.discard()
    if (thrown instanceof Fault) throw thrown
    throw new Fault('misconfigured', `The index ${options.to} could not be built: ${messageOf(thrown)}.`, {
      cause: thrown,
    })
  } finally {
    await rm(spill, { recursive: true, force: true })
  }
}

type Named = { count: number; examples: string[] }
type Tally = ReturnType<typeof createTally>

const createTally = () => ({
  rows: 0,
  kept: 0,
  duplicates: 0,
  exceptions: 0,
  superseded: 0,
  tiles: 0,
  levels: { L1C: 0, L2A: 0 },
  oldestSensing: Number.POSITIVE_INFINITY,
  newestSensing: Number.NEGATIVE_INFINITY,
  newestGeneration: 0,
  withoutBox: { count: 0, examples: [] } as Named,
  rejected: new Map<Rejection, Named>(),
})

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
  const granules = rows.flatMap((row) => {
    const read = granuleOfRow(row)
    if (typeof read !== 'string') return [read]
    const named = tally.rejected.get(read) ?? { count: 0, examples: [] }
    tally.rejected.set(read, note(named, row.GRANULE_ID ?? '(no name)'))
    return []
  })
  tally.tiles += granules.length > 0 ? 1 : 0
  for (const level of ['L1C', 'L2A'] as const satisfies readonly Level[]) {
    const sorted = granules
      .filter((granule) => granule.level === level)
      .sort(compareGranules)
      .reverse()
    const unique = sorted.filter((granule, i) => !sameProduct(granule, sorted[i - 1]))
    tally.duplicates += sorted.length - unique.length
    addCell(writer, tally, unique)
  }
}

/** Ascending, as the table is laid out, so that every row is appended. */
function addCell(writer: IndexWriter, tally: Tally, granules: readonly Granule[]): void {
  const best = bestProducts(granules)
  let seq = 0
  granules.forEach((granule, i) => {
    const before = granules[i - 1]
    const sameTimes =
      before?.sensingTime === granule.sensingTime && before.generationTime === granule.generationTime
    seq = sameTimes ? seq + 1 : 0
    const row = toIndexRow(granule, seq, !best.has(granule))
    writer.add(row)
    tally.kept++
    tally.levels[granule.level]++
    tally.exceptions += row[18] === null ? 0 : 1
    tally.superseded += best.has(granule) ? 0 : 1
    if (!granule.box) note(tally.withoutBox, granule.granuleId)
    tally.oldestSensing = Math.min(tally.oldestSensing, granule.sensingTime)
    tally.newestSensing = Math.max(tally.newestSensing, granule.sensingTime)
    tally.newestGeneration = Math.max(tally.newestGeneration, granule.generationTime ?? 0)
  })
}

const sameProduct = (a: Granule, b: Granule | undefined): boolean =>
  a.granuleId === b?.granuleId && a.place === b.place

function note(named: Named, example: string): Named {
  named.count++
  if (named.examples.length < 3) named.examples.push(example)
  return named
}

function aboutOf(tally: Tally, sources: readonly string[]): AboutIndex {
  const { kept, levels, tiles, exceptions, superseded, oldestSensing, newestSensing, newestGeneration } =
    tally
  return {
    rows: kept,
    levels,
    tiles,
    exceptions,
    withoutBox: tally.withoutBox.count,
    superseded,
    oldestSensing,
    newestSensing,
    newestGeneration,
    builtAt: Date.now() * 1000,
    sources,
  }
}

const rejections = ({ rejected }: Tally) =>
  REJECTIONS.flatMap((reason) => {
    const named = rejected.get(reason)
    return named ? [{ reason, ...named }] : []
  })

const reportOf = (tally: Tally, about: AboutIndex): BuildReport => ({
  rows: tally.rows,
  kept: tally.kept,
  duplicates: tally.duplicates,
  exceptions: tally.exceptions,
  withoutBox: tally.withoutBox,
  rejected: rejections(tally),
  about,
})

const nothingKept = (options: BuildOptions, tally: Tally): string =>
  `No granule could be read from ${options.from.join(', ')}: ${tally.rows} rows, ` +
  `${
    rejections(tally)
      .map(({ reason, count }) => `${count} ${reason}`)
      .join(', ') || 'none of them'
  }. ` +
  `Nothing was built.`
