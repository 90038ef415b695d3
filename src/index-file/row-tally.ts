import { LEVELS, type Level } from '../sentinel2/bands.ts'
import type { Micros } from '../sentinel2/time.ts'
import { REJECTIONS, type Rejection } from './csv-granule.ts'

/** What is strange of rows that are kept, and of one that another row says again. */
export const ODDITIES = [
  'of the long form',
  'with names kept verbatim',
  'with the place in source_url',
  'without a box',
  'with a box across the antimeridian',
  'with a box wider than half the globe',
  'without a cloud cover',
  'without a size',
  'without a generation time',
  'said twice',
] as const
export type Oddity = (typeof ODDITIES)[number]

/** How many there are, and at most three of them. */
export type Named = { count: number; readonly examples: string[] }

/** What became of rows; plain data, which crosses between threads. */
export type RowTally = {
  rows: number
  kept: number
  readonly levels: Record<Level, number>
  tiles: number
  superseded: number
  oldestSensing: Micros
  /** Of each level; 0 where it has no rows. */
  readonly newestSensing: Record<Level, Micros>
  /** The newest generation and ETL time of each level; 0 where its rows told none. */
  readonly upTo: Record<Level, { generation: Micros; etl: Micros }>
  readonly oddities: Record<Oddity, Named>
  readonly rejected: Record<Rejection, Named>
}

export function emptyTally(): RowTally {
  return {
    rows: 0,
    kept: 0,
    levels: { L1C: 0, L2A: 0 },
    tiles: 0,
    superseded: 0,
    oldestSensing: Number.POSITIVE_INFINITY,
    newestSensing: { L1C: 0, L2A: 0 },
    upTo: { L1C: { generation: 0, etl: 0 }, L2A: { generation: 0, etl: 0 } },
    oddities: namedFor(ODDITIES),
    rejected: noRejections(),
  }
}

/** What could not be kept, each reason under its own name; a report's form. */
export type Rejected = readonly ({ readonly reason: Rejection } & Readonly<Named>)[]

export const noRejections = (): RowTally['rejected'] => namedFor(REJECTIONS)

/** The reasons that there are rows of. */
export const rejectedOf = (rejected: RowTally['rejected']): Rejected =>
  REJECTIONS.flatMap((reason) => (rejected[reason].count > 0 ? [{ reason, ...rejected[reason] }] : []))

/** A sentence on why none of the rows was kept. */
export function noneRead(sources: readonly string[], rows: number, rejected: RowTally['rejected']): string {
  if (rows === 0) return `There is not one row in ${sources.join(', ')}, the header alone.`
  const why = rejectedOf(rejected).map(({ reason, count }) => `${count} ${reason}`)
  return `No granule could be read from ${sources.join(', ')}: ${rows} rows, ${why.join(', ')}.`
}

/** Counts one; the example is asked for only where there is room for it. */
export function note(named: Named, example: () => string): void {
  named.count++
  if (named.examples.length < MOST_EXAMPLES) named.examples.push(example())
}

/** Adds what another tally has counted. */
export function addTally(to: RowTally, more: RowTally): void {
  for (const what of ['rows', 'kept', 'tiles', 'superseded'] as const) to[what] += more[what]
  for (const level of LEVELS) {
    to.levels[level] += more.levels[level]
    to.newestSensing[level] = Math.max(to.newestSensing[level], more.newestSensing[level])
    for (const what of ['generation', 'etl'] as const) {
      to.upTo[level][what] = Math.max(to.upTo[level][what], more.upTo[level][what])
    }
  }
  to.oldestSensing = Math.min(to.oldestSensing, more.oldestSensing)
  for (const oddity of ODDITIES) addNamed(to.oddities[oddity], more.oddities[oddity])
  for (const reason of REJECTIONS) addNamed(to.rejected[reason], more.rejected[reason])
}

const MOST_EXAMPLES = 3

function addNamed(to: Named, { count, examples }: Named): void {
  to.count += count
  to.examples.push(...examples.slice(0, MOST_EXAMPLES - to.examples.length))
}

/** The keys of the list are all there are. */
const namedFor = <K extends string>(names: readonly K[]) =>
  Object.fromEntries(names.map((name) => [name, { count: 0, examples: [] }])) as unknown as Record<K, Named>
