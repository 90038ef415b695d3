import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { Fault, messageOf } from '../errors.ts'
import { query } from '../queries.ts'
import { APPLICATION } from './header.ts'
import { hasLog, indexFault, isBusy, isDamaged, isUnreachable, openIndexToRead } from './open.ts'

/** The number of the layout in queries/sqlite/layout.sql. */
const LAYOUT = 2

const count = z.int().nonnegative()
const newest = z.object({ sensing: count, generation: count })
const mark = z.object({ generation: z.int(), etl: z.int() })
const about = z.object({
  rows: count,
  levels: z.object({ L1C: count, L2A: count }),
  tiles: count,
  exceptions: count,
  withoutBox: count,
  superseded: count,
  oldestSensing: z.int(),
  /** Of each level, since one may end years before the other; 0 where it has no rows, or none tells. */
  newest: z.object({ L1C: newest, L2A: newest }),
  /** 0 where no row told when it came into BigQuery's table. */
  newestEtl: z.int(),
  /** Tells an index from the one that replaces it; an update does not change it. */
  builtAt: z.int(),
  /** Of the build or the newest update. */
  updatedAt: z.int(),
  sources: z.array(z.string()),
  /**
   * Up to which generation and ETL time each level has all rows of the archive's index; 0: none, or not known. A
   * build trusts its CSVs. Rows that an update brings move it where they are all of a level (see Whole of
   * update-writer.ts): others, or those of one that was stopped, may be newer than rows that are not there.
   */
  settled: z.object({ L1C: mark, L2A: mark }),
})

/** What an index says of itself; times in microseconds since 1970. */
export type AboutIndex = Readonly<z.infer<typeof about>>

/** The newest times of both levels. */
export const newestOfAll = ({ newest: { L1C, L2A } }: Pick<AboutIndex, 'newest'>) => ({
  sensing: Math.max(L1C.sensing, L2A.sensing),
  generation: Math.max(L1C.generation, L2A.generation),
})

/**
 * What the index in a file says of itself, at its last commit.
 * @throws {Fault} misconfigured for a file that is not there, empty, cut short, of another shape or version;
 * upstream-busy where another process holds it
 */
export function aboutIndex(file: string): AboutIndex {
  requireFile(file)
  const db = openIndex(file)
  try {
    return checkIndex(db, file)
  } finally {
    db.close()
  }
}

/** What an open index says of itself, after a look at whether it is one. @throws {Fault} as aboutIndex */
export function checkIndex(db: DatabaseSync, file: string): AboutIndex {
  try {
    const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
    if (pragma('application_id') !== APPLICATION)
      throw notAnIndex(file, 'it is an SQLite file of another kind')
    if (pragma('user_version') !== LAYOUT) {
      throw notAnIndex(file, `it has layout ${pragma('user_version')}, this swath reads layout ${LAYOUT}`)
    }
    // What an update wrote last may lie in its log, and the file be shorter than it will be.
    const bytes = pragma('page_count') * pragma('page_size')
    if (!hasLog(file) && bytes > statSync(file).size) throw notAnIndex(file, 'it is cut short')
    const strange = strangeColumns(db)
    if (strange !== undefined) throw notAnIndex(file, strange)
    return readAbout(db, file)
  } catch (thrown) {
    if (isBusy(thrown) || isUnreachable(thrown)) throw indexFault(file, thrown)
    throw thrown instanceof Fault ? thrown : notAnIndex(file, messageOf(thrown), thrown)
  }
}

/** @throws {Fault} misconfigured where it lacks something */
export function readAbout(db: DatabaseSync, file: string): AboutIndex {
  const rows = db.prepare('SELECT name, value FROM about').all()
  const told = about.safeParse(
    Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(String(value))])),
  )
  if (told.success) return told.data
  const faults = told.error.issues.map(({ path, message }) => `${path.join('.')} (${message})`)
  throw notAnIndex(file, `it does not tell what it holds: ${faults.join(', ')}`, told.error)
}

/** The build, id 0, or an update that brought news. */
export type Batch = {
  readonly id: number
  /** Microseconds since 1970, of its last commit. */
  readonly cameAt: number
  readonly sources: readonly string[]
}

/** The build of an index and its updates, in order. @throws {Fault} as aboutIndex */
export function batchesOf(file: string): Batch[] {
  requireFile(file)
  const db = openIndex(file)
  try {
    checkIndex(db, file)
    return batches.parse(db.prepare(query('sqlite', 'batches')).all())
  } finally {
    db.close()
  }
}

const batches = z.array(
  z.object({
    id: z.int(),
    cameAt: z.int(),
    sources: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  }),
)

/** Puts what an index says of itself in the place of what it said. */
export function writeAbout(db: DatabaseSync, about: AboutIndex): void {
  const write = db.prepare('INSERT OR REPLACE INTO about VALUES (?, ?)')
  for (const [name, value] of Object.entries(about)) write.run(name, JSON.stringify(value))
}

/** How the columns of the table differ from those of the layout; undefined where they do not. */
function strangeColumns(db: DatabaseSync): string | undefined {
  const columnsOf = (of: DatabaseSync) =>
    of
      .prepare(`SELECT name FROM pragma_table_info('granule') ORDER BY cid`)
      .all()
      .map(({ name }) => String(name))
  const model = new DatabaseSync(':memory:')
  try {
    model.exec(query('sqlite', 'layout'))
    const [wanted, found] = [columnsOf(model), columnsOf(db)]
    return wanted.join() === found.join()
      ? undefined
      : `its table granule has the columns ${found.join(', ') || '(none)'}, not ${wanted.join(', ')}`
  } finally {
    model.close()
  }
}

function requireFile(file: string): void {
  const info = statSync(file, { throwIfNoEntry: false })
  if (!info) throw new Fault('misconfigured', `There is no index ${file}. ${HOW_TO_BUILD}.`)
  if (!info.isFile()) throw new Fault('misconfigured', `The index ${file} is not a file.`)
  if (info.size === 0) throw notAnIndex(file, 'it is empty')
}

function openIndex(file: string): DatabaseSync {
  try {
    return openIndexToRead(file)
  } catch (thrown) {
    const cause = thrown instanceof Fault ? thrown.cause : undefined
    throw isDamaged(cause) ? notAnIndex(file, messageOf(cause), cause) : thrown
  }
}

const HOW_TO_BUILD = 'Build one with: swath index build --from index.csv.gz --to <file>'

const notAnIndex = (file: string, why: string, cause?: unknown): Fault =>
  new Fault('misconfigured', `${file} is no index that swath can read: ${why}. ${HOW_TO_BUILD}.`, {
    cause,
  })
