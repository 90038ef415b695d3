import type { AboutIndex } from './index-file/about.ts'
import { REJECTIONS, type Rejection } from './index-file/csv-granule.ts'
import type { Granule } from './sentinel2/granule.ts'

/** What became of the rows; `examples` names at most three of them. */
export type BuildReport = {
  readonly rows: number
  readonly kept: number
  /** Rows that name a granule and place that another row has named. */
  readonly duplicates: number
  /** Rows whose names do not follow from their numbers and are kept verbatim. */
  readonly exceptions: number
  /** Rows without a box: kept, found by their whole tile. */
  readonly withoutBox: Named
  readonly rejected: readonly ({ readonly reason: Rejection } & Named)[]
  readonly about: AboutIndex
}

type Named = { readonly count: number; readonly examples: readonly string[] }

export type Tally = {
  readonly kept: number
  read(rows: number): number
  reject(reason: Rejection, granuleId: string | null): void
  duplicate(rows: number): void
  /** A tile that has at least one granule. */
  tile(): void
  keep(granule: Granule, as: { readonly verbatim: boolean; readonly superseded: boolean }): void
  report(sources: readonly string[]): BuildReport
  /** A sentence on why nothing was kept. */
  nothing(sources: readonly string[]): string
}

/** Counts what becomes of the rows while an index is built. */
export function createTally(): Tally {
  let [rows, kept, duplicates, exceptions, superseded, tiles] = [0, 0, 0, 0, 0, 0]
  let [oldestSensing, newestSensing, newestGeneration] = [Infinity, -Infinity, 0]
  const levels = { L1C: 0, L2A: 0 }
  const withoutBox = createNamed()
  const rejections = new Map<Rejection, ReturnType<typeof createNamed>>()

  const rejected = () =>
    REJECTIONS.flatMap((reason) => {
      const named = rejections.get(reason)
      return named ? [{ reason, ...named }] : []
    })

  return {
    get kept() {
      return kept
    },
    read: (count) => {
      rows += count
      return rows
    },
    reject: (reason, granuleId) => {
      const named = rejections.get(reason) ?? createNamed()
      rejections.set(reason, named)
      note(named, granuleId ?? '(no name)')
    },
    duplicate: (count) => {
      duplicates += count
    },
    tile: () => {
      tiles++
    },
    keep: (granule, as) => {
      kept++
      levels[granule.level]++
      exceptions += as.verbatim ? 1 : 0
      superseded += as.superseded ? 1 : 0
      if (!granule.box) note(withoutBox, granule.granuleId)
      oldestSensing = Math.min(oldestSensing, granule.sensingTime)
      newestSensing = Math.max(newestSensing, granule.sensingTime)
      newestGeneration = Math.max(newestGeneration, granule.generationTime ?? 0)
    },
    report: (sources) => {
      const builtAt = Date.now() * 1000
      const about = {
        rows: kept,
        levels,
        tiles,
        exceptions,
        withoutBox: withoutBox.count,
        superseded,
        oldestSensing,
        newestSensing,
        newestGeneration,
        newestEtl: 0,
        builtAt,
        updatedAt: builtAt,
        sources: [...sources],
      }
      return { rows, kept, duplicates, exceptions, withoutBox, rejected: rejected(), about }
    },
    nothing: (sources) => {
      const why = rejected().map(({ reason, count }) => `${count} ${reason}`)
      return (
        `No granule could be read from ${sources.join(', ')}: ${rows} rows, ` +
        `${why.join(', ') || 'none of them'}. Nothing was built.`
      )
    },
  }
}

const MOST_EXAMPLES = 3
const createNamed = () => ({ count: 0, examples: [] as string[] })

function note(named: ReturnType<typeof createNamed>, example: string): void {
  named.count++
  if (named.examples.length < MOST_EXAMPLES) named.examples.push(example)
}
