import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { type BuildReport, buildIndex } from '../build-index.ts'
import { type AboutIndex, aboutIndex } from '../catalog/index-file.ts'
import { Fault, messageOf } from '../errors.ts'
import { formatTime } from '../sentinel2/time.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'

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
    .action((file: string) => {
      terminal.stdout.write(`${JSON.stringify(readable(aboutIndex(file)), null, 2)}\n`)
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
  const spool = createSpool(to, terminal.stdin)
  try {
    const files: string[] = []
    for (const source of from) files.push(await spool.fileOf(source))
    const onProgress = (rows: number) => progress.show(`${rows} rows`)
    const report = await buildIndex({ from: files, to, sources: from, onProgress })
    progress.clear()
    terminal.stderr.write(`${sentences(report, to, (Date.now() - started) / 1000)}\n`)
  } finally {
    progress.clear()
    await spool.close()
  }
}

/** Sources that are no files, written down beside the index for as long as it is built. */
function createSpool(to: string, stdin: Readable) {
  let folder: string | undefined
  let count = 0

  async function save(bytes: Readable, source: string): Promise<string> {
    try {
      folder ??= await mkdtemp(join(dirname(to), '.swath-fetch-'))
      const file = join(folder, `${count++}.csv`)
      await pipeline(bytes, createWriteStream(file))
      return file
    } catch (cause) {
      throw new Fault('upstream-failed', `${source} could not be read to its end: ${messageOf(cause)}.`, {
        cause,
      })
    }
  }

  return {
    fileOf: async (source: string): Promise<string> => {
      if (source === '-') return save(stdin, 'Standard input')
      if (!/^https?:\/\//.test(source)) return source
      const response = await fetch(source).catch((cause: unknown) => {
        throw new Fault('upstream-failed', `${source} could not be fetched: ${messageOf(cause)}.`, { cause })
      })
      if (!response.ok || !response.body) {
        await response.body?.cancel()
        throw new Fault('upstream-failed', `${source} answered ${response.status}, not a file.`)
      }
      return save(Readable.fromWeb(response.body), source)
    },
    close: async () => {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
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
