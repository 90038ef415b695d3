import { Command } from 'commander'
import { amount } from '../amount.ts'
import type { Sampling } from '../colour/port.ts'
import type { Config } from '../config.ts'
import { Fault } from '../errors.ts'
import { colourProperties, samplingProperties } from '../formats.ts'
import type { House } from '../house.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import { shardText } from '../shard.ts'
import { tallyWarmUp, type WarmFigures } from '../warm-report.ts'
import { type WarmStep, warmUp } from '../warm-up.ts'
import { openHouse } from '../wire.ts'
import type { Given } from './area-options.ts'
import { openReport, type ReportFile } from './report-file.ts'
import { EXIT, type Exit, PipeClosed, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'
import { type Plan, planOf, takeWarmOptions } from './warm-plan.ts'
import { warmProgress } from './warm-progress.ts'

/** `swath warm`: the colours of an area's granules, made and stored. */
export function warmCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('warm')
    .description(
      'Make and store the colour of every granule in a box or polygon; goes on where it was stopped.',
    )
    .addHelpText('after', HELP)
    .action(async (corners: string[], given: Given) => {
      const plan = await planOf(terminal, corners, given)
      finish(await untilStopped((signal) => warm(terminal, plan, signal)))
    })
  return takeWarmOptions(command)
}

const HELP = `
Each granule is a line of NDJSON as soon as its colour is committed to the store (SWATH_STORE), in the order in
which they are ready: granule_id, product_id, outcome (done, cached, failed), colour (#rrggbb), red, green, blue,
valid, sampled, stride, source, reason. A second run finds them there and says cached.

Examples:
  swath warm --bbox 12.4,55.5,12.7,55.8 > colours.ndjson
  swath warm --bbox 5,45,15,55 --datetime 2024-06-01/2024-08-31 --cloud 20 --report report.json > /dev/null
  swath warm 55.6 12.5 55.7 12.6 --source preview -n 100
  swath warm --bbox 5,45,15,55 --granules 16 --threads 4
  swath warm --intersects @country.geojson --best tile,month --sort cloud
  swath warm --bbox 5,45,15,55 --shard 2/5

Many machines share a work by --shard: whole tiles, the same ones each time, and no two shards have one in common.
Tasks of Cloud Run jobs, of indexed jobs of Kubernetes (with SWATH_SHARDS) and of array jobs of AWS Batch and Slurm
take theirs by themselves; --shard 1/1 takes all of it there, too. swath store merge puts their stores together.

The report tells the time and bytes of each stage, and in bound_by which one bounds the rate: decode where its
threads were busy for more than 70 percent of the run, for which more --threads help up to the cores; else search
where the run waited for pages of the catalog for more than half of it; else what a granule spent most of its
time in, list, read, decode or store, for which more --granules help, each of which holds some megabytes.

Exit code: 0 all have their colour, 3 some failed, 1 none has or the run stopped, 2 wrong usage. A run that was
stopped, even killed, keeps what it told; so does one that stops by itself, after twenty failures in a row of
the archive or the store. SWATH_CATALOG and SWATH_STORAGE tell where to look; without them the embedded sample.`

async function warm(terminal: Terminal, plan: Plan, stop: AbortSignal): Promise<Exit> {
  const report = plan.report === undefined ? undefined : await openReport(plan.report, sparedBy(plan.config))
  try {
    // Nobody waits for each of its granules: it asks a bucket that fails until that is hopeless.
    const breaksAt = Number.POSITIVE_INFINITY
    const house = await openHouse(plan.config, { coloursAtOnce: plan.granulesInFlight, breaksAt })
    try {
      return await warmAll(terminal, plan, house, report, stop)
    } finally {
      await house.close()
    }
  } finally {
    await report?.close()
  }
}

/** What a report must not overwrite. */
const sparedBy = ({ catalog, storeFile }: Config): readonly string[] =>
  catalog.kind === 'sqlite' ? [storeFile, catalog.file] : [storeFile]

async function warmAll(
  terminal: Terminal,
  { query, most, granulesInFlight, config, shard }: Plan,
  house: House,
  report: ReportFile | undefined,
  stop: AbortSignal,
): Promise<Exit> {
  const { left, write } = terminal.output
  const { search, sampling, limit } = query
  if (shard) terminal.stderr.write(told(shard, search.tiles ?? []))
  const session = house.open()
  const signal = AbortSignal.any([stop, left])
  const tally = tallyWarmUp({ sampling, threads: config.decodeThreads, granulesInFlight })
  const progress = warmProgress(terminal, { catalog: session.catalog, search, most, signal })
  const options = { sampling, granulesInFlight, limit, most, signal, onSearched: tally.searched }
  const reasons: string[] = []
  let ending: { readonly thrown: unknown } | undefined
  try {
    for await (const step of warmUp(session, search, options)) {
      tally.count(step)
      progress.count(step)
      if (step.outcome === 'failed') {
        const { granuleId: granule_id, productId: product_id } = step.granule
        if (reasons.length < REASONS_TOLD) reasons.push(`  ${granule_id}: ${step.reason}\n`)
        await report?.failed({ granule_id, product_id, reason: step.reason })
      }
      await write(`${JSON.stringify(lineOf(step, sampling))}\n`)
    }
  } catch (thrown) {
    ending = { thrown: causeOf(thrown, left, stop) }
  }
  progress.clear()
  const figures = tally.figures()
  const box = wrappedBox(search.area.box)
  if (!left.aborted) terminal.stderr.write(summary(figures, box, reasons))
  const stopped = ending ? sentenceOf(ending.thrown) : null
  await report?.finish({
    area: box,
    level: search.level,
    shard: shard ? shardText(shard.shard) : null,
    ...samplingProperties(sampling),
    ...figures,
    stopped,
  })
  if (ending) throw ending.thrown
  return exitOf(figures)
}

function lineOf(step: WarmStep, sampling: Sampling) {
  const colour = step.outcome === 'failed' ? undefined : step.colour
  return {
    granule_id: step.granule.granuleId,
    product_id: step.granule.productId,
    outcome: step.outcome,
    ...colourProperties(colour, sampling.source),
    valid: colour?.valid ?? null,
    sampled: colour?.sampled ?? null,
    ...samplingProperties(sampling),
    reason: step.outcome === 'failed' ? step.reason : null,
  }
}

/** Whatever a reader who has left or a signal to stop brings about, that is the cause. */
function causeOf(thrown: unknown, left: AbortSignal, stop: AbortSignal): unknown {
  if (left.aborted) return left.reason
  if (!stop.aborted) return thrown
  const sentence =
    'The warm-up was stopped before its end; what was made is kept, and the same command goes on.'
  return new Fault('cancelled', sentence, { cause: thrown })
}

function sentenceOf(thrown: unknown): string {
  if (thrown instanceof PipeClosed) return 'The reader of standard output left.'
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function exitOf({ done, cached, failed }: WarmFigures): Exit {
  if (failed === 0) return EXIT.done
  return done + cached === 0 ? EXIT.failed : EXIT.partial
}

const told = ({ shard, toldBy }: NonNullable<Plan['shard']>, tiles: readonly string[]): string =>
  `warm: shard ${shardText(shard)}, as ${toldBy} tells: ${amount(tiles.length, 'tile')}\n`

const REASONS_TOLD = 3

function summary(figures: WarmFigures, box: readonly number[], reasons: readonly string[]): string {
  const { done, cached, failed, seconds, granules_per_second: rate, bound_by } = figures
  const bound = bound_by ? `: ${rate.toFixed(1)} made a second, bound by ${bound_by}` : ''
  const more = failed > reasons.length ? `  and ${failed - reasons.length} more\n` : ''
  return (
    `warm: ${amount(done + cached + failed, 'granule')} in ${box.join(',')}: ${done} done, ${cached} cached, ` +
    `${failed} failed, in ${seconds.toFixed(1)} s${bound}\n${reasons.join('')}${more}`
  )
}
