import { Command } from 'commander'
import type { BuildReport } from '../build-index.ts'
import { type AboutIndex, aboutIndex } from '../index-file/about.ts'
import { formatTime } from '../sentinel2/time.ts'
import { csvSource } from './csv-source.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'

/** `swath index …`: the index that SWATH_CATALOG=sqlite:<file> reads. */
export function indexCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const build = new Command('build')
    .description("Build an index from the archive's CSV; L1C and L2A may go into one.")
    .requiredOption(
      '--from <csv...>',
      'index.csv, index.csv.gz, an http(s) URL, or - for stdin; may be repeated',
    )
    .requiredOption('--to <file>', 'the index to make or replace')
    .action(async ({ from, to }: { from: string[]; to: string }) => {
      await buildFrom(terminal, from, to)
      finish(EXIT.done)
    })
  const stats = new Command('stats')
    .description('Tell what an index holds.')
    .argument('<file>')
    .action(async (file: string) => {
      await terminal.output.write(`${JSON.stringify(readable(aboutIndex(file)), null, 2)}\n`)
      finish(EXIT.done)
    })
  return new Command('index')
    .description('Build and inspect an index of the archive.')
    .addCommand(build)
    .addCommand(stats)
}

async function buildFrom(terminal: Terminal, from: readonly string[], to: string): Promise<void> {
  const progress = createProgress(terminal)
  const started = Date.now()
  const sources = from.map((source) => csvSource(source, terminal.stdin))
  const onProgress = (rows: number) => progress.show(`${rows} rows`)
  try {
    // DuckDB comes with it, which only a build has to wait for.
    const { buildIndex } = await import('../build-index.ts')
    const report = await untilStopped((signal) => buildIndex({ from: sources, to, signal, onProgress }))
    progress.clear()
    terminal.stderr.write(`${sentences(report, to, (Date.now() - started) / 1000)}\n`)
  } finally {
    progress.clear()
  }
}

function sentences(report: BuildReport, to: string, seconds: number): string {
  const { rows, kept, duplicates, exceptions, withoutBox, rejected, about } = report
  const lines = [
    `${to}: ${kept} granules of ${rows} rows in ${seconds.toFixed(1)} s` +
      ` (L1C ${about.levels.L1C}, L2A ${about.levels.L2A}, ${about.tiles} tiles)`,
    `newest sensing ${formatTime(about.newestSensing)}, newest generation ${formatTime(about.newestGeneration)}`,
    `${exceptions} kept verbatim, ${duplicates} duplicates left out`,
  ]
  if (withoutBox.count > 0) {
    lines.push(`${withoutBox.count} without a box, found by their whole tile: ${examples(withoutBox)}`)
  }
  for (const reject of rejected) lines.push(`${reject.count} ${reject.reason}, left out: ${examples(reject)}`)
  return lines.join('\n')
}

const examples = ({
  count,
  examples,
}: {
  readonly count: number
  readonly examples: readonly string[]
}): string => examples.join(', ') + (count > examples.length ? ', …' : '')

const readable = (about: AboutIndex) => ({
  rows: about.rows,
  levels: about.levels,
  tiles: about.tiles,
  kept_verbatim: about.exceptions,
  without_box: about.withoutBox,
  superseded: about.superseded,
  oldest_sensing: formatTime(about.oldestSensing),
  newest_sensing: formatTime(about.newestSensing),
  newest_generation: formatTime(about.newestGeneration),
  built_at: formatTime(about.builtAt),
  sources: about.sources,
})
