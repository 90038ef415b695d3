import type { AboutIndex } from './index-file/about.ts'
import {
  addTally,
  emptyTally,
  type Named,
  noneRead,
  ODDITIES,
  type Oddity,
  type Rejected,
  type RowTally,
  rejectedOf,
} from './index-file/row-tally.ts'

/** What became of the rows; `examples` names at most three of them. */
export type BuildReport = {
  readonly rows: number
  readonly kept: number
  /** Rows that name a granule and place that another row has named. */
  readonly duplicates: number
  /** Rows whose names do not follow from their numbers and are kept verbatim. */
  readonly exceptions: number
  /** What is strange of the rows that were kept, each kind under its own name; a row may be of several. */
  readonly oddities: readonly ({ readonly kind: Oddity } & Readonly<Named>)[]
  readonly rejected: Rejected
  readonly about: AboutIndex
}

export type Tally = {
  readonly rows: number
  readonly kept: number
  add(part: RowTally): void
  report(sources: readonly string[]): BuildReport
  /** A sentence on why nothing was kept. */
  nothing(sources: readonly string[]): string
}

/** Counts what becomes of the rows while an index is built. */
export function createTally(): Tally {
  const all = emptyTally()
  return {
    get rows() {
      return all.rows
    },
    get kept() {
      return all.kept
    },
    add: (part) => addTally(all, part),
    report: (sources) => {
      const builtAt = Date.now() * 1000
      const { rows, kept, levels, tiles, superseded, oddities } = all
      const { oldestSensing, newestSensing, upTo } = all
      const exceptions = oddities['with names kept verbatim'].count
      const about = {
        rows: kept,
        levels,
        tiles,
        exceptions,
        withoutBox: oddities['without a box'].count,
        superseded,
        oldestSensing,
        newest: {
          L1C: { sensing: newestSensing.L1C, generation: upTo.L1C.generation },
          L2A: { sensing: newestSensing.L2A, generation: upTo.L2A.generation },
        },
        newestEtl: Math.max(upTo.L1C.etl, upTo.L2A.etl),
        builtAt,
        updatedAt: builtAt,
        sources: [...sources],
        settled: upTo,
      }
      return {
        rows,
        kept,
        duplicates: oddities['said twice'].count,
        exceptions,
        oddities: ODDITIES.flatMap((kind) => (oddities[kind].count > 0 ? [{ kind, ...oddities[kind] }] : [])),
        rejected: rejectedOf(all.rejected),
        about,
      }
    },
    nothing: (sources) => noneRead(sources, all.rows, all.rejected),
  }
}
