import { access, constants } from 'node:fs/promises'
import { amount } from './amount.ts'
import { breather } from './calls/breather.ts'
import { withTail } from './csv-sources.ts'
import { Fault } from './errors.ts'
import { openTargetPlace, type TargetPlace, whyUnwritable } from './files/target-place.ts'
import { aboutIndex } from './index-file/about.ts'
import { isDamaged, isMoved } from './index-file/open.ts'
import { readArchiveCsv, readTiles } from './index-file/update-tiles.ts'
import { type IndexUpdate, openUpdate, type Whole } from './index-file/update-writer.ts'
import type { Level } from './sentinel2/bands.ts'
import { createUpdateTally, type UpdateCounts, type UpdateReport } from './update-report.ts'
import { filesOf, sourceNames, type UpdateSource } from './update-sources.ts'

export { newestOf, sinceOf, untoldOf } from './index-file/update-marks.ts'
export type { UpdateCounts, UpdateReport } from './update-report.ts'
export type { UpdateSource } from './update-sources.ts'

export type UpdateOptions = {
  /** The index to bring up to date; its readers go on meanwhile. */
  readonly file: string
  readonly from: UpdateSource
  /** The level of which these are all rows of BigQuery's table since the time that sinceOf told. */
  readonly settles?: Level | undefined
  /** That the CSVs are all of the archive's index, of the levels that they have rows of. */
  readonly complete?: boolean
  /** Ends the update; what was committed stays. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((counts: UpdateCounts) => void) | undefined
}

/**
 * Brings newer rows into an index in place. Every commit on the way leaves a whole index, so that an update
 * that is stopped or killed has done a part of its work, and the next one does the rest. A granule that is
 * there, known by its place and name, takes the values that the row tells and keeps those it does not.
 * @throws {Fault} misconfigured for an index or CSV that cannot be read, an index that cannot be written, or
 * when no row could be kept; upstream-busy where another process holds it; cancelled; upstream-failed for bytes
 * that end early
 */
export async function updateIndex(options: UpdateOptions): Promise<UpdateReport> {
  const { file, signal = new AbortController().signal } = options
  const before = aboutIndex(file)
  const place = await openPlace(file)
  const tally = createUpdateTally(before)
  const kept: Kept = { added: 0, changed: 0 }
  try {
    return await updateIn(place, tally, { ...options, signal, kept })
  } catch (thrown) {
    throw faultOf(thrown, file, signal, kept)
  } finally {
    await place.remove()
  }
}

type Tally = ReturnType<typeof createUpdateTally>
/** What of it is committed. */
type Kept = { added: number; changed: number }
type Updating = UpdateOptions & { readonly signal: AbortSignal; readonly kept: Kept }
/** Tiles that are brought in before the event loop has its turn; of one some thousand rows take some milliseconds. */
const TILES_A_BREATH = 4

async function updateIn(
  { to, folder }: TargetPlace,
  tally: Tally,
  { from, settles, complete, onProgress, signal, kept }: Updating,
): Promise<UpdateReport> {
  const files = await filesOf(from, folder, signal)
  const names = sourceNames(from)
  // The index is left alone until the rows are sorted, and so read to their end.
  let update: IndexUpdate | undefined
  // Neither reading sorted rows nor SQLite waits for anything, and a signal to stop would go unheard.
  const breathe = breather(TILES_A_BREATH)
  try {
    for await (const news of readTiles(readArchiveCsv(files, folder, signal))) {
      await breathe()
      signal.throwIfAborted()
      update ??= news.granules.length > 0 ? openUpdate(to, names) : undefined
      tally.add(news, update?.bringIn(news.mgrsTile, news.granules))
      onProgress?.(tally.counts())
    }
    if (tally.isNothing()) throw new Fault('misconfigured', tally.nothing(names))
    update ??= openUpdate(to, names)
    return tally.report(update.finish(tally.upTo(), wholeOf(from, settles, complete)))
  } finally {
    Object.assign(kept, update?.kept())
    update?.close()
  }
}

/** A CSV read to its end is taken at its word, as a build does, where it knows all that the index knows. */
function wholeOf(from: UpdateSource, settles: Level | undefined, complete = false): Whole {
  if ('rows' in from) return settles ? 'all' : 'some'
  return complete ? 'all' : 'named'
}

async function openPlace(file: string): Promise<TargetPlace> {
  try {
    await access(file, constants.W_OK)
    return await openTargetPlace(file, 'updating', 'building')
  } catch (cause) {
    if (cause instanceof Fault) throw withTail(cause, 'Nothing was changed.')
    const why = whyUnwritable(file, cause)
    throw new Fault('misconfigured', `The index ${file} cannot be updated: ${why}. Nothing was changed.`, {
      cause,
    })
  }
}

function faultOf(thrown: unknown, file: string, signal: AbortSignal, kept: Kept): Fault {
  const left = leftBehind(thrown, kept)
  if (signal.aborted) {
    const sentence = `The update of ${file} was stopped before its end. ${left}`
    return new Fault('cancelled', sentence, { cause: thrown })
  }
  if (thrown instanceof Fault) return left === '' ? thrown : withTail(thrown, left)
  const sentence = `The index ${file} could not be updated: ${whyUnwritable(file, thrown)}. ${left}`
  return new Fault('misconfigured', sentence, { cause: thrown })
}

/** What is to be said of the index after a fault; nothing where it is damaged, or another now. */
function leftBehind(thrown: unknown, { added, changed }: Kept): string {
  const cause = thrown instanceof Fault ? thrown.cause : undefined
  if (isDamaged(cause) || isMoved(cause)) return ''
  return added + changed > 0
    ? `What was committed stays, ${amount(added, 'granule')} added and ${changed} changed, and the next update brings the rest.`
    : 'Nothing was changed.'
}
