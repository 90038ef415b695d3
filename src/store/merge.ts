import { Fault } from '../errors.ts'
import { query } from '../queries.ts'
import {
  attachForeign,
  type Database,
  inTransaction,
  openDatabase,
  openNowhere,
  waitForOthers,
  whyRefused,
} from './database.ts'
import type { MergeReport, MergeStep, StoreMerge } from './port.ts'
import type { Row } from './table.ts'

/** Rows of one commit, some ten milliseconds: whoever else writes into the store waits no longer. */
const PAGE = 2000
/** What SQLite puts behind every text: the end of a last page. */
const BEHIND_ALL = Uint8Array.of(255)

/** A table, by the names of its queries: `merge-<name>`, `-end`, `-count`. */
type Merged = {
  readonly name: 'colour' | 'listing' | 'layout'
  /** The key, before its first row. */
  readonly start: Row
}
const TABLES: readonly Merged[] = [
  {
    name: 'colour',
    start: { storage: '', place: '', granule_id: '', source: '', stride: -1, method: -1 },
  },
  { name: 'listing', start: { storage: '', listed: '' } },
  { name: 'layout', start: { storage: '', key: '' } },
]

/** The stores in files, merged by SQLite. */
export const sqliteMerge: StoreMerge = {
  check: (from) => {
    const db = openNowhere()
    try {
      attachForeign(db, from)
    } finally {
      db.close()
    }
  },
  openInto: (into) => {
    const db = openDatabase(into)
    waitForOthers(db)
    return {
      take: (from) => take(db, into, from),
      close: () => db.close(),
    }
  },
}

/** A commit at a time; what is left of it when it is broken off is a store, and as whole. */
function* take(db: Database, into: string, from: string): Generator<MergeStep, MergeReport, undefined> {
  attachForeign(db, from)
  try {
    const report = { colour: NOTHING, listing: NOTHING, layout: NOTHING }
    for (const { name, start } of TABLES) {
      const { rows, unsound } = counted(db, name)
      let taken = 0
      for (const page of pages(db, name, start)) {
        taken += takePage(db, name, page)
        yield { of: name, taken }
      }
      report[name] = { rows, unsound, taken }
    }
    return { from, colours: report.colour, listings: report.listing, layouts: report.layout }
  } catch (cause) {
    const sentence =
      `The store ${from} could not be merged into ${into} to its end: ${whyRefused(cause)}. ` +
      'What was taken until then is kept; the same command goes on once the cause is gone.'
    throw new Fault('misconfigured', sentence, { cause })
  } finally {
    db.exec('DETACH taken')
  }
}

const NOTHING = { rows: 0, unsound: 0, taken: 0 }

function counted(db: Database, name: Merged['name']): { readonly rows: number; readonly unsound: number } {
  const row = db.prepare(query('store', `merge-${name}-count`)).get()
  return { rows: Number(row?.rows), unsound: Number(row?.unsound) }
}

/** Values of each page in turn: behind which key it begins, and with which it ends. */
function* pages(db: Database, name: Merged['name'], start: Row): Generator<Row> {
  const end = db.prepare(query('store', `merge-${name}-end`))
  for (let after = start; ; ) {
    const last: Row | undefined = end.get({ ...after, rows: PAGE - 1 })
    yield { ...after, ...lastOf(last ?? { ...start, storage: BEHIND_ALL }) }
    if (!last) return
    after = last
  }
}

const lastOf = (key: Row): Row =>
  Object.fromEntries(Object.entries(key).map(([column, value]) => [`last_${column}`, value]))

/** @returns rows taken, new ones and those that stand for an older or a damaged one */
function takePage(db: Database, name: Merged['name'], page: Row): number {
  let taken = 0
  inTransaction(db, () => {
    if (name === 'colour') {
      const { changes } = db.prepare(query('store', 'merge-colour-older')).run(page)
      if (changes) db.prepare(query('store', 'merge-uncount')).run({ removed: changes })
    }
    taken = Number(db.prepare(query('store', `merge-${name}`)).run(page).changes)
  })
  return taken
}
