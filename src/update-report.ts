import type { AboutIndex } from './index-file/about.ts'
import { REJECTIONS, type Rejection } from './index-file/csv-granule.ts'
import type { TileNews } from './index-file/update-tiles.ts'
import type { TileChange } from './index-file/update-writer.ts'
import type { Micros } from './sentinel2/time.ts'

export type UpdateCounts = {
  /** Rows read so far. */
  readonly rows: number
  /** Granules that were not in the index. */
  readonly added: number
  /** Granules of which a row told something new. */
  readonly changed: number
  readonly unchanged: number
}

/** What became of the rows of an update; `examples` names at most three of them. */
export type UpdateReport = UpdateCounts & {
  /** Rows of a granule that another row of this update is of, too. */
  readonly duplicates: number
  readonly rejected: readonly {
    readonly reason: Rejection
    readonly count: number
    readonly examples: readonly string[]
  }[]
  readonly newestSensing: Change
  readonly newestGeneration: Change
  /** 0 where no row told when it came into BigQuery's table. */
  readonly newestEtl: Change
  /** Its number among the batches of the index; undefined where it brought nothing. */
  readonly batch: number | undefined
  /** What the index says of itself now. */
  readonly about: AboutIndex
}
type Change = { readonly before: Micros; readonly after: Micros }

/** Counts what becomes of the rows of an update. */
export function createUpdateTally(before: AboutIndex) {
  const counts = { rows: 0, added: 0, changed: 0, unchanged: 0 }
  const rejections = new Map<Rejection, { count: number; examples: string[] }>()
  const upTo = { generation: 0, etl: 0 }
  let duplicates = 0

  const rejected = () =>
    REJECTIONS.flatMap((reason) => {
      const named = rejections.get(reason)
      return named ? [{ reason, ...named }] : []
    })
  const changeOf = (after: AboutIndex, what: 'newestSensing' | 'newestGeneration' | 'newestEtl') => ({
    before: before[what],
    after: after[what],
  })

  return {
    add: (news: TileNews, change: TileChange | undefined): void => {
      counts.rows += news.rows
      duplicates += news.duplicates
      for (const what of ['added', 'changed', 'unchanged'] as const) counts[what] += change?.[what] ?? 0
      for (const { reason, example } of news.rejected) {
        const named = rejections.get(reason) ?? { count: 0, examples: [] }
        rejections.set(reason, named)
        named.count++
        if (named.examples.length < MOST_EXAMPLES) named.examples.push(example)
      }
      upTo.etl = Math.max(upTo.etl, news.etl)
      for (const { granule } of news.granules) {
        upTo.generation = Math.max(upTo.generation, granule.generationTime ?? 0)
      }
    },
    counts: (): UpdateCounts => ({ ...counts }),
    /** The newest generation and ETL times that the rows told; 0 where they told none. */
    upTo: () => ({ ...upTo }),
    /** Whether there were rows, and none of them could be read. */
    isNothing: (): boolean => counts.rows > 0 && counts.added + counts.changed + counts.unchanged === 0,
    /** A sentence on why there was nothing. */
    nothing: (sources: readonly string[]): string => {
      const why = rejected().map(({ reason, count }) => `${count} ${reason}`)
      return `No granule could be read from ${sources.join(', ')}: ${counts.rows} rows, ${why.join(', ')}.`
    },
    report: (about: AboutIndex, batch: number | undefined): UpdateReport => ({
      ...counts,
      duplicates,
      rejected: rejected(),
      newestSensing: changeOf(about, 'newestSensing'),
      newestGeneration: changeOf(about, 'newestGeneration'),
      newestEtl: changeOf(about, 'newestEtl'),
      batch,
      about,
    }),
  }
}

const MOST_EXAMPLES = 3
