import type { Readable } from 'node:stream'
import { amount } from '../amount.ts'
import type { Config } from '../config.ts'
import { Fault } from '../errors.ts'
import { type NewerRows, openNewer } from '../open-newer.ts'
import type { Level } from '../sentinel2/bands.ts'
import { formatTime } from '../sentinel2/time.ts'
import { newestOf, sinceOf, type UpdateOptions, type UpdateSource, untoldOf } from '../update-index.ts'
import { csvSource } from './csv-source.ts'
import type { UpdatePlan } from './update-plan.ts'

export type SourceContext = {
  readonly file: string
  readonly config: Config
  readonly stdin: Readable
  /** A line for the user before the work begins. */
  say(text: string): void
  /** What goes on, drawn over again. */
  show(text: string): void
  /** A granule of the bucket that is not all told. */
  onProblem(granuleId: string, why: string): Promise<void>
  readonly signal: AbortSignal
}

export type OpenSource = Pick<UpdateOptions, 'from' | 'settles' | 'complete'> & { close(): Promise<void> }

type Rows = Extract<UpdateSource, { rows: unknown }>['rows']
type CsvRow = Rows extends AsyncIterable<readonly (infer R)[]> ? R : never

/**
 * What an update reads, after a look at what it will cost.
 * @throws {Fault} over-budget for more bytes than may be billed; misconfigured where the index cannot be read;
 * as the source
 */
export async function openUpdateSource(plan: UpdatePlan, context: SourceContext): Promise<OpenSource> {
  switch (plan.kind) {
    case 'csv': {
      const { complete } = plan
      const from = plan.from.map((name) => csvSource(name, context.stdin))
      return { from, complete, close: async () => {} }
    }
    case 'bigquery':
      return bigquerySource(plan, context)
    case 'bucket':
      return { from: await bucketSource(plan, context), close: async () => {} }
  }
}

async function bigquerySource(
  { level, maxBytesBilled }: Extract<UpdatePlan, { kind: 'bigquery' }>,
  { file, config, say, show, signal }: SourceContext,
): Promise<OpenSource> {
  const most = maxBytesBilled ?? config.maxBytesBilled
  const since = sinceOf(file, level)
  requireBigquery(config, level)
  const newer = await openNewer({ ...config, maxBytesBilled: most }).bigquery(level)
  try {
    const { bytesBilled, dollars } = await newer.cost(since, signal)
    const from =
      since.etl === undefined
        ? `made since ${formatTime(since.generation)}`
        : `in since ${formatTime(since.etl)}`
    say(
      `BigQuery bills ${amount(bytesBilled, 'byte')}, $${dollars.toFixed(4)}, for the ${level} rows ${from}`,
    )
    if (bytesBilled > most) {
      const sentence =
        `That is more than the ${amount(most, 'byte')} that may be billed; nothing was run and nothing changed. ` +
        'Allow more with --max-bytes-billed or SWATH_MAX_BYTES_BILLED.'
      throw new Fault('over-budget', sentence)
    }
    const rows = counted(newer.rows(since, signal), (count) => show(`BigQuery: ${amount(count, 'row')}`))
    return { from: { name: `bigquery ${tableOf(config, level)}`, rows }, settles: level, close: newer.close }
  } catch (thrown) {
    await newer.close()
    throw thrown
  }
}

/** What the catalog says of itself would name a variable that nobody has set here. */
function requireBigquery({ googleProject, anonymous, bigqueryTableL2A }: Config, level: Level): void {
  if (level === 'L2A' && bigqueryTableL2A === undefined) {
    const sentence =
      "--from bigquery: Google's public table holds L1C alone. Set SWATH_BIGQUERY_TABLE_L2A to a table of L2A, or " +
      'update L2A --from bucket or --from the newest L2/index.csv.gz. Nothing was changed.'
    throw new Fault('bad-request', sentence)
  }
  if (googleProject !== undefined || anonymous) return
  const sentence =
    '--from bigquery needs a Google Cloud project that runs its query and pays for it; ' +
    'set SWATH_GOOGLE_PROJECT or GOOGLE_CLOUD_PROJECT. Nothing was changed.'
  throw new Fault('misconfigured', sentence)
}

const tableOf = ({ bigqueryTable, bigqueryTableL2A }: Config, level: Level): string =>
  (level === 'L2A' ? bigqueryTableL2A : undefined) ?? bigqueryTable

async function bucketSource(
  plan: Extract<UpdatePlan, { kind: 'bucket' }>,
  { file, config, say, show, onProblem, signal }: SourceContext,
): Promise<UpdateSource> {
  const newest = new Map(plan.levels.map((level) => [level, knownOf(plan, level, file)]))
  for (const [level, known] of newest) {
    const strange = plan.tiles.length - known.size
    const whole =
      strange > 0 ? `; of ${strange} it has no ${level} yet, and all of their products are listed` : ''
    say(
      `${nameOf(config)}: the ${level} products of ${amount(plan.tiles.length, 'tile')}, newer than what the index knows${whole}`,
    )
  }
  const read = await openNewer(config).bucket()
  const rows = counted(bucketRows(plan, { newest, read, onProblem, signal }), (count) =>
    show(`bucket: ${amount(count, 'granule')}`),
  )
  return { name: `bucket ${nameOf(config)}`, rows }
}

/** With metadata, what is known by name alone is looked at again, and all that was sensed since. */
function knownOf(
  { tiles, metadata }: Extract<UpdatePlan, { kind: 'bucket' }>,
  level: Level,
  file: string,
): ReadonlyMap<string, number> {
  const newest = newestOf(file, level, tiles)
  const untold = metadata ? untoldOf(file, level, tiles) : new Map<string, number>()
  return new Map([...newest, ...[...untold].map(([tile, time]) => [tile, time - MINUTE] as const)])
}

const MINUTE = 60e6

type Listing = Pick<SourceContext, 'onProblem' | 'signal'> & {
  readonly newest: ReadonlyMap<Level, ReadonlyMap<string, number>>
  readonly read: Awaited<ReturnType<NewerRows['bucket']>>
}

async function* bucketRows(
  { levels, tiles, metadata }: Extract<UpdatePlan, { kind: 'bucket' }>,
  { newest, read, onProblem, signal }: Listing,
): AsyncGenerator<readonly CsvRow[]> {
  const now = () => Date.now() * 1000
  const problems: { readonly granuleId: string; readonly why: string }[] = []
  const tell = async () => {
    for (const { granuleId, why } of problems.splice(0)) await onProblem(granuleId, why)
  }
  for (const level of levels) {
    const asked = {
      level,
      tiles,
      metadata,
      now,
      newest: (mgrsTile: string) => newest.get(level)?.get(mgrsTile),
      onProblem: ({ granule, why }: { granule: { granuleId: string }; why: string }) => {
        problems.push({ granuleId: granule.granuleId, why })
      },
    }
    for await (const rows of read(asked, signal)) {
      await tell()
      yield rows
    }
    await tell()
  }
}

function nameOf({ storage }: Config): string {
  switch (storage.kind) {
    case 'sample':
      return 'sample (drawn, not real)'
    case 'folder':
      return `folder:${storage.folder}`
    case 'gcs':
      return `gs://${storage.bucket}`
  }
}

async function* counted(batches: Rows, onCount: (rows: number) => void): AsyncGenerator<readonly CsvRow[]> {
  let count = 0
  for await (const rows of batches) {
    count += rows.length
    onCount(count)
    yield rows
  }
}
