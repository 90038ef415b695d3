import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { amount } from '../amount.ts'
import type { BuildProgress, BuildReport } from '../build-index.ts'
import { Fault } from '../errors.ts'
import { type ExportPlace, unwritable } from '../export-place.ts'
import { newestOfAll } from '../index-file/about.ts'
import { formatTime } from '../sentinel2/time.ts'
import { gather } from './area-options.ts'
import { csvSource } from './csv-source.ts'
import { openReportPlace } from './report-place.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'
import { duration, examplesOf, sentenceOf, toldTime } from './wording.ts'

type Given = Readonly<Record<'from' | 'to', readonly string[]>> & { readonly report?: readonly string[] }
type Plan = { readonly from: readonly string[]; readonly to: string; readonly report: string | undefined }

/** `swath index build`: an index of the archive, made of its CSV. */
export function indexBuildCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  return new Command('build')
    .description("Build an index from the archive's CSV; L1C and L2A may go into one.")
    .requiredOption(
      '--from <csv...>',
      'index.csv, index.csv.gz, an http(s) URL, or - for stdin; may be repeated',
    )
    .requiredOption('--to <file>', 'the index to make or replace', gather)
    .option('--report <file>', 'write what became of the rows, as JSON', gather)
    .addHelpText('after', HELP)
    .action(async (given: Given) => {
      const plan = planOf(given)
      const { from, to, report: target } = plan
      const place = target === undefined ? undefined : await openReportPlace(target, [to, ...from])
      const write = async (told: object) => {
        const text = `${JSON.stringify(told, null, 2)}\n`
        if (place && target !== undefined) await writeReport(place, target, text)
      }
      const started = performance.now()
      const seconds = () => (performance.now() - started) / 1000
      try {
        const report = await build(terminal, plan)
        await write(jsonOf(report, seconds()))
        terminal.stderr.write(`${sentences(report, to, seconds())}\n`)
      } catch (thrown) {
        // What went wrong is told whether or not its report can be written.
        const stopped = { kept: 0, sources: from, seconds: rounded(seconds()), stopped: sentenceOf(thrown) }
        await write(stopped).catch((unwritten: unknown) =>
          terminal.stderr.write(`${sentenceOf(unwritten)}\n`),
        )
        throw thrown
      } finally {
        await place?.remove()
      }
      finish(EXIT.done)
    })
}

/** @throws {Fault} bad-request for what is given more than once */
function planOf({ from, to, report = [] }: Given): Plan {
  const errors = Object.entries({ to, report }).flatMap(([parameter, { length }]) =>
    length > 1 ? [{ parameter, message: `${parameter} is given ${length} times` }] : [],
  )
  if (errors.length > 0) {
    const sentence = `Nothing was built: ${errors.map(({ message }) => message).join('; ')}.`
    throw new Fault('bad-request', sentence, { errors })
  }
  return { from, to: to[0] ?? '', report: report[0] }
}

const HELP = `
An index that stands there already answers until the new one is whole; a build that is stopped, even killed, changes
nothing, and the next one sweeps up after it. While it builds it needs room beside the index: that of the CSV unpacked
and that of the new index, some 470 MB per million rows. The last row of a plain CSV must end in a line feed or show by
its last field, a place that ends in .SAFE, that it is whole; so a download that was cut off is refused.

Examples:
  swath index build --from index.csv.gz --to archive.sqlite
  swath index build --from index.csv.gz --from L2/index.csv.gz --to archive.sqlite --report report.json`

async function build(terminal: Terminal, { from, to }: Plan): Promise<BuildReport> {
  const progress = createProgress(terminal)
  const sources = from.map((source) => csvSource(source, terminal.stdin))
  const onProgress = (step: BuildProgress) => progress.show(progressLine(step))
  try {
    // Other commands need not wait for what comes with it.
    const { buildIndex } = await import('../build-index.ts')
    return await untilStopped((signal) => buildIndex({ from: sources, to, signal, onProgress }))
  } finally {
    progress.clear()
  }
}

/** `index build: writing, 1200000 rows, 410000 rows/s, 31 %, 12 s left`. */
export function progressLine({ phase, rows, rowsPerSecond, share, secondsLeft }: BuildProgress): string {
  const parts = [`index build: ${phase}, ${amount(rows, 'row')}`]
  if (rowsPerSecond > 0) parts.push(`${Math.round(rowsPerSecond)} rows/s`)
  if (share !== undefined) parts.push(`${Math.floor(share * 100)} %`)
  if (secondsLeft !== undefined) parts.push(`${duration(secondsLeft)} left`)
  return parts.join(', ')
}

function sentences(report: BuildReport, to: string, seconds: number): string {
  const { rows, kept, oddities, rejected, about } = report
  const { sensing, generation } = newestOfAll(about)
  const newest = [
    `newest sensing ${formatTime(sensing)}`,
    ...(generation > 0 ? [`newest generation ${formatTime(generation)}`] : []),
    ...(about.newestEtl > 0 ? [`newest in BigQuery's table ${formatTime(about.newestEtl)}`] : []),
  ]
  return [
    `${to}: ${amount(kept, 'granule')} of ${amount(rows, 'row')} in ${seconds.toFixed(1)} s` +
      ` (L1C ${about.levels.L1C}, L2A ${about.levels.L2A}, ${amount(about.tiles, 'tile')})`,
    newest.join(', '),
    ...oddities.map(({ kind, count, examples }) => `${count} ${kind}: ${examplesOf(count, examples)}`),
    ...rejected.map(
      ({ reason, count, examples }) => `${count} ${reason}, left out: ${examplesOf(count, examples)}`,
    ),
  ].join('\n')
}

/** The report for scripts; times as RFC 3339, null where no row told one. */
function jsonOf({ rows, kept, duplicates, oddities, rejected, about }: BuildReport, seconds: number) {
  return {
    rows,
    kept,
    duplicates,
    kept_verbatim: about.exceptions,
    superseded: about.superseded,
    levels: about.levels,
    tiles: about.tiles,
    oldest_sensing: formatTime(about.oldestSensing),
    newest_sensing: formatTime(newestOfAll(about).sensing),
    newest_generation: toldTime(newestOfAll(about).generation),
    newest: Object.fromEntries(
      Object.entries(about.newest).map(([level, { sensing, generation }]) => [
        level,
        { sensing: toldTime(sensing), generation: toldTime(generation) },
      ]),
    ),
    newest_etl: toldTime(about.newestEtl),
    built_at: formatTime(about.builtAt),
    sources: about.sources,
    seconds: rounded(seconds),
    oddities,
    rejected,
    stopped: null,
  }
}

const rounded = (seconds: number): number => Number(seconds.toFixed(3))

/** Puts a report in its place. @throws {Fault} misconfigured where it cannot be written */
async function writeReport(place: ExportPlace, target: string, text: string): Promise<void> {
  const draft = join(place.folder, 'report.json')
  try {
    await writeFile(draft, text)
    await place.finish(draft)
  } catch (thrown) {
    throw unwritable(target, thrown)
  }
}
