import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { Fault, messageOf } from '../errors.ts'
import { query } from '../queries.ts'
import { APPLICATION } from './header.ts'

/** The number of the layout in queries/sqlite/layout.sql. */
const LAYOUT = 2

const count = z.int().nonnegative()
const about = z.object({
  rows: count,
  levels: z.object({ L1C: count, L2A: count }),
  tiles: count,
  exceptions: count,
  withoutBox: count,
  superseded: count,
  oldestSensing: z.int(),
  newestSensing: z.int(),
  newestGeneration: z.int(),
  /** 0 where no row told when it came into BigQuery's table. */
  newestEtl: z.int(),
  /** Tells an index from the one that replaces it; an update does not change it. */
  builtAt: z.int(),
  /** Of the build or the newest update. */
  updatedAt: z.int(),
  sources: z.array(z.string()),
})

/** What an index says of itself; times in microseconds since 1970. */
export type AboutIndex = Readonly<z.infer<typeof about>>

/**
 * What the index in a file says of itself.
 * @throws {Fault} misconfigured for a file that is not there, empty, cut short, of another shape or version
 */
export function aboutIndex(file: string): AboutIndex {
  const size = sizeOf(file)
  const db = openIndex(file)
  try {
    const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
    if (pragma('application_id') !== APPLICATION)
      throw notAnIndex(file, 'it is an SQLite file of another kind')
    if (pragma('user_version') !== LAYOUT) {
      throw notAnIndex(file, `it has layout ${pragma('user_version')}, this swath reads layout ${LAYOUT}`)
    }
    if (pragma('page_count') * pragma('page_size') > size) throw notAnIndex(file, 'it is cut short')
    const strange = strangeColumns(db)
    if (strange !== undefined) throw notAnIndex(file, strange)
    return readAbout(db, file)
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : notAnIndex(file, messageOf(thrown), thrown)
  } finally {
    db.close()
  }
}

function readAbout(db: DatabaseSync, file: string): AboutIndex {
  const rows = db.prepare('SELECT name, value FROM about').all()
  const told = about.safeParse(
    Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(String(value))])),
  )
  if (told.success) return told.data
  const faults = told.error.issues.map(({ path, message }) => `${path.join('.')} (${message})`)
  throw notAnIndex(file, `it does not tell what it holds: ${faults.join(', ')}`, told.error)
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

function sizeOf(file: string): number {
  const info = statSync(file, { throwIfNoEntry: false })
  if (!info) throw new Fault('misconfigured', `There is no index ${file}. ${HOW_TO_BUILD}.`)
  if (!info.isFile()) throw new Fault('misconfigured', `The index ${file} is not a file.`)
  if (info.size === 0) throw notAnIndex(file, 'it is empty')
  return info.size
}

function openIndex(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true })
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${file} cannot be opened: ${messageOf(cause)}.`, { cause })
  }
}

const HOW_TO_BUILD = 'Build one with: swath index build --from index.csv.gz --to <file>'

const notAnIndex = (file: string, why: string, cause?: unknown): Fault =>
  new Fault('misconfigured', `${file} is no index that swath can read: ${why}. ${HOW_TO_BUILD}.`, {
    cause,
  })
