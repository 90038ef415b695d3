import { existsSync } from 'node:fs'
import { type BuildProgress, paced } from './build-progress.ts'
import { type BuildReport, createTally } from './build-tally.ts'
import { type BuildSource, nameOfSource, withTail, writtenDown } from './csv-sources.ts'
import { Fault } from './errors.ts'
import { type BuildPlace, openBuildPlace, whyUnbuilt } from './index-file/build-place.ts'
import { rowsOf } from './index-file/row-thread.ts'
import { sortLines } from './index-file/sort-lines.ts'
import { createIndex } from './index-file/writer.ts'

export type { BuildProgress } from './build-progress.ts'
export type { BuildReport } from './build-tally.ts'
export type { BuildSource } from './csv-sources.ts'

export type BuildOptions = {
  readonly from: readonly BuildSource[]
  readonly to: string
  /** Ends the build and leaves things as they were. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BuildProgress) => void
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
    const tail = existsSync(to) ? 'Nothing was built; the old index is untouched.' : 'Nothing was built.'
    if (thrown instanceof Fault) throw withTail(thrown, tail)
    const sentence = `The index ${to} could not be built: ${whyUnbuilt(to, thrown)}. ${tail}`
    throw new Fault('misconfigured', sentence, { cause: thrown })
  } finally {
    await place.remove()
  }
}

/** What of writing is done when all rows are in; the rest is what SQLite adds, and waiting for the disk. */
const WRITTEN = 0.8

type Building = BuildOptions & { readonly signal: AbortSignal }

async function buildIn(place: BuildPlace, options: Building): Promise<BuildReport> {
  const { from, signal, onProgress = () => {} } = options
  const tell = paced(onProgress)
  const names = from.map(nameOfSource)
  const sources = await writtenDown(from, place.folder, signal)
  const lines = await sortLines(sources, place.folder, signal, ({ rows, share }) =>
    tell({ phase: 'reading', rows, share }),
  )
  tell({ phase: 'sorting', rows: lines.rows, share: undefined })
  const tally = createTally()
  const writer = createIndex(place)
  try {
    for await (const rows of rowsOf(lines, signal)) {
      writer.add(rows)
      tally.add(rows.tally)
      tell({ phase: 'writing', rows: tally.rows, share: (tally.rows / lines.rows) * WRITTEN })
      signal.throwIfAborted()
    }
    await lines.close()
    if (tally.kept === 0) throw new Fault('misconfigured', tally.nothing(names))
    const report = tally.report(names)
    await writer.finish(report.about)
    tell({ phase: 'writing', rows: tally.rows, share: 1 })
    return report
  } finally {
    writer.close()
    await lines.close()
  }
}

const stopped = (to: string, cause: unknown): Fault =>
  new Fault('cancelled', `The build of ${to} was stopped before its end; nothing was changed.`, { cause })
