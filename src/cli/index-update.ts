import { Command } from 'commander'
import { type Config, readConfig } from '../config.ts'
import { formatTime } from '../sentinel2/time.ts'
import type { UpdateCounts, UpdateReport } from '../update-index.ts'
import { openReport, type ReportFile } from './report-file.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'
import { takeUpdateOptions, type UpdateGiven, type UpdatePlan, updatePlan } from './update-plan.ts'

/** `swath index update`: what an index lacks, brought in while others read it. */
export function indexUpdateCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('update')
    .description('Bring newer rows into an index in place, while others read it.')
    .addHelpText('after', HELP)
    .action(async (file: string, given: UpdateGiven) => {
      const plan = updatePlan(given)
      const config = readConfig(terminal.env)
      const report =
        plan.report === undefined ? undefined : await openReport(plan.report, sparedBy(file, plan))
      try {
        const problems = await update(terminal, { file, plan, config, report })
        finish(problems > 0 ? EXIT.partial : EXIT.done)
      } finally {
        await report?.close()
      }
    })
  return takeUpdateOptions(command)
}

const HELP = `
An update that is stopped, even killed, leaves a whole index with a part of the news; the next one brings the rest.

Examples:
  swath index update archive.sqlite --from index.csv.gz
  swath index update archive.sqlite --from bigquery --max-bytes-billed 20000000000
  swath index update archive.sqlite --from bucket --bbox 12.4,55.5,12.7,55.8 --metadata

BigQuery and the bucket are those of SWATH_BIGQUERY_TABLE and SWATH_STORAGE.`

/** What a report must not overwrite. */
const sparedBy = (file: string, plan: UpdatePlan): readonly string[] => [
  file,
  ...(plan.kind === 'csv' ? plan.from : []),
]

type Asked = {
  readonly file: string
  readonly plan: UpdatePlan
  readonly config: Config
  readonly report: ReportFile | undefined
}

/** Gives the number of granules of which something could not be read. */
async function update(terminal: Terminal, { file, plan, config, report }: Asked): Promise<number> {
  const progress = createProgress(terminal)
  const started = performance.now()
  const say = (text: string) => {
    progress.clear()
    terminal.stderr.write(`${text}\n`)
  }
  const problems: string[] = []
  const onProblem = async (granuleId: string, why: string) => {
    problems.push(`${granuleId}: ${why}`)
    await report?.failed({ granule_id: granuleId, reason: why })
  }
  try {
    // Other commands need not wait for what comes with it.
    const { updateIndex } = await import('../update-index.ts')
    const { openUpdateSource } = await import('./update-source.ts')
    const done = await untilStopped(async (signal) => {
      const context = { file, config, stdin: terminal.stdin, say, show: progress.show, onProblem, signal }
      const source = await openUpdateSource(plan, context)
      try {
        const onProgress = (counts: UpdateCounts) => progress.show(progressLine(counts))
        return await updateIndex({ file, ...source, signal, onProgress })
      } finally {
        await source.close()
      }
    })
    const seconds = (performance.now() - started) / 1000
    await report?.finish(jsonOf(done, seconds))
    say(sentences(done, { file, seconds, problems }))
    return problems.length
  } finally {
    progress.clear()
  }
}

const progressLine = ({ rows, added, changed }: UpdateCounts): string =>
  `index update: ${rows} rows, ${added} added, ${changed} changed`

type Telling = { readonly file: string; readonly seconds: number; readonly problems: readonly string[] }
const MOST_TOLD = 3

function sentences(report: UpdateReport, { file, seconds, problems }: Telling): string {
  const { rows, added, changed, unchanged, duplicates, rejected, about } = report
  const news =
    added + changed === 0
      ? `no news in ${rows} rows`
      : `${added} added, ${changed} changed, ${unchanged} unchanged of ${rows} rows`
  const lines = [
    `${file}: ${news} in ${seconds.toFixed(1)} s (L1C ${about.levels.L1C}, L2A ${about.levels.L2A}, ${about.tiles} tiles)`,
    `newest sensing ${changeOf(report.newestSensing)}, newest generation ${changeOf(report.newestGeneration)}`,
    ...(about.newestEtl > 0 ? [`newest in BigQuery's table ${changeOf(report.newestEtl)}`] : []),
    ...(duplicates > 0 ? [`${duplicates} duplicates left out`] : []),
    ...rejected.map(
      ({ reason, count, examples }) => `${count} ${reason}, left out: ${listed(examples, count)}`,
    ),
  ]
  if (problems.length > 0) {
    const told = listed(problems.slice(0, MOST_TOLD), problems.length)
    lines.push(`not all could be read of ${problems.length} granules: ${told}`)
  }
  return lines.join('\n')
}

const listed = (examples: readonly string[], count: number): string =>
  examples.join(', ') + (count > examples.length ? ', …' : '')

function changeOf({ before, after }: UpdateReport['newestSensing']): string {
  if (before === after) return `still ${textOf(after)}`
  return `${textOf(before)} → ${textOf(after)}`
}

const textOf = (time: number): string => timeOf(time) ?? 'not known'
/** Null where no row told one. */
const timeOf = (time: number): string | null => (time > 0 ? formatTime(time) : null)

/** The report for scripts; times as RFC 3339. */
function jsonOf(report: UpdateReport, seconds: number) {
  const { rows, added, changed, unchanged, duplicates, rejected, batch, about } = report
  const change = ({ before, after }: UpdateReport['newestSensing']) => ({
    before: timeOf(before),
    after: timeOf(after),
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
    updated_at: formatTime(about.updatedAt),
    granules: about.rows,
    levels: about.levels,
    tiles: about.tiles,
    seconds: Number(seconds.toFixed(3)),
  }
}
