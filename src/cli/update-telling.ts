import { amount } from '../amount.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { formatTime } from '../sentinel2/time.ts'
import type { UpdateCounts, UpdateReport } from '../update-index.ts'
import { examplesOf, toldTime } from './wording.ts'

/** Of each granule of the bucket that is not all told, why. */
export type Problems = ReadonlyMap<string, readonly string[]>

export type Telling = {
  readonly file: string
  readonly seconds: number
  readonly problems: Problems
  /** Whether it read CSVs. */
  readonly isCsv: boolean
}

const MOST_TOLD = 3

/** What became of an update, for who ran it. */
export function sentences(report: UpdateReport, { file, seconds, problems, isCsv }: Telling): string {
  const { rows, added, changed, unchanged, duplicates, rejected, about } = report
  const news =
    added + changed === 0
      ? `no news in ${amount(rows, 'row')}`
      : `${added} added, ${changed} changed, ${unchanged} unchanged of ${amount(rows, 'row')}`
  const lines = [
    `${file}: ${news} in ${seconds.toFixed(1)} s (L1C ${about.levels.L1C}, L2A ${about.levels.L2A}, ${amount(about.tiles, 'tile')})`,
    `newest sensing ${changeOf(report.newestSensing)}, newest generation ${changeOf(report.newestGeneration)}`,
    ...LEVELS.flatMap((level) => completeness(report, level, isCsv)),
    ...(about.newestEtl > 0 ? [`newest in BigQuery's table ${changeOf(report.newestEtl)}`] : []),
    ...(duplicates > 0 ? [`${amount(duplicates, 'duplicate')} left out`] : []),
    ...rejected.map(
      ({ reason, count, examples }) => `${count} ${reason}, left out: ${examplesOf(count, examples)}`,
    ),
  ]
  if (problems.size > 0) {
    const some = [...problems]
      .slice(0, MOST_TOLD)
      .map(([granuleId, why]) => `${granuleId}: ${why.join('; ')}`)
    lines.push(
      `not all could be read of ${amount(problems.size, 'granule')}: ${examplesOf(problems.size, some)}`,
    )
  }
  return lines.join('\n')
}

/** Up to when the index has all of a level, where that moved or a CSV might have moved it. */
function completeness({ completeUpTo, lacking }: UpdateReport, level: Level, isCsv: boolean): string[] {
  const { before, after } = completeUpTo[level]
  if (before === 0 && after > 0) return [`complete for ${level} up to ${textOf(after)}, not known before`]
  if (before !== after) return [`complete for ${level} up to ${changeOf({ before, after })}`]
  if (!isCsv || lacking[level] <= 0) return []
  return [
    `${after > 0 ? `complete for ${level} up to ${textOf(after)} as before` : `not known to be complete for ${level}`}` +
      `, for the CSV lacks ${amount(lacking[level], 'granule')} that the index had; --complete says that it is all of the ` +
      'archive nevertheless',
  ]
}

function changeOf({ before, after }: UpdateReport['newestSensing']): string {
  if (before === after) return `still ${textOf(after)}`
  return `${textOf(before)} → ${textOf(after)}`
}

const textOf = (time: number): string => toldTime(time) ?? 'not known'

/** The report for scripts; times as RFC 3339. */
export function jsonOf(report: UpdateReport, seconds: number) {
  const { rows, added, changed, unchanged, duplicates, rejected, batch, about } = report
  const change = ({ before, after }: UpdateReport['newestSensing']) => ({
    before: toldTime(before),
    after: toldTime(after),
  })
  return {
    rows,
    added,
    changed,
    unchanged,
    duplicates,
    rejected,
    batch: batch ?? null,
    newest_sensing: change(report.newestSensing),
    newest_generation: change(report.newestGeneration),
    newest_etl: change(report.newestEtl),
    complete_up_to: {
      L1C: change(report.completeUpTo.L1C),
      L2A: change(report.completeUpTo.L2A),
    },
    updated_at: formatTime(about.updatedAt),
    granules: about.rows,
    levels: about.levels,
    tiles: about.tiles,
    seconds: Number(seconds.toFixed(3)),
    stopped: null,
  }
}

/** The report of an update that did not come to its end: what it had seen by then, and why. */
export const jsonOfStopped = (counts: UpdateCounts, seconds: number, stopped: string) => ({
  ...counts,
  seconds: Number(seconds.toFixed(3)),
  stopped,
})
