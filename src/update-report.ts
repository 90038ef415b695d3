import { type AboutIndex, newestOfAll } from './index-file/about.ts'
import { noneRead, noRejections, note, type Rejected, rejectedOf } from './index-file/row-tally.ts'
import type { TileNews } from './index-file/update-tiles.ts'
import type { Finished, TileChange, UpTo } from './index-file/update-writer.ts'
import type { Level } from './sentinel2/bands.ts'
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
  readonly rejected: Rejected
  readonly newestSensing: Change
  readonly newestGeneration: Change
  /** 0 where no row told when it came into BigQuery's table. */
  readonly newestEtl: Change
  /** Of each level the generation time up to which the index has all there is; 0 where nobody knows. */
  readonly completeUpTo: Readonly<Record<Level, Change>>
  /** Of each level the granules that kept rows which should be whole from being so: the index had them, they do not. */
  readonly lacking: Finished['lacking']
  /** Its number among the batches of the index; undefined where it brought nothing. */
  readonly batch: number | undefined
  /** What the index says of itself now. */
  readonly about: AboutIndex
}
export type Change = { readonly before: Micros; readonly after: Micros }

/** Counts what becomes of the rows of an update. */
export function createUpdateTally(before: AboutIndex) {
  const counts = { rows: 0, added: 0, changed: 0, unchanged: 0 }
  const rejected = noRejections()
  const upTo: Partial<Record<Level, UpTo>> = {}
  let duplicates = 0

  const changeOf = (after: AboutIndex, timeOf: (about: AboutIndex) => Micros): Change => ({
    before: timeOf(before),
    after: timeOf(after),
  })

  return {
    add: (news: TileNews, change: TileChange | undefined): void => {
      counts.rows += news.rows
      duplicates += news.duplicates
      for (const what of ['added', 'changed', 'unchanged'] as const) counts[what] += change?.[what] ?? 0
      for (const { reason, example } of news.rejected) note(rejected[reason], () => example)
      for (const { granule } of news.granules) {
        const { level, generationTime = 0 } = granule
        const known = upTo[level] ?? { generation: 0, etl: 0 }
        upTo[level] = {
          generation: Math.max(known.generation, generationTime),
          etl: Math.max(known.etl, news.etl[level]),
        }
      }
    },
    counts: (): UpdateCounts => ({ ...counts }),
    /** The newest times that the rows told, of the levels that there were rows of. */
    upTo: () => ({ ...upTo }),
    /** Whether there were rows, and none of them could be read. */
    isNothing: (): boolean => counts.rows > 0 && counts.added + counts.changed + counts.unchanged === 0,
    /** A sentence on why there was nothing. */
    nothing: (sources: readonly string[]): string => noneRead(sources, counts.rows, rejected),
    report: ({ about, batch, lacking }: Finished): UpdateReport => ({
      ...counts,
      duplicates,
      rejected: rejectedOf(rejected),
      newestSensing: changeOf(about, (about) => newestOfAll(about).sensing),
      newestGeneration: changeOf(about, (about) => newestOfAll(about).generation),
      newestEtl: changeOf(about, ({ newestEtl }) => newestEtl),
      completeUpTo: {
        L1C: changeOf(about, ({ settled }) => settled.L1C.generation),
        L2A: changeOf(about, ({ settled }) => settled.L2A.generation),
      },
      lacking,
      batch,
      about,
    }),
  }
}
