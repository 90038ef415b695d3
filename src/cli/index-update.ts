import { Command } from 'commander'
import { amount } from '../amount.ts'
import { type Config, readBucketConfig } from '../config.ts'
import type { UpdateCounts } from '../update-index.ts'
import { openReport, type ReportFile } from './report-file.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'
import { takeUpdateOptions, type UpdateGiven, type UpdatePlan, updatePlan } from './update-plan.ts'
import { jsonOf, jsonOfStopped, sentences } from './update-telling.ts'
import { sentenceOf } from './wording.ts'

/** `swath index update`: what an index lacks, brought in while others read it. */
export function indexUpdateCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('update')
    .description('Bring newer rows into an index in place, while others read it.')
    .addHelpText('after', HELP)
    .action(async (file: string, given: UpdateGiven) => {
      const plan = updatePlan(given)
      const config = readBucketConfig(terminal.env)
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

The bucket is gs://gcp-public-data-sentinel-2, or what SWATH_STORAGE names; BigQuery's table that of
SWATH_BIGQUERY_TABLE. complete_up_to, the generation time up to which the index has all granules of a level, moves with
--from bigquery, and with a CSV that names all that the index has up to the CSV's own end (or --complete); with the
bucket, which is read tile by tile, it stays.`

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
  const seconds = () => (performance.now() - started) / 1000
  const problems = new Map<string, string[]>()
  const onProblem = async (granuleId: string, why: string) => {
    problems.set(granuleId, [...(problems.get(granuleId) ?? []), why])
    await report?.failed({ granule_id: granuleId, reason: why })
  }
  let counts: UpdateCounts = { rows: 0, added: 0, changed: 0, unchanged: 0 }
  try {
    // Other commands need not wait for what comes with it.
    const { updateIndex } = await import('../update-index.ts')
    const { openUpdateSource } = await import('./update-source.ts')
    const done = await untilStopped(async (signal) => {
      const context = { file, config, stdin: terminal.stdin, say, show: progress.show, onProblem, signal }
      const source = await openUpdateSource(plan, context)
      try {
        const onProgress = (now: UpdateCounts) => {
          counts = now
          progress.show(progressLine(now))
        }
        return await updateIndex({ file, ...source, signal, onProgress })
      } finally {
        await source.close()
      }
    })
    await report?.finish(jsonOf(done, seconds()))
    say(sentences(done, { file, seconds: seconds(), problems, isCsv: plan.kind === 'csv' }))
    return problems.size
  } catch (thrown) {
    // What went wrong is told whether or not its report can be written.
    const told = report?.finish(jsonOfStopped(counts, seconds(), sentenceOf(thrown)))
    await told?.catch((unwritten: unknown) => say(sentenceOf(unwritten)))
    throw thrown
  } finally {
    progress.clear()
  }
}

const progressLine = ({ rows, added, changed }: UpdateCounts): string =>
  `index update: ${amount(rows, 'row')}, ${added} added, ${changed} changed`
