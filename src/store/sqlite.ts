import { METHOD } from '../colour/port.ts'
import { query } from '../queries.ts'
import { colourTable } from './colours.ts'
import { checkpoint, openDatabase, waitForOthers, whyRefused } from './database.ts'
import { countFailures } from './failures.ts'
import { layoutTable } from './layouts.ts'
import { listingTable } from './listings.ts'
import type { Store } from './port.ts'

export type StoreOptions = {
  /** Of the colours that are given and taken; today's unless told otherwise. */
  readonly method?: number
  /** Told a sentence when it cannot be written, and when it can be again; nobody is by itself. */
  readonly tell?: (sentence: string) => void
}

/**
 * The store in one file that several processes may share, SQLite in WAL mode. Writes are gathered for some
 * milliseconds and committed together. A kill at any moment loses nothing that was committed and leaves the
 * file whole; a power cut may lose the newest commits, which are then made again.
 * @throws {Fault} misconfigured where the file cannot be opened or written, or is something else
 */
export function sqliteStore(file: string, { method = METHOD, tell = () => {} }: StoreOptions = {}): Store {
  const db = openDatabase(file)
  const failures = countFailures({ file, tell })
  const listings = listingTable(db, failures)
  const colours = colourTable(db, method, failures)
  const layouts = layoutTable(db, failures)
  const tally = db.prepare(query('store', 'tally'))

  function counted(): ReadonlyMap<string, number> {
    try {
      return new Map(tally.all().map(({ name, rows }) => [String(name), Number(rows)]))
    } catch (thrown) {
      failures.add(whyRefused(thrown))
      return new Map()
    }
  }

  return {
    listings: listings.of,
    colours: colours.of,
    layouts: layouts.of,
    allColours: colours.all,
    state: () => {
      const rows = counted()
      return {
        listings: rows.get('listing') ?? 0,
        colours: rows.get('colour') ?? 0,
        failed: failures.count(),
        lastFailure: failures.last(),
        failing: failures.isLosing() || undefined,
      }
    },
    close: () => {
      if (!db.isOpen) return
      waitForOthers(db)
      for (const table of [listings, colours, layouts]) table.close()
      checkpoint(db)
      db.close()
    },
  }
}
